//! The figures of a series, computed while the series grows.
//!
//! A [`Recorder`] spends a few nanoseconds on a sample, and its size does not depend on
//! the number of samples. Percentiles come from a [`Histogram`]. Mean and deviation are
//! computed by Welford's method ("Note on a Method for Calculating Corrected Sums of
//! Squares and Products", Technometrics 4, 1962).
//!
//! The textbook shortcut, the mean of the squares minus the square of the mean,
//! subtracts two huge numbers that are nearly equal. For round-trip times of 100 s that
//! differ by microseconds, all significant digits cancel: the deviation would be zero,
//! or the root of a negative number. Welford sums the differences from the mean so far
//! instead, and those stay small.

use std::time::Duration;

use super::histogram::Histogram;
use super::summary::Summary;
use crate::units::{float, nanoseconds};

/// Records samples and returns their [`Summary`] at any time.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    histogram: Histogram,
    count: u64,
    min: Duration,
    max: Duration,
    /// The mean so far, in nanoseconds.
    mean: f64,
    /// The sum of the squared differences from the mean, in square nanoseconds.
    squares: f64,
    last: Option<Duration>,
    /// The sum of the absolute differences between one sample and the next, in
    /// nanoseconds.
    steps: f64,
    /// How many such differences there are.
    step_count: u64,
}

impl Recorder {
    /// Records one sample.
    pub fn record(&mut self, sample: Duration) {
        self.histogram.record(nanoseconds(sample));
        self.count += 1;
        self.min = if self.count == 1 { sample } else { self.min.min(sample) };
        self.max = self.max.max(sample);
        let value = float(nanoseconds(sample));
        let difference = value - self.mean;
        self.mean += difference / float(self.count);
        self.squares += difference * (value - self.mean);
        if let Some(last) = self.last.replace(sample) {
            self.steps += float(nanoseconds(last.abs_diff(sample)));
            self.step_count += 1;
        }
    }

    /// Adds all samples of another recorder.
    ///
    /// The jitter is computed within each of the two: the step from one client's last
    /// sample to another client's first sample means nothing.
    ///
    /// ```
    /// use roundtrip::stats::Recorder;
    /// use std::time::Duration;
    ///
    /// let ms = Duration::from_millis;
    /// let mut one: Recorder = [ms(1), ms(2)].into_iter().collect();
    /// one.merge(&[ms(8), ms(9)].into_iter().collect());
    /// let summary = one.summary().unwrap();
    /// assert_eq!((summary.count, summary.mean, summary.jitter), (4, ms(5), Some(ms(1))));
    /// ```
    pub fn merge(&mut self, other: &Recorder) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        // Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for
        // Computing Sample Variances" (1979).
        let (mine, theirs) = (float(self.count), float(other.count));
        let apart = other.mean - self.mean;
        self.squares += other.squares + apart * apart * mine * theirs / (mine + theirs);
        self.mean += apart * theirs / (mine + theirs);
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.steps += other.steps;
        self.step_count += other.step_count;
        self.histogram.merge(&other.histogram);
    }

    /// The number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The distribution of the samples, in nanoseconds.
    #[must_use]
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// The figures of all samples so far; `None` when there are no samples.
    ///
    /// ```
    /// use roundtrip::stats::Recorder;
    /// use std::time::Duration;
    ///
    /// let mut series = Recorder::default();
    /// assert_eq!(series.summary(), None);
    /// for _ in 0..99 {
    ///     series.record(Duration::from_millis(1));
    /// }
    /// series.record(Duration::from_secs(1));
    /// let summary = series.summary().unwrap();
    /// assert_eq!((summary.min, summary.max), (Duration::from_millis(1), Duration::from_secs(1)));
    /// assert_eq!(summary.mean, Duration::from_micros(10_990));
    /// assert!(summary.p99 < Duration::from_micros(1_008) && summary.p99_9 == summary.max);
    /// ```
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let percentile = |percent| {
            let found = Duration::from_nanos(self.histogram.percentile(percent)?);
            // The end of a range of the histogram may lie beyond all samples.
            Some(found.clamp(self.min, self.max))
        };
        let freedom = self.count.checked_sub(1)?;
        Some(Summary {
            count: self.count,
            min: self.min,
            // A float holds 53 bits of a sample: 104 days.
            mean: rounded(self.mean).clamp(self.min, self.max),
            max: self.max,
            stddev: (freedom > 0).then(|| rounded((self.squares / float(freedom)).sqrt())),
            p50: percentile(50.0)?,
            p90: percentile(90.0)?,
            p95: percentile(95.0)?,
            p99: percentile(99.0)?,
            p99_9: percentile(99.9)?,
            jitter: (self.step_count > 0).then(|| rounded(self.steps / float(self.step_count))),
        })
    }
}

impl FromIterator<Duration> for Recorder {
    fn from_iter<I: IntoIterator<Item = Duration>>(samples: I) -> Self {
        let mut recorder = Recorder::default();
        samples.into_iter().for_each(|sample| recorder.record(sample));
        recorder
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "means and roots are not negative, and a float too large becomes `u64::MAX`"
)]
fn rounded(nanoseconds: f64) -> Duration {
    Duration::from_nanos(nanoseconds.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nanoseconds: impl IntoIterator<Item = u64>) -> Summary {
        nanoseconds.into_iter().map(Duration::from_nanos).collect::<Recorder>().summary().unwrap()
    }

    #[test]
    fn a_known_series() {
        // Mean 5, squares summing to 32, steps 7 2 0 1 1 3 2.
        let summary = of([9, 2, 4, 4, 5, 4, 7, 5].map(|n| n * 1_000_000));
        let ms = Duration::from_millis;
        assert_eq!(
            (summary.count, summary.min, summary.mean, summary.max),
            (8, ms(2), ms(5), ms(9))
        );
        assert_eq!(
            (summary.stddev, summary.jitter),
            (Some(Duration::from_nanos(2_138_090)), Some(ms(16) / 7))
        );
        assert!((ms(4)..ms(4) * 129 / 128).contains(&summary.p50));
        assert_eq!(summary.p90, ms(9));
    }

    #[test]
    fn few_samples_say_little() {
        let one = of([7]);
        assert_eq!((one.stddev, one.jitter, one.p50, one.p99_9), (None, None, one.max, one.max));
        assert_eq!(of([7, 7]).stddev, Some(Duration::ZERO));
        let years = of([360_286_870_678_012_031]);
        assert_eq!(years.mean, years.max);
        assert_eq!(of([u64::MAX; 3]).max, Duration::from_nanos(u64::MAX));
    }

    #[test]
    fn a_small_deviation_of_large_numbers_is_not_lost() {
        let hundred_seconds = 100_000_000_000;
        let summary = of((0..1000).map(|n| hundred_seconds + n % 2 * 2_000));
        let stddev = summary.stddev.unwrap().as_secs_f64();
        assert!((stddev / 1.0005e-6 - 1.0).abs() < 1e-3, "{stddev}");
    }

    #[test]
    fn merged_is_as_recorded_in_one() {
        let samples: Vec<Duration> = (1..=1000_u64).map(|n| Duration::from_nanos(n * n)).collect();
        let whole: Recorder = samples.iter().copied().collect();
        for cut in [0, 1, 300, 999, 1000] {
            let mut parts: Recorder = samples[..cut].iter().copied().collect();
            parts.merge(&samples[cut..].iter().copied().collect());
            let (parts, whole) = (parts.summary().unwrap(), whole.summary().unwrap());
            assert_eq!(Summary { jitter: None, ..parts }, Summary { jitter: None, ..whole });
        }
    }
}
