//! Values on a command line: what both programs read.

use std::fmt::Display;
use std::time::Duration;

use crate::units::{UnitError, parse_duration, whole_number};

/// Reads a whole number from 1 on.
///
/// ```
/// use roundtrip::flags::at_least_one;
///
/// assert_eq!(at_least_one("3"), Ok(3));
/// assert_eq!(at_least_one("0"), Err("\"0\" is not a whole number from 1".into()));
/// ```
///
/// # Errors
/// When the text is no such number.
pub fn at_least_one(text: &str) -> Result<u64, String> {
    whole_number(text)
        .filter(|&number| number > 0)
        .ok_or_else(|| format!("{text:?} is not a whole number from 1"))
}

/// Reads a duration of more than zero.
///
/// # Errors
/// When the text is no duration, or zero.
pub fn some_time(text: &str) -> Result<Duration, UnitError> {
    parse_duration(text).and_then(|duration| match duration {
        Duration::ZERO => Err(UnitError::NoTime),
        some => Ok(some),
    })
}

/// An error on one line, whatever text from the command line it quotes.
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
