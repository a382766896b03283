//! The receiver: reads datagrams, and records what each says about a ping.

use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::client::UdpClient;
use super::datagram::{Damage, MAX_DATAGRAM, Stamps, UNCOUNTED, sequence};
use super::entries::{Entries, State};
use super::exchange::Exchange;
use super::jitter::Jitter;
use super::measured::{DUPLICATE, LATE, LOST, REFUSED, Udp};
use super::one_way::OneWay;
use super::pings::{Pings, Sent};
use crate::measure::{Observer, Outcome, Sample};
use crate::stats::Recorder;

/// How long at most to read datagrams that have arrived already, after something
/// failed.
const REST: Duration = Duration::from_millis(100);

/// From the sender: a ping that is about to be sent, or the number of one that could
/// not be sent, and why.
pub(super) type Queued = Result<Sent, (u64, io::Error)>;

/// The entries of one series, and what they have shown so far.
pub(super) struct Series<'a> {
    client: &'a UdpClient,
    queued: Receiver<Queued>,
    /// Whether the sender may send more pings.
    sending: bool,
    observe: Observer<'a>,
    pings: Pings,
    start: Instant,
    measured: Udp,
    jitter: Jitter,
    one_way: OneWay,
    entries: Entries,
    /// One more than the largest number that was answered: `NextExp` of RFC 4737.
    next_expected: u64,
    /// The send time of the uncounted ping that [`ask`](Self::ask) waits for.
    asked: Option<u64>,
    /// The server's count of pings that arrived, from the latest answer to an uncounted
    /// ping.
    count: Option<u64>,
    /// Whether the server has ever answered.
    heard: bool,
    /// The latest error that did not end the series.
    trouble: Option<io::Error>,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
}

impl<'a> Series<'a> {
    pub fn new(
        client: &'a UdpClient,
        payload: usize,
        queued: Receiver<Queued>,
        observe: Observer<'a>,
    ) -> Self {
        Series {
            client,
            queued,
            sending: true,
            observe,
            pings: Pings::new(payload),
            start: Instant::now(),
            measured: Udp::default(),
            jitter: Jitter::default(),
            one_way: OneWay::default(),
            entries: Entries::new(client.timeout()),
            next_expected: 1,
            asked: None,
            count: None,
            heard: false,
            trouble: None,
            // One byte more than any answer has. A longer datagram is cut, and still
            // seen to be too long.
            buffer: vec![0; MAX_DATAGRAM + 1],
            scratch: Vec::new(),
        }
    }

    /// Sets the time at which the first ping is due.
    pub fn start(&mut self, start: Instant) {
        self.start = start;
    }

    /// A writer for the sender, with the series number of this one.
    pub fn pings(&self) -> Pings {
        self.pings.clone()
    }

    /// Records the scheduling delay of one ping.
    pub fn delayed(&mut self, delay: Duration) {
        self.measured.latency.scheduling_delay.record(delay);
    }

    /// Sets the scheduling delays of all pings.
    pub fn all_delays(&mut self, delays: Recorder) {
        self.measured.latency.scheduling_delay = delays;
    }

    /// Whether any ping may still be answered in time.
    pub fn pending(&self) -> bool {
        self.entries.pending()
    }

    /// Whether to go on receiving: another ping may be sent, or an answer may come.
    pub fn open(&self) -> bool {
        self.sending || self.pending()
    }

    /// Whether the server has ever answered.
    pub fn heard(&self) -> bool {
        self.heard
    }

    /// The longest round-trip time so far.
    pub fn longest(&self) -> Option<Duration> {
        self.measured.latency.rtt.summary().map(|summary| summary.max)
    }

    /// Sends an uncounted ping, and waits for its answer, at most for `patience` and at
    /// most for the timeout. Returns whether the answer came.
    pub fn ask(&mut self, patience: Duration) -> io::Result<bool> {
        let start = Instant::now();
        (self.asked, self.count) = (Some(self.pings.write(UNCOUNTED)), None);
        let sent = self.client.send(self.pings.datagram());
        self.unless_closed(sent)?;
        while self.asked.is_some() && start.elapsed() < patience.min(self.client.timeout()) {
            self.receive()?;
        }
        Ok(self.asked.is_none())
    }

