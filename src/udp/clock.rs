//! Clocks that were set, and clocks that drift: how a client proves it.
//!
//! One exchange leaves the offset of the two clocks open, but only within its round
//! trip, since neither direction takes less than zero:
//!
//! ```text
//!   T2 − T1 − offset ≥ 0     so  offset ≤ T2 − T1
//!   T4 − T3 + offset ≥ 0     so  offset ≥ T3 − T4
//!
//!   offset │                     ┬     a range for each exchange
//!          │ ┬                   │
//!          │ │   ┬   ┬   ┬   ┬   ┴
//!          │ │   │   ┴   │   ┴         these five have an offset in common,
//!          │ ┴   ┴       ┴             the last one has none with them
//!          └────────────────────▶ time
//! ```
//!
//! While both clocks run evenly, all ranges have an offset in common. The clocks of
//! computers run evenly to some millionths, so a range may move by 100 millionths of
//! the time between. A range that is further away proves that a clock moved: it was
//! set, or it drifts. Moves in one direction that take their time are a drift.

use super::exchange::{Exchange, Range, allowance};
use super::moves::{ClockChange, Move, Moves};

/// Compares the exchanges of a series with each other.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockWatch {
    /// The offsets that all exchanges since the latest move allow.
    possible: Option<Range>,
    /// The offsets that the latest exchange allows.
    latest: Option<Range>,
    exchanges: u64,
    moves: Moves,
}

impl ClockWatch {
    /// Compares one more exchange with those before.
    pub fn record(&mut self, exchange: &Exchange) {
        let range = Range::of(exchange);
        self.exchanges += 1;
        let back = i128::from(exchange.received) - i128::from(exchange.answered);
        let ahead = range.low - range.high;
        // The server held the ping for less than no time, or for longer than the whole
        // exchange took: its clock was set meanwhile.
        if back > 0 {
            return self.moved(Move { sudden: true, proven: back, by: -back, within: 0 }, None);
        }
        if ahead > allowance(range.until.abs_diff(range.from)) {
            return self.moved(Move { sudden: true, proven: ahead, by: ahead, within: 0 }, None);
        }
        let latest = self.latest.replace(range);
        let Some(before) = self.possible else {
            self.possible = Some(range);
            return;
        };
        self.possible = before.common(&range);
        if self.possible.is_none() {
            // What two neighbours prove happened between them.
            let latest = latest.filter(|latest| latest.common(&range).is_none());
            let since = latest.unwrap_or(before);
            let found = Move {
                sudden: latest.is_some(),
                proven: (range.low - since.high).max(since.low - range.high),
                by: range.middle() - before.middle(),
                within: i128::from(range.until.abs_diff(since.from)),
            };
            self.moves.end(before);
            self.moved(found, Some(range));
        }
    }

    /// Counts a move. `after` are the offsets that are possible since.
    fn moved(&mut self, found: Move, after: Option<Range>) {
        self.moves.add(found);
        (self.possible, self.latest) = (after, after);
    }

    /// How many exchanges were compared.
    pub fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// How often an exchange showed that a clock moved.
    pub fn moves(&self) -> u64 {
        self.moves.count
    }

    /// How the clock moved; `None` while nothing proves that it did.
    pub fn change(&self) -> Option<ClockChange> {
        self.moves.change()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// The change that a series of pings shows, one each 10 ms. The server's clock
    /// shows what `clock` makes of the client's, and `queue` is the time that each ping
    /// waits beyond 0.1 ms each way.
    fn change(clock: impl Fn(u64) -> u64, queue: impl Fn(u64) -> u64) -> Option<ClockChange> {
        let mut exchanges = Vec::new();
        for number in 0..500 {
            let sent = 1_000_000 * MS + number * 10 * MS;
            let there = sent + MS / 10 + queue(number);
            let (received, answered) = (clock(there), clock(there + 5_000));
            let arrived = there + 5_000 + MS / 10;
            exchanges.push(Exchange { sent, received, answered, arrived });
        }
        // The answers come in the order in which they arrive.
        exchanges.sort_by_key(|exchange| exchange.arrived);
        let mut watch = ClockWatch::default();
        for exchange in &exchanges {
            watch.record(exchange);
        }
        watch.change()
    }

    /// A clock that is wrong by some millionths.
    fn fast(ppm: u64) -> impl Fn(u64) -> u64 {
        move |time| time + time / MS * ppm
    }

    #[test]
    fn queues_move_no_clock() {
        let queue = |number: u64| number * number * 7_919 % (30 * MS);
        assert_eq!(change(|time| time, queue), None);
        assert_eq!(change(|time| time + 77_000 * MS, |_| 0), None);
        // An ordinary clock.
        assert_eq!(change(fast(50), |_| 0), None);
        assert_eq!(change(fast(50), queue), None);
    }

    #[test]
    fn a_step_is_a_step() {
        let middle = 1_000_000 * MS + 2_500 * MS;
        let ahead = |time| if time < middle { time } else { time + 500 * MS };
        let back = |time| if time < middle { time } else { time - 500 * MS };
        let size = |change| match change {
            Some(ClockChange::Set { times: 1, largest_ns }) => largest_ns / 1_000_000,
            other => panic!("{other:?}"),
        };
        assert_eq!((size(change(ahead, |_| 0)), size(change(back, |_| 0))), (500, -500));
        // During an exchange, between its two stamps.
        let within = 1_000_000 * MS + 1_000 * MS + MS / 10 + 2_000;
        let ahead = |time| if time < within { time } else { time + 500 * MS };
        let back = |time| if time < within { time } else { time - 500 * MS };
        assert_eq!((size(change(ahead, |_| 0)), size(change(back, |_| 0))), (499, -499));
        // To and fro.
        let often = |time: u64| time + time / (1_000 * MS) % 2 * 3 * MS;
        assert!(matches!(change(often, |_| 0), Some(ClockChange::Set { times: 4, .. })));
    }

    #[test]
    fn a_drift_is_a_drift() {
        let (none, three) = (|_: u64| 0, |number: u64| number % 3 * MS / 5);
        // A busy machine: a ping in fifty waits for 60 ms.
        let stalls = |number: u64| u64::from(number % 50 == 7) * 60 * MS;
        let queues: [&dyn Fn(u64) -> u64; 3] = [&none, &three, &stalls];
        for (ppm, queue) in
            [300, 1_000, 10_000, 200_000].iter().flat_map(|ppm| queues.map(|queue| (*ppm, queue)))
        {
            match change(fast(ppm), queue) {
                Some(ClockChange::Drifts { ppm: found }) => {
                    assert!(
                        found.abs_diff(i64::try_from(ppm).unwrap()) * 10 < ppm,
                        "{ppm} {found}"
                    );
                }
                other => panic!("{ppm}: {other:?}"),
            }
        }
        let slow = |time: u64| time - time / MS * 10_000;
        assert!(matches!(change(slow, |_| 0), Some(ClockChange::Drifts { ppm: ..-9_000 })));
    }
}
