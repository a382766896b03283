//! The text protocol: one loop that reads a request and answers it.
//!
//! No request depends on an earlier one (but for the samples of a lag, a later
//! chapter). A request that is not understood costs an `ERROR:` and nothing else. What
//! breaks the framing (a line without an end, an upload that stops half-way) ends the
//! connection, since nobody could say where the next request begins.

use std::io::{self, BufReader};
use std::thread;
use std::time::Duration;

use super::counters::Traffic;
use super::lag::figures::Lag;
use super::settings::Shared;
use super::strangers;
use crate::net::{Stream, Watch, timed, transfer};
use crate::wire::bulk;
use crate::wire::command::{Amount, Answer, Received, Request};
use crate::wire::framing::Framing;

/// With bare framing, nothing marks where `READY` ends and the data begins. The server
/// waits this long between them, so that a client usually gets them in two reads. With
/// line framing there is no need to wait.
const BARE_PAUSE: Duration = Duration::from_millis(50);

/// The conversation on one connection.
pub(super) struct Conversation<'a> {
    pub(super) reader: &'a mut BufReader<Stream>,
    pub(super) shared: &'a Shared,
    pub(super) traffic: &'a Traffic<'a>,
    pub(super) framing: Framing,
    /// The answer while it is put together.
    message: Vec<u8>,
    /// The last lag that was measured, for a later chapter.
    pub(super) lag: Lag,
}

impl<'a> Conversation<'a> {
    pub fn new(
        reader: &'a mut BufReader<Stream>,
        shared: &'a Shared,
        traffic: &'a Traffic<'a>,
    ) -> Self {
        let framing = shared.settings.framing;
        let (message, lag) = (Vec::new(), Lag::default());
        Conversation { reader, shared, traffic, framing, message, lag }
    }

    /// Answers requests until the client leaves, or breaks the framing.
    pub fn run(&mut self) -> io::Result<()> {
        self.begin()?;
        let (framing, mut buffer) = (self.framing, Vec::new());
        loop {
            let request = match strangers::receive(self.reader, framing, &mut buffer) {
                Ok(Some(message)) => Request::parse(message),
                Ok(None) => return Ok(()),
                Err(error) => return self.give_up(error),
            };
            self.note(request.as_ref().ok());
            match request {
                Ok(Request::Ping(payload)) => {
                    self.answer(&Answer::Pong(payload))?;
                    self.traffic.ping();
                }
                Ok(Request::Download(amount)) => self.transfer(amount, Self::download)?,
                Ok(Request::Upload(amount)) => self.transfer(amount, Self::upload)?,
                Ok(Request::Quit) => return self.answer(&Answer::Bye),
                Ok(Request::More(request)) => self.more(request)?,
                Err(error) => self.answer(&Answer::Error(&error.to_string()))?,
            }
        }
    }

    /// Answers `READY` and runs the transfer, if it is allowed.
    pub(super) fn transfer(
        &mut self,
        amount: Amount,
        run: fn(&mut Self, Amount) -> io::Result<()>,
    ) -> io::Result<()> {
        if let Err(reason) = self.shared.settings.allow(amount) {
            return self.answer(&Answer::Error(&reason));
        }
        bulk::prepare(); // Not after `READY`, which starts the client's clock.
        self.answer(&Answer::Ready)?;
        run(self, amount)
    }

    fn download(&mut self, amount: Amount) -> io::Result<()> {
        if self.framing == Framing::Bare {
            thread::sleep(BARE_PAUSE);
        }
        let (stream, watch) = (self.reader.get_ref(), self.watch());
        match amount {
            Amount::Bytes(bytes) => {
                transfer::send(stream, watch, bytes, |sent| self.traffic.sent(sent))
            }
            Amount::Time(time) => timed::send(stream, watch, time, |sent| self.traffic.sent(sent)),
        }
    }

    fn upload(&mut self, amount: Amount) -> io::Result<()> {
        let (watch, traffic) = (self.watch(), self.traffic);
        let received = match amount {
            Amount::Bytes(bytes) => {
                transfer::receive(self.reader, watch, bytes, |arrived| traffic.received(arrived))
            }
            Amount::Time(time) => return self.upload_for(time),
        };
        match received {
            Ok(received) => self.done(received),
            Err(error) => self.give_up(error),
        }
    }

    /// Watches a transfer for silence.
    pub(super) fn watch(&self) -> Watch {
        Watch::new(self.reader.get_ref().timeout())
    }

    pub(super) fn done(&mut self, received: Received) -> io::Result<()> {
        self.answer(&Answer::Done((self.framing == Framing::Line).then_some(received)))
    }

    pub(super) fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        answer.encode(&mut self.message);
        // The stream inside the reader carries both directions.
        self.framing.send(&mut self.message, self.reader.get_mut())
    }

    /// Tells the client why the conversation ends. The client may have closed only its
    /// sending half (`nc -N`) and still be reading.
    pub(super) fn give_up(&mut self, error: io::Error) -> io::Result<()> {
        // If the client cannot be told, the reason to report is still the first error.
        let _ = self.answer(&Answer::Error(&error.to_string()));
        Err(error)
    }
}
