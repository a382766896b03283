//! How much to transfer, and how much has arrived.

use std::fmt;
use std::time::Duration;

use super::parse::{ParseError, split_once, whole_number};

/// How much to transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A number of bytes: `1048576`.
    Bytes(u64),
    /// As much as goes through in this time, in whole milliseconds: `500ms`.
    Time(Duration),
}

/// A transfer as its receiver saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes arrived.
    pub bytes: u64,
    /// From the start of the transfer to the arrival of the last byte.
    pub duration: Duration,
}

impl Amount {
    pub(super) fn parse(text: &[u8]) -> Result<Self, ParseError> {
        match text.strip_suffix(b"ms") {
            Some(milliseconds) => {
                whole_number(milliseconds).map(Duration::from_millis).map(Amount::Time)
            }
            None => whole_number(text).map(Amount::Bytes),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Bytes(bytes) => write!(f, "{bytes}"),
            Amount::Time(duration) => write!(f, "{}ms", duration.as_millis()),
        }
    }
}

impl Received {
    /// Reads `<bytes>:<nanoseconds>`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let (bytes, nanoseconds) = split_once(text, b':');
        let nanoseconds = whole_number(nanoseconds.unwrap_or_default())?;
        Ok(Received { bytes: whole_number(bytes)?, duration: Duration::from_nanos(nanoseconds) })
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bytes, self.duration.as_nanos())
    }
}
