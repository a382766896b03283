//! The four times of a ping and its answer, and the offsets of the clocks that they
//! allow.

/// How far two sound clocks may drift apart, in millionths (parts per million). NTP
/// assumes 15 for one clock (RFC 5905 section 7.2, TOLERANCE). A cheap quartz is off by
/// up to 50, and both clocks may be.
const DRIFT_PPM: i128 = 100;

/// The resolution of the coarsest clock that is expected, in nanoseconds.
const RESOLUTION: i128 = 1_000;

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

/// The offsets that an exchange allows, from `low` to `high`, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub low: i128,
    pub high: i128,
    /// When, in nanoseconds by the client's clock.
    pub from: u64,
    pub until: u64,
}

impl Range {
    pub fn of(exchange: &Exchange) -> Self {
        let Exchange { sent, received, answered, arrived } = *exchange;
        let [t1, t2, t3, t4] = [sent, received, answered, arrived].map(i128::from);
        let (low, high) = (t3 - t4 - RESOLUTION, t2 - t1 + RESOLUTION);
        Range { low, high, from: sent, until: arrived }
    }

    /// The offsets that this range and a later one have in common, if any, at the time
    /// of the later one.
    pub fn common(&self, later: &Range) -> Option<Range> {
        // One more for what a division leaves: there may be many short steps.
        let slack = allowance(later.until.abs_diff(self.from)) + 1;
        let low = later.low.max(self.low - slack);
        let high = later.high.min(self.high + slack);
        (low <= high).then_some(Range { low, high, ..*later })
    }

    pub fn middle(&self) -> i128 {
        i128::midpoint(self.low, self.high)
    }
}

/// How far two sound clocks may move against each other in this time.
pub(super) fn allowance(nanoseconds: u64) -> i128 {
    i128::from(nanoseconds) * DRIFT_PPM / 1_000_000
}
