//! The receiver's book: what has become of each ping so far.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::measure::{DUPLICATE, LATE, LOST, OVERDUE, Udp};
use super::{Exchange, Jitter, OneWay};
use crate::measure::{Observer, Outcome, Sample};
use crate::stats::Recorder;
use crate::udp::UdpClient;
use crate::udp::datagram::{Damage, MAX_DATAGRAM, Ping, Stamps, UNCOUNTED, sequence};
use crate::units::nanoseconds;

/// How many pings back an answer is still recognised: 26 seconds at 10,000 a second.
/// What is older and unanswered is lost, and an answer to it foreign. So the book takes
/// 12 MiB at most, however long the series.
pub(super) const WINDOW: usize = 1 << 18;

/// How long to take what is there already. It takes no time unless somebody sends
/// faster than that.
const REST: Duration = Duration::from_millis(100);

/// Takes what the sender and the socket tell.
pub(super) struct Series<'a> {
    client: &'a UdpClient,
    queued: Receiver<io::Result<Sent>>,
    sending: bool,
    observe: Observer<'a>,
    pings: Pings,
    start: Instant,
    measured: Udp,
    jitter: Jitter,
    one_way: OneWay,
    /// The latest pings, and the number of the first of them.
    window: VecDeque<(Sent, State)>,
    first: u64,
    /// The first ping that may still be answered in time.
    current: u64,
    /// How many such pings are unanswered.
    waiting: u64,
    /// One more than the largest number that was answered: `NextExp` of RFC 4737.
    next_expected: u64,
    /// When the question was written whose answer [`ask`](Self::ask) waits for.
    asked: Option<u64>,
    /// What the latest answer to such a question said of how many pings had arrived, if
    /// it said so.
    count: Option<u64>,
    /// Whether anything was ever answered.
    heard: bool,
    /// What failed without ending the series.
    trouble: Option<io::Error>,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
}

/// A ping that has been sent.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub due: Option<Instant>,
    /// When it was written, as it says itself; so much later as the writing took, it
    /// was sent.
    pub written_ns: u64,
    pub at: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Overdue,
    Answered,
}

/// Writes the pings of one series.
#[derive(Clone)]
pub(super) struct Pings {
    series: u32,
    /// The same moment by both clocks: the one that runs evenly, and the one that
    /// others have too.
    epoch: (Instant, u64),
    payload: usize,
    datagram: Vec<u8>,
}

impl Pings {
    /// Writes the next ping, and says when.
    pub fn write(&mut self, sequence: u64) -> u64 {
        let ping = self.ping(sequence, self.clock(Instant::now()));
        ping.encode(self.payload, &mut self.datagram);
        ping.sent_ns
    }

    /// What was written.
    pub fn datagram(&self) -> &[u8] {
        &self.datagram
    }

    fn ping(&self, sequence: u64, sent_ns: u64) -> Ping {
        Ping { sequence, sent_ns, series: self.series }
    }

    /// Nanoseconds since 1970.
    fn clock(&self, at: Instant) -> u64 {
        let (instant, since_1970) = self.epoch;
        since_1970.saturating_add(nanoseconds(at.saturating_duration_since(instant)))
    }
}

impl<'a> Series<'a> {
    pub fn new(
        client: &'a UdpClient,
        payload: usize,
        queued: Receiver<io::Result<Sent>>,
        observe: Observer<'a>,
    ) -> Self {
        let (now, random) = (Instant::now(), RandomState::new().hash_one(0).to_be_bytes());
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let series = u32::from_be_bytes([random[0], random[1], random[2], random[3]]);
        let pings =
            Pings { series, epoch: (now, nanoseconds(since_1970)), payload, datagram: Vec::new() };
        Series {
            client,
            queued,
            sending: true,
            observe,
            pings,
            start: now,
            measured: Udp::default(),
            jitter: Jitter::default(),
            one_way: OneWay::default(),
            window: VecDeque::new(),
            first: 1,
            current: 1,
            waiting: 0,
            next_expected: 1,
            asked: None,
            count: None,
            heard: false,
            trouble: None,
            // A byte more than any answer has: one that fills it was longer.
            buffer: vec![0; MAX_DATAGRAM + 1],
            scratch: Vec::new(),
        }
    }

    /// When the first ping is due.
    pub fn start(&mut self, start: Instant) {
        self.start = start;
    }

    pub fn pings(&self) -> Pings {
        self.pings.clone()
    }

    /// How late a ping was sent.
    pub fn lateness(&mut self, late: Duration) {
        self.measured.latency.lateness.record(late);
    }

    pub fn all_lateness(&mut self, late: Recorder) {
        self.measured.latency.lateness = late;
    }

    /// Whether a ping may still be answered in time.
    pub fn waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Whether there is anything to wait for: an answer, or another ping.
    pub fn open(&self) -> bool {
        self.sending || self.waiting()
    }

    /// Whether the server has ever answered.
    pub fn heard(&self) -> bool {
        self.heard
    }

    /// How long an answer takes at most, as far as is known.
    pub fn longest(&self) -> Option<Duration> {
        self.measured.latency.rtt.summary().map(|summary| summary.max)
    }

    /// Sends a ping that does not count, and waits for its answer: so long at most, and
    /// no longer than for any. Returns whether it came.
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

