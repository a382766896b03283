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
//! set, or it drifts. Many moves in one direction are a drift, a rare one is a step.

use super::exchange::Exchange;

/// How far two sound clocks may drift apart, in millionths (parts per million). The
/// quartz of a computer is off by up to 50 (RFC 5905 section 4 assumes 15 for an
/// average one), and both clocks may be.
const DRIFT_PPM: i128 = 100;

/// The resolution of the coarsest clock that is expected, in nanoseconds.
const RESOLUTION: i128 = 1_000;

/// A clock that drifts by more than a round trip from one exchange to the next moves at
/// each of them, or nearly so. One in so many is enough.
const LEAPS: u64 = 8;

/// How the server's clock moved against the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// The clock was set, once or more often.
    Set {
        /// How often.
        times: u64,
        /// The largest step, in nanoseconds; negative when the clock was set back.
        largest_ns: i64,
    },
    /// The clock drifts.
    Drifts {
        /// How fast, in nanoseconds per millisecond (parts per million); negative when
        /// the server's clock is the slower one.
        ppm: i64,
    },
    /// The clock was set by less than a round trip, or it drifts: this series does not
    /// show which.
    Unclear {
        /// How far the clock moved, in nanoseconds.
        moved_ns: i64,
    },
}

/// Compares the exchanges of a series with each other.
#[derive(Clone, Debug, Default)]
pub(super) struct ClockWatch {
    /// The offsets that all exchanges since the latest move allow.
    possible: Option<Range>,
    /// The offsets that the latest exchange allows.
    latest: Option<Range>,
    first: Option<Range>,
    exchanges: u64,
    moves: Moves,
}

/// The offsets that an exchange allows, from `low` to `high`, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: i128,
    high: i128,
    /// When, in nanoseconds by the client's clock.
    from: u64,
    until: u64,
}

#[derive(Clone, Debug, Default)]
struct Moves {
    count: u64,
    /// Moves that two neighbouring exchanges prove by themselves.
    sudden: u64,
    ahead: u64,
    largest: i128,
    /// All distances together, without their signs.
    distance: i128,
    /// Exchanges before the first move.
    before: u64,
    /// The offset after the latest move, and when that was.
    latest: Option<(u64, i128)>,
}

/// How far two sound clocks may move against each other in this time.
pub(super) fn allowance(nanoseconds: u64) -> i128 {
    i128::from(nanoseconds) * DRIFT_PPM / 1_000_000
}

impl ClockWatch {
    /// Compares one more exchange with those before.
    pub fn record(&mut self, exchange: &Exchange) {
        let range = Range::of(exchange);
        self.exchanges += 1;
        // The server held the ping for less than no time, or for longer than the whole
        // exchange took: its clock was set meanwhile.
        if let Some(back) = exchange.received.checked_sub(exchange.answered).filter(|&by| by > 0) {
            return self.moved(-i128::from(back), true, None);
        }
        let ahead = range.low - range.high;
        if ahead > allowance(range.until.abs_diff(range.from)) {
            return self.moved(ahead, true, None);
        }
        self.first.get_or_insert(range);
        let latest = self.latest.replace(range);
        let Some(before) = self.possible else {
            self.possible = Some(range);
            return;
        };
        self.possible = before.common(&range);
        if self.possible.is_none() {
            let sudden = latest.is_some_and(|latest| latest.common(&range).is_none());
            self.moved(range.middle() - before.middle(), sudden, Some(range));
        }
    }

    /// Counts a move. `after` are the offsets that are possible since.
    fn moved(&mut self, by: i128, sudden: bool, after: Option<Range>) {
        let moves = &mut self.moves;
        if moves.count == 0 {
            moves.before = self.exchanges - 1;
        }
        moves.count += 1;
        moves.sudden += u64::from(sudden);
        moves.ahead += u64::from(by > 0);
        moves.distance = moves.distance.saturating_add(by.abs());
        if by.abs() > moves.largest.abs() {
            moves.largest = by;
        }
        (self.possible, self.latest) = (after, after);
        if let Some(after) = after {
            moves.latest = Some((after.from, after.middle()));
        }
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
        let Moves { count, sudden, ahead, largest, distance, before, .. } = self.moves;
        if count == 0 {
            return None;
        }
        let straight = ahead == 0 || ahead == count;
        let often = count * LEAPS >= self.exchanges - before && largest.abs() <= distance / 2;
        let drifts = straight && if sudden == 0 { count > 1 } else { count > 2 && often };
        let change = match (sudden, self.ppm().filter(|_| drifts)) {
            (_, Some(ppm)) => ClockChange::Drifts { ppm },
            (0, None) => ClockChange::Unclear { moved_ns: whole(largest) },
            _ => ClockChange::Set { times: count, largest_ns: whole(largest) },
        };
        Some(change)
    }

    /// How fast the offset changed, from the first exchange to the latest move.
    fn ppm(&self) -> Option<i64> {
        let (first, (time, offset)) = (self.first?, self.moves.latest?);
        let time = time.checked_sub(first.from).filter(|&time| time > 0)?;
        Some(whole((offset - first.middle()).saturating_mul(1_000_000) / i128::from(time)))
    }
}

impl Range {
    fn of(exchange: &Exchange) -> Self {
        let Exchange { sent, received, answered, arrived } = *exchange;
        let [t1, t2, t3, t4] = [sent, received, answered, arrived].map(i128::from);
        let (low, high) = (t3 - t4 - RESOLUTION, t2 - t1 + RESOLUTION);
        Range { low, high, from: sent, until: arrived }
    }

    /// The offsets that this range and a later one have in common, if any, at the time
    /// of the later one.
    fn common(&self, later: &Range) -> Option<Range> {
        // One more for what a division leaves: there may be many short steps.
        let slack = allowance(later.until.abs_diff(self.from)) + 1;
        let low = later.low.max(self.low - slack);
        let high = later.high.min(self.high + slack);
        (low <= high).then_some(Range { low, high, ..*later })
    }

    fn middle(&self) -> i128 {
        i128::midpoint(self.low, self.high)
    }
}

/// Shortens a number to what fits.
pub(super) fn whole(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// The change that a series of pings shows, one each 10 ms. The server's clock
    /// shows what `clock` makes of the client's, and `queue` is the time that each ping
    /// waits beyond 0.1 ms each way.
    fn change(clock: impl Fn(u64) -> u64, queue: impl Fn(u64) -> u64) -> Option<ClockChange> {
        let mut watch = ClockWatch::default();
        for number in 0..500 {
            let sent = 1_000_000 * MS + number * 10 * MS;
            let there = sent + MS / 10 + queue(number);
            let (received, answered) = (clock(there), clock(there + 5_000));
            watch.record(&Exchange { sent, received, answered, arrived: there + 5_000 + MS / 10 });
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
        for (ppm, queue) in [(300, 0), (1_000, 0), (10_000, 0), (10_000, MS / 5), (200_000, 0)] {
            match change(fast(ppm), |number| number % 3 * queue) {
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
