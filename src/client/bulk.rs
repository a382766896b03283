//! Bulk transfers: what can be done once the server has answered `READY`.
//!
//! Each is a type of its own, so that nobody can receive what was never asked for, or
//! ask for something else in the middle.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Client, Message, invalid, unexpected};
use crate::net::transfer;
use crate::wire::bulk;
use crate::wire::command::{Amount, Answer, Received, Request, more};
use crate::wire::framing::Framing;

impl Client {
    /// Asks for a bulk transfer, and returns when the server is ready to send it.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn download(&mut self, amount: Amount) -> io::Result<Download<'_>> {
        self.ask_ready(&Request::Download(amount))?;
        Ok(Download { client: self, amount })
    }

    /// Offers a bulk transfer, and returns when the server is ready for it.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn upload(&mut self, amount: Amount) -> io::Result<Upload<'_>> {
        self.ask_ready(&Request::Upload(amount))?;
        Ok(Upload { client: self, amount })
    }

    /// Asks for a bulk transfer in both directions at once, and returns when the server is
    /// ready.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn bidirectional(&mut self, amount: Amount) -> io::Result<Bidirectional<'_>> {
        self.ask_ready(&Request::More(more::Request::Bidirectional(amount)))?;
        Ok(Bidirectional { client: self, amount })
    }

    fn ask_ready(&mut self, request: &Request) -> io::Result<()> {
        bulk::prepare();
        self.sender.send(request)?;
        match self.receive("READY".len())? {
            Answer::Ready => Ok(()),
            other => Err(unexpected(&other, "READY")),
        }
    }

    /// Waits for the server's report that it has received all of an upload. `sent` is the
    /// number of bytes, if it is known.
    fn receive_done(&mut self, sent: Option<u64>) -> io::Result<Option<Received>> {
        let framing = self.sender.framing;
        let done = match self.receive("DONE".len())? {
            Answer::Done(None) if framing == Framing::Line => {
                return Err(invalid("the server answered DONE without its figures"));
            }
            Answer::Done(done) => done,
            other => return Err(unexpected(&other, "DONE")),
        };
        match (done, sent) {
            (Some(Received { bytes, .. }), Some(sent)) if sent != bytes => {
                Err(invalid(format!("the server reports {bytes} of {sent} bytes")))
            }
            _ => self.check_in_step().map(|()| done),
        }
    }
}

/// A download that the server is ready for.
#[derive(Debug)]
pub struct Download<'a> {
    pub(super) client: &'a mut Client,
    pub(super) amount: Amount,
}

impl Download<'_> {
    /// Receives all of it, tells `progress` of each piece that arrived, and says how
    /// long it took from the server's `READY` until the last byte was here.
    ///
    /// # Errors
    /// When the transfer breaks off.
    pub fn receive(self, progress: impl FnMut(u64)) -> io::Result<Received> {
        let received = transfer::receive(&mut self.client.reader, self.amount, progress)?;
        self.client.sender.trace.show(Message::ReceivedData(received.bytes));
        self.client.check_in_step().map(|()| received)
    }
}

/// An upload that the server is ready for.
#[derive(Debug)]
pub struct Upload<'a> {
    pub(super) client: &'a mut Client,
    pub(super) amount: Amount,
}

impl Upload<'_> {
    /// Sends all of it, reports each piece that the system took to `progress`, and waits
    /// until the server reports that the last byte has arrived. With line framing, that
    /// report says how much arrived and how long it took.
    ///
    /// # Errors
    /// When the transfer breaks off, or the server has seen another number of bytes.
    pub fn send(self, mut progress: impl FnMut(u64)) -> io::Result<Option<Received>> {
        let Upload { client, amount } = self;
        client.check_in_step()?;
        let (start, mut sent) = (Instant::now(), 0);
        let sending = transfer::send(&mut client.sender.stream, amount, |piece| {
            sent += piece;
            progress(piece);
        });
        client.sender.trace.show(Message::SentData(sent));
        let timeout = client.timeout();
        // What the system took may still be on its way, at most for as long as it took
        // to hand over. And a server that breaks off says why before it closes: if it
        // has, that explains more than the write that failed.
        let patience =
            if sending.is_ok() { timeout + start.elapsed() } else { Duration::from_millis(100) };
        client.reader.get_mut().set_read_timeout(patience)?;
        let done = client.receive_done(Some(sent));
        client.reader.get_mut().set_read_timeout(timeout)?;
        match (sending, done) {
            (Err(error), Err(done)) if done.kind() == ErrorKind::InvalidData => {
                Err(io::Error::new(error.kind(), done.to_string()))
            }
            (Err(error), _) => Err(error),
            (Ok(()), Err(error)) if error.kind() == ErrorKind::TimedOut => {
                let what = format!(
                    "{error}; what was sent may still be on its way, and need a longer --timeout"
                );
                Err(io::Error::new(ErrorKind::TimedOut, what))
            }
            (Ok(()), done) => done,
        }
    }
}

/// A transfer in both directions that the server is ready for.
#[derive(Debug)]
pub struct Bidirectional<'a> {
    pub(super) client: &'a mut Client,
    pub(super) amount: Amount,
}

impl Bidirectional<'_> {
    /// Sends and receives all of it at the same time, and returns the download as it
    /// was seen here, and the upload as the server saw it.
    ///
    /// # Errors
    /// When the transfer breaks off in either direction.
    pub fn run(
        self,
        sent: impl FnMut(u64) + Send,
        received: impl FnMut(u64),
    ) -> io::Result<(Received, Option<Received>)> {
        let Bidirectional { client, amount } = self;
        let download = transfer::both(&mut client.reader, amount, sent, received)?;
        client.sender.trace.show(Message::ReceivedData(download.bytes));
        let sent = match amount {
            Amount::Bytes(bytes) => Some(bytes),
            Amount::Time(_) => None,
        };
        Ok((download, client.receive_done(sent)?))
    }
}
