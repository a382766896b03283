//! Messages on a connection, whichever way they are framed and written.
//!
//! The two directions share nothing, so that one thread may read while others write:
//! [`Incoming`] owns the connection and reads from it; [`Encoder`] has none, and makes
//! bytes for whoever may write to it. A message is one frame and, as everywhere here,
//! leaves in one write.
//!
//! Both framings have a question whether the other side is still there, and the other
//! side has to answer it. That is left to the owner too, since [`Incoming`] does not
//! write.

use std::io::{self, BufRead, BufReader, ErrorKind};
use std::time::{Duration, Instant};

use crate::net::{Stream, receive_within};
use crate::wamp::rawsocket::{self, FrameError, Kind};
use crate::wamp::websocket::{
    self, CLOSE_INTERNAL_ERROR, CLOSE_POLICY_VIOLATION, Receiver, Role, Sender,
};
use crate::wamp::{Message, Serializer};

/// Memory that is kept from one message for the next. Most messages fit into it.
const KEPT: usize = 64 * 1024;

/// What arrives.
#[derive(Debug)]
pub enum Event {
    /// A message.
    Message(Message),
    /// A question whether this side is there: answer with [`Encoder::pong`].
    Ping(Vec<u8>),
    /// The answer to such a question.
    Pong,
    /// The connection ends: answer with [`Encoder::close`], then close it.
    Close,
}

/// The receiving half of a connection.
#[derive(Debug)]
pub struct Incoming {
    reader: BufReader<Stream>,
    framing: Receiving,
    /// How long a message this side takes.
    max: usize,
    serializer: Serializer,
    /// Since when a message is under way that has been interrupted by something else.
    interrupted: Option<Instant>,
    broken: bool,
}

#[derive(Debug)]
enum Receiving {
    WebSocket(Receiver),
    RawSocket(Vec<u8>),
}

impl Incoming {
    pub(super) fn websocket(
        reader: BufReader<Stream>,
        role: Role,
        serializer: Serializer,
        max: usize,
    ) -> Self {
        Incoming::new(reader, Receiving::WebSocket(Receiver::new(role, max)), serializer, max)
    }

    pub(super) fn rawsocket(reader: BufReader<Stream>, serializer: Serializer, max: usize) -> Self {
        Incoming::new(reader, Receiving::RawSocket(Vec::new()), serializer, max)
    }

    fn new(
        reader: BufReader<Stream>,
        framing: Receiving,
        serializer: Serializer,
        max: usize,
    ) -> Self {
        Incoming { reader, framing, max, serializer, interrupted: None, broken: false }
    }

    /// The connection.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        self.reader.get_ref()
    }

    /// The connection, to set its timeout.
    pub fn stream_mut(&mut self) -> &mut Stream {
        self.reader.get_mut()
    }

    /// Changes how long a message this side takes, between two messages.
    pub fn set_max_message(&mut self, max: usize) {
        self.max = max;
        if let Receiving::WebSocket(receiver) = &mut self.framing {
            receiver.set_max_message(max);
        }
    }

    /// How messages are written.
    #[must_use]
    pub fn serializer(&self) -> Serializer {
        self.serializer
    }

    /// Waits until something arrives, for so long; `false` when the connection has
    /// ended. `TimedOut` is no more than that, and the wait may be repeated.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn wait(&mut self, time: Duration) -> io::Result<bool> {
        if self.broken {
            return Err(io::Error::new(ErrorKind::InvalidData, "the connection has failed before"));
        }
        receive_within(time, &mut self.reader, |reader| Ok(!reader.fill_buf()?.is_empty()))
    }

    /// Receives what comes next, which has to be there as a whole within `time`; `None`
    /// when the connection has ended.
    ///
    /// # Errors
    /// Says what is wrong with it, or with the connection; nothing more can be received
    /// then. [`close_code`] has a number for it.
    pub fn receive(&mut self, time: Duration) -> io::Result<Option<Event>> {
        let (serializer, max) = (self.serializer, self.max);
        // A ping within a message gives that no more time, not even one that is in the
        // buffer as a whole.
        let left = self.interrupted.map_or(time, |since| time.saturating_sub(since.elapsed()));
        if self.interrupted.is_some() && left.is_zero() {
            self.broken = true;
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                format!("no whole message arrived for {time:?}"),
            ));
        }
        let received = match &mut self.framing {
            Receiving::WebSocket(receiver) => receive_within(left, &mut self.reader, |reader| {
                Ok(match receiver.receive(reader)? {
                    None => None,
                    Some(websocket::Message::Text(text)) => {
                        Some(decode(serializer, true, text.as_bytes())?)
                    }
                    Some(websocket::Message::Binary(bytes)) => {
                        Some(decode(serializer, false, bytes)?)
                    }
                    Some(websocket::Message::Ping(bytes)) => Some(Event::Ping(bytes.to_vec())),
                    Some(websocket::Message::Pong(_)) => Some(Event::Pong),
                    Some(websocket::Message::Close(_)) => Some(Event::Close),
                })
            }),
            Receiving::RawSocket(payload) => {
                let kind = receive_within(left, &mut self.reader, |reader| {
                    rawsocket::receive(reader, max, payload)
                });
                kind.and_then(|kind| match kind {
                    None => Ok(None),
                    Some(Kind::Message) => {
                        Ok(Some(decode(serializer, serializer.is_text(), payload)?))
                    }
                    Some(Kind::Ping) => Ok(Some(Event::Ping(payload.clone()))),
                    Some(Kind::Pong) => Ok(Some(Event::Pong)),
                })
            }
        };
        self.interrupted = match &self.framing {
            Receiving::WebSocket(websocket) if websocket.is_unfinished() => {
                Some(self.interrupted.unwrap_or_else(Instant::now))
            }
            _ => None,
        };
        // What it says has been taken out, and a connection that once had a long
        // message must not hold on to that.
        match &mut self.framing {
            Receiving::WebSocket(websocket) => websocket.forget(),
            Receiving::RawSocket(payload) => {
                payload.clear();
                payload.shrink_to(KEPT);
            }
        }
        self.broken = received.is_err();
        received
    }

    /// Ends the connection so that the last message is read: see [`Stream::close`].
    pub fn close(self) {
        self.reader.into_inner().close();
    }
}

