//! What happened when, in memory that does not grow with time.
//!
//! A picture of a day of pings has no room for 86 million dots, and what cannot be
//! shown need not be kept. So time is divided into columns of equal width, and a column
//! keeps only what is drawn. Nobody knows in advance how long a measurement takes, so
//! the columns begin very narrow. When they no longer suffice, neighbours are joined in
//! pairs, and the width doubles:
//!
//! ```text
//!             0      1      2      3      4 µs      four columns; then a sample of
//!   largest   │   7  │   9  │   8  │  30  │         11 comes at 4 µs
//!
//!             0             2             4             6             8 µs
//!   largest   │          9  │         30  │         11  │             │
//! ```
//!
//! Joining is rare, and so it is cheap: the columns become 64 times as wide in six
//! steps, whatever the number of samples. It loses *when* in a column something
//! happened, which is less than a pixel. It does not lose *what* happened: an outlier,
//! a sample far from all others, is in the picture after a day. An average would have
//! hidden it.
//!
//! Samples may come in any order, as they do from several threads.

use std::ops::Range;
use std::time::Duration;

use crate::stats::Thinned;
use crate::units::{float, nanoseconds};

/// The largest number of columns. Half of them, just after joining, are still more than
/// the pixels of a picture.
const COLUMNS: usize = 2048;

/// The width of a column at the beginning, in nanoseconds. No round trip through a
/// socket is much shorter.
const NARROWEST: u64 = 1_000;

/// Durations over time: the smallest, the median, the largest and how many, for each
/// column.
///
/// ```
/// use roundtrip::report::timeline::Timeline;
/// use std::time::Duration;
///
/// let mut timeline = Timeline::default();
/// for second in 0..86_400 {
///     let rtt = if second == 30_000 { 200 } else { 20 };
///     timeline.record(Duration::from_secs(second), Duration::from_millis(rtt));
/// }
/// let columns: Vec<_> = timeline.columns(1000).collect();
/// assert!(columns.len() <= 1000);
/// let (usual, stall) = (Duration::from_millis(20), Duration::from_millis(200));
/// let (when, slow) = columns.iter().find(|(_, spread)| spread.max > usual).unwrap();
/// assert!(when.contains(&Duration::from_secs(30_000)));
/// assert_eq!((slow.min, slow.max), (usual, stall));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    columns: Columns<Kept>,
}

/// The durations of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The smallest duration.
    pub min: Duration,
    /// The median: of up to 32 durations of this column, spread evenly over it.
    pub p50: Duration,
    /// The largest duration.
    pub max: Duration,
    /// The number of durations.
    pub count: u64,
}

/// What is kept of the durations of one column.
#[derive(Clone, Debug, Default)]
struct Kept {
    min: Duration,
    max: Duration,
    some: Thinned<32>,
}

/// Bytes over time: how many, for each column.
///
/// ```
/// use roundtrip::report::timeline::Rate;
/// use std::time::Duration;
///
/// let mut rate = Rate::default();
/// for ms in 1..=1000 {
///     rate.record(Duration::from_millis(ms), 125_000);
/// }
/// assert_eq!(rate.bits_per_second(), Some(1e9));
/// assert_eq!(rate.columns(50).map(|(_, bytes)| bytes).sum::<u64>(), rate.bytes());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rate {
    columns: Columns<u64>,
    pieces: u64,
    measured: Option<f64>,
}

impl Timeline {
    /// Records a duration that was measured at this time since the series began.
    pub fn record(&mut self, at: Duration, value: Duration) {
        self.columns.record(at, |column| column.record(value));
    }

    /// The columns that hold samples, in order of time. Neighbours are joined until
    /// there are at most `limit`. The last column ends with the last sample.
    pub fn columns(&self, limit: usize) -> impl Iterator<Item = (Range<Duration>, Spread)> {
        let joined = self.columns.joined(limit);
        joined.filter_map(|(when, kept)| Some((when, kept.spread()?)))
    }

