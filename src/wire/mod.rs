//! Bytes and values: what goes over the wire, and nothing else.
//!
//! Nothing in this module has seen a socket or a clock. Everything is generic over [`Read`](std::io::Read) and
//! [`Write`](std::io::Write), so that a protocol can be tried on a `&[u8]` in a test, and so that a reader can study
//! it without thinking of networks at all.
//!
//! A question, a file:
//!
//! ```text
//!   base64    how do any bytes travel where only text may? Man  ⇄  TWFu
//!   bulk      how do exactly n bytes get across?             ─ 10 MiB of payload ─
//!   command   what does a message mean?                      PING hello  ⇄  Request::Ping(Some("hello"))
//!   framing   where does one message end and the next begin? P I N G ␣ h e l l o ⏎ P I N G ⏎
//!   json      how is a [`value`] written, for programs?         {"ok":true}
//!   sha1      what does a hash function look like inside?    abc  →  A9 99 3E 36 …
//!   websocket how does HTTP become a stream of messages?     Hello  ⇄  81 05 H e l l o
//! ```

pub mod base64;
pub mod bulk;
pub mod command;
pub mod framing;
pub mod json;
pub mod sha1;
pub mod value;
pub mod websocket;
