//! How do two programs come to speak WAMP, and what does each of them need for it?
//!
//! [`wire::wamp`](crate::wire::wamp) knows the messages,
//! [`wire::websocket`](crate::wire::websocket) and
//! [`wire::rawsocket`](crate::wire::rawsocket) how they are told apart, and none of
//! them has seen a connection. Here they are put on one:
//!
//! ```text
//!   session     HELLO, REGISTER, CALL, …           who asks what, and what is the answer?   the client's side
//!   transport   Message ⇄ bytes of a connection    four ways: 2 framings × 2 serializers    the same on both sides
//!   opening     who speaks what?                   the first bytes, before any message
//!   net         TCP or Unix                        two more, and nobody above this line sees which
//! ```
//!
//! The router's side is [`session::router`](crate::session::router).

pub mod error;
pub mod opening;
pub mod session;
pub mod transport;

pub use error::{CallError, Refusal};
pub use session::{Handle, Session};

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
