//! Messages on a connection, with any framing and serializer.
//!
//! The two directions share nothing, so that one thread can read while others write.
//! [`Incoming`] owns the connection and reads from it. [`Encoder`] has no connection:
//! it makes bytes, which its caller writes. A message is one frame and leaves in one
//! write.
//!
//! Both framings have a ping, with which one side tests whether the other still
//! answers. [`Incoming`] does not write, so its caller sends the pong.

use std::io::{self, BufRead, BufReader, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::net::{Stream, receive_within};
use crate::serve::Budget;
use crate::wamp::arriving::Arriving;
pub use crate::wamp::event::Event;
use crate::wamp::message::Message;
use crate::wamp::rawsocket::{self, FrameError, Kind};
use crate::wamp::serializer::Serializer;
use crate::wamp::undecoded;
use crate::wamp::url::Framing;
use crate::wamp::websocket::{self, CLOSE_PROTOCOL_ERROR, Receiver, Role, Sender};

/// The memory that is kept from one message for the next. Most messages fit into it.
const KEPT: usize = 64 * 1024;

/// The receiving half of a connection.
#[derive(Debug)]
pub struct Incoming {
    reader: BufReader<Stream>,
    framing: Receiving,
    /// The longest message that this side accepts.
    max: usize,
    serializer: Serializer,
    arriving: Arriving,
    /// When the first control frame came within the current message.
    interrupted: Option<Instant>,
    broken: bool,
}

#[derive(Debug)]
enum Receiving {
    WebSocket(Receiver),
    RawSocket(Vec<u8>),
}

impl Incoming {
    pub(super) fn new(
        reader: BufReader<Stream>,
        framing: &Framing,
        role: Role,
        serializer: Serializer,
        max: usize,
    ) -> Self {
        let framing = match framing {
            Framing::WebSocket { .. } => Receiving::WebSocket(Receiver::new(role, max)),
            Framing::RawSocket => Receiving::RawSocket(Vec::new()),
        };
        let arriving = Arriving::default();
        Incoming { reader, framing, max, serializer, arriving, interrupted: None, broken: false }
    }

    /// The connection itself.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        self.reader.get_ref()
    }

    /// The connection itself, to write to it or to set its timeout.
    pub fn stream_mut(&mut self) -> &mut Stream {
        self.reader.get_mut()
    }

    /// Changes the longest message that this side accepts. Call this between two
    /// messages.
    pub fn set_max_message(&mut self, max: usize) {
        self.max = max;
        if let Receiving::WebSocket(receiver) = &mut self.framing {
            receiver.set_max_message(max);
        }
    }

    /// Whether the peer may not know pings. `RawSocket` has them, but widespread
    /// programs do not: Autobahn ends the connection at the first one.
    #[must_use]
    pub fn may_lack_pings(&self) -> bool {
        matches!(self.framing, Receiving::RawSocket(_))
    }

    /// Takes the memory for messages that arrive from a budget of many connections. A
    /// message that does not fit is the error `QuotaExceeded`.
    pub fn set_budget(&mut self, budget: Arc<Budget>) {
        self.arriving.set_budget(budget);
    }

    /// How many bytes of the current message have arrived.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.arriving.arrived()
    }

    /// The serializer of this connection.
    #[must_use]
    pub fn serializer(&self) -> Serializer {
        self.serializer
    }

    /// Waits for at most `time` until something arrives; returns `false` when the
    /// connection has ended.
    ///
    /// # Errors
    /// `TimedOut`, after which the wait may be repeated, and the errors of the
    /// connection.
    pub fn wait(&mut self, time: Duration) -> io::Result<bool> {
        if self.broken {
            return Err(io::Error::new(ErrorKind::InvalidData, "the connection has failed before"));
        }
        self.begin();
        receive_within(time, &mut self.reader, |reader| Ok(!reader.fill_buf()?.is_empty()))
    }

    /// Receives the next message or control frame, which has to be complete within
    /// `time`; returns `None` when the connection has ended.
    ///
    /// # Errors
    /// Describes what is wrong with the message or the connection. Nothing more can be
    /// received then: close with the [`close_code`] of the error.
    pub fn receive(&mut self, time: Duration) -> io::Result<Option<Event>> {
        self.begin();
        // A ping within a message does not extend the time of the message, even if the
        // ping is in the buffer already and needs no read.
        let left = self.interrupted.map_or(time, |since| time.saturating_sub(since.elapsed()));
        let event = if self.interrupted.is_some() && left.is_zero() {
            let what = format!("no whole message arrived for {time:?}");
            Err(io::Error::new(ErrorKind::TimedOut, what))
        } else {
            self.next(left)
        };
        // A connection that once received a long message must not keep its memory.
        match &mut self.framing {
            Receiving::WebSocket(receiver) => {
                let interrupted = || self.interrupted.unwrap_or_else(Instant::now);
                self.interrupted = receiver.is_unfinished().then(interrupted);
                if event.is_err() {
                    receiver.discard();
                }
                receiver.forget();
            }
            Receiving::RawSocket(payload) => {
                payload.clear();
                payload.shrink_to(KEPT);
            }
        }
        self.broken = event.is_err();
        if self.broken {
            // Nothing more is received, and the rest of the session takes its time.
            self.arriving.begin();
        }
        event
    }

    /// Gives back what the last message has taken of the budget.
    fn begin(&mut self) {
        if self.interrupted.is_none() {
            self.arriving.begin();
        }
    }

    fn next(&mut self, time: Duration) -> io::Result<Option<Event>> {
        let (serializer, max, arriving) = (self.serializer, self.max, &mut self.arriving);
        receive_within(time, &mut self.reader, |reader| match &mut self.framing {
            Receiving::WebSocket(receiver) => {
                let Some(message) = receiver.receive(&mut arriving.count(reader))? else {
                    return Ok(None);
                };
                Ok(Some(match message {
                    websocket::Message::Text(text) => decode(serializer, true, text.as_bytes())?,
                    websocket::Message::Binary(bytes) => decode(serializer, false, bytes)?,
                    websocket::Message::Ping(bytes) => Event::Ping(bytes.to_vec()),
                    websocket::Message::Pong(_) => Event::Pong,
                    websocket::Message::Close(_) => Event::Close,
                }))
            }
            Receiving::RawSocket(payload) => {
                let Some(kind) = rawsocket::receive(&mut arriving.count(reader), max, payload)?
                else {
                    return Ok(None);
                };
                Ok(Some(match kind {
                    Kind::Message => decode(serializer, serializer.is_text(), payload)?,
                    Kind::Ping => Event::Ping(payload.clone()),
                    Kind::Pong => Event::Pong,
                }))
            }
        })
    }

    /// Closes the connection so that the peer can read the last message: see
    /// [`Stream::close`].
    pub fn close(self) {
        self.reader.into_inner().close();
    }
}

