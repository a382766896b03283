//! One frame: its header, the mask over its payload, and the sender that makes frames
//! of messages (RFC 6455 section 5).

use std::hash::{BuildHasher, RandomState};
use std::io::Read;

use super::error::{MAX_CONTROL, WebSocketError};
use crate::wamp::read;

/// An end of a connection: the client masks its frames, and the server does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that sent the request.
    Client,
    /// The end that answered it.
    Server,
}

/// A message or a control frame (RFC 6455 sections 5.5 and 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A test whether the other end still answers, with at most [`MAX_CONTROL`] bytes.
    Ping(&'a [u8]),
    /// The answer to a ping, with the same bytes. It may also come without a ping.
    Pong(&'a [u8]),
    /// The last frame of this end, with a code and a reason of at most [`MAX_CONTROL`]
    /// − 2 bytes.
    Close(Option<(u16, &'a str)>),
}

/// Makes frames of messages. A sender shares nothing with the
/// [`Receiver`](super::Receiver) of its connection, so that one thread can send while
/// another receives.
#[derive(Debug)]
pub struct Sender {
    masks: Option<Masks>,
}

impl Sender {
    /// A sender for this end of a connection.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Sender {
            masks: (role == Role::Client).then(|| Masks { random: RandomState::new(), used: 0 }),
        }
    }

    /// Appends a message as one frame, so that it can leave in one write.
    ///
    /// A control frame is cut after [`MAX_CONTROL`] bytes. The code of a close frame is
    /// not checked; peers refuse codes that may not be sent (RFC 6455 section 7.4).
    ///
    /// ```
    /// use roundtrip::wamp::websocket::{Message, Role, Sender};
    ///
    /// let mut buffer = Vec::new();
    /// Sender::new(Role::Server).encode(&Message::Text("Hello"), &mut buffer);
    /// assert_eq!(buffer, b"\x81\x05Hello"); // RFC 6455 section 5.7
    /// ```
    pub fn encode(&mut self, message: &Message, buffer: &mut Vec<u8>) {
        let code;
        let (opcode, start, rest): (_, &[u8], &[u8]) = match *message {
            Message::Text(text) => (Opcode::Text, &[], text.as_bytes()),
            Message::Binary(bytes) => (Opcode::Binary, &[], bytes),
            Message::Ping(bytes) => (Opcode::Ping, &[], &bytes[..bytes.len().min(MAX_CONTROL)]),
            Message::Pong(bytes) => (Opcode::Pong, &[], &bytes[..bytes.len().min(MAX_CONTROL)]),
            Message::Close(None) => (Opcode::Close, &[], &[]),
            Message::Close(Some((number, reason))) => {
                code = number.to_be_bytes();
                (Opcode::Close, &code, cut(reason, MAX_CONTROL - code.len()).as_bytes())
            }
        };
        let mask = self.masks.as_mut().map(Masks::next);
        let length = start.len() + rest.len();
        Header { fin: true, opcode, length: length as u64, mask }.encode(buffer);
        buffer.extend_from_slice(start);
        buffer.extend_from_slice(rest);
        if let Some(mask) = mask {
            let payload = buffer.len() - length;
            apply(mask, &mut buffer[payload..]);
        }
    }
}

/// Cuts a text to at most this many bytes, without half a character at its end.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// Makes a new mask for each frame, which cannot be derived from the masks before (RFC
/// 6455 sections 5.3 and 10.3).
///
/// A mask is the hash of a counter, with the keyed hash function that protects Rust's
/// hash maps from chosen keys. Without the random key, one result tells nothing about
/// the next. The standard library promises only that results are hard to guess. That is
/// enough for a mask, and would not be enough for a secret.
#[derive(Debug)]
struct Masks {
    random: RandomState,
    used: u64,
}

impl Masks {
    fn next(&mut self) -> Mask {
        self.used = self.used.wrapping_add(1);
        let [a, b, c, d, ..] = self.random.hash_one(self.used).to_ne_bytes();
        [a, b, c, d]
    }
}

/// Set in the last frame of a message.
const FIN: u8 = 0x80;
/// The bits that extensions may use.
const RESERVED: u8 = 0x70;
/// The bits of the opcode, in the first byte.
const OPCODE: u8 = 0x0F;
/// Set if there is a mask. The other bits of the second byte are the length, or
/// [`LENGTH_16`] or [`LENGTH_64`].
const MASKED: u8 = 0x80;
/// In place of a length: the length is in the next two bytes, big-endian.
const LENGTH_16: u8 = 126;
/// In place of a length: the length is in the next eight bytes, big-endian.
const LENGTH_64: u8 = 127;

/// The kind of a frame (RFC 6455 section 11.8). Control frames have the highest bit
/// set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// The bytes with which each four bytes of a payload are combined.
pub(super) type Mask = [u8; 4];

/// The bytes in front of the payload.
pub(super) struct Header {
    pub fin: bool,
    pub opcode: Opcode,
    /// The length of the payload as announced, in bytes.
    pub length: u64,
    pub mask: Option<Mask>,
}

impl Header {
    /// Reads a header, and refuses one that is invalid whatever came before.
    pub fn read(reader: &mut impl Read) -> Result<Self, WebSocketError> {
        const WHAT: &str = "a message";
        let [first, second] = read::array(reader, WHAT)?;
        if first & RESERVED != 0 {
            return Err(WebSocketError::ReservedBits);
        }
        let fin = first & FIN != 0;
        let opcode = Opcode::new(first & OPCODE)?;
        let (length, least, most) = match second & !MASKED {
            LENGTH_16 => (
                u16::from_be_bytes(read::array(reader, WHAT)?).into(),
                LENGTH_16.into(),
                u16::MAX.into(),
            ),
            LENGTH_64 => (
                u64::from_be_bytes(read::array(reader, WHAT)?),
                u64::from(u16::MAX) + 1,
                i64::MAX.cast_unsigned(),
            ),
            length => (length.into(), 0, MAX_CONTROL as u64),
        };
        if !(least..=most).contains(&length) {
            return Err(WebSocketError::BadLength);
        }
        if opcode.is_control() && !fin {
            return Err(WebSocketError::FragmentedControl);
        }
        if opcode.is_control() && length > MAX_CONTROL as u64 {
            return Err(WebSocketError::LongControl);
        }
        let mask = if second & MASKED != 0 { Some(read::array(reader, WHAT)?) } else { None };
        Ok(Header { fin, opcode, length, mask })
    }

    /// Appends the header as bytes.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        let fin = if self.fin { FIN } else { 0 };
        let masked = if self.mask.is_some() { MASKED } else { 0 };
        buffer.push(fin | self.opcode as u8);
        match (u8::try_from(self.length), u16::try_from(self.length)) {
            (Ok(length @ ..LENGTH_16), _) => buffer.push(masked | length),
            (_, Ok(length)) => {
                buffer.push(masked | LENGTH_16);
                buffer.extend_from_slice(&length.to_be_bytes());
            }
            _ => {
                buffer.push(masked | LENGTH_64);
                buffer.extend_from_slice(&self.length.to_be_bytes());
            }
        }
        buffer.extend_from_slice(self.mask.as_ref().map_or(&[], Mask::as_slice));
    }
}

impl Opcode {
    fn new(bits: u8) -> Result<Self, WebSocketError> {
        Ok(match bits {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(WebSocketError::UnknownOpcode(bits)),
        })
    }

    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// Applies or removes the mask, which is the same operation (RFC 6455 section 5.3).
///
/// Works on eight bytes at a time, the size of a register. The compiler uses larger
/// registers where it can.
pub(super) fn apply(mask: Mask, payload: &mut [u8]) {
    let [a, b, c, d] = mask;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}
