//! Bytes and values: what goes over the wire, and nothing else.
//!
//! Nothing in this module has seen a socket or a clock. Everything is generic over
//! [`Read`](std::io::Read) and [`Write`](std::io::Write), so that a protocol can be
//! tried on a `&[u8]` in a test, and so that a reader can study it without thinking of
//! networks at all.
//!
//! A question, a file:
//!
//! ```text
//!   bulk       how do exactly n bytes get across?              ─ 10 MiB of payload ─
//!   command    what does a message mean?                       PING hello  ⇄  Request::Ping(Some("hello"))
//!   framing    where does one message end and the next begin?  P I N G ␣ h e l l o ⏎ P I N G ⏎
//!   datagram   what if there is no order, and no delivery?     PING 7 1795219200000000000 STAMP …
//!   json       how is a [`value`] written, for programs?       {"ok":true}
//!   msgpack    and for programs in a hurry?                    81 A2 6F 6B C3
//!   rawsocket  how little does it take to frame messages?      00 00 00 06 [67,1]
//!   websocket  how does HTTP become a stream of messages?      Hello  ⇄  81 05 H e l l o
//!   wamp       how is a procedure called through a router?     [48, 1, {}, "add", [2, 3]]  ⇄  Message::Call
//!   url        where is a router, and what does it speak?      rs+unix:/tmp/router?serializer=msgpack
//! ```
//!
//! [`sha1`] and [`base64`] are there for the opening of a WebSocket, and Base64 for
//! bytes in JSON.

pub mod base64;
pub mod bulk;
pub mod command;
pub mod datagram;
pub mod framing;
pub mod json;
pub mod msgpack;
#[cfg(test)]
pub(crate) mod random;
pub mod rawsocket;
pub mod sha1;
pub mod url;
pub mod value;
pub mod wamp;
pub mod websocket;