    /// Turns an error into `None`, except that of a closed port. A closed port ends the
    /// series, since no later ping can be answered. Any other error costs one datagram.
    pub fn unless_closed<T>(&mut self, result: io::Result<T>) -> io::Result<Option<T>> {
        match result {
            Err(error) if error.kind() != ErrorKind::ConnectionRefused => {
                self.trouble = Some(error);
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Waits a moment for a datagram, and updates the entries. Returns whether a
    /// datagram came.
    pub fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let received = self.client.receive(&mut buffer);
        let sending = self.take_sent();
        if let Ok(Some((length, at))) = received {
            self.arrived(buffer.get(..length).unwrap_or_default(), at);
        }
        self.buffer = buffer;
        self.settle(Instant::now());
        sending?;
        Ok(self.unless_closed(received)?.flatten().is_some())
    }

    /// Closes the queue, so that a sender that waits for room in it stops.
    pub fn close(&mut self) {
        let _ = self.take_sent();
        self.queued = channel().1;
    }

    /// Reads the datagrams that have arrived already, after something has failed.
    pub fn take_the_rest(&mut self) {
        let start = Instant::now();
        // The system reports an error once, possibly before datagrams that came
        // earlier.
        while start.elapsed() < REST && self.receive().unwrap_or(true) {}
    }

    /// Adds the pings that the sender has queued.
    fn take_sent(&mut self) -> io::Result<()> {
        loop {
            match self.queued.try_recv() {
                Ok(Ok(sent)) => self.add(sent),
                Ok(Err((number, error))) => self.not_sent(number, error)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => {
                    self.sending = false;
                    return Ok(());
                }
            }
        }
    }

    /// Adds an entry for a ping that is about to be sent.
    pub fn add(&mut self, sent: Sent) {
        if self.entries.full() {
            self.forget();
        }
        self.entries.add(sent);
        self.measured.latency.sent += 1;
    }

    /// Records that a ping was not sent. A closed port ends the series.
    pub fn not_sent(&mut self, number: u64, error: io::Error) -> io::Result<()> {
        if let Some((sent, State::Pending)) = self.entries.change(number, State::Refused) {
            self.measured.latency.sent -= 1;
            if error.kind() != ErrorKind::ConnectionRefused {
                self.measured.refused_here += 1;
                self.measured.refusal = Some(error.to_string());
                self.report(number, sent, None, REFUSED);
            }
        }
        self.unless_closed::<()>(Err(error)).map(|_| ())
    }

    /// Handles a datagram.
    fn arrived(&mut self, datagram: &[u8], at: Instant) {
        let recognised = match sequence(datagram) {
            Ok(UNCOUNTED) => return self.take_count(datagram),
            Ok(number) => self.recognise(number, datagram).map(|stamps| (number, stamps)),
            Err(damage) => Err(damage),
        };
        match recognised {
            Ok((number, stamps)) => self.answer(number, stamps, at),
            Err(Damage::Foreign) => self.measured.foreign += 1,
            Err(Damage::Truncated) => self.measured.truncated += 1,
            Err(Damage::Oversize) => self.measured.oversize += 1,
            Err(Damage::Corrupted) => self.measured.corrupted += 1,
        }
    }

    /// Checks whether a datagram is the answer to this ping.
    fn recognise(&mut self, number: u64, datagram: &[u8]) -> Result<Option<Stamps>, Damage> {
        let sent = self.entries.answerable(number).ok_or(Damage::Foreign)?;
        self.pings.check(number, sent.written_ns, datagram, &mut self.scratch)
    }

    /// Takes the server's count from the answer that [`ask`](Self::ask) waits for. An
    /// answer to an earlier question is ignored.
    fn take_count(&mut self, datagram: &[u8]) {
        let Some(sent_ns) = self.asked else { return };
        let checked = self.pings.check(UNCOUNTED, sent_ns, datagram, &mut self.scratch);
        if let Ok(stamps) = checked {
            self.asked = None;
            self.heard = true;
            self.count = stamps.map(|stamps| stamps.count);
        }
    }

    /// Records the answer to a ping.
    fn answer(&mut self, number: u64, stamps: Option<Stamps>, at: Instant) {
        let timeout = self.client.timeout();
        let Some((sent, before)) = self.entries.change(number, State::Answered) else { return };
        let rtt = at.saturating_duration_since(sent.at);
        self.heard = true;
        if before == State::Answered {
            self.measured.duplicates += 1;
            return self.report(number, sent, Some(rtt), DUPLICATE);
        }
        if number < self.next_expected {
            self.measured.reordered += 1;
        }
        self.next_expected = self.next_expected.max(number + 1);
        if rtt > timeout {
            self.measured.late += 1;
            return self.report(number, sent, Some(rtt), LATE);
        }
        let due = sent.due.map(|due| at.saturating_duration_since(due));
        self.measured.latency.rtt.record(rtt);
        if let Some(due) = due {
            self.measured.latency.due.record(due);
        }
        self.jitter.record(rtt);
        if let Some(Stamps { received_ns, sent_ns, .. }) = stamps {
            let arrived = self.pings.clock(at);
            self.one_way.record(&Exchange {
                sent: sent.written_ns,
                received: received_ns,
                answered: sent_ns,
                arrived,
            });
        }
        let at = self.since_start(sent);
        (self.observe)(Sample::Ping { number, at, rtt, due });
    }

    /// Marks the pings that can no longer be answered in time, and reports those that
    /// are lost.
    fn settle(&mut self, now: Instant) {
        self.entries.mark_overdue(now);
        while let Some((number, sent)) = self.entries.next_lost(now) {
            self.report(number, sent, None, LOST);
        }
    }

    /// Removes the oldest entry, if there is one. Without an answer, its ping is lost.
    fn forget(&mut self) -> bool {
        let oldest = self.entries.pop();
        if let Some((number, Some(sent))) = oldest {
            self.report(number, sent, None, LOST);
        }
        oldest.is_some()
    }

    /// Reports an outcome to the observer.
    fn report(&mut self, number: u64, sent: Sent, rtt: Option<Duration>, outcome: Outcome) {
        let at = self.since_start(sent);
        (self.observe)(Sample::Outcome { number, at, rtt, outcome });
    }

    fn since_start(&self, sent: Sent) -> Duration {
        sent.at.saturating_duration_since(self.start)
    }

    /// Ends the series: a ping without an answer is lost.
    pub fn finish(mut self) -> Udp {
        // Pings that were sent before something failed.
        let _ = self.take_sent();
        while self.forget() {}
        let measured = &self.measured;
        let answered = measured.latency.rtt.count();
        // A server that was restarted, or has forgotten this client, counts too few.
        // Its count is ignored, as is one that is too high.
        let possible = answered + measured.late..=measured.latency.sent;
        let arrived = self.count.filter(|count| possible.contains(count));
        let (jitter, one_way) = (self.jitter, self.one_way);
        let any = answered > 0;
        Udp {
            arrived,
            jitter: any.then_some(jitter),
            one_way: any.then_some(one_way),
            ..self.measured
        }
    }

    /// The latest error that did not end the series.
    pub fn trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }
}