/// Decodes a message. A WebSocket marks each message as text or binary, which has to
/// fit the serializer.
pub(super) fn decode(serializer: Serializer, text: bool, bytes: &[u8]) -> io::Result<Event> {
    if text != serializer.is_text() {
        let what =
            if text { "a text message where MessagePack" } else { "a binary message where JSON" };
        return Err(io::Error::new(ErrorKind::InvalidData, format!("{what} was agreed on")));
    }
    match serializer.decode(bytes) {
        Ok(message) => Ok(Event::Message(message)),
        Err(why) => Ok(undecoded::replace(serializer, bytes, &why).ok_or(why)?),
    }
}

/// The code with which to close a WebSocket after this error: the one that RFC 6455
/// names for a frame, or else [`CLOSE_PROTOCOL_ERROR`]. A peer that breaks a rule of
/// WAMP has broken a protocol, as one that breaks a rule of WebSocket has.
#[must_use]
pub fn close_code(error: &io::Error) -> u16 {
    let frame = error.get_ref().and_then(|inner| inner.downcast_ref::<websocket::WebSocketError>());
    frame.and_then(websocket::WebSocketError::close_code).unwrap_or(CLOSE_PROTOCOL_ERROR)
}

/// Makes bytes of messages for one connection. Each method appends one frame.
#[derive(Debug)]
pub struct Encoder {
    framing: Sending,
    serializer: Serializer,
    /// The longest message that the other side accepts.
    max: usize,
    payload: Vec<u8>,
}

#[derive(Debug)]
enum Sending {
    WebSocket(Sender),
    RawSocket,
}

impl Encoder {
    pub(super) fn new(framing: &Framing, role: Role, serializer: Serializer, max: usize) -> Self {
        let framing = match framing {
            Framing::WebSocket { .. } => Sending::WebSocket(Sender::new(role)),
            Framing::RawSocket => Sending::RawSocket,
        };
        Encoder { framing, serializer, max, payload: Vec::new() }
    }

