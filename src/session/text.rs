//! The text protocol, from the first request to the last: one loop that reads a request and answers it.
//!
//! The only state is the connection itself. A request that is not understood costs an `ERROR:` and nothing else; what breaks the
//! framing (a line without end, an upload that stops half-way) ends the connection, since nobody could say where the next request
//! begins.

use std::io::{self, BufReader};
use std::thread;
use std::time::{Duration, Instant};

use super::{Settings, Tally, answer};
use crate::net::Stream;
use crate::wire::bulk;
use crate::wire::command::{Answer, Received, Request};
use crate::wire::framing::Framing;

/// With bare framing, `READY` and the data behind it have no boundary between them, and a client that takes one `recv` for the
/// answer chokes on `READYxxxx`. All that a server can do is to wait until that `recv` has probably returned: long for a computer,
/// and still a bet on its scheduler and on the network. Framing makes the bet unnecessary.
const BARE_PAUSE: Duration = Duration::from_millis(50);

pub(super) fn converse(reader: &mut BufReader<Stream>, settings: &Settings, tally: &mut Tally) -> io::Result<()> {
    let (framing, max_size) = (settings.framing, settings.max_size);
    Conversation { reader, message: Vec::new(), framing, max_size, tally }.run()
}

struct Conversation<'a> {
    reader: &'a mut BufReader<Stream>,
    message: Vec<u8>,
    framing: Framing,
    max_size: u64,
    tally: &'a mut Tally,
}

impl Conversation<'_> {
    fn run(&mut self) -> io::Result<()> {
        let mut request = Vec::new();
        loop {
            let message = match self.framing.receive(self.reader, &mut request) {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(()),
                Err(error) => return self.give_up(error),
            };
            match Request::parse(message) {
                Ok(Request::Ping(payload)) => {
                    self.answer(&Answer::Pong(payload))?;
                    self.tally.pings += 1;
                }
                Ok(Request::Download(bytes) | Request::Upload(bytes)) if bytes > self.max_size => {
                    let reason = format!("{bytes} bytes are over the limit of {} bytes", self.max_size);
                    self.answer(&Answer::Error(&reason))?;
                }
                Ok(Request::Download(bytes)) => self.download(bytes)?,
                Ok(Request::Upload(bytes)) => self.upload(bytes)?,
                Ok(Request::Quit) => return self.answer(&Answer::Bye),
                Err(error) => self.answer(&Answer::Error(&error.to_string()))?,
            }
        }
    }

    fn download(&mut self, bytes: u64) -> io::Result<()> {
        bulk::prepare();
        self.answer(&Answer::Ready)?;
        if self.framing == Framing::Bare {
            thread::sleep(BARE_PAUSE);
        }
        bulk::send(self.reader.get_mut(), bytes, |sent| self.tally.bytes_sent += sent)
    }

    fn upload(&mut self, bytes: u64) -> io::Result<()> {
        self.answer(&Answer::Ready)?;
        let ready = Instant::now();
        if let Err(error) = bulk::receive(self.reader, bytes, |arrived| self.tally.bytes_received += arrived) {
            return self.give_up(error);
        }
        let received = Received { bytes, duration: ready.elapsed() };
        self.answer(&Answer::Done((self.framing == Framing::Line).then_some(received)))
    }

    fn answer(&mut self, what: &Answer) -> io::Result<()> {
        answer(what, self.framing, &mut self.message, self.reader.get_mut())
    }

    /// Says why the conversation ends. The peer may have closed only its sending half (`nc -N`) and still be reading.
    fn give_up(&mut self, error: io::Error) -> io::Result<()> {
        // That this too may fail changes nothing: the reason to report is the first one.
        let _ = self.answer(&Answer::Error(&error.to_string()));
        Err(error)
    }
}
