//! How little does it take to send messages over a stream? WAMP `RawSocket`, in the
//! advanced profile of <https://wamp-proto.org>.
//!
//! Each side says hello with four bytes, and from then on each message has four bytes
//! in front of it. All numbers are big-endian:
//!
//! ```text
//!   handshake   ┌────────┬────────┬────────┬────────┐
//!               │   7F   │ L    S │   00   │   00   │   L: I take messages of up to 2^(9+L) bytes
//!               └────────┴────────┴────────┴────────┘   S: the serializer; 0 in an answer means no, and L why
//!
//!   message     ┌────────┬────────┬────────┬────────┬──────────────
//!               │0000XTTT│          length          │ payload …        T: message 0, ping 1, pong 2
//!               └────────┴────────┴────────┴────────┴──────────────    X: the length is 2^24, which needs a 25th bit
//! ```
//!
//! The client speaks first. `7F` begins no HTTP request, so a server could tell the two
//! apart on one port. WebSocket needs an HTTP request, a hash and a mask for what is
//! done here in eight bytes; what it gets for them is that browsers speak it and
//! proxies let it through.
//!
//! A length is only what a stranger claims, but it is at most 16 MiB, and [`receive`]
//! makes room for what has really arrived. Reading and writing know nothing of each
//! other, so that one thread can do the one and another the other.

mod handshake;

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read};

pub use handshake::{Handshake, HandshakeError, MAGIC, MIN_MESSAGE, Refusal};

/// The longest message that a handshake can allow, and that this program takes: 16 MiB.
pub const MAX_MESSAGE: usize = 1 << 24;

/// The bit of a frame's first byte that stands for a length of 2^24.
const LONGEST: u8 = 0x08;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A WAMP message.
    Message,
    /// A question whether the other side is there, to be answered at once with a pong
    /// of the same payload.
    Ping,
    /// The answer to a ping.
    Pong,
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The first byte is this one, which has no meaning.
    Reserved(u8),
    /// The payload is longer than the receiver takes.
    TooLong {
        /// How long it is, in bytes.
        length: usize,
        /// How long it may be.
        max: usize,
    },
}

/// Appends a whole frame, to leave in one write (see
/// [`Framing::send`](crate::wire::framing::Framing::send)). `max` is what the receiver has
/// said in its [`Handshake`].
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

/// Reads one frame, and leaves what it carries in `payload`; `None` when the peer has
/// ended the conversation between two frames.
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
/// `InvalidData` for a [`FrameError`], a payload of more than `max` bytes among them;
/// `UnexpectedEof` for a frame that breaks off; and those of `reader`.
pub fn receive(
    reader: &mut impl BufRead,
    max: usize,
    payload: &mut Vec<u8>,
) -> io::Result<Option<Kind>> {
    payload.clear();
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut head = [0; 4];
    reader.read_exact(&mut head).map_err(|error| {
        if error.kind() == ErrorKind::UnexpectedEof { broken_off() } else { error }
    })?;
    let (kind, length) = parse(head, max)?;
    // Reads until it has all or nothing more comes, and makes room as it goes.
    let read = reader.by_ref().take(length as u64).read_to_end(payload)?;
    if read < length { Err(broken_off()) } else { Ok(Some(kind)) }
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

fn broken_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed within a message")
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
        io::Error::new(ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests;
