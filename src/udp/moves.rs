//! How a clock moved: in steps, or all the time.

use super::exchange::Range;

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

/// One move, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Move {
    /// Whether two neighbouring exchanges prove it by themselves.
    pub sudden: bool,
    /// How much of it is proven, without a sign.
    pub proven: i128,
    /// The best estimate of it.
    pub by: i128,
    /// The time in which it happened.
    pub within: i128,
}

/// All moves of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    pub count: u64,
    ahead: u64,
    largest: Move,
    /// The possible offsets before the first move, and before a later one: the pair
    /// that shows best how fast the clock drifts.
    ends: Option<[Range; 2]>,
}

impl Moves {
    /// Counts a move.
    pub fn add(&mut self, found: Move) {
        self.count += 1;
        self.ahead += u64::from(found.by > 0);
        let rank = |found: &Move| (found.sudden, found.proven);
        if rank(&found) > rank(&self.largest) {
            self.largest = found;
        }
    }

    /// Takes the possible offsets before a move, if they show the drift better than
    /// those before.
    pub fn end(&mut self, range: Range) {
        let Some([first, end]) = &mut self.ends else {
            self.ends = Some([range; 2]);
            return;
        };
        let error = |end: &Range| {
            let width = (first.high - first.low) + (end.high - end.low);
            let time = i128::from(end.from.saturating_sub(first.from));
            width.saturating_mul(1_000_000).checked_div(time).unwrap_or(i128::MAX)
        };
        if error(&range) < error(end) {
            *end = range;
        }
    }

    /// How the clock moved; `None` while nothing proves that it did.
    pub fn change(&self) -> Option<ClockChange> {
        let Moves { count, ahead, largest, .. } = *self;
        if count == 0 {
            return None;
        }
        // Answers that overtake each other can make a drift look turned back.
        let straight = ahead.min(count - ahead) * 10 <= count;
        // A drift takes time for its moves, and a step takes none.
        let drifts = |ppm: &i64| {
            let drift = i128::from(ppm.unsigned_abs()) * largest.within / 1_000_000;
            straight && (largest.proven <= drift * 3 || !largest.sudden)
        };
        Some(match (self.ppm().filter(drifts), largest.sudden) {
            (Some(ppm), _) => ClockChange::Drifts { ppm },
            (None, true) => ClockChange::Set { times: count, largest_ns: whole(largest.by) },
            (None, false) => ClockChange::Unclear { moved_ns: whole(largest.by) },
        })
    }

    /// How fast the offset changed, in millionths.
    fn ppm(&self) -> Option<i64> {
        let [first, end] = self.ends?;
        let time = i128::from(end.from.checked_sub(first.from).filter(|&time| time > 0)?);
        Some(whole((end.middle() - first.middle()).saturating_mul(1_000_000) / time))
    }
}

/// Shortens a number to what fits.
pub(super) fn whole(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}
