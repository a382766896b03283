//! Bulk transfers for a given time, and in both directions at once.
//!
//! When the time is over, the connection may be out of step: data is still on its way,
//! and a chunk has been sent in part. [`Client::settle`] brings it back, if that takes no
//! longer than a second. If not, the connection is of no further use.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::asked::Asked;
use super::{Client, Message, invalid};
use crate::net::timed::{self, Arrived, DRAIN};
use crate::net::{Deadline, Stream, Watch, both, transfer};
use crate::wire::bulk::chunks::ChunkWriter;
use crate::wire::command::{Amount, Received, Request, more};

/// How long a transfer, and a client that leaves, wait for the rest. On most lines that is
/// enough, and nothing is lost if it is not.
pub(super) const SOON: Duration = Duration::from_millis(50);

/// What a timed transfer has left behind on a connection.
#[derive(Debug)]
pub(super) enum Rest {
    /// Data that the server has sent.
    ToRead(Arrived),
    /// A chunk that the server has been promised.
    ToWrite(ChunkWriter),
    /// Nobody knows.
    Unknown,
}

/// A transfer in both directions that the server is ready for.
#[derive(Debug)]
pub struct Bidirectional<'a> {
    client: &'a mut Client,
    amount: Amount,
    asked: Asked,
}

impl Client {
    /// Asks for a bulk transfer in both directions at once, and returns when the server is
    /// ready.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn bidirectional(&mut self, amount: Amount) -> io::Result<Bidirectional<'_>> {
        let request = Request::More(more::Request::Bidirectional(amount));
        let asked = self.ask_ready(&request)?;
        Ok(Bidirectional { client: self, amount, asked })
    }

    /// Makes the connection ready for the next request, after a timed transfer: the rest of
    /// the transfer is read or written. [`DRAIN`] is a good time to give it.
    ///
    /// # Errors
    /// When the time is not enough, or the connection is broken. Then connect anew.
    pub fn settle(&mut self, time: Duration) -> io::Result<()> {
        match self.rest.take() {
            None => return Ok(()),
            Some(Rest::ToRead(mut arrived)) => {
                let drained = timed::drain(&mut self.reader, &mut arrived, time);
                if matches!(&drained, Err(error) if error.kind() == ErrorKind::TimedOut) {
                    self.rest = Some(Rest::ToRead(arrived));
                }
                return drained;
            }
            Some(Rest::ToWrite(mut chunks)) => {
                timed::finish(&self.sender.stream, &mut chunks, time)?;
            }
            Some(Rest::Unknown) => {
                let what = "the rest of a timed transfer is not known";
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
        }
        // The server may have given up reading the rest. If it answers, it has not.
        self.reader.get_mut().set_deadline(Some(Deadline::running("no answer within", time)));
        let answered = self.ping(None);
        self.reader.get_mut().set_deadline(None);
        answered
    }

    /// Receives for this long.
    pub(super) fn receive_for(
        &mut self,
        asked: Asked,
        time: Duration,
        watch: Watch,
        progress: impl FnMut(u64),
    ) -> io::Result<Received> {
        let arrived = timed::receive(&mut self.reader, watch, time, progress)?;
        let received = arrived.received;
        match arrived.ended {
            None => {
                self.rest = Some(Rest::ToRead(arrived));
                // On most lines the rest is here at once.
                let _ = self.settle(SOON);
            }
            Some(ended) => self.check_in_step().and_then(|()| not_early(asked, time, ended))?,
        }
        Ok(received)
    }

    /// Sends for this long, and returns what the server reports to have arrived.
    pub(super) fn send_for(
        &mut self,
        asked: Asked,
        time: Duration,
        mut progress: impl FnMut(u64),
    ) -> io::Result<Received> {
        let mut handed = Handed::new(asked.ready, time);
        let (watch, end) = (self.watch(), asked.ready + time);
        let sending = timed::send_until(&self.sender.stream, watch, end, |bytes| {
            handed.over(bytes);
            progress(bytes);
        });
        self.sender.trace.show(Message::SentData(handed.bytes));
        self.rest = Some(Rest::Unknown);
        let chunks = sending.map_err(|error| self.reason(error))?;
        let received = self.receive_report(asked, &handed, end + DRAIN)?;
        self.check_in_step()?;
        if received.bytes == 0 {
            let what =
                "nothing arrived in this time, which a long round trip may be the reason for";
            return Err(io::Error::new(ErrorKind::TimedOut, what));
        }
        self.rest = Some(Rest::ToWrite(chunks));
        Ok(received)
    }

    /// Waits for the server's report of what has arrived in time.
    fn receive_report(
        &mut self,
        asked: Asked,
        handed: &Handed,
        until: Instant,
    ) -> io::Result<Received> {
        // A client that is late itself takes what is here.
        let left = until.saturating_duration_since(Instant::now()).max(SOON);
        let deadline = Deadline::running("the server did not report what arrived within", left);
        self.reader.get_mut().set_deadline(Some(deadline));
        let done = self.receive_done(asked);
        self.reader.get_mut().set_deadline(None);
        let received =
            done?.ok_or_else(|| invalid("the server answered DONE without its figures"))?;
        handed.check(received)?;
        // Its first byte came a round trip after its `READY` had left.
        if received.bytes > 0 && received.duration < asked.round_trip / 2 {
            let Received { bytes, duration } = received;
            let what = format!(
                "the server reports {bytes} bytes after {duration:?}, before they can have arrived"
            );
            return Err(invalid(what));
        }
        Ok(received)
    }
}

