//! What can be wrong with a peer's frames, and with its handshake.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use super::{CLOSE_INVALID_DATA, CLOSE_PROTOCOL_ERROR, CLOSE_TOO_BIG, MAX_CONTROL, MAX_HEAD};

/// Why no more can be received. Whatever it is, nobody can say where the next frame
/// begins.
#[derive(Debug)]
pub enum WebSocketError {
    /// The connection failed, or ended within a frame or a message (`UnexpectedEof`).
    Io(io::Error),
    /// A reserved bit is set, of an extension that was not negotiated (RFC 6455 section
    /// 5.2).
    ReservedBits,
    /// An opcode has no meaning (section 5.2).
    UnknownOpcode(u8),
    /// A client's frame is not masked (section 5.1).
    NotMasked,
    /// A server's frame is masked (section 5.1).
    Masked,
    /// A length is written in more bytes than it needs, or in more than 63 bits
    /// (section 5.2).
    BadLength,
    /// A control frame is not the only one of its message (section 5.5).
    FragmentedControl,
    /// A control frame has more than [`MAX_CONTROL`] bytes (section 5.5).
    LongControl,
    /// A frame continues a message, and none has begun (section 5.4).
    NothingToContinue,
    /// A message begins while another one has not ended (section 5.4).
    NotContinued,
    /// A message is longer than this many bytes.
    TooLong(usize),
    /// A text message, or the reason of a close frame, is not UTF-8 (section 8.1).
    NotUtf8,
    /// A close frame has a payload of one byte, but a code has two (section 5.5.1).
    HalfCloseCode,
    /// A close frame has a code that may not be sent (section 7.4).
    BadCloseCode(u16),
}

impl WebSocketError {
    /// The code with which to close the connection (RFC 6455 section 7.4.1); `None`
    /// when the connection itself has failed.
    ///
    /// ```
    /// use roundtrip::wamp::websocket::{CLOSE_TOO_BIG, WebSocketError};
    ///
    /// assert_eq!(WebSocketError::TooLong(1024).close_code(), Some(CLOSE_TOO_BIG));
    /// assert_eq!(WebSocketError::Io(std::io::ErrorKind::TimedOut.into()).close_code(), None);
    /// ```
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        match self {
            WebSocketError::Io(_) => None,
            WebSocketError::TooLong(_) => Some(CLOSE_TOO_BIG),
            WebSocketError::NotUtf8 => Some(CLOSE_INVALID_DATA),
            _ => Some(CLOSE_PROTOCOL_ERROR),
        }
    }
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WebSocketError::Io(error) => error.fmt(f),
            WebSocketError::ReservedBits => {
                f.write_str("a frame of an extension that was not negotiated")
            }
            WebSocketError::UnknownOpcode(opcode) => {
                write!(f, "a frame with the unknown opcode {opcode:#x}")
            }
            WebSocketError::NotMasked => f.write_str("a client's frame that is not masked"),
            WebSocketError::Masked => f.write_str("a server's frame that is masked"),
            WebSocketError::BadLength => f.write_str("a frame's length in too many bytes or bits"),
            WebSocketError::FragmentedControl => f.write_str("a control frame in several parts"),
            WebSocketError::LongControl => {
                write!(f, "a control frame of more than {MAX_CONTROL} bytes")
            }
            WebSocketError::NothingToContinue => f.write_str("a frame that continues no message"),
            WebSocketError::NotContinued => f.write_str("a new message within an unfinished one"),
            WebSocketError::TooLong(limit) => write!(f, "a message of more than {limit} bytes"),
            WebSocketError::NotUtf8 => f.write_str("a text that is not UTF-8"),
            WebSocketError::HalfCloseCode => f.write_str("a close frame with half a code"),
            WebSocketError::BadCloseCode(code) => {
                write!(f, "a close frame with the code {code}, which is not sent")
            }
        }
    }
}

/// Why a connection does not become a WebSocket.
#[derive(Debug)]
pub enum HandshakeError {
    /// The connection failed, or ended before the whole head was there
    /// (`UnexpectedEof`).
    Io(io::Error),
    /// The head has more than [`MAX_HEAD`] bytes.
    TooLong,
    /// A line, the beginning of which is given, is none that HTTP has in this place.
    NotHttp(String),
    /// The version of HTTP is not 1.1, which is the only one that has this handshake.
    HttpVersion(String),
    /// The method is not `GET` (RFC 6455 section 4.1).
    Method(String),
    /// A header field is not there.
    Missing(&'static str),
    /// A header field is there more than once, and may not be.
    Repeated(&'static str),
    /// A header field has another value than it should.
    Unexpected(&'static str, String),
    /// Client and server know no subprotocol in common.
    NoProtocol,
    /// The server has answered something else than status 101.
    Refused(String),
}

impl HandshakeError {
    /// The status with which a server answers (RFC 9110 section 15; 431 is RFC 6585
    /// section 5); `None` when the connection itself has failed.
    pub(super) fn status(&self) -> Option<&'static str> {
        match self {
            HandshakeError::Io(_) => None,
            HandshakeError::TooLong => Some("431 Request Header Fields Too Large"),
            HandshakeError::HttpVersion(_) => Some("505 HTTP Version Not Supported"),
            HandshakeError::Method(_) => Some("405 Method Not Allowed"),
            // A request for a web page, or for a version of WebSocket that was a draft.
            HandshakeError::Missing("Upgrade" | "Sec-WebSocket-Version")
            | HandshakeError::Unexpected("Upgrade" | "Sec-WebSocket-Version", _) => {
                Some("426 Upgrade Required")
            }
            _ => Some("400 Bad Request"),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::Io(error) => error.fmt(f),
            HandshakeError::TooLong => write!(f, "an HTTP head of more than {MAX_HEAD} bytes"),
            HandshakeError::NotHttp(line) => write!(f, "{line:?} is not HTTP"),
            HandshakeError::HttpVersion(version) => {
                write!(f, "{version:?} is spoken, and HTTP/1.1 is needed")
            }
            HandshakeError::Method(method) => {
                write!(f, "the method is {method:?}, and should be GET")
            }
            HandshakeError::Missing(name) => write!(f, "the header field {name} is missing"),
            HandshakeError::Repeated(name) => {
                write!(f, "the header field {name} is there more than once")
            }
            HandshakeError::Unexpected(name, value) => {
                write!(f, "{value:?} is not what {name} should be")
            }
            HandshakeError::NoProtocol => f.write_str("no WebSocket subprotocol in common"),
            HandshakeError::Refused(status) => {
                write!(f, "the server does not upgrade to WebSocket: {status:?}")
            }
        }
    }
}

/// What an error enum with a variant `Io` needs to go through `?` in both directions.
macro_rules! with_io {
    ($($error:ident),+) => {
        $(impl Error for $error {}

        impl From<io::Error> for $error {
            fn from(error: io::Error) -> Self {
                $error::Io(error)
            }
        }

        impl From<$error> for io::Error {
            fn from(error: $error) -> Self {
                match error {
                    $error::Io(error) => error,
                    error => io::Error::new(ErrorKind::InvalidData, error),
                }
            }
        })+
    };
}

with_io!(WebSocketError, HandshakeError);
