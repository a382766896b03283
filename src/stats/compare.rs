//! Two runs: is one of them slower, or is it chance?
//!
//! No two runs give the same figures, even if nothing was changed between them. So a
//! difference alone says nothing. What says something is a difference with an
//! *interval of confidence*: a procedure that, in 95 of 100 comparisons, gives an
//! interval that holds the true difference. If the interval holds zero, the difference
//! may be chance.
//!
//! ```text
//!   before   ├────●────┤
//!   now            ├────●────┤          a limit of the difference: how far each figure
//!                                       may be from its true value, added as a
//!   now − before     ├──────●──────┤    hypotenuse, not as a sum: both are rarely
//!           ┊ 0                         wrong at once, and in opposite directions
//! ```
//!
//! - **A percentile has limits that are samples themselves.** The number of samples
//!   below the true p90 is binomial, with mean 0.9 n and variance n · 0.9 · 0.1,
//!   whatever the distribution. So the samples whose ranks are 1.96 standard deviations
//!   below and above the rank of p90 enclose the true one in 95 of 100 cases (Conover,
//!   "Practical Nonparametric Statistics", 3rd edition, section 3.2). If the upper one
//!   of these ranks is beyond the last sample, nobody knows the limit: p99 takes 381
//!   samples, p90 takes 35.
//! - **A mean has limits by Student's t** (NIST/SEMATECH e-Handbook, section 1.3.5.2).
//! - **Slow samples come in clusters.** A queue that delays one ping delays the next, so
//!   a thousand pings say less than a thousand independent ones would. Both kinds of
//!   limits are widened by the root of a factor: the variance between batches of
//!   neighbours, over what it would be if the samples were independent (Schmeiser,
//!   "Batch Size Effects in the Analysis of Simulation Output", Operations Research 30,
//!   1982). A cluster that is longer than a batch makes the next batch like the one
//!   before, and the factor grows with the correlation r of neighbours, by
//!   (1 + r) / (1 - r) (Zwiers and von Storch, "Taking Serial Correlation into Account in
//!   Tests of the Mean", Journal of Climate 8, 1995).
//! - **The limits of a difference** follow from those of the two figures (Zou and
//!   Donner, "Construction of Confidence Limits about Effect Measures", Statistics in
//!   Medicine 27, 2008).
//!
//! What this cannot see: two runs can differ because of the hour, or of where the
//! system placed two threads. That is no chance within a run, and so no interval holds
//! it. Only several runs of each, in turn, show it. Nor can it see a cluster that lasts
//! as long as the run. And of twenty comparisons of equals,
//! one is called different: that is what 95% means. `examples/21_chance.rs` shows both.

/// The normal distribution has 95% of its mass within so many standard deviations.
const NORMAL: f64 = 1.959_964;

/// The most batches. More would be too short to hold a cluster.
const BATCHES: usize = 20;

/// The highest correlation of neighbouring batches that is taken for known. So few
/// batches cannot tell a higher one.
const ALIKE: f64 = 0.6;

/// A figure of one run, with what is known of its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure itself.
    pub value: f64,
    /// The limits that hold the true value with 95% confidence; `None` if there are too
    /// few samples.
    pub limits: Option<(f64, f64)>,
}

/// What has changed from one run to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The figure of the first run.
    pub before: f64,
    /// The figure of the second run.
    pub now: f64,
    /// The limits that hold the true difference, the second run minus the first, with
    /// 95% confidence; `None` if there are too few samples.
    pub limits: Option<(f64, f64)>,
}

impl Estimate {
    /// A percentile of samples in the order in which they were taken; `None` if there
    /// are no samples.
    ///
    /// ```
    /// use roundtrip::stats::compare::Estimate;
    ///
    /// let samples: Vec<f64> = (0..1000).map(|n| f64::from(n * 617 % 1000)).collect();
    /// let p50 = Estimate::percentile(&samples, 50.0).unwrap();
    /// assert_eq!((p50.value, p50.limits), (499.0, Some((469.0, 530.0))));
    /// assert_eq!(Estimate::percentile(&samples[..300], 99.0).unwrap().limits, None);
    /// ```
    #[must_use]
    pub fn percentile(samples: &[f64], percent: f64) -> Option<Self> {
        let (count, share) = (float(samples.len()), percent / 100.0);
        let mut sorted = samples.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        // Nearest rank, as in `Histogram::percentile`.
        let value = *sorted.get(index((count * share - 1e-6).ceil() - 1.0))?;
        let below = |&sample: &f64| if sample <= value { 1.0 } else { 0.0 };
        let below: Vec<f64> = samples.iter().map(below).collect();
        let margin = NORMAL * (count * share * (1.0 - share) * clustering(&below)).sqrt();
        let (lower, upper) = ((count * share - margin).ceil(), (count * share + margin).ceil());
        let limits = (lower >= 1.0 && upper <= count)
            .then(|| (sorted[index(lower - 1.0)], sorted[index(upper - 1.0)]));
        Some(Estimate { value, limits })
    }

