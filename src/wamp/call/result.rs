//! What callers have measured.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::transport::Target;
use super::usage::Used;
use crate::measure::{Latency, Measurement};
use crate::units::float;

/// What one caller, or several concurrently, measured at one target.
#[derive(Debug, Default)]
pub struct Call {
    /// What was measured.
    pub target: Option<Target>,
    /// The address of the router, unless its socket is a Unix socket.
    pub peer: Option<SocketAddr>,
    /// The calls.
    pub latency: Latency,
    /// How long the batches took in all. A batch of several callers lasts until the
    /// last of them is done.
    pub duration: Duration,
    /// What the processes have used meanwhile. Concurrent callers share a process, so
    /// this is the same for each of them.
    pub used: Used,
}

impl Call {
    /// The calls to this target, before the first of them.
    #[must_use]
    pub fn to(target: Target) -> Self {
        Call { target: Some(target), ..Call::default() }
    }

    /// How many calls were answered, over the time that they took.
    #[must_use]
    pub fn calls_per_second(&self) -> Option<f64> {
        (!self.duration.is_zero())
            .then(|| float(self.latency.rtt.count()) / self.duration.as_secs_f64())
    }

    /// The calls of several concurrent callers, as one.
    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Call>) -> Self {
        let mut sum = Call::default();
        for one in all {
            sum.target = sum.target.or_else(|| one.target.clone());
            sum.peer = sum.peer.or(one.peer);
            sum.latency.add(&one.latency);
            sum.duration = sum.duration.max(one.duration);
            sum.used = one.used;
        }
        sum
    }

    /// Keeps an error as the failure, unless there was one before.
    pub(super) fn fail(&mut self, error: &io::Error) {
        let error = || io::Error::new(error.kind(), error.to_string());
        self.latency.failure.get_or_insert_with(error);
    }
}

impl Measurement for Call {
    fn failed(error: io::Error) -> Self {
        Call { latency: Latency::failed(error), ..Call::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.latency.failure()
    }

    fn total(all: &[Self]) -> Self {
        Call::sum(all.iter())
    }
}
