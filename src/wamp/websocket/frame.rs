//! One frame: its header, and the mask over its payload (RFC 6455 section 5).

use std::io::{self, ErrorKind, Read};

use super::{MAX_CONTROL, WebSocketError};

/// Set in the last frame of a message.
const FIN: u8 = 0x80;
/// The bits in which extensions may say something.
const RESERVED: u8 = 0x70;
/// Where the opcode is, in the same byte.
const OPCODE: u8 = 0x0F;
/// Set when there is a mask. The other bits of the second byte are the length, or one
/// of the two that follow.
const MASKED: u8 = 0x80;
/// In place of a length: it is in the next two bytes, the most significant first.
const LENGTH_16: u8 = 126;
/// In place of a length: it is in the next eight bytes.
const LENGTH_64: u8 = 127;

/// What a frame is (RFC 6455 section 11.8). In control frames, the highest bit is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// The four bytes that each four bytes of a payload are combined with.
pub(super) type Mask = [u8; 4];

/// What stands in front of the payload.
pub(super) struct Header {
    pub fin: bool,
    pub opcode: Opcode,
    /// Of the payload, in bytes. Nobody has sent as many yet.
    pub length: u64,
    pub mask: Option<Mask>,
}

impl Header {
    /// Reads a header, and refuses what none may be whatever came before.
    pub fn read(reader: &mut impl Read) -> Result<Self, WebSocketError> {
        let [first, second] = array(reader)?;
        if first & RESERVED != 0 {
            return Err(WebSocketError::ReservedBits);
        }
        let fin = first & FIN != 0;
        let opcode = Opcode::new(first & OPCODE)?;
        let (length, least, most) = match second & !MASKED {
            LENGTH_16 => {
                (u16::from_be_bytes(array(reader)?).into(), LENGTH_16.into(), u16::MAX.into())
            }
            LENGTH_64 => (
                u64::from_be_bytes(array(reader)?),
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
        let mask = if second & MASKED != 0 { Some(array(reader)?) } else { None };
        Ok(Header { fin, opcode, length, mask })
    }

    /// Appends the header as it is sent.
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
        let all = [
            Opcode::Continuation,
            Opcode::Text,
            Opcode::Binary,
            Opcode::Close,
            Opcode::Ping,
            Opcode::Pong,
        ];
        all.into_iter()
            .find(|&opcode| opcode as u8 == bits)
            .ok_or(WebSocketError::UnknownOpcode(bits))
    }

    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// Puts the mask on, or takes it off: the same operation (RFC 6455 section 5.3).
///
/// Eight bytes at a time, which is as far as a register reaches; the compiler makes
/// more of it where it can.
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

/// The error of a connection that ended where it may not.
pub(super) fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed in the middle of a message")
}

fn array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    match reader.read_exact(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(cut_off()),
        read => read.map(|()| bytes),
    }
}
