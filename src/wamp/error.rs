//! Why a call has no result.

use std::fmt;
use std::io;

use super::shown;
use crate::json::Value;
use crate::wamp::Payload;

/// A no, and why: what the caller of a procedure gets in place of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which error it is, in the form of a name: one of
    /// [`uri`](crate::wamp::uri), or the procedure's own.
    pub uri: String,
    /// What else there is to say about it.
    pub payload: Payload,
}

/// Why there is no result.
#[derive(Debug)]
pub enum CallError {
    /// The router or the procedure has said no. The session goes on.
    Refused(Refusal),
    /// There was no answer. If it is only late (`TimedOut`), the session can be used
    /// on, and passes it over when it comes. If the call could not be sent, or an
    /// answer broke off, every later call fails at once.
    Io(io::Error),
}

impl Refusal {
    /// A no with nothing more to say.
    #[must_use]
    pub fn new(uri: &str) -> Self {
        Refusal { uri: uri.into(), payload: Payload::default() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.uri))?;
        match self.payload.arguments.as_deref() {
            Some([Value::String(text), ..]) => write!(f, ": {}", shown(text)),
            _ => Ok(()),
        }
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

impl From<CallError> for io::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Io(error) => error,
            CallError::Refused(refusal) => io::Error::other(refusal),
        }
    }
}
