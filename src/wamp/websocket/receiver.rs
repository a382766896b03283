//! The receiving half: frames made messages.

use std::io::{BufRead, Read};

use super::frame::{self, Header, Opcode, cut_off};
use super::{Message, Role, WebSocketError};

/// Memory that is kept from one message for the next, even if the next is shorter. Most
/// messages fit into it, and a connection that once had a long one does not hold on to
/// more.
const KEPT: usize = 64 * 1024;

/// Puts messages together from frames. It shares nothing with the
/// [`Sender`](super::Sender) of the same connection, so that one thread may receive
/// while another sends.
#[derive(Debug)]
pub struct Receiver {
    role: Role,
    max_message: usize,
    /// What has arrived of the current message, or the whole of the last one.
    pub(super) message: Vec<u8>,
    /// The current message's opcode, as long as there is more of it to come.
    unfinished: Option<Opcode>,
    /// The payload of the last control frame. It has a place of its own because it may
    /// come within a message.
    control: Vec<u8>,
    closed: bool,
}

impl Receiver {
    /// One for this end of a connection, which takes messages of at most `max_message`
    /// bytes.
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

    /// Changes how long a message this takes, from the next one on.
    pub fn set_max_message(&mut self, max_message: usize) {
        self.max_message = max_message.max(self.message.len());
    }

    /// Whether a message has begun and is not yet whole, so that a control frame was
    /// received within it.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Gives back the memory of the last message, if it was a long one; otherwise the
    /// next one's beginning does.
    pub fn forget(&mut self) {
        if self.unfinished.is_none() {
            self.message.clear();
            self.message.shrink_to(KEPT);
        }
    }

    /// Receives the next whole message or control frame; `None` after a close frame,
    /// behind which nothing is read any more (RFC 6455 section 5.5.1), and when the
    /// peer has closed the connection without one, between two messages.
    ///
    /// A control frame may come within a message: it is returned at once, and the
    /// message when it is whole. Memory is taken only for bytes that have arrived: a
    /// length of 2 GiB in front of nothing costs nothing.
    ///
    /// ```
    /// use roundtrip::wamp::websocket::{Message, Receiver, Role};
    ///
    /// let mut receiver = Receiver::new(Role::Client, 1024);
    /// let mut stream = &b"\x01\x03Hel\x89\x00\x80\x02lo"[..]; // RFC 6455 section 5.7, and a ping within the message
    /// assert_eq!(receiver.receive(&mut stream)?, Some(Message::Ping(b"")));
    /// assert_eq!(receiver.receive(&mut stream)?, Some(Message::Text("Hello")));
    /// assert_eq!(receiver.receive(&mut stream)?, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Says what is wrong with the frames, or with the connection. Nothing more can be
    /// received then, but for one case: `reader` failed with a timeout while there was
    /// nothing at all to read.
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
                return self.whole(opcode).map(Some);
            }
        }
        if self.unfinished.is_some() && !self.closed { Err(cut_off().into()) } else { Ok(None) }
    }

    /// Adds a frame to the current message; if that was the last one, returns the first
    /// one's opcode.
    fn data_frame(
        &mut self,
        header: &Header,
        reader: &mut impl BufRead,
    ) -> Result<Option<Opcode>, WebSocketError> {
        let opcode = match (header.opcode, self.unfinished) {
            (Opcode::Continuation, Some(begun)) => begun,
            (Opcode::Continuation, None) => return Err(WebSocketError::NothingToContinue),
            (_, Some(_)) => return Err(WebSocketError::NotContinued),
            (begins, None) => {
                self.message.clear();
                self.message.shrink_to(
                    usize::try_from(header.length).map_or(usize::MAX, |length| length.max(KEPT)),
                );
                begins
            }
        };
        // The message is never over the limit, so this does not run below zero.
        if header.length > (self.max_message - self.message.len()) as u64 {
            return Err(WebSocketError::TooLong(self.max_message));
        }
        read_payload(header, reader, &mut self.message)?;
        self.unfinished = (!header.fin).then_some(opcode);
        Ok(header.fin.then_some(opcode))
    }

    /// The message that has just become whole. A text is checked only now, since a
    /// frame may end in the middle of a character. It could be refused at its first
    /// wrong byte (RFC 6455 section 8.1), which would save no more than the wait for
    /// the rest of a message that is within the limit.
    fn whole(&self, opcode: Opcode) -> Result<Message<'_>, WebSocketError> {
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

/// Appends a frame's payload, without its mask.
fn read_payload(
    header: &Header,
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
) -> Result<(), WebSocketError> {
    let start = buffer.len();
    let read = reader.take(header.length).read_to_end(buffer)?;
    if (read as u64) < header.length {
        return Err(cut_off().into());
    }
    if let Some(mask) = header.mask {
        frame::apply(mask, &mut buffer[start..]);
    }
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, WebSocketError> {
    str::from_utf8(bytes).map_err(|_| WebSocketError::NotUtf8)
}

/// RFC 6455 section 7.4: 1000 to 2999 are the protocol's, of which some stand for what
/// is never sent (1005: no code; 1006: no close frame; 1015: no TLS) and most are not
/// assigned. 1012 to 1014 were, after the RFC, by IANA. 3000 to 4999 are the
/// applications'.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
