//! What ten, or ten million, round-trip times have in common.
//!
//! A mean alone hides what matters. Ninety-nine answers after 1 ms and one after 1 s
//! have a mean of 11 ms, which not one of them took. Percentiles say what was seen: p50
//! (the median) is what is usual, p99 what one in a hundred exceeds, and that one is
//! what people remember. `examples/05_summary.rs` shows it on a connection that stalls
//! once.

use std::time::Duration;

use crate::units::nanoseconds;

/// The figures of a series of durations. The percentiles are less than 0.8% too high
/// ([why](super::Histogram)).
///
/// What a few samples cannot tell is `None`: one alone has no deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many there are.
    pub count: u64,
    /// The smallest.
    pub min: Duration,
    /// The arithmetic mean.
    pub mean: Duration,
    /// The largest.
    pub max: Duration,
    /// The sample standard deviation: the squares of the differences from the mean,
    /// divided by `count - 1`.
    pub stddev: Option<Duration>,
    /// The median; of an even number, the lower of the two in the middle.
    pub p50: Duration,
    /// At least 90% are at most this.
    pub p90: Duration,
    /// At least 95% are at most this.
    pub p95: Duration,
    /// At least 99% are at most this.
    pub p99: Duration,
    /// At least 99.9% are at most this.
    pub p99_9: Duration,
    /// The mean absolute difference between one sample and the next.
    pub jitter: Option<Duration>,
}

impl Summary {
    /// The figures by name, in whole nanoseconds: what is written where programs read.
    /// What is not known is left out.
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
        let Summary { count, min, mean, max, stddev, p50, p90, p95, p99, p99_9, jitter } = *self;
        let figures = [
            ("min", Some(min)),
            ("mean", Some(mean)),
            ("max", Some(max)),
            ("stddev", stddev),
            ("p50", Some(p50)),
            ("p90", Some(p90)),
            ("p95", Some(p95)),
            ("p99", Some(p99)),
            ("p99_9", Some(p99_9)),
            ("jitter", jitter),
        ];
        let known =
            figures.into_iter().filter_map(|(name, figure)| Some((name, nanoseconds(figure?))));
        std::iter::once(("count", count)).chain(known)
    }
}
