//! What ten, or ten million, round-trip times have in common.
//!
//! A mean alone hides what matters. Ninety-nine answers after 1 ms and one after 1 s have a mean of 11 ms, which not one of them took.
//! Percentiles say what was seen: p50 (the median) is what is usual, p99 what one in a hundred exceeds, and that one is what people
//! remember. `examples/05_summary.rs` shows it on a connection that stalls once.

use std::time::Duration;

/// The figures of a series of durations.
///
/// What a few samples cannot tell is `None`: one alone has no deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many there are.
    pub count: usize,
    /// The smallest.
    pub min: Duration,
    /// The arithmetic mean.
    pub mean: Duration,
    /// The largest.
    pub max: Duration,
    /// The sample standard deviation: the squares of the differences from the mean, divided by `count - 1`.
    pub stddev: Option<Duration>,
    /// The median.
    pub p50: Duration,
    /// 90% are at most this.
    pub p90: Duration,
    /// 95% are at most this.
    pub p95: Duration,
    /// 99% are at most this.
    pub p99: Duration,
    /// 99.9% are at most this.
    pub p99_9: Duration,
    /// The mean absolute difference between one sample and the next.
    pub jitter: Option<Duration>,
}

impl Summary {
    /// Summarises samples in the order in which they were taken; `None` when there are none.
    ///
    /// ```
    /// use roundtrip::stats::Summary;
    /// use std::time::Duration;
    ///
    /// let mut samples = vec![Duration::from_millis(1); 99];
    /// samples.push(Duration::from_secs(1));
    /// let summary = Summary::of(&samples).unwrap();
    /// assert_eq!(summary.mean, Duration::from_micros(10_990));
    /// assert_eq!(summary.p50, Duration::from_millis(1));
    /// assert_eq!(summary.p99_9, Duration::from_secs(1));
    /// ```
    #[must_use]
    pub fn of(samples: &[Duration]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_unstable();
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let mean = mean(samples.iter().copied())?;
        Some(Summary {
            count: samples.len(),
            min,
            mean,
            max,
            stddev: stddev(samples, mean),
            p50: percentile(&sorted, 500),
            p90: percentile(&sorted, 900),
            p95: percentile(&sorted, 950),
            p99: percentile(&sorted, 990),
            p99_9: percentile(&sorted, 999),
            jitter: self::mean(samples.windows(2).map(|pair| pair[0].abs_diff(pair[1]))),
        })
    }
}

/// The sample of nearest rank: the smallest that at least `per_mille` thousandths of all do not exceed. It is always one that was
/// measured, never a value between two.
fn percentile(sorted: &[Duration], per_mille: usize) -> Duration {
    let rank = (sorted.len() * per_mille).div_ceil(1000);
    sorted[rank.max(1) - 1]
}

/// Rounded down to a nanosecond. A sum of 128 bits does not overflow.
fn mean(samples: impl Iterator<Item = Duration>) -> Option<Duration> {
    let (sum, count) = samples.fold((0, 0), |(sum, count), sample| (sum + sample.as_nanos(), count + 1));
    let mean = u64::try_from(u128::checked_div(sum, count)?).unwrap_or(u64::MAX);
    Some(Duration::from_nanos(mean))
}

fn stddev(samples: &[Duration], mean: Duration) -> Option<Duration> {
    let squares: f64 = samples.iter().map(|sample| sample.abs_diff(mean).as_secs_f64().powi(2)).sum();
    let freedom = u32::try_from(samples.len()).ok()?.checked_sub(1).filter(|&freedom| freedom > 0)?;
    Some(Duration::from_secs_f64((squares / f64::from(freedom)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nanoseconds: &[u64]) -> Summary {
        Summary::of(&nanoseconds.iter().copied().map(Duration::from_nanos).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn known_series() {
        // The series of Wikipedia's "Standard deviation": 2 4 4 4 5 5 7 9, mean 5, squares summing to 32.
        let summary = of(&[9, 2, 4, 4, 5, 4, 7, 5].map(|n| n * 1_000_000));
        let ms = Duration::from_millis;
        assert_eq!((summary.count, summary.min, summary.mean, summary.max), (8, ms(2), ms(5), ms(9)));
        let stddev = summary.stddev.unwrap().as_secs_f64() * 1e3;
        assert!((stddev - (32.0f64 / 7.0).sqrt()).abs() < 1e-5, "{stddev}");
        assert_eq!((summary.p50, summary.p90), (ms(4), ms(9)));
        // 7 + 2 + 0 + 1 + 1 + 3 + 2
        assert_eq!(summary.jitter.unwrap(), ms(16) / 7);
    }

    #[test]
    fn percentiles_are_of_nearest_rank() {
        let series: Vec<u64> = (1..=1000).collect();
        let summary = of(&series);
        let ns = Duration::from_nanos;
        assert_eq!((summary.p50, summary.p90, summary.p95), (ns(500), ns(900), ns(950)));
        assert_eq!((summary.p99, summary.p99_9, summary.max), (ns(990), ns(999), ns(1000)));
    }

    #[test]
    fn few_samples_say_little() {
        assert_eq!(Summary::of(&[]), None);
        let one = of(&[7]);
        assert_eq!((one.stddev, one.jitter, one.p50, one.p99_9), (None, None, one.max, one.max));
        assert_eq!(of(&[7, 7]).stddev, Some(Duration::ZERO));
    }

    #[test]
    fn long_durations_do_not_overflow() {
        assert_eq!(of(&[u64::MAX; 3]).mean, Duration::from_nanos(u64::MAX));
    }
}
