//! Calling a procedure in another program, through a router: WAMP
//! (<https://wamp-proto.org>).
//!
//! A *callee* registers a procedure at a *router*, and a *caller* calls it there. Both
//! are clients: each needs one connection, to the router, and no client needs to know
//! where another is. This wing holds both ends, and shows what one protocol costs over
//! two kinds of socket, with two framings and two serializers:
//!
//! ```text
//!   caller               router               callee
//!   client.rs            router/              client.rs
//!     │                    │ ◀──── REGISTER ──── │
//!     │ ────── CALL ─────▶ │                     │
//!     │                    │ ──── INVOCATION ──▶ │
//!     │                    │ ◀────── YIELD ───── │
//!     │ ◀──── RESULT ───── │                     │
//!
//!   message      HELLO, REGISTER, CALL, …                message.rs
//!   serializer   a message as bytes: JSON, MessagePack   serializer.rs
//!   framing      which bytes are one message             rawsocket/, websocket/
//!   socket       TCP or Unix                             crate::net
//! ```
//!
//! The files, in reading order:
//!
//! | file | what it does |
//! | --- | --- |
//! | [`message`] | the messages, as types |
//! | `layout.rs` | a message as the list of values that both serializers write |
//! | [`serializer`] | a message as bytes |
//! | [`msgpack`], [`base64`] | what the serializers need besides JSON |
//! | [`rawsocket`] | the simple framing: four bytes in front of each message |
//! | [`websocket`] | the framing for browsers: RFC 6455, from the HTTP request on |
//! | `read.rs` | reading a known number of bytes, for both framings |
//! | [`url`] | where a router is, and what it speaks |
//! | [`opening`] | the handshake of either framing, from either side |
//! | `arriving.rs` | what all messages that are arriving take of the memory |
//! | [`connection`] | messages on an open connection, with any framing and serializer |
//! | `event.rs` | what a connection hands to its reader |
//! | `undecoded.rs` | what takes the place of a message that cannot be decoded |
//! | [`error`] | why a call has no result |
//! | [`client`] | a session at a router: calls, and procedures that others call |
//! | [`router`] | the program in the middle |
//! | [`call`] | how long a call takes, and which of the three choices costs what |

mod arriving;
pub mod base64;
pub mod call;
pub mod client;
pub mod connection;
pub mod error;
mod event;
mod layout;
pub mod message;
pub mod msgpack;
pub mod opening;
pub mod rawsocket;
mod read;
pub mod router;
pub mod serializer;
mod undecoded;
pub mod url;
pub mod websocket;

pub use client::{Handle, Session};
pub use error::{CallError, Refusal};
pub use message::{MAX_ID, Message, Payload, WampError, code, uri, valid_uri};
pub use serializer::Serializer;

#[cfg(test)]
mod tests;
