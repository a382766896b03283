//! Why a session ends, and the last words that follow from the reason.

use std::fmt;
use std::io;

use super::dealer::Violation;
use crate::json::Map;
use crate::wamp::message::{Message, Payload, uri};
use crate::wamp::websocket::{CLOSE_GOING_AWAY, CLOSE_NORMAL, CLOSE_PROTOCOL_ERROR};

/// Why a session ends.
pub enum End {
    /// The client has sent GOODBYE, and expects one.
    Goodbye,
    /// The client has answered this router's GOODBYE.
    GoodbyeAndOut,
    /// The client has closed the connection.
    Closed,
    /// The client has sent ABORT with this reason, which is fit for a log.
    Aborted(String),
    /// This router aborts the session, with the URI of an error, a message, and the
    /// code with which a WebSocket is closed.
    Abort(&'static str, String, u16),
    /// The connection has failed.
    Failed(io::Error),
    /// The client did not read what was sent to it, as this text describes.
    SlowConsumer(String),
}

impl End {
    /// Ends a session whose client broke a rule of the protocol.
    pub fn violation(what: impl Into<String>) -> Self {
        End::Abort(uri::PROTOCOL_VIOLATION, what.into(), CLOSE_PROTOCOL_ERROR)
    }

    /// Whether the session ended as the protocol wants it.
    pub fn is_orderly(&self) -> bool {
        matches!(self, End::Goodbye | End::GoodbyeAndOut)
    }

    /// The last message to the client, and the code with which a WebSocket is closed.
    pub fn last_message(&self) -> (Option<Message>, u16) {
        match self {
            End::Goodbye => {
                let reason = uri::GOODBYE_AND_OUT.into();
                (Some(Message::Goodbye { details: Map::new(), reason }), CLOSE_NORMAL)
            }
            End::GoodbyeAndOut | End::Closed | End::Aborted(_) => (None, CLOSE_NORMAL),
            End::Abort(reason, message, code) => {
                let details = Map::from([("message", message.as_str().into())]);
                let (reason, payload) = ((*reason).into(), Payload::default());
                (Some(Message::Abort { details, reason, payload }), *code)
            }
            End::Failed(_) | End::SlowConsumer(_) => (None, CLOSE_GOING_AWAY),
        }
    }
}

/// The reason, for the log.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Goodbye | End::GoodbyeAndOut => f.write_str("in good order"),
            End::Closed => f.write_str("without a goodbye"),
            End::Aborted(reason) => write!(f, "aborted by the client: {reason}"),
            End::Abort(_, message, _) | End::SlowConsumer(message) => f.write_str(message),
            End::Failed(error) => error.fmt(f),
        }
    }
}

impl From<Violation> for End {
    fn from(Violation(what): Violation) -> Self {
        End::violation(what)
    }
}
