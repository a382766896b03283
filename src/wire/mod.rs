//! Bytes and messages: what goes over the wire, and nothing else.
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
//!   command    what does a message mean?                       PING hello ⇄ Request::Ping
//!   framing    where does one message end, the next begin?     PING hello⏎PING⏎
//! ```

pub mod bulk;
pub mod command;
pub mod framing;
