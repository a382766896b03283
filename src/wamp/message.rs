//! How does a program call a procedure in another that it does not know? WAMP,
//! <https://wamp-proto.org>, basic profile.
//!
//! Neither of the two listens; both connect to a router. One registers a procedure
//! there under a name, the other calls that name, and the router brings them together.
//! Every request has a number that its answer repeats, so that a hundred calls can be
//! under way on one connection and be answered in any order:
//!
//! ```text
//!   caller                      router                      callee
//!     HELLO ────────────────────▶ ◀──────────────────── HELLO
//!       ◀──────────────── WELCOME WELCOME ────────────────▶
//!                                 ◀─────────────── REGISTER 1 "add"
//!                                 REGISTERED 1 as 77 ─────▶
//!     CALL 1 "add" [2,3] ───────▶
//!                                 INVOCATION 5 of 77 [2,3] ▶
//!                                 ◀────────────────── YIELD 5 [5]
//!       ◀─────────── RESULT 1 [5]
//!     GOODBYE ──────────────────▶ ◀────────────────── GOODBYE
//!       ◀──────────────── GOODBYE GOODBYE ────────────────▶
//! ```
//!
//! A message is a list: a [code] that says which, numbers and names in their places, a
//! map for whatever has been invented since, and at the end what the two programs have
//! to say to each other, which the router does not look at. `[48, 1, {}, "add", [2,
//! 3]]` is a CALL. [`Serializer`](super::Serializer) turns such lists into bytes, as JSON or as
//! `MessagePack`; [`rawsocket`](super::rawsocket) says where one message ends and the
//! next begins.
//!
//! Reading a message checks its shape and nothing else: whether a name is well formed
//! ([`valid_uri`]) or registered is for the router to say, in an ERROR, while a message
//! out of shape ends the session.

use std::fmt;
use std::io;

use super::msgpack::MsgpackError;
use crate::json::{JsonError, Map, Value};

/// The largest number of a request, session or registration: up to here an `f64`, the
/// only number that some languages have, holds every integer. The smallest is 1.
pub const MAX_ID: u64 = 1 << 53;

/// What a message begins with.
#[allow(missing_docs, reason = "the names are the documentation")]
pub mod code {
    pub const HELLO: u64 = 1;
    pub const WELCOME: u64 = 2;
    pub const ABORT: u64 = 3;
    pub const GOODBYE: u64 = 6;
    pub const ERROR: u64 = 8;
    pub const CALL: u64 = 48;
    pub const CANCEL: u64 = 49;
    pub const RESULT: u64 = 50;
    pub const REGISTER: u64 = 64;
    pub const REGISTERED: u64 = 65;
    pub const UNREGISTER: u64 = 66;
    pub const UNREGISTERED: u64 = 67;
    pub const INVOCATION: u64 = 68;
    pub const YIELD: u64 = 70;
}

/// What a caller, a callee and a router say to each other.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the specification, in its order")]
pub enum Message {
    /// A client asks for a session.
    Hello { realm: String, details: Map },
    /// The router grants it.
    Welcome { session: u64, details: Map },
    /// Either side ends a session that is not yet open or that has gone wrong; there is
    /// no answer.
    Abort { details: Map, reason: String },
    /// Either side ends a session in good order, and the other says the same.
    Goodbye { details: Map, reason: String },
    /// The answer to a request, of this [code], that has failed.
    Error { request_type: u64, request: u64, details: Map, error: String, payload: Payload },
    /// Caller to router: call this procedure.
    Call { request: u64, options: Map, procedure: String, payload: Payload },
    /// Caller to router: I do not wait for the result of this call any more. It is from
    /// the advanced profile, but callers of the basic one send it when they give up.
    Cancel { request: u64, options: Map },
    /// Router to caller: what the procedure returned.
    Result { request: u64, details: Map, payload: Payload },
    /// Callee to router: I am this procedure.
    Register { request: u64, options: Map, procedure: String },
    /// Router to callee: you are, under this number.
    Registered { request: u64, registration: u64 },
    /// Callee to router: I am no longer.
    Unregister { request: u64, registration: u64 },
    /// Router to callee: so be it.
    Unregistered { request: u64 },
    /// Router to callee: you are called.
    Invocation { request: u64, registration: u64, details: Map, payload: Payload },
    /// Callee to router: what I return.
    Yield { request: u64, options: Map, payload: Payload },
}

