//! How a message is taken apart: a word, and what stands behind it.

use std::fmt;
use std::io::{self, ErrorKind};

/// Why a message was not understood. The text is what follows `ERROR:` in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The line has nothing in it.
    Empty,
    /// The line begins with no known word.
    Unknown(String),
    /// Where a whole number should be, there is something else: a sign, a fraction,
    /// nothing, or more than 64 bits.
    NotANumber(String),
}

/// Splits a message behind its first space or colon, which stays with the word:
/// `PING hello` is `PING ` and `hello`. So `PING` and `PING ` are two different words.
pub(super) fn split_word(message: &[u8]) -> (&[u8], &[u8]) {
    let mark = message.iter().position(|byte| b" :".contains(byte));
    message.split_at(mark.map_or(message.len(), |mark| mark + 1))
}

/// Splits a text at the first such byte, if there is one.
pub(super) fn split_once(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |&byte| byte == mark);
    (parts.next().unwrap_or_default(), parts.next())
}

/// Reads a number: digits and nothing else. `u64::from_str` alone would accept a `+`.
pub(in crate::wire) fn whole_number(digits: &[u8]) -> Result<u64, ParseError> {
    let text = str::from_utf8(digits).ok();
    let text = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| ParseError::NotANumber(excerpt(digits)))
}

/// Reads the rest of a message as text.
pub(super) fn text(rest: &[u8]) -> Result<&str, ParseError> {
    str::from_utf8(rest).map_err(|_| ParseError::Unknown(excerpt(rest)))
}

/// The error for a message that begins with no known word.
pub(super) fn unknown(message: &[u8]) -> ParseError {
    if message.is_empty() { ParseError::Empty } else { ParseError::Unknown(excerpt(message)) }
}

/// As much of a stranger's bytes as fits in a message for a person: on one line, and
/// without anything that a terminal would obey.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    const LONGEST: usize = 200;
    let end = if bytes.len() > LONGEST { "…" } else { "" };
    let mut text = String::new();
    for chunk in bytes[..bytes.len().min(LONGEST)].utf8_chunks() {
        let printable =
            |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
        text.extend(chunk.valid().chars().map(printable));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text + end
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Empty => f.write_str("empty line"),
            ParseError::Unknown(text) => write!(f, "unknown command \"{text}\""),
            ParseError::NotANumber(text) => {
                write!(f, "\"{text}\" is not a whole number of at most 64 bits")
            }
        }
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for io::Error {
    fn from(error: ParseError) -> Self {
        io::Error::new(ErrorKind::InvalidData, error)
    }
}