    /// The mean of samples in the order in which they were taken; `None` if there are
    /// no samples. Two samples have no limits.
    ///
    /// ```
    /// use roundtrip::stats::compare::Estimate;
    ///
    /// let mean = Estimate::mean(&[4.0, 6.0, 8.0]).unwrap();
    /// let (low, high) = mean.limits.unwrap();
    /// // Student's t for two degrees of freedom is 4.303; the deviation is 2.
    /// assert!((high - 6.0 - 4.303 * 2.0 / 3_f64.sqrt()).abs() < 0.1 && low < 1.2);
    /// ```
    #[must_use]
    pub fn mean(samples: &[f64]) -> Option<Self> {
        let count = float(samples.len());
        let (value, variance) = moments(samples)?;
        let margin = student(count - 1.0) * (variance * clustering(samples) / count).sqrt();
        let limits = (samples.len() > 2).then_some((value - margin, value + margin));
        Some(Estimate { value, limits })
    }

    /// What has changed since this figure was measured.
    ///
    /// ```
    /// use roundtrip::stats::compare::Estimate;
    ///
    /// let estimate = |value| Estimate { value, limits: Some((value - 3.0, value + 4.0)) };
    /// let change = estimate(80.0).until(estimate(90.0));
    /// // Both may be wrong: 3 down and 4 up, or 4 up and 3 down, make 5.
    /// assert_eq!((change.difference(), change.limits), (10.0, Some((5.0, 15.0))));
    /// assert_eq!(change.may_be_chance(), Some(false));
    /// assert_eq!(estimate(80.0).until(estimate(84.0)).may_be_chance(), Some(true));
    /// ```
    #[must_use]
    pub fn until(self, now: Estimate) -> Change {
        let difference = now.value - self.value;
        let limits = self.limits.zip(now.limits).map(|(before, after)| {
            let down = (now.value - after.0).hypot(before.1 - self.value);
            let up = (after.1 - now.value).hypot(self.value - before.0);
            (difference - down, difference + up)
        });
        Change { before: self.value, now: now.value, limits }
    }
}

impl Change {
    /// The second figure minus the first.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.now - self.before
    }

    /// Whether there may be no difference at all; `None` if there are too few samples
    /// to tell.
    #[must_use]
    pub fn may_be_chance(&self) -> Option<bool> {
        self.limits.map(|(low, high)| low <= 0.0 && 0.0 <= high)
    }
}

/// The variance of the mean of these samples, over what it would be if they were
/// independent of each other, and never less than 1.
fn clustering(samples: &[f64]) -> f64 {
    let batches = BATCHES.min(samples.len() / 5);
    // Of few samples, each is a batch.
    let size = if batches < 10 { 1 } else { samples.len() / batches };
    let means: Vec<f64> =
        samples.chunks_exact(size).filter_map(moments).map(|(mean, _)| mean).collect();
    let (Some((mean, between)), Some((_, within))) = (moments(&means), moments(samples)) else {
        return 1.0;
    };
    if between <= 0.0 || within <= 0.0 {
        return 1.0;
    }
    let product = |pair: &[f64]| (pair[0] - mean) * (pair[1] - mean);
    let alike = means.windows(2).map(product).sum::<f64>() / between / (float(means.len()) - 1.0);
    let alike = alike.clamp(0.0, ALIKE);
    (between * float(size) / within * (1.0 + alike) / (1.0 - alike)).max(1.0)
}

/// The mean, and the sample variance; `None` if there are no samples.
fn moments(samples: impl AsRef<[f64]>) -> Option<(f64, f64)> {
    let samples = samples.as_ref();
    let count = float(samples.len());
    let mean = samples.iter().sum::<f64>() / count;
    let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
    (!samples.is_empty()).then_some((mean, squares / (count - 1.0).max(1.0)))
}

/// Student's t: how many standard deviations hold 95%, with so many degrees of freedom
/// (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5; 1% too small
/// for two degrees, and better from there on).
fn student(freedom: f64) -> f64 {
    let z = NORMAL;
    let term = |factors: [f64; 5], divisor: f64| {
        factors.iter().rev().fold(0.0, |sum, factor| sum * z * z + factor) * z / divisor
    };
    z + term([1.0, 1.0, 0.0, 0.0, 0.0], 4.0 * freedom)
        + term([3.0, 16.0, 5.0, 0.0, 0.0], 96.0 * freedom.powi(2))
        + term([-15.0, 17.0, 19.0, 3.0, 0.0], 384.0 * freedom.powi(3))
        + term([-945.0, -1920.0, 1482.0, 776.0, 79.0], 92160.0 * freedom.powi(4))
}

