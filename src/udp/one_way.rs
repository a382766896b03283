//! The delay of each direction, by two clocks that disagree.
//!
//! One clock is enough for a round trip. The delay of one direction is the difference
//! between two clocks, so it contains whatever the clocks differ by: their offset.
//!
//! ```text
//!   server's clock      T2 ──── T3           there = T2 − T1 − offset
//!                      ╱          ╲          back  = T4 − T3 + offset
//!   client's clock   T1            T4        there + back = (T4 − T1) − (T3 − T2)
//! ```
//!
//! The sum does not depend on the offset. NTP (RFC 5905 section 8) estimates the offset
//! as `((T2 − T1) + (T3 − T4)) / 2`. The estimate is right if both directions take
//! equally long; otherwise it is wrong by half their difference, and neither end can
//! notice. But no direction takes less than zero, so the error is at most half of
//! `there + back`. That is why the exchange with the smallest sum counts (section 10),
//! and half its sum is the error bound.
//!
//! So one-way delays mean something when they are large compared with that bound: when
//! some packets pass quickly and others wait in a queue, as on a busy link. On an idle
//! loopback the bound is as large as the figure. What changes from one packet to the
//! next, jitter and deviation, is right in any case, since a constant offset cancels
//! out.
//!
//! All of this assumes that both clocks run at the same rate. Clocks of computers
//! differ by some millionths: an hour adds tens of milliseconds that the bound does not
//! include. A clock that is set during the measurement breaks the assumption as well.

use std::time::Duration;

use crate::stats::{Recorder, Summary};

/// The four times of one exchange, T1 to T4, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// T1: when the client sent the ping, by the client's clock.
    pub sent: u64,
    /// T2: when the server received the ping, by the server's clock.
    pub received: u64,
    /// T3: when the server sent the answer, by the server's clock.
    pub answered: u64,
    /// T4: when the client received the answer, by the client's clock.
    pub arrived: u64,
}

/// Records exchanges, and computes the delay of each direction from them.
#[derive(Clone, Debug, Default)]
pub struct OneWay {
    /// Delay and offset of the first exchange, and of the one with the smallest delay.
    first_and_best: Option<[(i128, i128); 2]>,
    /// The delays, reckoned with the first exchange's offset. That exchange's delay is
    /// added, so that no sample is negative. The best offset is known only at the end,
    /// and then all samples are shifted by one constant.
    there: Recorder,
    back: Recorder,
}

/// The delays of both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneWaySummary {
    /// From the client to the server.
    pub there: Summary,
    /// From the server to the client.
    pub back: Summary,
    /// How far the server's clock is ahead of the client's, in nanoseconds; negative
    /// when it is behind.
    pub offset_ns: i64,
    /// The error bound of the offset and of each delay, as long as neither clock drifts
    /// or is set.
    pub error: Duration,
}

impl Exchange {
    /// The delay of both directions together, and how far the server's clock seems to
    /// be ahead.
    fn delay_and_offset(&self) -> (i128, i128) {
        let [t1, t2, t3, t4] =
            [self.sent, self.received, self.answered, self.arrived].map(i128::from);
        ((t4 - t1) - (t3 - t2), i128::midpoint(t2 - t1, t3 - t4))
    }
}

impl OneWay {
    /// Records one exchange, unless its times contradict each other.
    ///
    /// Two contradictions show that a clock was set: the server held the ping for
    /// longer than the whole exchange took, or the clocks differ by a second more than
    /// the delays can explain.
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

    /// The delays of all exchanges so far; `None` when there are none.
    ///
    /// ```
    /// use roundtrip::udp::{Exchange, OneWay};
    /// use std::time::Duration;
    ///
    /// // The server's clock is 1000 ns ahead. Each direction takes 10 ns, but most
    /// // pings wait in a queue for another 500 ns on their way to the server.
    /// let mut one_way = OneWay::default();
    /// for wait in [500, 0, 500, 500] {
    ///     let sent = 10_000;
    ///     let received = sent + 10 + wait + 1000;
    ///     let answered = received + 5;
    ///     let arrived = answered - 1000 + 10;
    ///     one_way.record(&Exchange { sent, received, answered, arrived });
    /// }
    /// let ns = Duration::from_nanos;
    /// let summary = one_way.summary().unwrap();
    /// assert_eq!((summary.offset_ns, summary.error), (1000, ns(10)));
    /// assert_eq!((summary.there.min, summary.there.max), (ns(10), ns(510)));
    /// assert_eq!((summary.back.min, summary.back.max), (ns(10), ns(10)));
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
    /// The summary of samples that are each shorter by `nanoseconds`, but not below
    /// zero.
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
