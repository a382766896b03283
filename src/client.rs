//! The client's half of the conversation, typed.
//!
//! A [`Client`] says what the protocol allows and understands what comes back. It does not measure: clocks are
//! [`measure`](crate::measure)'s, which times these calls from outside.

use std::io::{self, BufReader, ErrorKind};
use std::time::Duration;

use crate::net::Stream;
use crate::wire::bulk;
use crate::wire::command::{Answer, Received, Request};
use crate::wire::framing::Framing;

/// A connection to a server.
///
/// After an error the conversation may be out of step (an answer may still come, in the middle of the next one): connect anew.
/// Only a refusal, `ERROR:…`, leaves the connection usable.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<Stream>,
    framing: Framing,
    message: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    /// Connects to a server with [line framing](Framing::Line). Connecting, and then every single read and write, may take
    /// `timeout`.
    ///
    /// # Errors
    /// See [`Stream::connect`].
    pub fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        Client::connect_framed(host, port, timeout, Framing::Line)
    }

    /// Connects to a server that uses this framing.
    ///
    /// # Errors
    /// See [`Stream::connect`].
    pub fn connect_framed(host: &str, port: u16, timeout: Duration, framing: Framing) -> io::Result<Self> {
        let stream = Stream::connect(host, port, timeout)?;
        Ok(Client { reader: BufReader::new(stream), framing, message: Vec::new(), answer: Vec::new() })
    }

    /// Says `PING` and waits for the `PONG`, which has to bring back the same payload.
    ///
    /// # Errors
    /// When there is no answer or another one.
    pub fn ping(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        let length = "PONG".len() + payload.map_or(0, |payload| 1 + payload.len());
        match self.ask(&Request::Ping(payload), length)? {
            Answer::Pong(echo) if echo == payload => self.check_in_step(),
            Answer::Pong(_) => Err(io::Error::new(ErrorKind::InvalidData, "the server answered with another payload")),
            other => Err(unexpected(&other, "PONG")),
        }
    }

    /// Asks for `bytes` bytes, and returns when the server is ready to send them.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn download(&mut self, bytes: u64) -> io::Result<Download<'_>> {
        self.ask_ready(&Request::Download(bytes))?;
        Ok(Download { client: self, bytes })
    }

    /// Asks to send `bytes` bytes, and returns when the server is ready for them.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn upload(&mut self, bytes: u64) -> io::Result<Upload<'_>> {
        bulk::prepare();
        self.ask_ready(&Request::Upload(bytes))?;
        Ok(Upload { client: self, bytes })
    }

    /// Says `QUIT` and waits for the `BYE`.
    ///
    /// # Errors
    /// When there is no answer or another one.
    pub fn quit(mut self) -> io::Result<()> {
        match self.ask(&Request::Quit, "BYE".len())? {
            Answer::Bye => Ok(()),
            other => Err(unexpected(&other, "BYE")),
        }
    }

    fn ask_ready(&mut self, request: &Request) -> io::Result<()> {
        match self.ask(request, "READY".len())? {
            Answer::Ready => Ok(()),
            other => Err(unexpected(&other, "READY")),
        }
    }

    fn ask(&mut self, request: &Request, answer_length: usize) -> io::Result<Answer<'_>> {
        request.encode(&mut self.message);
        self.framing.send(&mut self.message, self.reader.get_mut())?;
        self.receive(answer_length)
    }

    fn receive(&mut self, length: usize) -> io::Result<Answer<'_>> {
        let message = self.framing.receive_answer(length, &mut self.reader, &mut self.answer)?;
        Ok(Answer::parse(message)?)
    }

    /// More bytes than were asked for would be taken for the next answer, and make it look faster than light.
    fn check_in_step(&self) -> io::Result<()> {
        match self.reader.buffer() {
            [] => Ok(()),
            _ => Err(io::Error::new(ErrorKind::InvalidData, "the server sent more than it was asked for")),
        }
    }
}

/// A download that the server is ready for.
#[derive(Debug)]
pub struct Download<'a> {
    client: &'a mut Client,
    bytes: u64,
}

impl Download<'_> {
    /// Receives all of it, and tells `progress` of each piece that arrived.
    ///
    /// # Errors
    /// When the transfer breaks off.
    pub fn receive(self, progress: impl FnMut(u64)) -> io::Result<()> {
        bulk::receive(&mut self.client.reader, self.bytes, progress)?;
        self.client.check_in_step()
    }
}

/// An upload that the server is ready for.
#[derive(Debug)]
pub struct Upload<'a> {
    client: &'a mut Client,
    bytes: u64,
}

impl Upload<'_> {
    /// Sends all of it, tells `progress` of each piece that the system took, and waits until the server says that the last byte has
    /// arrived. With line framing it says, too, how long that took.
    ///
    /// # Errors
    /// When the transfer breaks off, or the server has seen another number of bytes.
    pub fn send(self, progress: impl FnMut(u64)) -> io::Result<Option<Received>> {
        let Upload { client, bytes } = self;
        let sent = bulk::send(client.reader.get_mut(), bytes, progress);
        if sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::TimedOut) {
            return sent.map(|()| None);
        }
        // A server that breaks off says why before it closes, and that explains more than the write that failed.
        match (client.receive("DONE".len()), sent) {
            (Ok(Answer::Done(Some(received))), _) if received.bytes != bytes => {
                let what = format!("{} of {bytes} bytes arrived, says the server", received.bytes);
                Err(io::Error::new(ErrorKind::InvalidData, what))
            }
            (Ok(Answer::Done(received)), Ok(())) => Ok(received),
            (Ok(other), _) => Err(unexpected(&other, "DONE")),
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
        }
    }
}

fn unexpected(answer: &Answer, expected: &str) -> io::Error {
    let what = match answer {
        Answer::Error(reason) => format!("the server answered ERROR:{reason}"),
        other => format!("expected {expected}, but the server answered {other:?}"),
    };
    io::Error::new(ErrorKind::InvalidData, what)
}