/// What a procedure is given or returns. What is not there and what is empty are kept
/// apart, so that a router passes on what it got; only named values without others get
/// an empty list in front of them, which holds their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    /// Values by position.
    pub arguments: Option<Vec<Value>>,
    /// Values by name.
    pub keywords: Option<Map>,
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WampError {
    /// They are not JSON.
    Json(JsonError),
    /// They are not `MessagePack`.
    Msgpack(MsgpackError),
    /// The value is not a list that begins with a code.
    NoCode,
    /// The code is of no message that a caller, a callee and a router exchange.
    UnknownCode(i128),
    /// The list ends before this field.
    Missing {
        /// The name of the message.
        message: &'static str,
        /// The name of the field.
        field: &'static str,
    },
    /// A field is something else than it should be.
    Wrong {
        /// The name of the message.
        message: &'static str,
        /// The name of the field.
        field: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// The list goes on after the last field of this message.
    TooLong(&'static str),
}

impl Message {
    /// What the message begins with.
    #[must_use]
    pub fn code(&self) -> u64 {
        match self {
            Message::Hello { .. } => code::HELLO,
            Message::Welcome { .. } => code::WELCOME,
            Message::Abort { .. } => code::ABORT,
            Message::Goodbye { .. } => code::GOODBYE,
            Message::Error { .. } => code::ERROR,
            Message::Call { .. } => code::CALL,
            Message::Cancel { .. } => code::CANCEL,
            Message::Result { .. } => code::RESULT,
            Message::Register { .. } => code::REGISTER,
            Message::Registered { .. } => code::REGISTERED,
            Message::Unregister { .. } => code::UNREGISTER,
            Message::Unregistered { .. } => code::UNREGISTERED,
            Message::Invocation { .. } => code::INVOCATION,
            Message::Yield { .. } => code::YIELD,
        }
    }

    /// What the specification calls the message, such as `CALL`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        name(self.code()).unwrap_or_default()
    }
}

pub(super) fn name(code: u64) -> Option<&'static str> {
    Some(match code {
        code::HELLO => "HELLO",
        code::WELCOME => "WELCOME",
        code::ABORT => "ABORT",
        code::GOODBYE => "GOODBYE",
        code::ERROR => "ERROR",
        code::CALL => "CALL",
        code::CANCEL => "CANCEL",
        code::RESULT => "RESULT",
        code::REGISTER => "REGISTER",
        code::REGISTERED => "REGISTERED",
        code::UNREGISTER => "UNREGISTER",
        code::UNREGISTERED => "UNREGISTERED",
        code::INVOCATION => "INVOCATION",
        code::YIELD => "YIELD",
        _ => return None,
    })
}

impl Payload {
    /// A payload of values by position alone.
    #[must_use]
    pub fn of(arguments: Vec<Value>) -> Self {
        Payload { arguments: Some(arguments), keywords: None }
    }
}

impl fmt::Display for WampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WampError::Json(error) => write!(f, "not JSON: {error}"),
            WampError::Msgpack(error) => write!(f, "not MessagePack: {error}"),
            WampError::NoCode => f.write_str("a message is a list that begins with its code"),
            WampError::UnknownCode(code) => {
                write!(f, "{code} is the code of no message known here")
            }
            WampError::Missing { message, field } => {
                write!(f, "the {field} of {message} is missing")
            }
            WampError::Wrong { message, field, wanted } => {
                write!(f, "the {field} of {message} is not {wanted}")
            }
            WampError::TooLong(message) => write!(f, "{message} goes on after its last field"),
        }
    }
}

impl std::error::Error for WampError {}

impl From<WampError> for io::Error {
    fn from(error: WampError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// Names that have the same meaning everywhere.
pub mod uri {
    /// A realm, procedure or reason is not a [`valid_uri`](super::valid_uri).
    pub const INVALID_URI: &str = "wamp.error.invalid_uri";
    /// Nobody has registered the procedure that is called.
    pub const NO_SUCH_PROCEDURE: &str = "wamp.error.no_such_procedure";
    /// Somebody has registered this procedure before.
    pub const PROCEDURE_ALREADY_EXISTS: &str = "wamp.error.procedure_already_exists";
    /// What should be unregistered was not, or is no longer, registered by whoever asks.
    pub const NO_SUCH_REGISTRATION: &str = "wamp.error.no_such_registration";
    /// The procedure does not take these arguments.
    pub const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
    /// The call will never be answered. A router says so, among others, when the callee has
    /// gone.
    pub const CANCELED: &str = "wamp.error.canceled";
    /// A message is longer than the receiver takes.
    pub const PAYLOAD_SIZE_EXCEEDED: &str = "wamp.error.payload_size_exceeded";
    /// The router has no such realm.
    pub const NO_SUCH_REALM: &str = "wamp.error.no_such_realm";
    /// The peer does not keep to the protocol; a reason to abort.
    pub const PROTOCOL_VIOLATION: &str = "wamp.error.protocol_violation";
    /// The whole peer shuts down; a reason to abort or to say goodbye.
    pub const SYSTEM_SHUTDOWN: &str = "wamp.close.system_shutdown";
    /// The client has no more to do in this realm; a reason to say goodbye.
    pub const CLOSE_REALM: &str = "wamp.close.close_realm";
    /// The answer to a goodbye.
    pub const GOODBYE_AND_OUT: &str = "wamp.close.goodbye_and_out";
}

/// Whether this can be the name of a realm or procedure, by the loose rule of the
/// specification ("URIs"): components between dots, none of them empty, without white
/// space and `#`.
///
/// ```
/// use roundtrip::wamp::valid_uri;
///
/// assert!(valid_uri("com.example.add2"));
/// assert!(!valid_uri("com..add2"));
/// assert!(!valid_uri("com.example.add 2"));
/// ```
#[must_use]
pub fn valid_uri(uri: &str) -> bool {
    uri.split('.').all(|component| {
        !component.is_empty() && !component.contains(|c: char| c.is_whitespace() || c == '#')
    })
}

#[cfg(test)]
mod tests;