    /// When the last sample was measured, since the series began.
    #[must_use]
    pub fn end(&self) -> Duration {
        Duration::from_nanos(self.columns.end)
    }
}

impl Rate {
    /// Records bytes that were moved at this time since the transfer began.
    pub fn record(&mut self, at: Duration, bytes: u64) {
        self.columns.record(at, |sum| *sum = sum.saturating_add(bytes));
        self.pieces += 1;
    }

    /// All columns from the beginning on, even those without bytes. Neighbours are
    /// joined until there are at most `limit`. The last column ends with the last
    /// bytes.
    pub fn columns(&self, limit: usize) -> impl Iterator<Item = (Range<Duration>, u64)> {
        self.columns.joined(limit)
    }

    /// When the last bytes were moved, since the transfer began.
    #[must_use]
    pub fn end(&self) -> Duration {
        Duration::from_nanos(self.columns.end)
    }

    /// The sum of all bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.columns.kept.iter().fold(0, |sum, &bytes| sum.join(bytes))
    }

    /// The number of pieces in which the bytes were moved.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.pieces
    }

    /// Sets the rate that was measured, in bits per second. The pieces of an upload were
    /// handed to the system, and only the other side knows when they arrived.
    pub fn measured(&mut self, bits_per_second: f64) {
        self.measured = Some(bits_per_second);
    }

    /// The rate that was measured, or else all bits over all the time; `None` if no bytes
    /// were moved, or no time has passed.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<f64> {
        let (bytes, seconds) = (self.bytes(), self.end().as_secs_f64());
        let moved = bytes > 0 && seconds > 0.0;
        moved.then(|| self.measured.unwrap_or(float(bytes) * 8.0 / seconds))
    }
}

/// What a column keeps. The default is an empty column, and two columns can be joined.
trait Join: Clone + Default {
    fn join(self, other: Self) -> Self;
}

impl Join for Kept {
    fn join(self, other: Self) -> Self {
        if self.some.count() == 0 {
            return other;
        }
        if other.some.count() == 0 {
            return self;
        }
        let mut some = self.some;
        some.merge(other.some);
        Kept { min: self.min.min(other.min), max: self.max.max(other.max), some }
    }
}

impl Kept {
    fn record(&mut self, value: Duration) {
        self.min = if self.some.count() == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.some.record(nanoseconds(value));
    }

    /// The figures of the column; `None` if it is empty.
    fn spread(&self) -> Option<Spread> {
        let mut some = self.some.kept().to_vec();
        some.sort_unstable();
        let p50 = *some.get(some.len().saturating_sub(1) / 2)?;
        let Kept { min, max, .. } = *self;
        Some(Spread { min, p50: Duration::from_nanos(p50), max, count: self.some.count() })
    }
}