/// A WebSocket says of each message whether it is text, and that is part of what was
/// agreed on.
fn decode(serializer: Serializer, text: bool, bytes: &[u8]) -> io::Result<Event> {
    if text != serializer.is_text() {
        let what =
            if text { "a text message where MessagePack" } else { "a binary message where JSON" };
        return Err(io::Error::new(ErrorKind::InvalidData, format!("{what} was agreed on")));
    }
    Ok(Event::Message(serializer.decode(bytes)?))
}

/// The code with which a WebSocket is closed after this error.
#[must_use]
pub fn close_code(error: &io::Error) -> u16 {
    let frame = error.get_ref().and_then(|inner| inner.downcast_ref::<websocket::WebSocketError>());
    match frame.and_then(websocket::WebSocketError::close_code) {
        Some(code) => code,
        None if error.kind() == ErrorKind::InvalidData => CLOSE_POLICY_VIOLATION,
        None => CLOSE_INTERNAL_ERROR,
    }
}

/// Makes bytes of messages, for one connection. Each method appends one whole frame.
#[derive(Debug)]
pub struct Encoder {
    framing: Sending,
    serializer: Serializer,
    /// How long a message the other side takes.
    max: usize,
    payload: Vec<u8>,
}

#[derive(Debug)]
enum Sending {
    WebSocket(Sender),
    RawSocket,
}

impl Encoder {
    pub(super) fn websocket(role: Role, serializer: Serializer, max: usize) -> Self {
        Encoder {
            framing: Sending::WebSocket(Sender::new(role)),
            serializer,
            max,
            payload: Vec::new(),
        }
    }

    pub(crate) fn rawsocket(serializer: Serializer, max: usize) -> Self {
        Encoder { framing: Sending::RawSocket, serializer, max, payload: Vec::new() }
    }

    /// What the framing is called in a log.
    #[must_use]
    pub fn framing(&self) -> &'static str {
        match self.framing {
            Sending::WebSocket(_) => "ws",
            Sending::RawSocket => "rs",
        }
    }

    /// A message.
    ///
    /// # Errors
    /// When it is longer than the other side takes; nothing is appended then. A
    /// WebSocket's other side does not say how long that is, and is taken to be like
    /// this one.
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

    /// A question whether the other side is there.
    pub fn ping(&mut self, out: &mut Vec<u8>) {
        self.control(Kind::Ping, b"", out);
    }

    /// The answer to such a question.
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
                // A question that is longer than the answer may be gets none.
                let _ = rawsocket::encode(kind, payload, self.max, out);
            }
        }
    }

    /// The end of the connection, and why. `RawSocket` has no word for it.
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
    use crate::wamp::Payload;

    #[test]
    fn neither_framing_sends_more_than_the_other_side_takes_nor_keeps_the_memory() {
        let (json, max) = (Serializer::Json, 1 << 20);
        // Each byte below a space takes six as JSON: what has arrived within the limit
        // may leave beyond it.
        let result = |length: usize| Message::Result {
            request: 1,
            details: Map::new(),
            payload: Payload::of(vec![Value::from("\u{1}".repeat(length))]),
        };
        for mut encoder in
            [Encoder::websocket(Role::Server, json, max), Encoder::rawsocket(json, max)]
        {
            let mut out = Vec::new();
            let error = encoder.message(result(max / 2), &mut out).unwrap_err();
            assert!(matches!(error, FrameError::TooLong { .. }) && out.is_empty(), "{error}");
            encoder.message(result(max / 7), &mut out).unwrap();
            assert!(out.len() > max / 2 && encoder.payload.capacity() <= KEPT);
        }
    }

    #[test]
    #[cfg(unix)]
    fn pings_within_a_message_give_it_no_more_time() {
        use std::io::Write;
        use std::os::unix::net::UnixStream;

        let time = Duration::from_millis(300);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let reader = BufReader::new(Stream::from_unix(ours, time).unwrap());
        let mut incoming = Incoming::websocket(reader, Role::Client, Serializer::Json, 100);
        theirs.write_all(b"\x01\x01[").unwrap();
        let start = Instant::now();
        let error = loop {
            theirs.write_all(b"\x89\x00").unwrap();
            // The ping is in the buffer then, and needs no read.
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
