//! The receiver: messages from frames.

use std::io::BufRead;

use super::error::WebSocketError;
use super::frame::{self, Header, Message, Opcode, Role};
use crate::wamp::read;

/// The memory that is kept from one message for the next. Most messages fit into it. A
/// connection that once received a long message does not keep more.
const KEPT: usize = 64 * 1024;

/// Joins frames to messages. A receiver shares nothing with the
/// [`Sender`](super::Sender) of its connection, so that one thread can receive while
/// another sends.
#[derive(Debug)]
pub struct Receiver {
    role: Role,
    max_message: usize,
    /// The current message as far as it has arrived, or the last one.
    pub(super) message: Vec<u8>,
    /// The opcode of the current message, until its last frame has arrived.
    unfinished: Option<Opcode>,
    /// The payload of the last control frame, which may have come within a message.
    control: Vec<u8>,
    closed: bool,
}

impl Receiver {
    /// A receiver for this end of a connection. It accepts messages of at most
    /// `max_message` bytes.
    #[must_use]
    pub fn new(role: Role, max_message: usize) -> Self {
        Receiver {
            role,
            max_message,
            message: Vec::new(),
            unfinished: None,
            control: Vec::new(),
            closed: false,
        }
    }

    /// Changes the longest message that is accepted, from the next message on.
    pub fn set_max_message(&mut self, max_message: usize) {
        self.max_message = max_message.max(self.message.len());
    }

    /// Whether a message has begun and is not complete yet. Then the last frame that
    /// was received was a control frame within that message.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Frees the memory of the last message, if it was a long one. Without this call
    /// the beginning of the next message does that.
    pub fn forget(&mut self) {
        if self.unfinished.is_none() {
            self.message.clear();
            self.message.shrink_to(KEPT);
        }
    }

    /// Frees the memory of a message that will never be complete.
    pub fn discard(&mut self) {
        self.message = Vec::new();
    }

    /// Receives the next complete message or control frame.
    ///
    /// Returns `None` after a close frame, since nothing may follow it (RFC 6455
    /// section 5.5.1), and when the peer has closed the connection between two
    /// messages.
    ///
    /// A control frame may come within a message. It is returned at once, and the
    /// message when it is complete. Memory is allocated only for bytes that have
    /// arrived: an announced length of 2 GiB costs nothing.
    ///
    /// ```
    /// use roundtrip::wamp::websocket::{Message, Receiver, Role};
    ///
    /// let mut receiver = Receiver::new(Role::Client, 1024);
    /// // A message of RFC 6455 section 5.7, with a ping between its frames.
    /// let mut stream = &b"\x01\x03Hel\x89\x00\x80\x02lo"[..];
    /// assert_eq!(receiver.receive(&mut stream)?, Some(Message::Ping(b"")));
    /// assert_eq!(receiver.receive(&mut stream)?, Some(Message::Text("Hello")));
    /// assert_eq!(receiver.receive(&mut stream)?, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Describes what is wrong with the frames, or with the connection. Nothing more
    /// can be received then. There is one exception: a timeout of `reader` before the
    /// first byte of a frame.
    pub fn receive(
        &mut self,
        reader: &mut impl BufRead,
    ) -> Result<Option<Message<'_>>, WebSocketError> {
        while !self.closed && !reader.fill_buf()?.is_empty() {
            let header = Header::read(reader)?;
            match (self.role, header.mask) {
                (Role::Server, None) => return Err(WebSocketError::NotMasked),
                (Role::Client, Some(_)) => return Err(WebSocketError::Masked),
                _ => {}
            }
            if header.opcode.is_control() {
                return self.control_frame(&header, reader).map(Some);
            }
            if let Some(opcode) = self.data_frame(&header, reader)? {
                return self.complete(opcode).map(Some);
            }
        }
        if self.unfinished.is_some() && !self.closed {
            Err(read::cut_off("a message").into())
        } else {
            Ok(None)
        }
    }

    /// Adds a frame to the current message. After the last frame returns the opcode of
    /// the first.
    fn data_frame(
        &mut self,
        header: &Header,
        reader: &mut impl BufRead,
    ) -> Result<Option<Opcode>, WebSocketError> {
        let opcode = match (header.opcode, self.unfinished) {
            (Opcode::Continuation, Some(first)) => first,
            (Opcode::Continuation, None) => return Err(WebSocketError::NothingToContinue),
            (_, Some(_)) => return Err(WebSocketError::NotContinued),
            (first, None) => {
                self.message.clear();
                self.message.shrink_to(
                    usize::try_from(header.length).map_or(usize::MAX, |length| length.max(KEPT)),
                );
                first
            }
        };
        // The message is never over the limit, so the difference is not negative.
        if header.length > (self.max_message - self.message.len()) as u64 {
            return Err(WebSocketError::TooLong(self.max_message));
        }
        read_payload(header, reader, &mut self.message)?;
        self.unfinished = (!header.fin).then_some(opcode);
        Ok(header.fin.then_some(opcode))
    }

    /// Returns the complete message. A text is checked only now, since a frame may end
    /// in the middle of a character. Refusing it at its first wrong byte (RFC 6455
    /// section 8.1) would only save the wait for the rest of a message within the
    /// limit.
    fn complete(&self, opcode: Opcode) -> Result<Message<'_>, WebSocketError> {
        match opcode {
            Opcode::Text => Ok(Message::Text(utf8(&self.message)?)),
            _ => Ok(Message::Binary(&self.message)),
        }
    }

    fn control_frame(
        &mut self,
        header: &Header,
        reader: &mut impl BufRead,
    ) -> Result<Message<'_>, WebSocketError> {
        self.control.clear();
        read_payload(header, reader, &mut self.control)?;
        match header.opcode {
            Opcode::Ping => return Ok(Message::Ping(&self.control)),
            Opcode::Pong => return Ok(Message::Pong(&self.control)),
            _ => self.closed = true,
        }
        match self.control.split_first_chunk() {
            None if self.control.is_empty() => Ok(Message::Close(None)),
            None => Err(WebSocketError::HalfCloseCode),
            Some((code, reason)) => {
                let code = u16::from_be_bytes(*code);
                if !may_be_sent(code) {
                    return Err(WebSocketError::BadCloseCode(code));
                }
                Ok(Message::Close(Some((code, utf8(reason)?))))
            }
        }
    }
}

/// Reads a frame's payload, removes the mask, and appends the payload to `buffer`.
fn read_payload(
    header: &Header,
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
) -> Result<(), WebSocketError> {
    let start = buffer.len();
    read::append(reader, header.length, buffer)?;
    if let Some(mask) = header.mask {
        frame::apply(mask, &mut buffer[start..]);
    }
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, WebSocketError> {
    str::from_utf8(bytes).map_err(|_| WebSocketError::NotUtf8)
}

/// Whether a close code may be sent (RFC 6455 section 7.4). The codes 1000 to 2999
/// belong to the protocol. Most are not assigned; IANA assigned 1012 to 1014 after the
/// RFC. Some are never sent (1005: no code; 1006: no close frame; 1015: no TLS). The
/// codes 3000 to 4999 belong to applications.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
