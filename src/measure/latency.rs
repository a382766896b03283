//! Round-trip time: how long until an answer is back?
//!
//! The clock starts before the request is handed to the system and stops when the whole
//! answer has been read. So the figure holds the way there, the way back, and
//! everything that wakes, copies and schedules at both ends; on loopback that is all
//! there is. It is never halved: the two ways need not be alike, and half a round trip
//! has never been measured by anyone.
//!
//! The first ping meets cold caches and, on a new connection, a server that is still
//! starting a thread or a process for it. It is sent but not counted: that is the
//! warm-up.
//!
//! # From when it was due
//!
//! With an interval, pings leave on a schedule, also while an answer is late. Waiting
//! for it would be kind to the server and false to the reader: a stall of a second
//! would cost one bad sample and hide the nine pings that should have been sent
//! meanwhile, each of which would have waited too. (Gil Tene calls this *coordinated
//! omission*.) So there are two figures, from when a ping was sent and from when it was
//! *due*. They differ when pings leave late, because the connection takes nothing or
//! this machine is busy; then the second is what a user would have felt.
//!
//! Three cases send one ping at a time all the same: no interval, where each answer is
//! what sends the next ping; [bare framing](crate::wire::framing), where two answers
//! that arrive together are one; and [spinning](crate::net#spinning), where a second
//! thread would only be in the way. There, the figure from the due time alone shows a
//! stall.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::{Observer, Outcome, Sample, paced};
use crate::client::Client;
use crate::pace;
use crate::stats::Recorder;

/// What to send, and when.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Pings that count.
    pub count: u64,
    /// Send pings for so long, instead of so many.
    pub time: Option<Duration>,
    /// From one ping to the next, by a fixed schedule; zero sends each ping as soon as
    /// the one before is answered.
    pub interval: Duration,
    /// Pings before them that do not count.
    pub warmup: u64,
    /// Bytes added to each ping.
    pub payload: usize,
    /// Send one ping at a time, although there is an interval.
    pub one_at_a_time: bool,
}

impl Default for Plan {
    fn default() -> Self {
        let interval = Duration::from_millis(100);
        Plan { count: 10, time: None, interval, warmup: 1, payload: 0, one_at_a_time: false }
    }
}

impl Plan {
    /// How many pings there will be, if that can be known.
    #[must_use]
    pub fn pings(&self) -> Option<u64> {
        match self.time {
            None => Some(self.count),
            Some(_) if self.interval.is_zero() => None,
            Some(time) => u64::try_from(time.as_nanos().div_ceil(self.interval.as_nanos())).ok(),
        }
    }
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Latency {
    /// Pings sent. Those of the warm-up do not count, but for one that was never
    /// answered.
    pub sent: u64,
    /// From when each answered ping was sent to its answer.
    pub rtt: Recorder,
    /// From when each answered ping was due to its answer.
    pub due: Recorder,
    /// How late each ping was sent: this program's own error.
    pub lateness: Recorder,
    /// Why the series ended early.
    pub failure: Option<io::Error>,
}

impl Latency {
    /// Adds another client's pings.
    pub(super) fn add(&mut self, other: &Latency) {
        self.sent += other.sent;
        self.rtt.merge(&other.rtt);
        self.due.merge(&other.due);
        self.lateness.merge(&other.lateness);
    }

    /// Takes an answer, and tells the observer.
    pub(super) fn answered(
        &mut self,
        stamp: Stamp,
        arrived: Instant,
        start: Instant,
        observe: Observer,
    ) {
        let rtt = arrived.saturating_duration_since(stamp.sent);
        self.rtt.record(rtt);
        let due = stamp.due.map(|due| arrived.saturating_duration_since(due));
        if let Some(due) = due {
            self.due.record(due);
        }
        observe(Sample::Ping {
            number: self.rtt.count(),
            at: stamp.sent.saturating_duration_since(start),
            rtt,
            due,
        });
    }
}

/// When a ping was due, and when it was sent.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    pub due: Option<Instant>,
    pub sent: Instant,
}

impl Outcome for Latency {
    fn failed(error: io::Error) -> Self {
        Latency { failure: Some(error), ..Latency::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Latency::default();
        for one in all {
            total.add(one);
        }
        total
    }
}

/// Sends pings as planned.
///
/// ```
/// use roundtrip::measure::{Plan, latency};
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let plan = Plan { count: 3, interval: Duration::ZERO, ..Plan::default() };
/// let latency = latency(&mut client, &plan, &|sample| println!("{sample:?}"));
/// assert_eq!((latency.sent, latency.rtt.count()), (3, 3));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn latency(client: &mut Client, plan: &Plan, observe: Observer) -> Latency {
    let payload = vec![b'x'; plan.payload];
    let payload = (plan.payload > 0).then_some(&payload[..]);
    for _ in 0..plan.warmup {
        if let Err(error) = client.ping(payload).and_then(|()| client.check_in_step()) {
            // It does not count as long as all is well. Unanswered, it is a ping that
            // was lost.
            return Latency { sent: 1, ..Latency::failed(error) };
        }
    }
    match plan.pings() {
        Some(count) if !plan.interval.is_zero() && !plan.one_at_a_time && client.can_pipeline() => {
            paced::paced(client, count, plan, payload, observe)
        }
        count => one_at_a_time(client, plan, count.unwrap_or(u64::MAX), payload, observe),
    }
}

fn one_at_a_time(
    client: &mut Client,
    plan: &Plan,
    count: u64,
    payload: Option<&[u8]>,
    observe: Observer,
) -> Latency {
    let mut latency = Latency::default();
    let start = Instant::now();
    let mut due = start;
    while latency.sent < count && plan.time.is_none_or(|time| start.elapsed() < time) {
        let mut stamp = Stamp { due: None, sent: start };
        if !plan.interval.is_zero() {
            let sleep = |early| {
                thread::sleep(early);
                true
            };
            latency.lateness.record(pace::wait_until(due, sleep).unwrap_or_default());
            stamp.due = Some(due);
            due += plan.interval;
        }
        latency.sent += 1;
        stamp.sent = Instant::now();
        match client.ping(payload) {
            Ok(()) => latency.answered(stamp, Instant::now(), start, observe),
            Err(error) => return Latency { failure: Some(error), ..latency },
        }
        if let Err(error) = client.check_in_step() {
            return Latency { failure: Some(error), ..latency };
        }
    }
    latency
}
