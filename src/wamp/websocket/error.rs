//! What can be wrong with a peer's frames and with its handshake, and the limits and
//! close codes that go with it.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

/// A close code: the connection has served its purpose (RFC 6455 section 7.4.1).
pub const CLOSE_NORMAL: u16 = 1000;
/// A close code: the server is shutting down, or the user has left the page (RFC 6455
/// section 7.4.1).
pub const CLOSE_GOING_AWAY: u16 = 1001;
/// A close code: the peer has sent an invalid frame (RFC 6455 section 7.4.1).
pub const CLOSE_PROTOCOL_ERROR: u16 = 1002;
/// A close code: the content of a message does not fit its kind, such as a text that is
/// not UTF-8 (RFC 6455 section 7.4.1).
pub const CLOSE_INVALID_DATA: u16 = 1007;
/// A close code: the server refuses a client that has broken no rule of a protocol,
/// such as one that asks for another realm (RFC 6455 section 7.4.1).
pub const CLOSE_POLICY_VIOLATION: u16 = 1008;
/// A close code: a message is longer than the receiver accepts (RFC 6455 section
/// 7.4.1).
pub const CLOSE_TOO_BIG: u16 = 1009;

/// The server has no room for this at the moment (the registry of IANA, after the RFC).
pub const CLOSE_TRY_AGAIN_LATER: u16 = 1013;

/// The longest payload of a control frame, in bytes (RFC 6455 section 5.5): the largest
/// length in one byte.
pub const MAX_CONTROL: usize = 125;

/// The longest head of an HTTP request or answer, in bytes. Browsers send some hundred
/// bytes, and their cookies for the host.
pub const MAX_HEAD: usize = 8 * 1024;

/// Why nothing more can be received. After any of these errors it is unknown where the
/// next frame begins.
#[derive(Debug)]
pub enum WebSocketError {
    /// The connection failed, or ended within a frame or a message (`UnexpectedEof`).
    Io(io::Error),
    /// A reserved bit is set, and no extension was negotiated (RFC 6455 section 5.2).
    ReservedBits,
    /// An opcode has no meaning (section 5.2).
    UnknownOpcode(u8),
    /// A client's frame is not masked (section 5.1).
    NotMasked,
    /// A server's frame is masked (section 5.1).
    Masked,
    /// A length takes more bytes than it needs, or more than 63 bits (section 5.2).
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
    /// let timeout = std::io::ErrorKind::TimedOut.into();
    /// assert_eq!(WebSocketError::Io(timeout).close_code(), None);
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
    /// The connection failed, or ended before the end of the head (`UnexpectedEof`).
    Io(io::Error),
    /// The head has more than [`MAX_HEAD`] bytes.
    TooLong,
    /// This line is not valid HTTP at its place; only its beginning is given.
    NotHttp(String),
    /// The version of HTTP is this one, and not 1.1, the only one with this handshake.
    HttpVersion(String),
    /// The method is this one, and not `GET` (RFC 6455 section 4.1).
    Method(String),
    /// The header field of this name is missing.
    Missing(&'static str),
    /// The header field of this name occurs more than once.
    Repeated(&'static str),
    /// The header field of this name has this wrong value.
    Unexpected(&'static str, String),
    /// Client and server have no subprotocol in common.
    NoProtocol,
    /// The server has answered with this status, and not with 101.
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
                write!(f, "the header field {name} occurs more than once")
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

/// Implements the conversions by which an error enum with a variant `Io` passes through
/// `?` in both directions.
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
