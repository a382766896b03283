//! The four bytes with which each side begins.

use std::fmt;
use std::io::{self, ErrorKind};

use crate::wamp::serializer::Serializer;

/// The shortest limit that a handshake can set: 512 bytes.
pub const MIN_MESSAGE: usize = 1 << 9;

/// The first byte of each handshake.
pub const MAGIC: u8 = 0x7F;

/// A request for a connection, or its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// How messages are written. The client chooses, and the server repeats the choice.
    pub serializer: Serializer,
    /// The longest message, in bytes, that the sender of this handshake accepts.
    pub max_message: usize,
}

/// Why a server refuses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Error 1: the server does not support the serializer.
    Serializer,
    /// Error 2: the server does not accept the limit of the message length.
    MaxMessage,
    /// Error 3: bytes 3 and 4 are not zero.
    ReservedBits,
    /// Error 4: the server has too many connections already.
    TooManyConnections,
    /// An error of this number, which the specification does not define.
    Other(u8),
}

/// What is wrong with a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The first byte is this one, and not `7F`: the peer speaks another protocol, and
    /// would not understand an answer.
    NotRawSocket(u8),
    /// The request has to be answered with this refusal.
    Refuse(Refusal),
    /// The server has answered with this refusal.
    Refused(Refusal),
    /// The server has answered with the number of another serializer.
    OtherSerializer(u8),
    /// Bytes 3 and 4 of the answer are not zero.
    ReservedBits,
}

impl Handshake {
    /// The four bytes of a request or of an answer. A limit that is not a power of two
    /// is rounded down, so that the peer sends nothing longer than the limit.
    ///
    /// ```
    /// use roundtrip::wamp::rawsocket::{Handshake, MAX_MESSAGE};
    /// use roundtrip::wamp::Serializer;
    ///
    /// let serializer = Serializer::MessagePack;
    /// let handshake = Handshake { serializer, max_message: MAX_MESSAGE };
    /// assert_eq!(handshake.encode(), [0x7F, 0xF2, 0, 0]);
    /// assert_eq!(Handshake::parse_request([0x7F, 0xF2, 0, 0]), Ok(handshake));
    /// ```
    #[must_use]
    pub fn encode(self) -> [u8; 4] {
        let mut exponent = 0;
        while exponent < 15 && MIN_MESSAGE << (exponent + 1) <= self.max_message {
            exponent += 1;
        }
        [MAGIC, exponent << 4 | self.serializer.number(), 0, 0]
    }

    /// Decodes a client's request.
    ///
    /// # Errors
    /// When the bytes are no request, or one that has to be refused: then send the
    /// refusal in [`HandshakeError::Refuse`] to the client.
    pub fn parse_request(bytes: [u8; 4]) -> Result<Self, HandshakeError> {
        let (max_message, serializer, reserved) = fields(bytes)?;
        if reserved != 0 {
            return Err(HandshakeError::Refuse(Refusal::ReservedBits));
        }
        let serializer = Serializer::from_number(serializer)
            .ok_or(HandshakeError::Refuse(Refusal::Serializer))?;
        Ok(Handshake { serializer, max_message: MIN_MESSAGE << max_message })
    }

    /// Decodes a server's answer to a client that asked for the serializer `asked`.
    ///
    /// # Errors
    /// When the bytes are no answer, or a refusal, or name another serializer.
    pub fn parse_answer(bytes: [u8; 4], asked: Serializer) -> Result<Self, HandshakeError> {
        let (max_message, serializer, reserved) = fields(bytes)?;
        if serializer == 0 {
            return Err(HandshakeError::Refused(Refusal::from_number(max_message)));
        }
        if reserved != 0 {
            return Err(HandshakeError::ReservedBits);
        }
        if serializer != asked.number() {
            return Err(HandshakeError::OtherSerializer(serializer));
        }
        Ok(Handshake { serializer: asked, max_message: MIN_MESSAGE << max_message })
    }
}

/// The two halves of the second byte, and the last two bytes.
fn fields([magic, both, reserved @ ..]: [u8; 4]) -> Result<(u8, u8, u16), HandshakeError> {
    if magic != MAGIC {
        return Err(HandshakeError::NotRawSocket(magic));
    }
    Ok((both >> 4, both & 0x0F, u16::from_be_bytes(reserved)))
}

impl Refusal {
    /// The four bytes of the answer.
    ///
    /// ```
    /// use roundtrip::wamp::rawsocket::Refusal;
    ///
    /// assert_eq!(Refusal::TooManyConnections.encode(), [0x7F, 0x40, 0, 0]);
    /// ```
    #[must_use]
    pub fn encode(self) -> [u8; 4] {
        let number = match self {
            Refusal::Serializer => 1,
            Refusal::MaxMessage => 2,
            Refusal::ReservedBits => 3,
            Refusal::TooManyConnections => 4,
            Refusal::Other(number) => number,
        };
        [MAGIC, number << 4, 0, 0]
    }

    fn from_number(number: u8) -> Self {
        match number {
            1 => Refusal::Serializer,
            2 => Refusal::MaxMessage,
            3 => Refusal::ReservedBits,
            4 => Refusal::TooManyConnections,
            other => Refusal::Other(other),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Serializer => f.write_str("the serializer is not supported"),
            Refusal::MaxMessage => {
                f.write_str("the longest message that was offered is not acceptable")
            }
            Refusal::ReservedBits => {
                f.write_str("the reserved bytes of the handshake are not zero")
            }
            Refusal::TooManyConnections => f.write_str("the server has too many connections"),
            Refusal::Other(number) => {
                write!(f, "error {number}, which the specification does not know")
            }
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::NotRawSocket(first) => {
                write!(f, "this is no WAMP RawSocket: the first byte is {first:02X} and not 7F")
            }
            HandshakeError::Refuse(refusal) => refusal.fmt(f),
            HandshakeError::Refused(refusal) => write!(f, "the server refused: {refusal}"),
            HandshakeError::OtherSerializer(number) => {
                write!(f, "the server answered with serializer {number}, which was not asked for")
            }
            HandshakeError::ReservedBits => {
                f.write_str("the reserved bytes of the answer are not zero")
            }
        }
    }
}

impl std::error::Error for HandshakeError {}

impl From<HandshakeError> for io::Error {
    fn from(error: HandshakeError) -> Self {
        io::Error::new(ErrorKind::InvalidData, error)
    }
}
