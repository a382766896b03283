//! A series of any length, thinned out evenly as it grows.
//!
//! Some questions need samples, and not only counts: where the median of a moment lies,
//! or whether two runs differ. They do not need all of a million samples. So this keeps
//! every sample until there is no more room, then every second one, every fourth, and
//! so on. What is kept is spread over the whole series, in the order in which it was
//! taken.
//!
//! ```text
//!   room for four    1 2 3 4 │ 5 comes: 1 3 are kept, and from now on every second
//!                    1 3 5 7 │ 9 comes: 1 5 are kept, and from now on every fourth
//! ```

/// At most `MOST` samples of a series; `MOST` has to be even.
///
/// ```
/// use roundtrip::stats::Thinned;
///
/// let mut series = Thinned::<4>::default();
/// (1..=9).for_each(|sample| series.record(sample));
/// assert_eq!((series.kept(), series.count()), (&[1, 5, 9][..], 9));
/// ```
#[derive(Clone, Debug)]
pub struct Thinned<const MOST: usize> {
    kept: Vec<u64>,
    count: u64,
    /// One sample of so many is kept.
    stride: u64,
}

impl<const MOST: usize> Default for Thinned<MOST> {
    fn default() -> Self {
        Thinned { kept: Vec::new(), count: 0, stride: 1 }
    }
}

impl<const MOST: usize> Thinned<MOST> {
    /// Records one sample.
    pub fn record(&mut self, sample: u64) {
        if self.count.is_multiple_of(self.stride) {
            if self.kept.len() == MOST {
                self.halve();
            }
            self.kept.push(sample);
        }
        self.count += 1;
    }

    /// Adds the samples of another series that came later, or at the same time.
    ///
    /// ```
    /// use roundtrip::stats::Thinned;
    ///
    /// let of = |samples: &[u64]| {
    ///     let mut series = Thinned::<4>::default();
    ///     samples.iter().for_each(|&sample| series.record(sample));
    ///     series
    /// };
    /// let mut many = of(&[1, 2, 3, 4, 5, 6]); // 1 3 5 are kept.
    /// many.merge(of(&[7, 8]));
    /// assert_eq!((many.kept(), many.count()), (&[1, 3, 5, 7][..], 8));
    /// ```
    pub fn merge(&mut self, mut other: Self) {
        while self.stride < other.stride {
            self.halve();
        }
        while other.stride < self.stride {
            other.halve();
        }
        self.kept.append(&mut other.kept);
        self.count += other.count;
        while self.kept.len() > MOST {
            self.halve();
        }
    }

    /// The samples that are kept, in order.
    #[must_use]
    pub fn kept(&self) -> &[u64] {
        &self.kept
    }

    /// How many samples were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    fn halve(&mut self) {
        let mut index = 0;
        self.kept.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.stride = self.stride.saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_spread_over_the_series() {
        let mut series = Thinned::<8>::default();
        for sample in 0..100_000 {
            series.record(sample);
            assert!((1..=8).contains(&series.kept().len()));
        }
        let steps: Vec<u64> = series.kept().windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(series.kept()[0] == 0 && steps.iter().all(|step| *step == 16_384), "{series:?}");
        let mut few = Thinned::<8>::default();
        few.record(7);
        few.merge(series);
        assert_eq!((few.kept()[0], few.count()), (7, 100_001));
    }
}
