//! The messages of WAMP, <https://wamp-proto.org>, basic profile.
//!
//! A program calls a procedure of another program that it does not know. Neither of the
//! two listens; both connect to a router. The callee registers a procedure there under
//! a name, the caller calls that name, and the router passes on call and result. Every
//! request has a number, which its answer repeats. So a hundred calls can be pending on
//! one connection, and be answered in any order:
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
//! A message is a list: a [code] for its kind, numbers and names at fixed positions, a
//! map of options, and at the end the payload, which the router does not look at. `[48,
//! 1, {}, "add", [2, 3]]` is a CALL. [`Serializer`](super::Serializer) makes bytes of
//! such lists, as JSON or as `MessagePack`. The framing, such as
//! [`rawsocket`](super::rawsocket), marks where a message ends.
//!
//! Decoding a message checks its layout alone: a message with a wrong layout ends the
//! session. A name that is not well formed ([`valid_uri`]) or not registered is the
//! router's business: it answers with an ERROR, and the session goes on.

use std::fmt;
use std::io;

use super::msgpack::MsgpackError;
use crate::json::{JsonError, Map, Value};

/// The value of `agent` in HELLO and WELCOME: the name of this program.
pub(crate) const AGENT: &str = concat!("roundtrip-", env!("CARGO_PKG_VERSION"));

/// The largest number of a request, session or registration. The smallest is 1. Up to
/// this number an `f64`, the only number that some languages have, holds every integer.
pub const MAX_ID: u64 = 1 << 53;

