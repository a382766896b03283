//! Why a text is not JSON, and at which line and column.

use std::fmt;
use std::io;

use super::value::{MAX_DEPTH, MAX_VALUES};

/// Why a text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong with the text.
    pub kind: JsonErrorKind,
    /// The line of the error; the first line is 1.
    pub line: usize,
    /// The position in that line, in characters; the first character is 1.
    pub column: usize,
}

/// What is wrong with a text that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The bytes are not UTF-8, or end in the middle of a character.
    NotUtf8,
    /// The text ends before the value does.
    UnexpectedEnd,
    /// The text has something else where only this is allowed.
    Expected(&'static str),
    /// A number has a `0` in front of its first digit.
    LeadingZero,
    /// A number is so large that the nearest `f64` is infinity.
    NumberTooLarge,
    /// A string contains a character below U+0020 that is not escaped, such as a line
    /// break.
    ControlCharacter,
    /// A `\u` escape is half of a surrogate pair, without the other half.
    LoneSurrogate,
    /// More than [`MAX_DEPTH`] lists and maps are nested.
    TooDeep,
    /// There are more than [`MAX_VALUES`] values.
    TooMany,
}

impl JsonError {
    /// An error at the end of the text `before` it.
    pub(super) fn new(kind: JsonErrorKind, before: &[u8]) -> Self {
        let line = before.split(|&byte| byte == b'\n').count();
        let start = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        JsonError { kind, line, column: String::from_utf8_lossy(start).chars().count() + 1 }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JsonError { kind, line, column } = self;
        write!(f, "line {line}, column {column}: {kind}")
    }
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonErrorKind::NotUtf8 => f.write_str("not UTF-8 from here on"),
            JsonErrorKind::UnexpectedEnd => f.write_str("the text ends before the value does"),
            JsonErrorKind::Expected(what) => write!(f, "expected {what}"),
            JsonErrorKind::LeadingZero => {
                f.write_str("a number has no zero in front of its first digit")
            }
            JsonErrorKind::NumberTooLarge => write!(f, "the number is larger than {:e}", f64::MAX),
            JsonErrorKind::ControlCharacter => {
                f.write_str("a control character in a string must be escaped, such as \\n")
            }
            JsonErrorKind::LoneSurrogate => {
                f.write_str("half of a surrogate pair, which is no character")
            }
            JsonErrorKind::TooDeep => {
                write!(f, "more than {MAX_DEPTH} lists and maps within each other")
            }
            JsonErrorKind::TooMany => write!(f, "more than {MAX_VALUES} values"),
        }
    }
}

impl std::error::Error for JsonError {}

impl From<JsonError> for io::Error {
    fn from(error: JsonError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}
