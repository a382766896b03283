//! The text protocol, from the first request to the last: one loop that reads a request and answers it.
//!
//! The only state is the connection itself. A request that is not understood costs an `ERROR:` and nothing else; what
//! breaks the framing (a line without end, an upload that stops half-way) ends the connection, since nobody could say
//! where the next request begins.

use std::io::{self, BufReader};
use std::thread;
use std::time::Duration;

use super::{ConnectionStats, Settings, send_answer};
use crate::net::{Stream, receive_in_time};
use crate::transfer;
use crate::wire::bulk;
use crate::wire::command::{Amount, Answer, Received, Request};
use crate::wire::framing::Framing;

/// With bare framing, `READY` and the data behind it have no boundary between them, and a client that takes one
/// `recv` for the answer chokes on `READYxxxx`. All that a server can do is to wait until that `recv` has probably
/// returned: long for a computer, and still a bet on its scheduler and on the network. Framing makes the bet
/// unnecessary.
const BARE_PAUSE: Duration = Duration::from_millis(50);

/// One connection's conversation.
pub(super) struct Conversation<'a> {
    pub reader: &'a mut BufReader<Stream>,
    pub settings: &'a Settings,
    pub stats: &'a mut ConnectionStats,
}

impl Conversation<'_> {
    /// Answers requests until the client leaves, or breaks the framing.
    pub fn run(&mut self) -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let framing = self.settings.framing;
            let message = match receive_in_time(self.reader, |reader| framing.receive(reader, &mut buffer)) {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(()),
                Err(error) => return self.give_up(error),
            };
            match Request::parse(message) {
                Ok(Request::Ping(payload)) => {
                    self.answer(&Answer::Pong(payload))?;
                    self.stats.pings += 1;
                }
                Ok(Request::Quit) => return self.answer(&Answer::Bye),
                Ok(Request::Download(amount)) => self.transfer(amount, Self::download)?,
                Ok(Request::Upload(amount)) => self.transfer(amount, Self::upload)?,
                Ok(Request::Bidirectional(amount)) => self.transfer(amount, Self::bidirectional)?,
                Err(error) => self.answer(&Answer::Error(&error.to_string()))?,
            }
        }
    }

    fn transfer(&mut self, amount: Amount, run: fn(&mut Self, Amount) -> io::Result<()>) -> io::Result<()> {
        if let Err(reason) = self.settings.grant(amount) {
            return self.answer(&Answer::Error(&reason));
        }
        bulk::prepare();
        self.answer(&Answer::Ready)?;
        run(self, amount)
    }

    fn download(&mut self, amount: Amount) -> io::Result<()> {
        if self.settings.framing == Framing::Bare {
            thread::sleep(BARE_PAUSE);
        }
        transfer::send(self.reader.get_mut(), amount, |sent| self.stats.bytes_sent += sent)
    }

    fn upload(&mut self, amount: Amount) -> io::Result<()> {
        match transfer::receive(self.reader, amount, |arrived| self.stats.bytes_received += arrived) {
            Ok(received) => self.done(received),
            Err(error) => self.give_up(error),
        }
    }

    fn bidirectional(&mut self, amount: Amount) -> io::Result<()> {
        let ConnectionStats { bytes_sent, bytes_received, .. } = self.stats;
        let received = transfer::both(self.reader, amount, |sent| *bytes_sent += sent, |new| *bytes_received += new)?;
        self.done(received)
    }

    fn done(&mut self, received: Received) -> io::Result<()> {
        self.answer(&Answer::Done((self.settings.framing == Framing::Line).then_some(received)))
    }

    fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        send_answer(answer, self.settings.framing, self.reader.get_mut())
    }

    /// Says why the conversation ends. The peer may have closed only its sending half (`nc -N`) and still be reading.
    fn give_up(&mut self, error: io::Error) -> io::Result<()> {
        // That this too may fail changes nothing: the reason to report is the first one.
        let _ = self.answer(&Answer::Error(&error.to_string()));
        Err(error)
    }
}
