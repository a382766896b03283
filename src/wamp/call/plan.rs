//! What to measure.

use std::ffi::OsString;
use std::time::Duration;

use super::transport::{Socket, Target, Transport};
use crate::measure;
use crate::pace::Stop;
use crate::units::nanoseconds;
use crate::wamp::url::Url;

/// How many batches there are for each target, unless a batch takes a given time or the
/// calls are too few. Among so many it shows whether the first ones are slower.
const BATCHES: u64 = 10;

/// The longest batch of a measurement that takes a given time. The machine may be
/// faster in one minute than in the next, so the turn of each target comes again before
/// long.
pub const LONGEST_BATCH: Duration = Duration::from_secs(10);

/// When a batch is over: when each caller has made so many calls, or when the batches
/// have taken so much time. Both count from the first batch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Until {
    pub count: u64,
    pub time: Duration,
}

/// What to measure, and with what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The calls of each caller to each target.
    pub calls: measure::Plan,
    /// How long each batch takes; `None` for a tenth of the measurement, but for at
    /// most [`LONGEST_BATCH`].
    pub batch: Option<Duration>,
    /// Concurrent callers for each target. Each calls a callee of its own.
    pub callers: usize,
    /// How long a caller waits for a result.
    pub timeout: Duration,
    /// The routers to measure; none to start one, and to measure it through every
    /// transport.
    pub urls: Vec<Url>,
    /// The realm of the router.
    pub realm: String,
    /// The command that starts a worker: a program and its first arguments. More
    /// arguments follow, which the program has to pass to
    /// [`worker::play`](super::worker::play).
    pub worker: Vec<OsString>,
    /// Ends the measurement early, between two requests to the callers.
    pub stop: Stop,
}

impl Plan {
    /// How many batches there are for each target; `None` if that depends on how long
    /// the calls take.
    #[must_use]
    pub fn batches(&self) -> Option<u64> {
        match self.batch_ns() {
            None => Some(self.calls.count.min(BATCHES)),
            Some(batch) => self.calls.time.map(|time| nanoseconds(time).div_ceil(batch)),
        }
    }

    /// When this batch is over; the first has the number 1.
    pub(super) fn until(&self, batch: u64) -> Until {
        let end = self.end();
        match (self.batch_ns(), self.batches()) {
            (None, Some(batches)) => {
                let share = u128::from(end.count) * u128::from(batch) / u128::from(batches);
                Until { count: u64::try_from(share).unwrap_or(end.count).min(end.count), ..end }
            }
            (length, _) => {
                let time = length.unwrap_or(u64::MAX).saturating_mul(batch);
                Until { time: Duration::from_nanos(time).min(end.time), ..end }
            }
        }
    }

    /// When the last batch is over.
    pub(super) fn end(&self) -> Until {
        match self.calls.time {
            None => Until { count: self.calls.count, time: Duration::MAX },
            Some(time) => Until { count: u64::MAX, time },
        }
    }

    /// How long a batch takes in nanoseconds; `None` if it is a number of calls.
    fn batch_ns(&self) -> Option<u64> {
        let tenth = |time: Duration| nanoseconds(time.min(10 * LONGEST_BATCH)).div_ceil(BATCHES);
        Some(self.batch.map(nanoseconds).or(self.calls.time.map(tenth))?.max(1))
    }

    /// What this plan measures: each of its URLs, or else every transport that exists
    /// on this system.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        if self.urls.is_empty() {
            let exists = |transport: &Transport| cfg!(unix) || transport.socket == Socket::Tcp;
            Transport::ALL.into_iter().filter(exists).map(Target::Transport).collect()
        } else {
            self.urls.iter().cloned().map(Target::Url).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of batches, and when the first and the tenth are over.
    fn batches(count: u64, time: Option<u64>, batch: Option<u64>) -> (Option<u64>, [Until; 2]) {
        let calls =
            measure::Plan { count, time: time.map(Duration::from_secs), ..Default::default() };
        let plan = Plan {
            calls,
            batch: batch.map(Duration::from_secs),
            callers: 1,
            timeout: Duration::from_secs(1),
            urls: Vec::new(),
            realm: String::new(),
            worker: Vec::new(),
            stop: Stop::default(),
        };
        (plan.batches(), [1, 10].map(|batch| plan.until(batch)))
    }

    #[test]
    fn a_batch_is_a_tenth_but_no_longer_than_ten_seconds() {
        let of_calls = |count| Until { count, time: Duration::MAX };
        let seconds = |time| Until { count: u64::MAX, time: Duration::from_secs(time) };
        assert_eq!(batches(1000, None, None), (Some(10), [of_calls(100), of_calls(1000)]));
        assert_eq!(batches(7, None, None), (Some(7), [of_calls(1), of_calls(7)]));
        assert_eq!(batches(1, Some(20), None), (Some(10), [seconds(2), seconds(20)]));
        assert_eq!(batches(1, Some(600), None), (Some(60), [seconds(10), seconds(100)]));
        assert_eq!(batches(1, Some(600), Some(1)), (Some(600), [seconds(1), seconds(10)]));
        assert_eq!(batches(1, Some(5), Some(2)), (Some(3), [seconds(2), seconds(5)]));
        // How many calls fit into a second is not known before.
        let (number, [first, _]) = batches(1000, None, Some(1));
        assert_eq!((number, first), (None, Until { count: 1000, ..seconds(1) }));
    }
}
