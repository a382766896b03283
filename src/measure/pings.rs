//! A series of pings: what to send, when each ping was due and sent, and the results.

use std::io;
use std::time::{Duration, Instant};

use super::{Measurement, Observer, Sample};
use crate::pace::Turn;
use crate::stats::Recorder;

/// What to send, and when.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many pings to send after the warm-up, if there is no `time`.
    pub count: u64,
    /// How long to send pings, whatever `count` says.
    pub time: Option<Duration>,
    /// The time between two pings of the schedule. Zero sends each ping as soon as the
    /// previous one is answered.
    pub interval: Duration,
    /// How many pings to send before those that are counted.
    pub warmup: u64,
    /// Bytes added to each ping.
    pub payload: usize,
    /// Wait for the answer to each ping before the next one leaves, even with an
    /// interval.
    pub one_at_a_time: bool,
}

impl Default for Plan {
    fn default() -> Self {
        let interval = Duration::from_millis(100);
        Plan { count: 10, time: None, interval, warmup: 1, payload: 0, one_at_a_time: false }
    }
}

impl Plan {
    /// How many pings will be sent; `None` if that depends on the answers.
    #[must_use]
    pub fn pings(&self) -> Option<u64> {
        match self.time {
            None => Some(self.count),
            Some(_) if self.interval.is_zero() => None,
            Some(time) => u64::try_from(time.as_nanos().div_ceil(self.interval.as_nanos())).ok(),
        }
    }
}

/// What a series of pings has measured.
#[derive(Debug, Default)]
pub struct Latency {
    /// Pings sent. Pings of the warm-up are not counted, unless one was never answered.
    pub sent: u64,
    /// The round-trip times: from when a ping was sent to its answer.
    pub rtt: Recorder,
    /// The times from when a ping was due to its answer, where there is a schedule.
    pub due: Recorder,
    /// The scheduling delay of each ping: how late this program sent it.
    pub scheduling_delay: Recorder,
    /// Why the series ended early, if it did.
    pub failure: Option<io::Error>,
}

impl Latency {
    /// Adds another client's pings.
    pub(crate) fn add(&mut self, other: &Latency) {
        self.sent += other.sent;
        self.rtt.merge(&other.rtt);
        self.due.merge(&other.due);
        self.scheduling_delay.merge(&other.scheduling_delay);
    }

    /// Counts a ping that is about to be sent, and looks at the clock.
    pub(crate) fn sending(&mut self, turn: Turn) -> Stamp {
        self.sent += 1;
        if turn.due.is_some() {
            self.scheduling_delay.record(turn.delay);
        }
        Stamp { due: turn.due, sent: Instant::now() }
    }

    /// Records an answer, and hands it to the observer.
    pub(crate) fn answered(
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
pub(crate) struct Stamp {
    pub due: Option<Instant>,
    pub sent: Instant,
}

impl Measurement for Latency {
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
