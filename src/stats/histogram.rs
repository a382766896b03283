//! Percentiles of any number of samples, in 36 KiB.
//!
//! Exact percentiles need every sample. One ping every millisecond is 86 million
//! samples a day, and all of them would have to be kept and sorted. A histogram counts
//! instead how many samples fall into each *range* of values. Ranges of equal width do
//! not work: if they are wide enough to reach minutes, they cannot tell 20 µs from 30
//! µs. So the ranges grow with the values, as in `HdrHistogram` (Gil Tene): each
//! doubling of the value is cut into 128 equal ranges.
//!
//! ```text
//!   value in ns    0 … 255        256 … 511      512 … 1023     …  2^41 … 2^42 - 1
//!   range width    1              2              4                 2^34
//!   ranges         256 (exact)    128            128               128
//! ```
//!
//! How large is the error? Between `2^n` and `2^(n+1)` a range is `2^n / 128` wide, and
//! a value in it is at least `2^n`. So any value of the range differs from the true one
//! by less than 1/128, which is 0.8%.
//!
//! Finding the range of a value takes no search. The position of the highest bit tells
//! the doubling, and the seven bits behind it tell the range within the doubling.

use std::ops::RangeInclusive;

/// Each doubling has `2^BITS` ranges, so the error is less than one part in 128.
const BITS: u32 = 7;

/// 73 minutes in nanoseconds. A larger value is counted as this one.
const LARGEST: u64 = (1 << 42) - 1;

const RANGES: usize = range_of(LARGEST) + 1;

/// Counts how many values fall into each range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; RANGES].into() }
    }
}

impl Histogram {
    /// Counts one value, in nanoseconds.
    pub fn record(&mut self, value: u64) {
        self.counts[range_of(value)] += 1;
    }

    /// Adds the counts of another histogram.
    ///
    /// ```
    /// use roundtrip::stats::Histogram;
    ///
    /// let (mut odd, mut even) = (Histogram::default(), Histogram::default());
    /// (1..=99).step_by(2).for_each(|value| odd.record(value));
    /// (2..=100).step_by(2).for_each(|value| even.record(value));
    /// odd.merge(&even);
    /// assert_eq!(odd.percentile(50.0), Some(50));
    /// ```
    pub fn merge(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// The number of recorded values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The value that `percent` of all recorded values do not exceed; `None` when there
    /// are none.
    ///
    /// The percentile by nearest rank is one of the recorded values. This returns the
    /// upper end of that value's range, which is less than 0.8% higher.
    ///
    /// ```
    /// use roundtrip::stats::Histogram;
    ///
    /// let mut histogram = Histogram::default();
    /// (1..=1_000_000).for_each(|value| histogram.record(value));
    /// for percent in [50.0, 90.0, 99.0, 99.9] {
    ///     let (exact, found) = (percent * 10_000.0, histogram.percentile(percent).unwrap() as f64);
    ///     assert!(exact <= found && found < exact * (1.0 + 1.0 / 128.0), "{percent}: {found}");
    /// }
    /// ```
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<u64> {
        let rank = nearest_rank(self.count(), percent)?;
        let mut below = 0;
        self.ranges().find_map(|(values, count)| {
            below += count;
            (below >= rank).then_some(*values.end())
        })
    }

    /// All ranges that hold values, each with its count, from the smallest values up.
    pub fn ranges(&self) -> impl Iterator<Item = (RangeInclusive<u64>, u64)> {
        let counted = self.counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        counted.map(|(index, &count)| (values_in(index), count))
    }
}

/// The rank of a percentile among the sorted samples: the smallest rank with at least
/// `percent` of all samples at or below it (Hyndman and Fan 1996, definition 1).
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the result is clamped to 1..=count"
)]
fn nearest_rank(count: u64, percent: f64) -> Option<u64> {
    // 99.9 has no exact binary form, so 99.9% of 1000 comes out slightly above 999 and
    // would be rounded up. The small constant prevents that.
    let rank = (count as f64 * percent / 100.0 - 1e-6).ceil() as u64;
    (count > 0).then(|| rank.clamp(1, count))
}

/// The index of the range that holds a value.
#[allow(clippy::cast_possible_truncation, reason = "at most 4607")]
const fn range_of(value: u64) -> usize {
    let value = if value > LARGEST { LARGEST } else { value };
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS + 1);
    ((shift as u64) << BITS) as usize + (value >> shift) as usize
}

/// The values of the range with this index: the inverse of `range_of`.
fn values_in(index: usize) -> RangeInclusive<u64> {
    let index = index as u64;
    let shift = (index >> BITS).saturating_sub(1);
    let first = (index - (shift << BITS)) << shift;
    first..=first + (1 << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_without_a_gap_and_are_narrow() {
        let mut next = 0;
        for index in 0..RANGES {
            let values = values_in(index);
            assert_eq!(*values.start(), next);
            assert_eq!((range_of(*values.start()), range_of(*values.end())), (index, index));
            let width = values.end() - values.start();
            assert!(width * 128 <= *values.start(), "{values:?}");
            next = values.end() + 1;
        }
        assert_eq!(next, LARGEST + 1);
        assert_eq!(range_of(u64::MAX), RANGES - 1);
        assert!(RANGES * size_of::<u64>() <= 36 * 1024);
    }

    #[test]
    fn percentiles_stay_within_the_error_bound() {
        // Something like round-trip times: most near 80 µs, with a long tail.
        let mut state = 88_172_645_463_325_252_u64;
        let mut exact: Vec<u64> = (0..20_000)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                80_000 + (state >> 50) + if state.is_multiple_of(97) { state >> 38 } else { 0 }
            })
            .collect();
        let mut histogram = Histogram::default();
        for &value in &exact {
            histogram.record(value);
        }
        exact.sort_unstable();
        assert_eq!(histogram.count(), 20_000);
        for percent in [0.0, 1.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0] {
            let truth = exact[usize::try_from(nearest_rank(20_000, percent).unwrap()).unwrap() - 1];
            let found = histogram.percentile(percent).unwrap();
            assert!(truth <= found && found <= truth + truth / 128, "{percent}: {truth} {found}");
        }
    }

    #[test]
    fn ranks_are_nearest() {
        let rank = |count, percent| nearest_rank(count, percent);
        assert_eq!(
            (rank(0, 50.0), rank(1, 99.9), rank(4, 50.0), rank(5, 50.0)),
            (None, Some(1), Some(2), Some(3))
        );
        assert_eq!(
            (rank(1000, 99.9), rank(1000, 0.0), rank(10, 99.9)),
            (Some(999), Some(1), Some(10))
        );
        assert_eq!(Histogram::default().percentile(50.0), None);
    }
}
