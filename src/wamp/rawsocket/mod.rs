//! A framing with four bytes for each message: WAMP `RawSocket`, in the advanced
//! profile of <https://wamp-proto.org>.
//!
//! Each side begins with a handshake of four bytes. From then on four bytes stand in
//! front of each message. All numbers are big-endian:
//!
//! ```text
//!   handshake   ┌────────┬────────┬────────┬────────┐
//!               │   7F   │ L    S │   00   │   00   │
//!               └────────┴────────┴────────┴────────┘
//!     L: this side accepts messages of up to 2^(9+L) bytes
//!     S: the serializer; an answer with 0 is a refusal, and L is its reason
//!
//!   message     ┌────────┬────────┬────────┬────────┬──────────────
//!               │0000XTTT│          length          │ payload …
//!               └────────┴────────┴────────┴────────┴──────────────
//!     T: 0 is a message, 1 a ping, 2 a pong
//!     X: the 25th bit of the length, for a length of 2^24
//! ```
//!
//! The client speaks first. No HTTP request begins with `7F`, so a server could accept
//! both framings on one port. WebSocket needs an HTTP request, a hash and a mask for
//! the same purpose, and gains that browsers speak it and that proxies pass it on.
//!
//! A length is only a stranger's claim. It is at most 16 MiB, and [`receive`] allocates
//! memory only for bytes that have arrived. Reading and writing share nothing, so that
//! two threads can do them.

mod handshake;

use std::fmt;
use std::io::{self, BufRead};

use crate::wamp::read;

pub use handshake::{Handshake, HandshakeError, MAGIC, MIN_MESSAGE, Refusal};

/// The longest message that a handshake can allow, and that this program accepts: 16
/// MiB.
pub const MAX_MESSAGE: usize = 1 << 24;

/// The bit of a frame's first byte that stands for a length of 2^24.
const LONGEST: u8 = 0x08;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A WAMP message.
    Message,
    /// A test whether the other side still answers: a pong with the same payload has to
    /// follow at once.
    Ping,
    /// The answer to a ping.
    Pong,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The first byte is this one, which is reserved.
    Reserved(u8),
    /// The payload is longer than the receiver accepts.
    TooLong {
        /// The length of the payload, in bytes.
        length: usize,
        /// The longest payload that is accepted, in bytes.
        max: usize,
    },
}

/// Appends one frame, so that it can leave in one write (see
/// [`Framing::send`](crate::wire::framing::Framing::send)). `max` is the limit in the
/// receiver's [`Handshake`].
///
/// ```
/// use roundtrip::wamp::rawsocket::{self, Kind};
///
/// let mut out = Vec::new();
/// rawsocket::encode(Kind::Message, b"[67,1]", 512, &mut out)?;
/// assert_eq!(out, b"\0\0\0\x06[67,1]");
/// # Ok::<(), rawsocket::FrameError>(())
/// ```
///
/// # Errors
/// [`FrameError::TooLong`]; nothing is appended then.
pub fn encode(kind: Kind, payload: &[u8], max: usize, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let (length, max) = (payload.len(), max.min(MAX_MESSAGE));
    let [longest, low @ ..] = u32::try_from(length)
        .ok()
        .filter(|_| length <= max)
        .ok_or(FrameError::TooLong { length, max })?
        .to_be_bytes();
    let number = match kind {
        Kind::Message => 0,
        Kind::Ping => 1,
        Kind::Pong => 2,
    };
    out.push(number | (longest * LONGEST));
    out.extend_from_slice(&low);
    out.extend_from_slice(payload);
    Ok(())
}

/// Reads one frame and puts its content into `payload`; returns `None` when the peer
/// has closed the connection between two frames.
///
/// ```
/// use roundtrip::wamp::rawsocket::{self, Kind};
///
/// let mut stream = &b"\0\0\0\x06[67,1]\x01\0\0\x02hi"[..];
/// let mut payload = Vec::new();
/// assert_eq!(rawsocket::receive(&mut stream, 512, &mut payload)?, Some(Kind::Message));
/// assert_eq!(payload, b"[67,1]");
/// assert_eq!(rawsocket::receive(&mut stream, 512, &mut payload)?, Some(Kind::Ping));
/// assert_eq!(payload, b"hi");
/// assert_eq!(rawsocket::receive(&mut stream, 512, &mut payload)?, None);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// `InvalidData` for a [`FrameError`], such as a payload of more than `max` bytes;
/// `UnexpectedEof` when the connection ends within a frame; and the errors of `reader`.
pub fn receive(
    reader: &mut impl BufRead,
    max: usize,
    payload: &mut Vec<u8>,
) -> io::Result<Option<Kind>> {
    payload.clear();
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let (kind, length) = parse(read::array(reader, "a message")?, max)?;
    read::append(reader, length as u64, payload)?;
    Ok(Some(kind))
}

fn parse([first, low @ ..]: [u8; 4], max: usize) -> Result<(Kind, usize), FrameError> {
    let kind = match first & !LONGEST {
        0 => Kind::Message,
        1 => Kind::Ping,
        2 => Kind::Pong,
        _ => return Err(FrameError::Reserved(first)),
    };
    let length = low.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    let length = match (first & LONGEST, length) {
        (0, length) => length,
        (_, 0) => MAX_MESSAGE,
        _ => return Err(FrameError::Reserved(first)),
    };
    if length > max { Err(FrameError::TooLong { length, max }) } else { Ok((kind, length)) }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Reserved(first) => write!(f, "no message begins with the byte {first:02X}"),
            FrameError::TooLong { length, max } => {
                write!(f, "a message of {length} bytes where {max} are allowed")
            }
        }
    }
}

impl std::error::Error for FrameError {}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests;
