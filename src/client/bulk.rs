//! Bulk transfers: what can be done once the server has answered `READY`.
//!
//! Each is a type of its own, so that nobody can receive what was never asked for, or
//! ask for something else in the middle. The file `timed` beside this one adds
//! transfers for a given time.

use std::io;
use std::time::Instant;

use super::asked::Asked;
use super::{Client, Message, unexpected};
use crate::net::timed::DRAIN;
use crate::net::{Watch, transfer};
use crate::wire::bulk;
use crate::wire::command::{Amount, Answer, Received, Request};

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
        self.times.round_trip = self.times.round_trip.min(ready - at);
        Ok(Asked { at, ready, round_trip: self.times.round_trip })
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

    /// Receives all the data, and reports the size of each piece to `progress`. The clock
    /// of the result starts after the server's `READY`, and stops when the last byte has
    /// arrived.
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

    /// Sends all the data, reports the size of each piece that the system took to
    /// `progress`, and waits for the server's report that the last byte has arrived. With
    /// line framing, that report says how much arrived and how long it took.
    ///
    /// # Errors
    /// When the transfer breaks off, or the server's report cannot be true.
    pub fn send(self, progress: impl FnMut(u64)) -> io::Result<Option<Received>> {
        let Upload { client, amount, asked } = self;
        match amount {
            Amount::Bytes(bytes) => {
                client.check_in_step()?;
                client.send_all(asked, bytes, progress)
            }
            // The report may be here already, if the time is short.
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
}
