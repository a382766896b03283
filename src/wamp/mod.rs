//! How do two programs come to speak WAMP, and what does each of them need for it?
//!
//! [`wamp`](crate::wamp) knows the messages,
//! [`wamp::websocket`](crate::wamp::websocket) and
//! [`wamp::rawsocket`](crate::wamp::rawsocket) how they are told apart, and none of
//! them has seen a connection. Here they are put on one:
//!
//! ```text
//!   session     HELLO, REGISTER, CALL, …           who asks what, and what is the answer?   the client's side
//!   transport   Message ⇄ bytes of a connection    four ways: 2 framings × 2 serializers    the same on both sides
//!   opening     who speaks what?                   the first bytes, before any message
//!   net         TCP or Unix                        two more, and nobody above this line sees which
//! ```
//!
//! The router's side is [`wamp::router::realm`](crate::wamp::router::realm).

pub mod base64;
pub mod call;
pub mod client;
pub mod connection;
pub mod error;
mod layout;
pub mod message;
pub mod msgpack;
pub mod opening;
pub mod rawsocket;
pub mod router;
pub mod serializer;

pub mod url;
pub mod websocket;

pub use client::{Handle, Session};
pub use error::{CallError, Refusal};
pub use message::{MAX_ID, Message, Payload, WampError, code, uri, valid_uri};
pub use serializer::Serializer;

/// The beginning of what a stranger wrote, without what would move the cursor of
/// whoever reads it.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