fn float(count: usize) -> f64 {
    crate::units::float(count as u64)
}

/// A rank that is no longer a float; 0 if it is below.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn index(rank: f64) -> usize {
    rank as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between 0 and 1, the same in each run (Marsaglia, "Xorshift RNGs", 2003).
    fn random(mut state: u64) -> impl FnMut() -> f64 {
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            crate::units::float(state >> 11) / crate::units::float(1 << 53)
        }
    }

    /// How many of so many pairs of runs are called different.
    fn different(
        pairs: u32,
        run: &mut dyn FnMut() -> Vec<f64>,
        factor: f64,
        estimate: impl Fn(&[f64]) -> Option<Estimate>,
    ) -> u32 {
        let mut called = 0;
        for _ in 0..pairs {
            let (before, now) = (run(), run());
            let now: Vec<f64> = now.iter().map(|sample| sample * factor).collect();
            let change = estimate(&before).unwrap().until(estimate(&now).unwrap());
            called += u32::from(change.may_be_chance() == Some(false));
        }
        called
    }

    #[test]
    fn of_two_hundred_pairs_of_equals_about_ten_are_called_different() {
        let mut next = random(88_172_645_463_325_252);
        let mut tail = || (0..400).map(|_| next().sqrt().recip()).collect();
        let median = |run: &[f64]| Estimate::percentile(run, 50.0);
        let p90 = |run: &[f64]| Estimate::percentile(run, 90.0);
        for estimate in [median, p90] {
            let called = different(200, &mut tail, 1.0, estimate);
            assert!((1..=20).contains(&called), "{called}");
        }
        // A fifth slower is found nearly always, a fiftieth rarely.
        assert!(different(200, &mut tail, 1.2, median) > 180);
        assert!(different(200, &mut tail, 1.02, median) < 60);
        let mut next = random(2_463_534_242);
        let mut bell = || (0..40).map(|_| (0..6).map(|_| next()).sum()).collect();
        let called = different(200, &mut bell, 1.0, Estimate::mean);
        assert!((1..=20).contains(&called), "{called}");
        assert!(different(200, &mut bell, 1.3, Estimate::mean) > 180);
    }

    #[test]
    fn clusters_widen_the_limits() {
        // How many of 200 pairs of equals are called different, where each sample is like
        // the one before.
        let called = |count: usize, like: f64, percent| {
            let (mut next, mut queue) = (random(88_172_645_463_325_252), 0.0);
            let mut clustered = || {
                let mut step = || {
                    queue = like * queue + next();
                    queue
                };
                (0..count).map(|_| step()).collect()
            };
            different(200, &mut clustered, 1.0, |run| Estimate::percentile(run, percent))
        };
        for (count, like, percent) in
            [(2000, 0.9, 50.0), (200, 0.9, 50.0), (200, 0.9, 90.0), (100, 0.5, 50.0)]
        {
            let called = called(count, like, percent);
            assert!(called <= 24, "{called} at p{percent} of {count}, {like}");
        }
        // A run that is one long cluster has limits near its ends.
        let climbing: Vec<f64> = (0..200).map(f64::from).collect();
        let (low, high) = Estimate::percentile(&climbing, 50.0).unwrap().limits.unwrap();
        assert!(low < 20.0 && high > 180.0, "{low} to {high}");
    }

    #[test]
    fn few_or_equal_samples_are_no_trouble() {
        let of = |count: usize, percent| Estimate::percentile(&vec![7.0; count], percent);
        assert_eq!((of(0, 50.0), Estimate::mean(&[])), (None, None));
        for count in [1, 2, 3, 4, 34, 35, 380, 381, 1000] {
            for (percent, enough) in [(50.0, 4), (90.0, 35), (99.0, 381)] {
                let estimate = of(count, percent).unwrap();
                let limits = (count >= enough).then_some((7.0, 7.0));
                assert_eq!(estimate, Estimate { value: 7.0, limits }, "p{percent} of {count}");
            }
        }
        let same = of(10, 50.0).unwrap();
        assert_eq!(same.until(same).may_be_chance(), Some(true));
        assert_eq!(same.until(of(1, 50.0).unwrap()).may_be_chance(), None);
        assert_eq!(Estimate::mean(&[1.0, 2.0]).unwrap().limits, None);
    }

    #[test]
    fn student_is_as_in_the_tables() {
        for (freedom, expected) in [(2.0, 4.303), (3.0, 3.182), (5.0, 2.571), (30.0, 2.042)] {
            assert!((student(freedom) / expected - 1.0).abs() < 0.01, "{freedom}");
        }
    }
}