/// The codes: a message begins with the code of its kind.
#[allow(missing_docs, reason = "the names are the documentation")]
pub mod code {
    pub const HELLO: u64 = 1;
    pub const WELCOME: u64 = 2;
    pub const ABORT: u64 = 3;
    pub const GOODBYE: u64 = 6;
    pub const ERROR: u64 = 8;
    pub const PUBLISH: u64 = 16;
    pub const SUBSCRIBE: u64 = 32;
    pub const UNSUBSCRIBE: u64 = 34;
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

/// A message between a client and a router.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the specification, in its order")]
pub enum Message {
    /// A client asks for a session.
    Hello { realm: String, details: Map },
    /// The router opens the session.
    Welcome { session: u64, details: Map },
    /// Either side ends a session that is not open yet or that has failed. ABORT has no
    /// answer. In older texts of the specification ABORT has no payload, so this
    /// program sends none.
    Abort { details: Map, reason: String, payload: Payload },
    /// Either side ends a session in good order, and the other answers with GOODBYE.
    Goodbye { details: Map, reason: String },
    /// The answer to a request that has failed. `request_type` is the [code] of the
    /// request.
    Error { request_type: u64, request: u64, details: Map, error: String, payload: Payload },
    /// Publisher to broker: send this to all who have subscribed to the topic. A router
    /// that is a dealer alone refuses this message and the next two.
    Publish { request: u64, options: Map, topic: String, payload: Payload },
    /// Subscriber to broker: send me what is published under this topic.
    Subscribe { request: u64, options: Map, topic: String },
    /// Subscriber to broker: end the subscription of this number.
    Unsubscribe { request: u64, subscription: u64 },
    /// Caller to router: call this procedure.
    Call { request: u64, options: Map, procedure: String, payload: Payload },
    /// Caller to router: I no longer wait for the result of this call. CANCEL is from
    /// the advanced profile, but callers of the basic profile also send it.
    Cancel { request: u64, options: Map },
    /// Router to caller: what the procedure returned.
    Result { request: u64, details: Map, payload: Payload },
    /// Callee to router: I offer this procedure.
    Register { request: u64, options: Map, procedure: String },
    /// Router to callee: the procedure is registered under this number.
    Registered { request: u64, registration: u64 },
    /// Callee to router: I no longer offer the procedure of this number.
    Unregister { request: u64, registration: u64 },
    /// Router to callee: the procedure is no longer registered.
    Unregistered { request: u64 },
    /// Router to callee: your procedure is called.
    Invocation { request: u64, registration: u64, details: Map, payload: Payload },
    /// Callee to router: what the procedure returned.
    Yield { request: u64, options: Map, payload: Payload },
}

/// The arguments or the results of a procedure.
///
/// `None` and an empty list or map are different, so that a router passes on what it
/// received. There are two exceptions: on the wire an empty list stands in front of
/// keywords without arguments, since fields have fixed positions, and some clients send
/// null for `None`.
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
    /// The bytes are not JSON.
    Json(JsonError),
    /// The bytes are not `MessagePack`.
    Msgpack(MsgpackError),
    /// The value is not a list that begins with a code.
    NoCode,
    /// No message that a client sends, or that a dealer sends, has this code.
    UnknownCode(i128),
    /// The list ends before this field.
    Missing {
        /// The name of the message.
        message: &'static str,
        /// The name of the field.
        field: &'static str,
    },
    /// A field has the wrong type or value.
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
    /// The code of the message.
    #[must_use]
    pub fn code(&self) -> u64 {
        match self {
            Message::Hello { .. } => code::HELLO,
            Message::Welcome { .. } => code::WELCOME,
            Message::Abort { .. } => code::ABORT,
            Message::Goodbye { .. } => code::GOODBYE,
            Message::Error { .. } => code::ERROR,
            Message::Publish { .. } => code::PUBLISH,
            Message::Subscribe { .. } => code::SUBSCRIBE,
            Message::Unsubscribe { .. } => code::UNSUBSCRIBE,
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

    /// The name of the message in the specification, such as `CALL`.
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
        code::PUBLISH => "PUBLISH",
        code::SUBSCRIBE => "SUBSCRIBE",
        code::UNSUBSCRIBE => "UNSUBSCRIBE",
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
    /// A payload with arguments by position alone.
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

/// Errors and reasons that the specification names.
pub mod uri {
    /// The name of a realm, a procedure or a reason is not a
    /// [`valid_uri`](super::valid_uri).
    pub const INVALID_URI: &str = "wamp.error.invalid_uri";
    /// The procedure of a call is not registered.
    pub const NO_SUCH_PROCEDURE: &str = "wamp.error.no_such_procedure";
    /// The procedure is registered already.
    pub const PROCEDURE_ALREADY_EXISTS: &str = "wamp.error.procedure_already_exists";
    /// The session has no registration of this number.
    pub const NO_SUCH_REGISTRATION: &str = "wamp.error.no_such_registration";
    /// The procedure does not accept these arguments.
    pub const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
    /// The call will never be answered, for example because the callee has left.
    pub const CANCELED: &str = "wamp.error.canceled";
    /// A message is longer than its receiver accepts.
    pub const PAYLOAD_SIZE_EXCEEDED: &str = "wamp.error.payload_size_exceeded";
    /// The router has no such realm.
    pub const NO_SUCH_REALM: &str = "wamp.error.no_such_realm";
    /// A reason for ABORT: the peer has broken the protocol.
    pub const PROTOCOL_VIOLATION: &str = "wamp.error.protocol_violation";
    /// A reason for ABORT or GOODBYE: the program shuts down.
    pub const SYSTEM_SHUTDOWN: &str = "wamp.close.system_shutdown";
    /// A reason for GOODBYE: the client has finished.
    pub const CLOSE_REALM: &str = "wamp.close.close_realm";
    /// The reason in the answer to a GOODBYE.
    pub const GOODBYE_AND_OUT: &str = "wamp.close.goodbye_and_out";
}

/// Whether this can be the name of a realm or a procedure.
///
/// By the loose rule of the specification ("URIs") a name consists of components with
/// dots between them. No component is empty, or contains white space or `#`. Nor may one
/// contain U+0000, since a string of JSON that begins so stands for bytes.
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
        !component.is_empty()
            && !component.contains(|c: char| c.is_whitespace() || matches!(c, '#' | '\0'))
    })
}

#[cfg(test)]
mod tests;