    /// The name of the framing in a log.
    #[must_use]
    pub fn framing(&self) -> &'static str {
        match self.framing {
            Sending::WebSocket(_) => "ws",
            Sending::RawSocket => "rs",
        }
    }

    /// Appends a message.
    ///
    /// # Errors
    /// When the message is longer than the other side accepts; nothing is appended
    /// then. The other side of a WebSocket does not announce its limit: this side
    /// assumes its own.
    pub fn message(&mut self, message: Message, out: &mut Vec<u8>) -> Result<(), FrameError> {
        self.serializer.encode(message, &mut self.payload);
        let encoded = self.frame(out);
        self.payload.clear();
        self.payload.shrink_to(KEPT);
        encoded
    }

    fn frame(&mut self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let (length, max) = (self.payload.len(), self.max);
        match &mut self.framing {
            Sending::RawSocket => return rawsocket::encode(Kind::Message, &self.payload, max, out),
            Sending::WebSocket(_) if length > max => {
                return Err(FrameError::TooLong { length, max });
            }
            Sending::WebSocket(sender) => {
                let text = self.serializer.is_text().then(|| str::from_utf8(&self.payload));
                let message = match text {
                    Some(Ok(text)) => websocket::Message::Text(text),
                    _ => websocket::Message::Binary(&self.payload),
                };
                sender.encode(&message, out);
            }
        }
        Ok(())
    }

    /// Appends a ping.
    pub fn ping(&mut self, out: &mut Vec<u8>) {
        self.control(Kind::Ping, b"", out);
    }

    /// Appends a pong, the answer to a ping with this payload.
    pub fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.control(Kind::Pong, payload, out);
    }

    fn control(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
        match &mut self.framing {
            Sending::WebSocket(sender) if kind == Kind::Ping => {
                sender.encode(&websocket::Message::Ping(payload), out);
            }
            Sending::WebSocket(sender) => sender.encode(&websocket::Message::Pong(payload), out),
            Sending::RawSocket => {
                // A ping that is too long for the other side's limit remains
                // unanswered.
                let _ = rawsocket::encode(kind, payload, self.max, out);
            }
        }
    }

    /// Appends a close frame with a code and a reason. `RawSocket` has none.
    pub fn close(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) {
        if let Sending::WebSocket(sender) = &mut self.framing {
            sender.encode(&websocket::Message::Close(Some((code, reason))), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Map, Value};
    use crate::wamp::message::Payload;

    #[test]
    fn neither_framing_sends_more_than_the_other_side_accepts_nor_keeps_the_memory() {
        let (json, max) = (Serializer::Json, 1 << 20);
        // A control character takes six bytes in JSON: a message that arrived within
        // the limit may be too long when it leaves.
        let result = |length: usize| Message::Result {
            request: 1,
            details: Map::new(),
            payload: Payload::of(vec![Value::from("\u{1}".repeat(length))]),
        };
        for framing in [Framing::WebSocket { path: "/".into() }, Framing::RawSocket] {
            let mut encoder = Encoder::new(&framing, Role::Server, json, max);
            let mut out = Vec::new();
            let error = encoder.message(result(max / 2), &mut out).unwrap_err();
            assert!(matches!(error, FrameError::TooLong { .. }) && out.is_empty(), "{error}");
            encoder.message(result(max / 7), &mut out).unwrap();
            assert!(out.len() > max / 2 && encoder.payload.capacity() <= KEPT);
        }
    }

    #[test]
    #[cfg(unix)]
    fn pings_within_a_message_do_not_extend_its_time() {
        use std::io::Write;
        use std::os::unix::net::UnixStream;

        let time = Duration::from_millis(300);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let reader = BufReader::new(Stream::from_unix(ours, time).unwrap());
        let framing = Framing::WebSocket { path: "/".into() };
        let mut incoming = Incoming::new(reader, &framing, Role::Client, Serializer::Json, 100);
        theirs.write_all(b"\x01\x01[").unwrap();
        let start = Instant::now();
        let error = loop {
            theirs.write_all(b"\x89\x00").unwrap();
            // Then the ping is in the buffer, and needs no read. Ten come in each timeout.
            assert!(incoming.wait(time).unwrap());
            match incoming.receive(time) {
                Ok(event) => {
                    assert!(matches!(event, Some(Event::Ping(_))) && start.elapsed() < 10 * time);
                }
                Err(error) => break error,
            }
            std::thread::sleep(time / 10);
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    }
}
