//! Each way by itself, with two clocks that do not agree.
//!
//! A round trip is measured by one clock. How long each way took cannot be: that is the
//! difference between two clocks, and whatever these differ by is in it.
//!
//! ```text
//!   server's clock      T2 ──── T3           there = T2 − T1 − offset
//!                      ╱          ╲          back  = T4 − T3 + offset
//!   client's clock   T1            T4        there + back = (T4 − T1) − (T3 − T2), whatever the offset
//! ```
//!
//! NTP (RFC 5905 section 8) estimates the offset as `((T2 − T1) + (T3 − T4)) / 2`:
//! right if both ways take equally long. If they do not, it is wrong by half their
//! difference, and nobody at either end can tell. What can be said is that neither way
//! takes less than no time, so it is never wrong by more than half of `there + back`.
//! Hence of many exchanges the one of least delay counts (section 10), and half its
//! delay is the bound of the error.
//!
//! So the one-way delays mean something when that bound is small beside them: when some
//! packets pass quickly and others wait in a queue, as on a busy line. Half of a round
//! trip on an idle loopback is all bound and no figure. What changes from one packet to
//! the next, jitter and deviation, is right in any case: an offset adds the same to
//! every sample.
//!
//! All of this is for two clocks that run equally fast while it lasts. Clocks in
//! computers differ by some millionths, so that an hour adds tens of milliseconds that
//! no bound here knows of; and one may be set meanwhile.

use std::time::Duration;

use crate::stats::{Recorder, Summary};

/// The four times of an exchange, in nanoseconds since the epoch, T1 to T4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// T1: sent, by the client's clock.
    pub sent: u64,
    /// T2: received, by the server's.
    pub received: u64,
    /// T3: answered, by the server's.
    pub answered: u64,
    /// T4: arrived, by the client's.
    pub arrived: u64,
}

/// Takes exchanges and keeps what they say of each way.
#[derive(Clone, Debug, Default)]
pub struct OneWay {
    /// Delay and offset of the first exchange, and of the one of least delay.
    first_and_best: Option<[(i128, i128); 2]>,
    /// The delays, with the first exchange's offset taken out and its delay added, so
    /// that they are not negative. The best offset is only known in the end, and then
    /// shifts every one of them by the same.
    there: Recorder,
    back: Recorder,
}

/// The figures of each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneWaySummary {
    /// From the client to the server.
    pub there: Summary,
    /// From the server to the client.
    pub back: Summary,
    /// How far the server's clock is ahead of the client's, in nanoseconds; negative
    /// when it is behind.
    pub offset_ns: i64,
    /// The offset, and so each delay, is wrong by this at most, as long as neither
    /// clock drifts or is set.
    pub error: Duration,
}

impl Exchange {
    /// How long it was on the two ways together, and how far the server's clock seems
    /// to be ahead.
    fn delay_and_offset(&self) -> (i128, i128) {
        let [t1, t2, t3, t4] =
            [self.sent, self.received, self.answered, self.arrived].map(i128::from);
        ((t4 - t1) - (t3 - t2), i128::midpoint(t2 - t1, t3 - t4))
    }
}

impl OneWay {
    /// Takes an exchange. One that the server claims to have held for longer than the
    /// whole of it lasted, or that puts the clocks a second further apart than the
    /// delays can explain, tells of a clock that was set and of nothing else.
    pub fn record(&mut self, exchange: &Exchange) {
        let found = exchange.delay_and_offset();
        if found.0 < 0 || exchange.answered < exchange.received {
            return;
        }
        let [first, best] = self.first_and_best.get_or_insert([found; 2]);
        if (found.1 - first.1).abs() > i128::midpoint(found.0, first.0) + 1_000_000_000 {
            return;
        }
        *best = (*best).min(found);
        let there = i128::from(exchange.received) - i128::from(exchange.sent) - first.1 + first.0;
        let back = i128::from(exchange.arrived) - i128::from(exchange.answered) + first.1 + first.0;
        self.there.record(duration(there));
        self.back.record(duration(back));
    }

    /// The figures; `None` when there are no exchanges.
    ///
    /// ```
    /// use roundtrip::udp::{Exchange, OneWay};
    /// use std::time::Duration;
    ///
    /// // The server's clock is 1000 ahead. Most packets wait in a queue of 500 on their way there.
    /// let mut one_way = OneWay::default();
    /// for wait in [500, 0, 500, 500] {
    ///     let sent = 10_000;
    ///     let received = sent + 10 + wait + 1000;
    ///     one_way.record(&Exchange { sent, received, answered: received + 5, arrived: received + 5 - 1000 + 10 });
    /// }
    /// let summary = one_way.summary().unwrap();
    /// assert_eq!((summary.offset_ns, summary.error), (1000, Duration::from_nanos(10)));
    /// assert_eq!((summary.there.min, summary.there.max), (Duration::from_nanos(10), Duration::from_nanos(510)));
    /// assert_eq!((summary.back.min, summary.back.max), (Duration::from_nanos(10), Duration::from_nanos(10)));
    /// ```
    #[must_use]
    pub fn summary(&self) -> Option<OneWaySummary> {
        let [first, best] = self.first_and_best?;
        Some(OneWaySummary {
            there: self.there.summary()?.earlier_by(first.0 + best.1 - first.1),
            back: self.back.summary()?.earlier_by(first.0 - best.1 + first.1),
            offset_ns: i64::try_from(best.1).unwrap_or(if best.1 < 0 {
                i64::MIN
            } else {
                i64::MAX
            }),
            error: duration((best.0 + 1) / 2),
        })
    }
}

impl Summary {
    /// The same samples, each less by so many nanoseconds, but none less than zero.
    fn earlier_by(self, nanoseconds: i128) -> Self {
        let shift = |sample: Duration| {
            duration(i128::try_from(sample.as_nanos()).unwrap_or(i128::MAX) - nanoseconds)
        };
        Summary {
            min: shift(self.min),
            mean: shift(self.mean),
            max: shift(self.max),
            p50: shift(self.p50),
            p90: shift(self.p90),
            p95: shift(self.p95),
            p99: shift(self.p99),
            p99_9: shift(self.p99_9),
            ..self
        }
    }
}

fn duration(nanoseconds: i128) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unequal_ways_are_wrong_by_no_more_than_the_bound() {
        for (there, back) in [(0, 100), (100, 0), (70, 30), (50, 50)] {
            for ahead in [-5_000_i64, 0, 5_000] {
                let received = 1_000_000_u64.checked_add_signed(there + ahead).unwrap();
                let arrived = 1_000_000 + u64::try_from(there + back).unwrap() + 7;
                let mut one_way = OneWay::default();
                one_way.record(&Exchange {
                    sent: 1_000_000,
                    received,
                    answered: received + 7,
                    arrived,
                });
                let OneWaySummary { offset_ns, error, .. } = one_way.summary().unwrap();
                assert_eq!(error, Duration::from_nanos(50));
                assert!(
                    Duration::from_nanos(offset_ns.abs_diff(ahead)) <= error,
                    "{there} {back} {ahead} {offset_ns}"
                );
            }
        }
    }

    #[test]
    fn clocks_that_make_no_sense_do_no_harm() {
        let mut one_way = OneWay::default();
        for times in [
            [0, u64::MAX, u64::MAX, 0],
            [u64::MAX, 0, u64::MAX, 1],
            [5, 9, 8, 6],
            [0, 0, 0, u64::MAX],
        ] {
            let [sent, received, answered, arrived] = times;
            one_way.record(&Exchange { sent, received, answered, arrived });
        }
        assert!(one_way.summary().is_some());
    }
}
