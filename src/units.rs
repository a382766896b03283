//! How sizes and durations are written by a person, and for one.
//!
//! Sizes are binary (`1KiB` is 1,024 bytes) and rates are decimal (1 Mbit/s is
//! 1,000,000 bits in a second), as the field has it. Units are always named: a tool
//! that prints 1,024-based numbers under a decimal name is quoted wrongly.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Bytes in one MiB.
pub const MIB: u64 = 1 << 20;

const SIZES: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10), ("B", 1)];

/// Nanoseconds in each unit.
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
        _ => {
            SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|&(_, bytes)| bytes)
        }
    };
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .ok_or_else(|| UnitError::Size(text.into()))
}

/// Reads a duration, such as `250us`, `100ms`, `10s`, `1m` or `1h`. Only zero needs no
/// unit.
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
/// When it is no whole number, the unit is missing or unknown, or 64 bits of
/// nanoseconds (584 years) do not hold it.
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
    (whole_number(&text[..end]), &text[end..])
}

/// Reads a whole number. Digits and nothing else: `str::parse` alone would let a `+`
/// pass.
#[must_use]
pub fn whole_number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
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
        Some(&(name, unit)) if unit > 1 => format!("{:.2} {name}", float(bytes) / float(unit)),
        _ => format!("{bytes} B"),
    }
}

/// A count as a fraction, for rates and for display.
#[allow(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53, which is 9 PB, and 104 days in nanoseconds"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// The length of a duration in whole nanoseconds. 64 bits hold 584 years; a longer
/// duration becomes `u64::MAX`.
///
/// ```
/// assert_eq!(roundtrip::units::nanoseconds(std::time::Duration::from_micros(5)), 5_000);
/// ```
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
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

/// A moment as date and time (RFC 3339), from seconds since the epoch.
///
/// ```
/// assert_eq!(roundtrip::units::utc(1_000_000_000), "2001-09-09T01:46:40Z");
/// ```
#[must_use]
pub fn utc(seconds: u64) -> String {
    // Days are counted in eras of 400 years from 1 March of the year 0, so that the
    // leap day is the last of its year (Howard Hinnant, "chrono-Compatible Low-Level
    // Date Algorithms").
    let (days, time) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) =
        (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::Size(text) => {
                write!(
                    f,
                    "{text:?} is not a size; write a whole number and B, KiB, MiB, GiB or TiB, such as 64KiB"
                )
            }
            UnitError::Duration(text) => {
                write!(
                    f,
                    "{text:?} is not a duration; write a whole number and ns, us, ms, s, m or h, such as 100ms"
                )
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
        for (text, bytes) in [
            ("0", 0),
            ("7B", 7),
            ("1kib", 1024),
            ("1GiB", 1 << 30),
            ("16777215TiB", 0xff_ffff << 40),
        ] {
            assert_eq!(parse_size(text, 1), Ok(bytes));
        }
        for text in [
            "",
            "MiB",
            "-1",
            "+1",
            "1.5",
            "1 MiB",
            "1MB",
            "1m",
            "16777216TiB",
            "99999999999999999999",
            "١",
        ] {
            assert!(parse_size(text, 1).is_err(), "{text}");
        }
        assert!(parse_size(&u64::MAX.to_string(), MIB).is_err());
    }

    #[test]
    fn durations() {
        for (text, nanoseconds) in
            [("0", 0), ("0s", 0), ("3ns", 3), ("2us", 2000), ("1m", 60_000_000_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in
            ["", "1", "-1s", "1.5s", "1 s", "1sec", "1M", "s", "99999999999999999999s", "6000000h"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
