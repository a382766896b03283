//! Jitter: how much the transit time of packets varies (RFC 3550).
//!
//! A [`Summary`](crate::stats::Summary) has the plain mean of all differences between
//! one sample and the next. RFC 3550 section 6.4.1 keeps a running estimate J instead,
//! which moves a sixteenth of the way towards each new difference D:
//!
//! ```text
//!   J = J + (|D| − J) / 16
//! ```
//!
//! The estimate needs no memory and describes the *present*, which is what a telephone
//! reports. On a steady network both figures agree. The estimate starts at zero, so it
//! means little for the first few dozen packets.
//!
//! RFC 3550 measures one direction, from sender to receiver.
//! [`udp`](fn@crate::udp::udp) uses round trips, so its jitter is that of both
//! directions together.

use std::time::Duration;

/// The jitter estimate of RFC 3550, over packets in the order of their arrival.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jitter {
    last: Option<Duration>,
    /// In nanoseconds; `None` before the first difference.
    estimate: Option<f64>,
}

impl Jitter {
    /// Records the transit time of the next packet.
    ///
    /// ```
    /// use roundtrip::udp::Jitter;
    /// use std::time::Duration;
    ///
    /// let mut jitter = Jitter::default();
    /// jitter.record(Duration::from_millis(10));
    /// jitter.record(Duration::from_millis(26));
    /// // A sixteenth of the difference, 16 ms.
    /// assert_eq!(jitter.estimate(), Some(Duration::from_millis(1)));
    /// ```
    pub fn record(&mut self, transit: Duration) {
        if let Some(last) = self.last.replace(transit) {
            let difference = last.abs_diff(transit).as_secs_f64() * 1e9;
            let estimate = self.estimate.unwrap_or_default();
            self.estimate = Some(estimate + (difference - estimate) / 16.0);
        }
    }

    /// The estimate after the latest packet; `None` for fewer than two packets.
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
