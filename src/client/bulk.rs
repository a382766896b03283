//! Bulk transfers: what can be done once the server has answered `READY`.
//!
//! Each is a type of its own, so that nobody can receive what was never asked for, or
//! ask for something else in the middle. How they go on for a given time is in the file
//! `timed` beside this one.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Client, Message, invalid, unexpected};
use crate::net::timed::DRAIN;
use crate::net::{Watch, transfer};
use crate::wire::bulk;
use crate::wire::command::{Amount, Answer, Received, Request};
use crate::wire::framing::Framing;

/// How long to look for the reason when a server breaks off an upload.
const REASON: Duration = Duration::from_millis(100);

/// A download that the server is ready for.
#[derive(Debug)]
pub struct Download<'a> {
    pub(super) client: &'a mut Client,
    pub(super) amount: Amount,
    pub(super) asked: Asked,
}

/// An upload that the server is ready for.
#[derive(Debug)]
pub struct Upload<'a> {
    pub(super) client: &'a mut Client,
    pub(super) amount: Amount,
    pub(super) asked: Asked,
}

/// When a transfer was asked for, and when the server was ready.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// When the request was sent.
    pub at: Instant,
    /// When `READY` had been received: here the clock of the transfer starts.
    pub ready: Instant,
    /// The shortest round trip that is known of this connection.
    pub round_trip: Duration,
}

impl Client {
    /// Asks for a bulk transfer, and returns when the server is ready to send it.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn download(&mut self, amount: Amount) -> io::Result<Download<'_>> {
        let asked = self.ask_ready(&Request::Download(amount))?;
        Ok(Download { client: self, amount, asked })
    }

    /// Offers a bulk transfer, and returns when the server is ready for it.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn upload(&mut self, amount: Amount) -> io::Result<Upload<'_>> {
        let asked = self.ask_ready(&Request::Upload(amount))?;
        Ok(Upload { client: self, amount, asked })
    }

    pub(super) fn ask_ready(&mut self, request: &Request) -> io::Result<Asked> {
        self.settle(DRAIN)?;
        bulk::prepare();
        let at = Instant::now();
        self.sender.send(request)?;
        match self.receive("READY".len())? {
            Answer::Ready => {}
            other => return Err(unexpected(&other, "READY")),
        }
        let ready = Instant::now();
        self.round_trip = self.round_trip.min(ready - at);
        Ok(Asked { at, ready, round_trip: self.round_trip })
    }

    /// Waits for the server's report that it has received an upload.
    pub(super) fn receive_done(&mut self, asked: Asked) -> io::Result<Option<Received>> {
        let framing = self.sender.framing;
        let done = match self.receive("DONE".len())? {
            Answer::Done(None) if framing == Framing::Line => {
                return Err(invalid("the server answered DONE without its figures"));
            }
            Answer::Done(done) => done,
            other => return Err(unexpected(&other, "DONE")),
        };
        // The server's time lies within ours. Two clocks may run at different speeds, but
        // not by as much as half.
        match done {
            Some(Received { duration, .. }) if duration > asked.at.elapsed() * 2 => Err(invalid(
                format!("the server reports {duration:?}, which is longer than the transfer took"),
            )),
            done => Ok(done),
        }
    }

    pub(super) fn watch(&self) -> Watch {
        Watch::new(self.timeout())
    }
}

impl Download<'_> {
    /// When the transfer was asked for.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Receives all of it, and reports each piece that arrived to `progress`. The result's
    /// clock starts after the server's `READY`, and stops when the last byte has arrived.
    ///
    /// # Errors
    /// When the transfer breaks off, or ends before its time.
    pub fn receive(self, progress: impl FnMut(u64)) -> io::Result<Received> {
        let watch = self.client.watch();
        let received = match self.amount {
            Amount::Bytes(bytes) => {
                let received = transfer::receive(&mut self.client.reader, watch, bytes, progress)?;
                self.client.check_in_step().map(|()| received)
            }
            Amount::Time(time) => self.client.receive_for(self.asked, time, watch, progress),
        }?;
        self.client.sender.trace.show(Message::ReceivedData(received.bytes));
        Ok(received)
    }
}

impl Upload<'_> {
    /// When the transfer was offered.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Sends all of it, reports each piece that the system took to `progress`, and waits
    /// until the server reports that the last byte has arrived. With line framing, that
    /// report says how much arrived and how long it took.
    ///
    /// # Errors
    /// When the transfer breaks off, or the server reports what cannot be.
    pub fn send(self, progress: impl FnMut(u64)) -> io::Result<Option<Received>> {
        let Upload { client, amount, asked } = self;
        client.check_in_step()?;
        match amount {
            Amount::Bytes(bytes) => client.send_all(asked, bytes, progress),
            Amount::Time(time) => client.send_for(asked, time, progress).map(Some),
        }
    }
}

impl Client {
    fn send_all(
        &mut self,
        asked: Asked,
        bytes: u64,
        mut progress: impl FnMut(u64),
    ) -> io::Result<Option<Received>> {
        let mut sent = 0;
        let sending = transfer::send(&self.sender.stream, self.watch(), bytes, |piece| {
            sent += piece;
            progress(piece);
        });
        self.sender.trace.show(Message::SentData(sent));
        match sending {
            Ok(()) => self.receive_done_of(asked, sent),
            Err(error) => Err(self.reason(error)),
        }
    }

    /// Waits for the server's report that it has received all of an upload.
    pub(super) fn receive_done_of(
        &mut self,
        asked: Asked,
        sent: u64,
    ) -> io::Result<Option<Received>> {
        self.wait_while_sending(asked)?;
        match self.receive_done(asked)? {
            Some(Received { bytes, .. }) if bytes != sent => {
                Err(invalid(format!("the server reports {bytes} of {sent} bytes")))
            }
            done => self.check_in_step().map(|()| done),
        }
    }

    /// Waits until the server answers, or nothing moves any more: what the system has taken
    /// may still be on its way.
    fn wait_while_sending(&mut self, asked: Asked) -> io::Result<()> {
        let (timeout, mut unsent) = (self.timeout(), self.sender.stream.unsent());
        // Where the system does not tell, the rest may take as long as the part before it.
        let patience = unsent.map_or(timeout.saturating_add(asked.ready.elapsed()), |_| timeout);
        let mut watch = Watch::new(patience);
        self.reader.get_mut().set_read_timeout(watch.slice(None))?;
        let waited = loop {
            match self.wait() {
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                waited => break waited,
            }
            let before = std::mem::replace(&mut unsent, self.sender.stream.unsent());
            let moved = before.zip(unsent).map_or(0, |(before, now)| before.saturating_sub(now));
            if let Err(error) = watch.moved(moved, "nothing arrived") {
                break Err(error);
            }
        };
        self.reader.get_mut().set_read_timeout(timeout)?;
        waited
    }

    /// A server that breaks off says why before it closes. If it has, that explains more
    /// than the write that failed.
    pub(super) fn reason(&mut self, error: io::Error) -> io::Error {
        let timeout = self.timeout();
        let said = self.reader.get_mut().set_read_timeout(REASON).and_then(|()| {
            match self.receive("DONE".len())? {
                Answer::Error(reason) => Ok(format!("the server answered ERROR:{reason}")),
                _ => Err(ErrorKind::InvalidData.into()),
            }
        });
        let _ = self.reader.get_mut().set_read_timeout(timeout);
        match said {
            Ok(said) => io::Error::new(error.kind(), said),
            Err(_) => error,
        }
    }
}
