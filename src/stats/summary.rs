//! Many samples, a few figures.
//!
//! A mean alone misleads. Ninety-nine answers after 1 ms and one after 1 s have a mean
//! of 11 ms, and no answer took 11 ms. A percentile is a time that happened: half of all
//! answers took at most p50 (the median), so that is the usual time; one answer in a
//! hundred took longer than p99, and that is the one people remember.
//! See `examples/05_summary.rs`.
//!
//! For the samples x₁ … xₙ, in the order in which they were taken:
//!
//! ```text
//!   mean     (x₁ + x₂ + … + xₙ) / n
//!   stddev   √( Σ (xᵢ − mean)² / (n − 1) )            the sample standard deviation
//!   p90      the smallest sample that 90% of all samples do not exceed
//!   jitter   ( |x₂ − x₁| + |x₃ − x₂| + … + |xₙ − xₙ₋₁| ) / (n − 1)
//! ```
//!
//! Sources: mean and deviation, NIST/SEMATECH e-Handbook of Statistical Methods,
//! sections 1.3.5.1 and 1.3.5.6. Percentiles by nearest rank, Hyndman and Fan, "Sample
//! Quantiles in Statistical Packages" (1996), definition 1. Jitter, the differences of
//! RFC 5481 section 4.1. [`recorder`](super::recorder) computes all of them.

use std::iter;
use std::time::Duration;

use crate::units;

/// The figures of a series of durations.
///
/// A figure that needs two samples is `None` for one. Percentiles are up to 0.8% too
/// high, since they come from a [`Histogram`](super::Histogram).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The number of samples.
    pub count: u64,
    /// The shortest sample.
    pub min: Duration,
    /// The arithmetic mean of all samples.
    pub mean: Duration,
    /// The longest sample.
    pub max: Duration,
    /// The sample standard deviation: how far samples typically are from the mean.
    pub stddev: Option<Duration>,
    /// The median: half of all samples are at most this long. For an even number of
    /// samples, the lower of the two in the middle.
    pub p50: Duration,
    /// 90% of all samples are at most this long.
    pub p90: Duration,
    /// 95% of all samples are at most this long.
    pub p95: Duration,
    /// 99% of all samples are at most this long.
    pub p99: Duration,
    /// 99.9% of all samples are at most this long.
    pub p99_9: Duration,
    /// The mean absolute difference between one sample and the next.
    pub jitter: Option<Duration>,
}

impl Summary {
    /// Names and values of all known figures, for JSON. `count` is a plain number, all
    /// others are whole nanoseconds.
    ///
    /// ```
    /// use roundtrip::stats::Recorder;
    /// use std::time::Duration;
    ///
    /// let one: Recorder = [Duration::from_micros(5)].into_iter().collect();
    /// let figures: Vec<_> = one.summary().unwrap().nanoseconds().collect();
    /// assert_eq!(figures[..2], [("count", 1), ("min", 5_000)]);
    /// assert!(figures.iter().all(|(name, _)| *name != "stddev"));
    /// ```
    pub fn nanoseconds(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let durations = [
            ("min", Some(self.min)),
            ("mean", Some(self.mean)),
            ("max", Some(self.max)),
            ("stddev", self.stddev),
            ("p50", Some(self.p50)),
            ("p90", Some(self.p90)),
            ("p95", Some(self.p95)),
            ("p99", Some(self.p99)),
            ("p99_9", Some(self.p99_9)),
            ("jitter", self.jitter),
        ];
        let known = durations
            .into_iter()
            .filter_map(|(name, duration)| Some((name, units::nanoseconds(duration?))));
        iter::once(("count", self.count)).chain(known)
    }
}
