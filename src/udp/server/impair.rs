//! A bad network on purpose, for teaching and for tests.
//!
//! Real networks lose, copy, delay and reorder packets, but never when one wants to
//! look. This server can do all of that to its answers, and draws for each answer what
//! happens to it. With a seed, the draw depends on the seed and on the number of the
//! answer alone: every run is the same, and so is every client, so several clients lose
//! the same pings.
//!
//! Pings that a client does not count (warm-up, and questions for the server's count)
//! are not impaired. So the client's figures show exactly what was done.

use std::time::Duration;

/// What the server does to its answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairments {
    /// Percentage of answers that are lost.
    pub loss: f64,
    /// Percentage of answers that are sent twice.
    pub duplicate: f64,
    /// Percentage of answers that wait until the next answer to the same client has
    /// been sent, or for 200 ms. The overtaking answer never waits itself, so at most
    /// half of all answers are reordered.
    pub reorder: f64,
    /// How long each answer is delayed.
    pub delay: Duration,
    /// Seed of the random numbers. Without a seed, each client has random numbers of
    /// its own.
    pub seed: Option<u64>,
}

/// No impairments.
impl Default for Impairments {
    fn default() -> Self {
        Impairments { loss: 0.0, duplicate: 0.0, reorder: 0.0, delay: Duration::ZERO, seed: None }
    }
}

/// What happens to one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// The answer is not sent.
    pub lost: bool,
    /// The answer is sent twice.
    pub duplicated: bool,
    /// The next answer overtakes this one.
    pub reordered: bool,
}

impl Impairments {
    /// Draws what happens to the `n`-th answer to a client, counted from 0. `client` is
    /// a number for the client, and serves as the seed if there is none.
    ///
    /// ```
    /// use roundtrip::udp::server::Impairments;
    ///
    /// let impairments = Impairments { loss: 30.0, seed: Some(7), ..Impairments::default() };
    /// let lost = (0..1000).filter(|&n| impairments.fate(1, n).lost).count();
    /// assert_eq!(lost, (0..1000).filter(|&n| impairments.fate(2, n).lost).count());
    /// assert!((250..350).contains(&lost));
    /// ```
    #[must_use]
    pub fn fate(&self, client: u64, n: u64) -> Fate {
        let seed = self.seed.unwrap_or(client);
        let draw = |which: u64, percent: f64| {
            #[allow(clippy::cast_precision_loss, reason = "an f64 holds 53 bits exactly")]
            let fraction = (scramble(seed ^ scramble(n.wrapping_mul(4) + which)) >> 11) as f64
                / (1_u64 << 53) as f64;
            fraction < percent / 100.0
        };
        let lost = draw(0, self.loss);
        let (duplicated, reordered) =
            (!lost && draw(1, self.duplicate), !lost && draw(2, self.reorder));
        Fate { lost, duplicated, reordered }
    }

    /// Whether any answer is impaired.
    pub(super) fn any(&self) -> bool {
        self.loss > 0.0 || self.duplicate > 0.0 || self.take_time()
    }

    /// Whether some answers are sent later.
    pub(super) fn take_time(&self) -> bool {
        self.reorder > 0.0 || !self.delay.is_zero()
    }
}

/// Turns consecutive numbers into numbers that look random: one step of `SplitMix64`
/// (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_as_were_asked_for() {
        for percent in [0.0, 1.0, 30.0, 99.0, 100.0] {
            let impairments = Impairments {
                loss: percent,
                duplicate: percent,
                reorder: percent,
                delay: Duration::ZERO,
                seed: Some(1),
            };
            let fates: Vec<Fate> = (0..10_000).map(|n| impairments.fate(0, n)).collect();
            let of = |what: fn(&Fate) -> bool| {
                f64::from(u32::try_from(fates.iter().filter(|fate| what(fate)).count()).unwrap())
                    / 100.0
            };
            let left = percent * (100.0 - percent) / 100.0;
            assert!((of(|fate| fate.lost) - percent).abs() < 1.5);
            assert!((of(|fate| fate.duplicated) - left).abs() < 1.5);
            assert!((of(|fate| fate.reordered) - left).abs() < 1.5);
        }
        assert_eq!(Impairments::default().fate(0, 3), Fate::default());
    }

    #[test]
    fn what_is_drawn_is_drawn_independently() {
        let half = Impairments { duplicate: 50.0, reorder: 50.0, ..Impairments::default() };
        let both = (0..10_000)
            .map(|n| half.fate(9, n))
            .filter(|fate| fate.duplicated && fate.reordered)
            .count();
        assert!((2_200..2_800).contains(&both), "{both}");
        let same = (0..10_000).filter(|&n| half.fate(9, n) == half.fate(10, n)).count();
        assert!((2_200..2_800).contains(&same), "{same}");
    }
}
