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

/// How many characters of a long error are shown from its beginning, and how many from
/// its end.
const SHOWN: usize = 500;

/// An error on one line, whatever text from the command line or from a server it quotes.
/// The middle of a text that is too long to be read is left out.
///
/// ```
/// use roundtrip::flags::one_line;
///
/// assert_eq!(one_line("no flag 'a\nb'"), "no flag 'a\\nb'");
/// let short = one_line(format!("{:?} is no size; write 64KiB", "9".repeat(100_000)));
/// assert!(short.len() < 1100 && short.ends_with("99\" is no size; write 64KiB"));
/// ```
pub fn one_line(error: impl Display) -> String {
    let mut shown: Vec<char> = error.to_string().chars().collect();
    if let Some(last) = shown.len().checked_sub(SHOWN).filter(|&last| last > SHOWN) {
        shown.splice(SHOWN..last, ['…']);
    }
    let printable =
        |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    shown.into_iter().map(printable).collect()
}
