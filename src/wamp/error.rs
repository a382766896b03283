//! Why a call has no result, and how an error quotes a stranger's text.

use std::fmt;
use std::io;

use super::message::Payload;
use crate::json::{Map, Value};

/// An error that the caller of a procedure receives in place of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The name of the error: one of [`uri`](crate::wamp::uri), or one that the
    /// procedure defines.
    pub uri: String,
    /// Details of the error.
    pub payload: Payload,
}

/// Why a call has no result.
#[derive(Debug)]
pub enum CallError {
    /// The router or the procedure has refused the call. The session goes on.
    Refused(Refusal),
    /// There was no answer. After `TimedOut` the session can still be used, and ignores
    /// the answer if it comes later. After any other error every later call fails at
    /// once.
    Io(io::Error),
}

impl Refusal {
    /// An error without details.
    #[must_use]
    pub fn new(uri: &str) -> Self {
        Refusal { uri: uri.into(), payload: Payload::default() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.uri))?;
        words(&self.payload).map_or(Ok(()), |text| write!(f, ": {}", printable(text)))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Refused(refusal) => refusal.fmt(f),
            CallError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

impl std::error::Error for CallError {}

impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        CallError::Io(error)
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        CallError::Refused(refusal)
    }
}

impl From<CallError> for io::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Io(error) => error,
            CallError::Refused(refusal) => io::Error::other(refusal),
        }
    }
}

/// The reason of an ABORT, and in parentheses the explanation for people, if there is
/// one. It is the first argument, or `message` in the details.
pub(crate) fn reason(details: &Map, reason: &str, payload: &Payload) -> String {
    let message = words(payload).or_else(|| details.get("message")?.as_str());
    let message = message.map(|text| format!(" ({})", printable(text)));
    printable(reason) + &message.unwrap_or_default()
}

/// The first argument, if it is text.
fn words(payload: &Payload) -> Option<&str> {
    payload.arguments.as_deref()?.first().and_then(Value::as_str)
}

/// The first 200 characters of a stranger's text, for a terminal: control characters,
/// which could move its cursor, are replaced.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}
