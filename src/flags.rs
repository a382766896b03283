//! Values on a command line: what both binaries ask of them.

use std::fmt::Display;
use std::time::Duration;

use crate::units::{UnitError, parse_duration, whole_number};

/// The value of a flag, or `default` if it was not given.
///
/// ```
/// use roundtrip::flags::{at_least_one, value};
///
/// assert_eq!(value("count", None, 10, at_least_one), Ok(10));
/// assert_eq!(value("count", Some("3".into()), 10, at_least_one), Ok(3));
/// assert_eq!(value("count", Some("0".into()), 10, at_least_one), Err("--count: \"0\" is not a whole number from 1".into()));
/// ```
///
/// # Errors
/// That of `parse`, with the flag's name before it.
pub fn value<T, E: Display>(
    name: &str,
    given: Option<String>,
    default: T,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    given.map_or(Ok(default), |text| parse(&text).map_err(|error| format!("--{name}: {error}")))
}

/// Reads a number of things of which there must be some.
///
/// # Errors
/// When it is no such number.
pub fn at_least_one(text: &str) -> Result<u64, String> {
    whole_number(text)
        .filter(|&number| number > 0)
        .ok_or_else(|| format!("{text:?} is not a whole number from 1"))
}

/// Reads a duration that something may take, which cannot be none at all.
///
/// # Errors
/// When it is no duration, or zero.
pub fn some_time(text: &str) -> Result<Duration, UnitError> {
    parse_duration(text).and_then(|duration| match duration {
        Duration::ZERO => Err(UnitError::NoTime),
        some => Ok(some),
    })
}

/// An error that quotes the command line, on one line whatever that holds.
///
/// ```
/// assert_eq!(roundtrip::flags::one_line("no flag 'a\nb'"), "no flag 'a\\nb'");
/// ```
pub fn one_line(error: impl Display) -> String {
    error
        .to_string()
        .chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.into() })
        .collect()
}
