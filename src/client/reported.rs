//! An upload whose server reports while it runs what has arrived.
//!
//! What was handed to the system is not what has arrived: megabytes lie in buffers. Only
//! the server knows, and an ordinary upload hears of it at the end. With these reports
//! each interval has its rate, the start need not be counted, and an upload that breaks
//! off still has figures. One thread sends while another reads the reports.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::asked::Asked;
use super::timed::{Rest, SOON};
use super::{Client, Message, invalid, unexpected};
use crate::net::timed::{self, DRAIN};
use crate::net::{Deadline, both, receive_in_time, transfer};
use crate::wire::command::{Amount, Answer, Received, Request, more};
use crate::wire::framing::Framing;

/// An upload that the server is ready for, and of which it will report.
#[derive(Debug)]
pub struct Reported<'a> {
    client: &'a mut Client,
    amount: Amount,
    asked: Asked,
}

impl Client {
    /// Offers a bulk transfer, and asks for a report of what has arrived at most once in
    /// each `interval`.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn upload_reported(
        &mut self,
        amount: Amount,
        interval: Duration,
    ) -> io::Result<Reported<'_>> {
        let request = Request::More(more::Request::UploadReported { amount, interval });
        let asked = self.ask_ready(&request)?;
        Ok(Reported { client: self, amount, asked })
    }
}

impl Reported<'_> {
    /// When the transfer was offered.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.asked
    }

    /// Sends all of it, hands each report to `arrived`, and returns the last one.
    ///
    /// # Errors
    /// When the transfer breaks off, or the server reports what cannot be.
    pub fn send(self, mut arrived: impl FnMut(Received)) -> io::Result<Received> {
        let Reported { client, amount, asked } = self;
        let handed = AtomicU64::new(0);
        let count = |bytes| {
            handed.fetch_add(bytes, Ordering::Relaxed);
        };
        client.rest = Some(Rest::Unknown);
        let mut last = Received { bytes: 0, duration: Duration::ZERO };
        let sent = both(
            &mut client.reader,
            |stream, watch| match amount {
                Amount::Bytes(bytes) => transfer::send(stream, watch, bytes, count).map(|()| None),
                Amount::Time(time) => {
                    timed::send_until(stream, watch, asked.ready + time, count).map(Some)
                }
            },
            |reader, _| {
                if let Amount::Time(time) = amount {
                    let until = asked.ready + time + DRAIN;
                    let left = until.saturating_duration_since(Instant::now()).max(SOON);
                    let what = "the server did not report what arrived within";
                    reader.get_mut().set_deadline(Some(Deadline::running(what, left)));
                }
                let mut message = Vec::new();
                loop {
                    message.clear();
                    receive_in_time(reader, |reader| {
                        Framing::Line.receive_answer(0, reader, &mut message).map(drop)
                    })?;
                    let (report, over) = match Answer::parse(&message) {
                        Ok(Answer::Done(Some(report))) => (report, true),
                        Ok(Answer::More(more::Answer::Arrived(report))) => (report, false),
                        Ok(other) => return Err(unexpected(&other, "ARRIVED")),
                        Err(error) => return Err(error.into()),
                    };
                    // A report may come before this side has counted what it handed over, but
                    // no clock of the server runs twice as fast as this one.
                    if report.bytes < last.bytes || report.duration > asked.at.elapsed() * 2 {
                        return Err(invalid("the server reports what cannot be"));
                    }
                    last = report;
                    if over {
                        return Ok(());
                    }
                    arrived(report);
                }
            },
        );
        client.reader.get_mut().set_deadline(None);
        let (chunks, ()) = sent?;
        let handed = handed.into_inner();
        client.sender.trace.show(Message::SentData(handed));
        let all = matches!(amount, Amount::Bytes(_));
        if last.bytes > handed || (all && last.bytes != handed) {
            let what = format!("the server reports {} of {handed} bytes", last.bytes);
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        client.rest = chunks.map(Rest::ToWrite);
        Ok(last)
    }
}
