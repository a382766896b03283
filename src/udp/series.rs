//! The receiver: reads datagrams while another thread sends, and asks the server how
//! many pings have arrived.

use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::client::UdpClient;
use super::datagram::{MAX_DATAGRAM, UNCOUNTED, sequence};
use super::measured::Udp;
use super::pings::{Pings, Sent};
use super::tally::Tally;
use crate::measure::Observer;
use crate::stats::Recorder;

/// How long at most to read datagrams that have arrived already, after something
/// failed.
const REST: Duration = Duration::from_millis(100);

/// From the sender: a ping that is about to be sent, or the number of one that could
/// not be sent, and why.
pub(super) type Queued = Result<Sent, (u64, io::Error)>;

/// One series of pings.
pub(super) struct Series<'a> {
    client: &'a UdpClient,
    queued: Receiver<Queued>,
    /// Whether the sender may send more pings.
    sending: bool,
    tally: Tally<'a>,
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
            tally: Tally::new(client.timeout(), payload, observe),
            asked: None,
            count: None,
            heard: false,
            trouble: None,
            // One byte more than any answer has. A longer datagram is cut, and still
            // seen to be too long.
            buffer: vec![0; MAX_DATAGRAM + 1],
        }
    }

    /// Sets the time at which the first ping is due.
    pub fn start(&mut self, start: Instant) {
        self.tally.start = start;
    }

    /// A writer for the sender, with the series number of this one.
    pub fn pings(&self) -> Pings {
        self.tally.pings.clone()
    }

    /// Records the scheduling delay of one ping.
    pub fn delayed(&mut self, delay: Duration) {
        self.tally.measured.latency.scheduling_delay.record(delay);
    }

    /// Sets the scheduling delays of all pings.
    pub fn all_delays(&mut self, delays: Recorder) {
        self.tally.measured.latency.scheduling_delay = delays;
    }

    /// Whether any ping may still be answered in time.
    pub fn pending(&self) -> bool {
        self.tally.pending()
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
        self.tally.measured.latency.rtt.summary().map(|summary| summary.max)
    }

    /// Sends an uncounted ping, and waits for its answer, at most for `patience` and at
    /// most for the timeout. Returns whether the answer came.
    pub fn ask(&mut self, patience: Duration) -> io::Result<bool> {
        let start = Instant::now();
        (self.asked, self.count) = (Some(self.tally.pings.write(UNCOUNTED)), None);
        let sent = self.client.send(self.tally.pings.datagram());
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
        self.tally.settle(Instant::now());
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
                Ok(Ok(sent)) => self.tally.add(sent),
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
        self.tally.add(sent);
    }

    /// Records that a ping was not sent. A closed port ends the series.
    pub fn not_sent(&mut self, number: u64, error: io::Error) -> io::Result<()> {
        self.tally.not_sent(number, &error);
        self.unless_closed::<()>(Err(error)).map(|_| ())
    }

    /// Handles a datagram.
    fn arrived(&mut self, datagram: &[u8], at: Instant) {
        match sequence(datagram) {
            Ok(UNCOUNTED) => self.take_count(datagram),
            number => self.heard |= self.tally.arrived(number, datagram, at),
        }
    }

    /// Takes the server's count from the answer that [`ask`](Self::ask) waits for. An
    /// answer to an earlier question is ignored.
    fn take_count(&mut self, datagram: &[u8]) {
        let Some(sent_ns) = self.asked else { return };
        if let Ok(stamps) = self.tally.check_uncounted(sent_ns, datagram) {
            self.asked = None;
            self.heard = true;
            self.count = stamps.map(|stamps| stamps.count);
        }
    }

    /// Ends the series: a ping without an answer is lost, unless the port was `closed`.
    pub fn finish(mut self, closed: bool) -> Udp {
        // Pings that were sent before something failed.
        let _ = self.take_sent();
        self.tally.finish(self.count, closed)
    }

    /// The latest error that did not end the series.
    pub fn trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }
}
