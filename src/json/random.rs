//! Random values for the tests of the codecs, the same in each run.

use super::Value;

/// Marsaglia, "Xorshift RNGs" (2003).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }

    /// A short string of characters that codecs often get wrong.
    pub fn string(&mut self) -> String {
        const PIECES: [&str; 12] =
            ["a", "\"", "\\", "/", "\n", "\r\t", "\0", "\u{1f}", "\u{7f}", "é", "\u{2028}", "😀"];
        (0..self.below(8)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }

    /// A value that JSON can hold, nested in `depth` others.
    pub fn value(&mut self, depth: usize) -> Value {
        let length = self.below(5);
        match self.below(if depth < 5 { 9 } else { 7 }) {
            0 => Value::Null,
            1 => Value::from(self.next() & 1 == 0),
            2 => Value::from(self.next()),
            3 => Value::from(self.next().cast_signed() >> self.below(64)),
            4 => Value::Float(
                Some(f64::from_bits(self.next())).filter(|float| float.is_finite()).unwrap_or(-0.0),
            ),
            5 => Value::Float(f64::from(u32::try_from(self.next() >> 32).unwrap()) / 8.0),
            6 => Value::from(self.string()),
            7 => Value::List((0..length).map(|_| self.value(depth + 1)).collect()),
            _ => Value::Map((0..length).map(|_| (self.string(), self.value(depth + 1))).collect()),
        }
    }
}
