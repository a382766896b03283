//! What a person has written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::SIZES;

/// Units and their length in bits per second.
const RATES: [(&str, u64); 4] =
    [("bit", 1), ("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000)];

/// Units and their length in nanoseconds.
const DURATIONS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Why a quantity is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// The text is not a size.
    Size(String),
    /// The text is not a duration.
    Duration(String),
    /// The text is not a rate.
    Rate(String),
    /// The size is zero, and something has to be moved.
    NoSize,
    /// The duration is zero, and time has to pass.
    NoTime,
}

/// Reads a size such as `64KiB`, and returns bytes. A number without a unit counts
/// units of `bare` bytes.
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
/// When the number is not whole, the unit is unknown, or 64 bits cannot hold the
/// result.
pub fn parse_size(text: &str, bare: u64) -> Result<u64, UnitError> {
    let (number, unit) = split(text);
    let unit = match unit {
        "" => Some(bare),
        _ => SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|size| size.1),
    };
    multiply(number, unit).ok_or_else(|| UnitError::Size(text.into()))
}

/// Reads a duration such as `250us`, `100ms`, `1.5s`, `1m` or `1h`. Only `0` needs no
/// unit.
///
/// ```
/// use roundtrip::units::parse_duration;
/// use std::time::Duration;
///
/// assert_eq!(parse_duration("250us"), Ok(Duration::from_micros(250)));
/// assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
/// assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
/// let why = parse_duration("5").unwrap_err().to_string();
/// assert!(why.starts_with("\"5\" is not a duration; did you mean 5s?"));
/// ```
///
/// # Errors
/// When the unit is missing or unknown, or 64 bits of nanoseconds (584 years) cannot
/// hold the result.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split_decimal(text);
    let unit = match (number, unit) {
        ("0", "") => Some(1),
        _ => DURATIONS.iter().find(|(name, _)| *name == unit).map(|duration| duration.1),
    };
    let nanoseconds = unit.and_then(|unit| multiply_decimal(number, unit));
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| UnitError::Duration(text.into()))
}

/// Reads a rate such as `100Mbit` or `1.5Gbit`, and returns bits per second.
///
/// ```
/// use roundtrip::units::parse_rate;
///
/// assert_eq!(parse_rate("100Mbit"), Ok(100_000_000));
/// assert_eq!(parse_rate("1.5Gbit/s"), Ok(1_500_000_000));
/// assert!(parse_rate("100").is_err());
/// ```
///
/// # Errors
/// When the unit is missing or unknown, or 64 bits cannot hold the result.
pub fn parse_rate(text: &str) -> Result<u64, UnitError> {
    let (number, unit) = split_decimal(text.strip_suffix("/s").unwrap_or(text));
    let unit = RATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
    let rate = unit.and_then(|&(_, unit)| multiply_decimal(number, unit));
    rate.ok_or_else(|| UnitError::Rate(text.into()))
}

/// Splits a text into its leading digits, perhaps with a decimal point among them, and
/// the rest.
fn split_decimal(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// Multiplies exactly, and drops what is smaller than one: a float would turn 0.1 s into
/// other nanoseconds than written.
fn multiply_decimal(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let (whole, digits) = (whole_number::<u64>(whole)?, u32::try_from(fraction.len()).ok()?);
    let part = whole_number::<u128>(fraction)?.checked_mul(u128::from(unit))?;
    let part = u64::try_from(part / 10_u128.checked_pow(digits)?).ok()?;
    whole.checked_mul(unit)?.checked_add(part)
}

/// Splits a text into its leading digits, as a number, and the rest.
fn split(text: &str) -> (Option<u64>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    (whole_number(digits), unit)
}

fn multiply(number: Option<u64>, unit: Option<u64>) -> Option<u64> {
    number?.checked_mul(unit?)
}

/// Reads a whole number that consists of digits alone: `str::parse` would also accept a
/// leading `+`.
#[must_use]
pub fn whole_number<T: FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnitError::Size(text) => write!(
                f,
                "{text:?} is not a size;{} \
                 write a whole number and B, KiB, MiB, GiB or TiB, such as 64KiB",
                did_you_mean(meant_size(text))
            ),
            UnitError::Duration(text) => write!(
                f,
                "{text:?} is not a duration;{} \
                 write a number and ns, us, ms, s, m or h, such as 100ms",
                did_you_mean(meant_duration(text))
            ),
            UnitError::Rate(text) => write!(
                f,
                "{text:?} is not a rate; \
                 write a number and bit, kbit, Mbit or Gbit, such as 100Mbit"
            ),
            UnitError::NoSize => f.write_str("must be more than zero, such as 10MiB"),
            UnitError::NoTime => f.write_str("must be more than zero, such as 10s"),
        }
    }
}

impl std::error::Error for UnitError {}

fn did_you_mean(meant: Option<String>) -> String {
    meant.map_or(String::new(), |meant| format!(" did you mean {meant}?"))
}

/// What a size with a decimal unit, or a letter, probably stands for: `10GB`, `10g`.
fn meant_size(text: &str) -> Option<String> {
    let (number, unit) = split(text);
    let letter = unit.strip_suffix(['B', 'b']).unwrap_or(unit).to_ascii_uppercase();
    let (name, _) = SIZES.iter().find(|(name, _)| name.strip_suffix("iB") == Some(&letter))?;
    let meant = format!("{}{name}", number?);
    parse_size(&meant, 1).is_ok().then_some(meant)
}

/// What a number without a unit, or a word for one, probably stands for.
fn meant_duration(text: &str) -> Option<String> {
    let (number, unit) = split_decimal(text);
    let unit = match unit {
        "" | "sec" | "secs" | "S" | "second" | "seconds" => "s",
        "M" | "min" | "mins" | "minute" | "minutes" => "m",
        "H" | "hour" | "hours" => "h",
        "µs" | "μs" => "us",
        _ => return None,
    };
    let meant = format!("{number}{unit}");
    parse_duration(&meant).is_ok().then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::super::MIB;
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
            [("0", 0), ("0s", 0), ("2.5us", 2500), ("0.1s", 100_000_000), ("1m", 60_000_000_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in
            ["", "1", "-1s", "1.s", ".5s", "1..5s", "1,5s", "1 s", "1sec", "1M", "s", "6000000h"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_meant_is_guessed() {
        for (text, meant) in [("10GB", "10GiB"), ("10M", "10MiB"), ("4kb", "4KiB"), ("1g", "1GiB")]
        {
            assert_eq!(meant_size(text).as_deref(), Some(meant), "{text}");
        }
        for (text, meant) in [("5", "5s"), ("1.5", "1.5s"), ("5min", "5m"), ("10µs", "10us")] {
            assert_eq!(meant_duration(text).as_deref(), Some(meant), "{text}");
        }
        assert_eq!((meant_size("GB"), meant_size("5XB"), meant_size("5")), (None, None, None));
        assert_eq!((meant_duration("s"), meant_duration("1..5")), (None, None));
        // What is more than 64 bits hold is no hint.
        assert_eq!((meant_size("16777216TB"), meant_duration("18446744074")), (None, None));
    }

    #[test]
    fn rates() {
        assert_eq!(parse_rate("0.064Mbit"), Ok(64_000));
        for text in ["", "Mbit", "1Mbyte", "1Mbit/h", "99999999999Gbit"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}
