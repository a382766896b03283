//! How sizes and durations are written by a person, and for one.
//!
//! Sizes are binary (`1KiB` is 1,024 bytes) and rates are decimal (1 Mbit/s is 1,000,000 bits in a second), as the field has it.
//! Units are always named: a tool that prints 1,024-based numbers under a decimal name is quoted wrongly.

use std::fmt;
use std::time::Duration;

/// Bytes in one MiB.
pub const MIB: u64 = 1 << 20;

const SIZES: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10), ("B", 1)];

/// Nanoseconds in each unit. `us` stands before `s`, since it ends with it.
const DURATIONS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A quantity that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// This is not a size.
    Size(String),
    /// This is not a duration.
    Duration(String),
    /// This is nothing, where there has to be something to move.
    NoSize,
    /// This is no time at all, where some has to pass.
    NoTime,
}

/// Reads a size in bytes, such as `64KiB`. A bare number counts units of `bare` bytes.
///
/// ```
/// use roundtrip::units::{MIB, parse_size};
///
/// assert_eq!(parse_size("64KiB", 1), Ok(65_536));
/// assert_eq!(parse_size("10", MIB), Ok(10 * MIB));
/// assert!(parse_size("1.5MiB", 1).is_err());
/// ```
///
/// # Errors
/// When it is no whole number, the unit is unknown, or 64 bits do not hold it.
pub fn parse_size(text: &str, bare: u64) -> Result<u64, UnitError> {
    let (number, unit) = split(text);
    let unit = match unit {
        "" => Some(bare),
        _ => SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|&(_, bytes)| bytes),
    };
    number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit)).ok_or_else(|| UnitError::Size(text.into()))
}

/// Reads a duration, such as `250us`, `100ms`, `10s`, `1m` or `1h`. Only zero needs no unit.
///
/// ```
/// use roundtrip::units::parse_duration;
/// use std::time::Duration;
///
/// assert_eq!(parse_duration("250us"), Ok(Duration::from_micros(250)));
/// assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
/// assert!(parse_duration("5").is_err());
/// ```
///
/// # Errors
/// When it is no whole number, the unit is missing or unknown, or 64 bits of nanoseconds (584 years) do not hold it.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text);
    let unit = match (number, unit) {
        (Some(0), "") => Some(1),
        _ => DURATIONS.iter().find(|(name, _)| *name == unit).map(|&(_, nanoseconds)| nanoseconds),
    };
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .map(Duration::from_nanos)
        .ok_or_else(|| UnitError::Duration(text.into()))
}

/// The digits in front, as a number, and what follows them.
fn split(text: &str) -> (Option<u64>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

/// A size for a person, in the largest unit that it fills.
///
/// ```
/// use roundtrip::units::size;
///
/// assert_eq!(size(10 << 20), "10.00 MiB");
/// assert_eq!(size(1_536), "1.50 KiB");
/// assert_eq!(size(5), "5 B");
/// ```
#[must_use]
pub fn size(bytes: u64) -> String {
    match SIZES.iter().find(|&&(_, unit)| unit <= bytes) {
        Some(&(name, unit)) if unit > 1 => format!("{:.2} {name}", ratio(bytes, unit)),
        _ => format!("{bytes} B"),
    }
}

/// `part / whole` as a fraction, for display: 53 bits are exact up to 9 PB.
#[allow(clippy::cast_precision_loss, reason = "what a person reads has fewer digits than 53 bits")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// Milliseconds with three decimals, the unit in which round-trip times are read.
///
/// ```
/// assert_eq!(roundtrip::units::ms(std::time::Duration::from_micros(250)), "0.250");
/// ```
#[must_use]
pub fn ms(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1e3)
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::Size(text) => {
                write!(f, "{text:?} is not a size; write a whole number and B, KiB, MiB, GiB or TiB, such as 64KiB")
            }
            UnitError::Duration(text) => {
                write!(f, "{text:?} is not a duration; write a whole number and ns, us, ms, s, m or h, such as 100ms")
            }
            UnitError::NoSize => f.write_str("must be more than zero, such as 10MiB"),
            UnitError::NoTime => f.write_str("must be more than zero, such as 10s"),
        }
    }
}

impl std::error::Error for UnitError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [("0", 0), ("7B", 7), ("1kib", 1024), ("1GiB", 1 << 30), ("16777215TiB", 0xff_ffff << 40)]
        {
            assert_eq!(parse_size(text, 1), Ok(bytes));
        }
        for text in ["", "MiB", "-1", "+1", "1.5", "1 MiB", "1MB", "1m", "16777216TiB", "99999999999999999999", "١"] {
            assert!(parse_size(text, 1).is_err(), "{text}");
        }
        assert!(parse_size(&u64::MAX.to_string(), MIB).is_err());
    }

    #[test]
    fn durations() {
        for (text, nanoseconds) in [("0", 0), ("0s", 0), ("3ns", 3), ("2us", 2000), ("1m", 60_000_000_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in ["", "1", "-1s", "1.5s", "1 s", "1sec", "1M", "s", "99999999999999999999s", "6000000h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
