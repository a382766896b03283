//! What is said before the first message.

use std::fmt;
use std::io::{self, ErrorKind};

use crate::wamp::Serializer;

/// The shortest limit that a handshake can set: 512 bytes.
pub const MIN_MESSAGE: usize = 1 << 9;

/// The first byte of each handshake.
pub const MAGIC: u8 = 0x7F;

/// What one side says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// How messages are written. The client chooses, and the server repeats it.
    pub serializer: Serializer,
    /// The longest message, in bytes, that whoever says this is willing to receive.
    pub max_message: usize,
}

/// Why a server does not want to talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Error 1: it does not know the serializer.
    Serializer,
    /// Error 2: it does not like the longest message.
    MaxMessage,
    /// Error 3: bytes 3 and 4 are not zero.
    ReservedBits,
    /// Error 4: it has too many connections already.
    TooManyConnections,
    /// An error that the specification does not know.
    Other(u8),
}

/// What is wrong with a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// It begins with this byte and not with `7F`: here somebody speaks another
    /// protocol, and would not understand an answer.
    NotRawSocket(u8),
    /// A request that is to be answered with this refusal.
    Refuse(Refusal),
    /// The server has answered with this refusal.
    Refused(Refusal),
    /// The server has chosen a serializer of its own, with this number.
    OtherSerializer(u8),
    /// Bytes 3 and 4 of the answer are not zero.
    ReservedBits,
}

impl Handshake {
    /// The four bytes, which are the same in a request and in the answer to it. A limit
    /// that is no power of two is rounded down: who promises more than it takes would
    /// have to break the promise.
    ///
    /// ```
    /// use roundtrip::wamp::rawsocket::{Handshake, MAX_MESSAGE};
    /// use roundtrip::wamp::Serializer;
    ///
    /// let handshake = Handshake { serializer: Serializer::MessagePack, max_message: MAX_MESSAGE };
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

    /// Reads what a client has sent. An error that [is a
    /// refusal](HandshakeError::Refuse) is to be sent to it.
    ///
    /// # Errors
    /// When it is no request, or one that has to be refused.
    pub fn parse_request(bytes: [u8; 4]) -> Result<Self, HandshakeError> {
        let (max_message, serializer, reserved) = fields(bytes)?;
        if reserved != 0 {
            return Err(HandshakeError::Refuse(Refusal::ReservedBits));
        }
        let serializer = Serializer::from_number(serializer)
            .ok_or(HandshakeError::Refuse(Refusal::Serializer))?;
        Ok(Handshake { serializer, max_message: MIN_MESSAGE << max_message })
    }

    /// Reads what a server has answered to a client that `asked` for this serializer.
    ///
    /// # Errors
    /// When it is no answer, or a refusal, or not what the client asked for.
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
    /// The four bytes that a server answers.
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
