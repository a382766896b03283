//! How much the time that packets take varies, as receivers of sound and video reckon
//! it.
//!
//! A [`Summary`](crate::stats::Summary) has the plain mean of the differences from one sample
//! to the next. RFC 3550 section 6.4.1 has a running estimate instead, which moves a
//! sixteenth of the way towards each new difference: it tells what jitter is *now*,
//! needs no memory, and is what a telephone reports. Both are the same for a steady
//! network; the estimate begins at zero, so it means little for the first few dozen
//! packets.
//!
//! What varies may be one way or both: RFC 3550 speaks of the way from sender to
//! receiver, [`udp`](fn@crate::udp::udp) gives it round trips, in which the jitter
//! of both ways adds up.

use std::time::Duration;

/// The estimate of RFC 3550, of packets in the order in which they arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jitter {
    last: Option<Duration>,
    /// In nanoseconds; there is none before there was a difference.
    estimate: Option<f64>,
}

impl Jitter {
    /// Takes how long the next packet to arrive was on its way.
    ///
    /// ```
    /// use roundtrip::udp::Jitter;
    /// use std::time::Duration;
    ///
    /// let mut jitter = Jitter::default();
    /// [10, 26].map(Duration::from_millis).into_iter().for_each(|transit| jitter.record(transit));
    /// assert_eq!(jitter.estimate(), Some(Duration::from_millis(1))); // a sixteenth of 16
    /// ```
    pub fn record(&mut self, transit: Duration) {
        if let Some(last) = self.last.replace(transit) {
            let difference = last.abs_diff(transit).as_secs_f64() * 1e9;
            let estimate = self.estimate.unwrap_or_default();
            self.estimate = Some(estimate + (difference - estimate) / 16.0);
        }
    }

    /// The estimate after the last packet; `None` for fewer than two.
    #[must_use]
    pub fn estimate(&self) -> Option<Duration> {
        self.estimate.map(|nanoseconds| Duration::from_secs_f64(nanoseconds / 1e9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_difference_is_approached() {
        let mut jitter = Jitter::default();
        jitter.record(Duration::ZERO);
        assert_eq!(jitter.estimate(), None);
        (1..1000).for_each(|n| jitter.record(Duration::from_millis(n % 2 * 8)));
        let estimate = jitter.estimate().unwrap();
        assert!(
            estimate.abs_diff(Duration::from_millis(8)) < Duration::from_nanos(10),
            "{estimate:?}"
        );
    }
}