impl Bidirectional<'_> {
    /// When the transfer was asked for.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Sends and receives all of it at the same time. Returns the download as it was seen
    /// here, and the upload as the server saw it. A timed transfer has no report of the
    /// upload if that would be later than a second after its time.
    ///
    /// # Errors
    /// When the transfer breaks off in either direction.
    pub fn run(
        self,
        sent: impl FnMut(u64) + Send,
        received: impl FnMut(u64),
    ) -> io::Result<(Received, Option<Received>)> {
        let Bidirectional { client, amount, asked } = self;
        let measured = match amount {
            Amount::Bytes(bytes) => {
                let ((), download) = both(
                    &mut client.reader,
                    |stream, watch| transfer::send(stream, watch, bytes, sent),
                    |reader, watch| transfer::receive(reader, watch, bytes, received),
                )?;
                (download, client.receive_done_of(asked, bytes)?)
            }
            Amount::Time(time) => client.exchange_for(asked, time, sent, received)?,
        };
        client.sender.trace.show(Message::ReceivedData(measured.0.bytes));
        Ok(measured)
    }
}

impl Client {
    /// Sends and receives for this long.
    fn exchange_for(
        &mut self,
        asked: Asked,
        time: Duration,
        mut sent: impl FnMut(u64) + Send,
        received: impl FnMut(u64),
    ) -> io::Result<(Received, Option<Received>)> {
        let (mut handed, end) = (Handed::new(asked.ready, time), asked.ready + time);
        self.rest = Some(Rest::Unknown);
        let upload = |stream: &Stream, watch| {
            timed::send_until(stream, watch, end, |bytes| {
                handed.over(bytes);
                sent(bytes);
            })
        };
        let (chunks, mut arrived) = both(&mut self.reader, upload, |reader, watch| {
            let arrived = timed::receive(reader, watch, time, received)?;
            arrived.ended.map_or(Ok(()), |ended| not_early(asked, time, ended))?;
            Ok(arrived)
        })?;
        let download = arrived.received;
        // The report stands behind the data. After a second it is not waited for any more.
        let until = end + DRAIN;
        let left = until.saturating_duration_since(Instant::now());
        let report = timed::drain(&mut self.reader, &mut arrived, left)
            .and_then(|()| self.receive_report(asked, &handed, until));
        match report {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok((download, None)),
            report => {
                self.rest = Some(Rest::ToWrite(chunks));
                Ok((download, Some(report?)))
            }
        }
    }
}

/// A timed transfer that ends before its time has failed. The server's clock started
/// before ours, by the way of its `READY`, and may run a little faster.
fn not_early(asked: Asked, time: Duration, ended: Duration) -> io::Result<()> {
    let early = (asked.ready - asked.at) + time / 50 + Duration::from_millis(20);
    if ended + early >= time {
        return Ok(());
    }
    Err(invalid(format!("the server ended a transfer of {time:?} after {ended:?}")))
}

/// How much was handed to the system by when, so that no report can claim more.
#[derive(Debug)]
struct Handed {
    start: Instant,
    bytes: u64,
    /// The sum now and then, and when it was reached.
    sums: Vec<(u64, Duration)>,
    pause: Duration,
}

impl Handed {
    /// How often the sum is kept in the time of a transfer.
    const SUMS: u32 = 100;

    fn new(start: Instant, time: Duration) -> Self {
        Handed { start, bytes: 0, sums: Vec::new(), pause: time / Self::SUMS }
    }

    fn over(&mut self, bytes: u64) {
        self.bytes += bytes;
        let at = self.start.elapsed();
        let last = self.sums.last().map_or(Duration::ZERO, |(_, at)| *at);
        if at >= last + self.pause {
            self.sums.push((self.bytes, at));
        }
    }

    /// Whether so much can have arrived so early.
    fn check(&self, Received { bytes, duration }: Received) -> io::Result<()> {
        if bytes > self.bytes {
            return Err(invalid(format!(
                "the server reports {bytes} bytes, of which {} were sent",
                self.bytes
            )));
        }
        // The last sum that is below: the reported bytes were not handed over before it.
        let below = self.sums.iter().take_while(|(sum, _)| *sum < bytes).last();
        match below {
            Some((_, at)) if duration * 2 + Duration::from_millis(20) < *at => {
                Err(invalid(format!(
                    "the server reports {bytes} bytes after {duration:?}, before they were sent"
                )))
            }
            _ => Ok(()),
        }
    }
}
