//! Choices that a seed repeats.

use std::thread;
use std::time::Duration;

/// Marsaglia, "Xorshift RNGs" (2003).
pub struct Random {
    state: u64,
    turn: u64,
}

impl Random {
    /// One of the series of a seed. Each thread has a series of its own.
    pub fn new(seed: u64, series: u64) -> Self {
        // Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014):
        // seeds that are neighbours give series that are not.
        let mut mixed = seed.wrapping_add(series.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mut random = Random { state: (mixed ^ (mixed >> 31)).max(1), turn: 0 };
        random.turn = random.between(0, 1_000);
        random
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + (self.next() >> 16) % (high - low + 1)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.between(1, times) == 1
    }

    pub fn choose<T: Clone>(&mut self, choices: &[T]) -> T {
        let last = choices.len() as u64 - 1;
        choices[usize::try_from(self.between(0, last)).unwrap()].clone()
    }

    /// One after the other, so that none is left out.
    pub fn in_turn<T: Clone>(&mut self, choices: &[T]) -> T {
        self.turn += 1;
        choices[usize::try_from(self.turn % choices.len() as u64).unwrap()].clone()
    }

    /// Waits until any moment of something that takes so long.
    pub fn pause(&mut self, longest: Duration) {
        let longest = u64::try_from(longest.as_micros()).unwrap();
        thread::sleep(Duration::from_micros(self.between(0, longest)));
    }

    pub fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}
