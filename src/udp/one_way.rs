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
//! All of this assumes that the offset stays what it is. Clocks of computers differ by
//! some millionths, which is a millisecond in ten to a hundred seconds: the error bound
//! includes what they may have drifted (`bound.rs`). A clock that was set, or drifts by
//! more than 100 millionths, is noticed (`clock.rs`). Then no offset holds for the
//! whole series, and there are no one-way delays.

use std::time::Duration;

use super::bound::{Bound, Found};
use super::clock::ClockWatch;
use super::exchange::Exchange;
use super::moves::{ClockChange, whole};
use crate::stats::{Recorder, Summary};

/// Records exchanges, and computes the delay of each direction from them.
#[derive(Clone, Debug, Default)]
pub struct OneWay {
    clock: ClockWatch,
    /// The first exchange, and the one with the smallest delay.
    first_and_best: Option<[Found; 2]>,
    bound: Bound,
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
    /// The error bound of the offset and of each delay. What sound clocks may have
    /// drifted during the series is included.
    pub error: Duration,
}

impl OneWay {
    /// Records one exchange. After the first one that shows a changed clock, the delays
    /// are not recorded any more.
    pub fn record(&mut self, exchange: &Exchange) {
        self.clock.record(exchange);
        let found = Found::of(exchange);
        if self.clock.moves() > 0 {
            return;
        }
        let [first, best] = self.first_and_best.get_or_insert([found; 2]);
        if found.delay < best.delay {
            *best = found;
        }
        self.bound.record(found);
        let start = first.delay - first.offset;
        let there = i128::from(exchange.received) - i128::from(exchange.sent) + start;
        let start = first.delay + first.offset;
        let back = i128::from(exchange.arrived) - i128::from(exchange.answered) + start;
        self.there.record(duration(there));
        self.back.record(duration(back));
    }

    /// How many exchanges were recorded.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.clock.exchanges()
    }

    /// How often an exchange showed that a clock was set or drifts.
    #[must_use]
    pub fn clock_moves(&self) -> u64 {
        self.clock.moves()
    }

    /// How the server's clock changed against the client's, if it did.
    ///
    /// ```
    /// use roundtrip::udp::{ClockChange, Exchange, OneWay};
    ///
    /// // Each direction takes 1 ms. After the fifth ping the server's clock is set
    /// // ahead by half a second.
    /// let mut one_way = OneWay::default();
    /// for number in 0..10 {
    ///     let sent = number * 10_000_000;
    ///     let step = if number < 5 { 0 } else { 500_000_000 };
    ///     let received = sent + 1_000_000 + step;
    ///     let arrived = sent + 2_000_000;
    ///     one_way.record(&Exchange { sent, received, answered: received, arrived });
    /// }
    /// let change = ClockChange::Set { times: 1, largest_ns: 500_000_000 };
    /// assert_eq!((one_way.clock_change(), one_way.summary()), (Some(change), None));
    /// ```
    #[must_use]
    pub fn clock_change(&self) -> Option<ClockChange> {
        self.clock.change()
    }

    /// The delays of all exchanges so far; `None` when there are none, or when a clock
    /// was set or drifts.
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
        let [first, best] = self.first_and_best.filter(|_| self.clock.moves() == 0)?;
        Some(OneWaySummary {
            there: self.there.summary()?.earlier_by(first.delay + best.offset - first.offset),
            back: self.back.summary()?.earlier_by(first.delay - best.offset + first.offset),
            offset_ns: whole(best.offset),
            error: duration(self.bound.error(best)),
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
        assert!(one_way.summary().is_none() && one_way.clock_moves() > 0);
    }
}