impl Join for u64 {
    fn join(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

#[derive(Clone, Debug)]
struct Columns<T> {
    /// The width of one column, in nanoseconds.
    width: u64,
    /// The latest time that was recorded, in nanoseconds.
    end: u64,
    kept: Vec<T>,
}

impl<T> Default for Columns<T> {
    fn default() -> Self {
        Columns { width: NARROWEST, end: 0, kept: Vec::new() }
    }
}

impl<T: Join> Columns<T> {
    fn record(&mut self, at: Duration, into: impl FnOnce(&mut T)) {
        // What is later than 584 years is recorded then, so that 64 bits are enough.
        let at = nanoseconds(at);
        while at / self.width >= COLUMNS as u64 {
            self.kept = self.kept.chunks(2).map(joined).collect();
            self.width *= 2;
        }
        self.end = self.end.max(at);
        #[allow(clippy::cast_possible_truncation, reason = "less than COLUMNS")]
        let index = (at / self.width) as usize;
        if index >= self.kept.len() {
            self.kept.resize(index + 1, T::default());
        }
        into(&mut self.kept[index]);
    }

    fn joined(&self, limit: usize) -> impl Iterator<Item = (Range<Duration>, T)> {
        let each = self.kept.len().div_ceil(limit.max(1)).max(1);
        let width = self.width.saturating_mul(each as u64);
        let time =
            move |index: u64| Duration::from_nanos(width.saturating_mul(index).min(self.end));
        let columns = (0..).zip(self.kept.chunks(each));
        columns.map(move |(index, columns)| (time(index)..time(index + 1), joined(columns)))
    }
}

fn joined<T: Join>(columns: &[T]) -> T {
    columns.iter().cloned().fold(T::default(), T::join)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn all(timeline: &Timeline) -> Vec<(Range<Duration>, Spread)> {
        timeline.columns(usize::MAX).collect()
    }

    #[test]
    fn joining_keeps_the_count_and_the_extremes() {
        let mut timeline = Timeline::default();
        for n in 1..=100_000_u64 {
            timeline.record(Duration::from_micros(n * 7), Duration::from_nanos(n));
        }
        for limit in [1, 3, 500, usize::MAX] {
            let columns: Vec<_> = timeline.columns(limit).collect();
            assert!(columns.len() <= limit.min(COLUMNS));
            assert_eq!(columns.iter().map(|(_, spread)| spread.count).sum::<u64>(), 100_000);
            assert_eq!(columns[0].1.min, Duration::from_nanos(1));
            assert_eq!(columns.last().unwrap().1.max, Duration::from_micros(100));
            // The values grow with time, so that each column has to begin above the one
            // before it.
            assert!(columns.is_sorted_by(
                |(one, low), (next, high)| one.end <= next.start && low.max < high.min
            ));
        }
        assert!(all(&timeline).len() >= COLUMNS / 2);
    }

    #[test]
    fn the_order_does_not_matter() {
        let record = |timeline: &Mutex<Timeline>, n: u64| {
            let (at, value) = (Duration::from_micros(n * 13), Duration::from_nanos(n % 101));
            timeline.lock().unwrap().record(at, value);
        };
        let (forwards, threaded) = (Mutex::default(), Mutex::default());
        (0..10_000).for_each(|n| record(&forwards, n));
        std::thread::scope(|scope| {
            for first in 0..4 {
                let threaded = &threaded;
                scope.spawn(move || (0..2_500).rev().for_each(|n| record(threaded, 4 * n + first)));
            }
        });
        assert!(all(&forwards.into_inner().unwrap()) == all(&threaded.into_inner().unwrap()));
    }

    #[test]
    fn any_time_will_do() {
        let mut timeline = Timeline::default();
        for at in [Duration::ZERO, Duration::MAX, Duration::from_nanos(u64::MAX), Duration::ZERO] {
            timeline.record(at, Duration::MAX);
        }
        let counts: Vec<u64> = all(&timeline).iter().map(|(_, spread)| spread.count).collect();
        assert_eq!(counts, [2, 2]);
        assert_eq!(timeline.end(), Duration::from_nanos(u64::MAX));
        assert!(all(&Timeline::default()).is_empty());
        assert_eq!(timeline.columns(0).count(), 1);
    }

    #[test]
    fn a_stall_is_a_column_of_nothing() {
        let mut rate = Rate::default();
        assert_eq!((rate.bytes(), rate.bits_per_second()), (0, None));
        rate.record(Duration::ZERO, 10);
        assert_eq!(rate.bits_per_second(), None);
        rate.record(Duration::from_micros(2), u64::MAX);
        assert_eq!(rate.columns(9).map(|(_, bytes)| bytes).collect::<Vec<_>>(), [10, 0, u64::MAX]);
        assert_eq!(
            (rate.bytes(), rate.pieces(), rate.end()),
            (u64::MAX, 2, Duration::from_micros(2))
        );
    }
}