    /// Of all that can go wrong with a datagram, only a closed port says anything of
    /// those that follow. What else the network or the system had against this one, it
    /// was lost.
    pub fn unless_closed<T>(&mut self, result: io::Result<T>) -> io::Result<Option<T>> {
        match result {
            Err(error) if error.kind() != ErrorKind::ConnectionRefused => {
                self.trouble = Some(error);
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Waits a moment for a datagram, and brings the book up to date. Returns whether
    /// one came.
    pub fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let received = self.client.receive(&mut buffer);
        let sending = self.take_sent();
        if let Ok(Some((length, at))) = received {
            self.arrived(buffer.get(..length).unwrap_or_default(), at);
        }
        self.buffer = buffer;
        self.look_at_the_clock(Instant::now());
        sending?;
        Ok(self.unless_closed(received)?.flatten().is_some())
    }

    /// Takes no more notes: a sender that waits for room is told so.
    pub fn close(&mut self) {
        let _ = self.take_sent();
        self.queued = channel().1;
    }

    /// Takes what has arrived already, after something has failed.
    pub fn take_the_rest(&mut self) {
        let start = Instant::now();
        // An error is reported once, and may stand before datagrams that came earlier.
        while start.elapsed() < REST && self.receive().unwrap_or(true) {}
    }

    fn take_sent(&mut self) -> io::Result<()> {
        loop {
            match self.queued.try_recv() {
                Ok(sent) => {
                    if let Some(sent) = self.unless_closed(sent)? {
                        self.note(sent);
                    }
                }
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => {
                    self.sending = false;
                    return Ok(());
                }
            }
        }
    }

    /// Enters a ping that is about to be sent.
    pub fn note(&mut self, sent: Sent) {
        if self.window.len() == WINDOW {
            self.forget();
        }
        self.window.push_back((sent, State::Waiting));
        self.measured.latency.sent += 1;
        self.waiting += 1;
    }

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

    fn recognise(&mut self, number: u64, datagram: &[u8]) -> Result<Option<Stamps>, Damage> {
        let (sent, _) = *self.entry(number).ok_or(Damage::Foreign)?;
        self.pings.ping(number, sent.written_ns).check(
            self.pings.payload,
            datagram,
            &mut self.scratch,
        )
    }

    /// The answer to what [`ask`](Self::ask) asked; one to an earlier question no
    /// longer matters.
    fn take_count(&mut self, datagram: &[u8]) {
        let Some(sent_ns) = self.asked else { return };
        if let Ok(stamps) = self.pings.ping(UNCOUNTED, sent_ns).check(
            self.pings.payload,
            datagram,
            &mut self.scratch,
        ) {
            self.asked = None;
            self.heard = true;
            self.count = stamps.map(|stamps| stamps.count);
        }
    }

    fn entry(&mut self, number: u64) -> Option<&mut (Sent, State)> {
        let index = number.checked_sub(self.first)?;
        self.window.get_mut(usize::try_from(index).ok()?)
    }

    fn answer(&mut self, number: u64, stamps: Option<Stamps>, at: Instant) {
        let timeout = self.client.timeout();
        let Some((sent, state)) = self.entry(number) else { return };
        let (sent, before) = (*sent, std::mem::replace(state, State::Answered));
        let rtt = at.saturating_duration_since(sent.at);
        self.heard = true;
        if before == State::Answered {
            self.measured.duplicates += 1;
            return self.tell(number, sent, Some(rtt), DUPLICATE);
        }
        if before == State::Waiting {
            self.waiting -= 1;
        }
        if number < self.next_expected {
            self.measured.reordered += 1;
        }
        self.next_expected = self.next_expected.max(number + 1);
        if rtt > timeout {
            self.measured.late += 1;
            return self.tell(number, sent, Some(rtt), LATE);
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

    /// Notes which pings can no longer be answered in time.
    fn look_at_the_clock(&mut self, now: Instant) {
        let timeout = self.client.timeout();
        while let Some((sent, state)) = self.entry(self.current) {
            if *state == State::Waiting {
                if now.saturating_duration_since(sent.at) <= timeout {
                    return;
                }
                *state = State::Overdue;
                let sent = *sent;
                self.waiting -= 1;
                self.tell(self.current, sent, None, OVERDUE);
            }
            self.current += 1;
        }
    }

    /// Takes the oldest ping out of the book.
    fn forget(&mut self) {
        if let Some((sent, state)) = self.window.pop_front() {
            if state == State::Waiting {
                self.waiting -= 1;
            }
            if state != State::Answered {
                self.tell(self.first, sent, None, LOST);
            }
            self.first += 1;
            self.current = self.current.max(self.first);
        }
    }

    fn tell(&mut self, number: u64, sent: Sent, rtt: Option<Duration>, outcome: Outcome) {
        let at = self.since_start(sent);
        (self.observe)(Sample::Outcome { number, at, rtt, outcome });
    }

    fn since_start(&self, sent: Sent) -> Duration {
        sent.at.saturating_duration_since(self.start)
    }

    /// Closes the book: what is not answered now is lost.
    pub fn finish(mut self) -> Udp {
        // Pings that were sent before something failed, and that nobody has looked at
        // since.
        let _ = self.take_sent();
        while !self.window.is_empty() {
            self.forget();
        }
        let measured = &self.measured;
        let answered = measured.latency.rtt.count();
        // A server that has been started anew, or has forgotten this client, counts too
        // few.
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

    /// What failed last, if anything did.
    pub fn trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }
}
