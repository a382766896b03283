//! Message sizes: where does a round trip stop being about distance and start being
//! about size?
//!
//! Up to some size, a message takes as long as an empty one: the time goes into waking
//! up, copying and the distance. Beyond that size, the time grows with the message.
//! This test sends one ping after the other with each size, and its table shows where
//! the growth begins. The throughput is that of one message at a time: the bytes of one
//! direction, over the whole round trip.

use std::io;

use super::{Latency, Measurement, Plan, Sample, latency};
use crate::client::Client;
use crate::units::float;

/// The pings of one size.
#[derive(Debug)]
pub struct Row {
    /// Bytes of payload in each ping.
    pub payload: usize,
    /// What they have measured.
    pub latency: Latency,
}

impl Row {
    /// The bits of the payload in one direction, divided by the mean round-trip time.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<f64> {
        let summary = self.latency.rtt.summary()?;
        let bits = float(self.payload as u64) * 8.0;
        (!summary.mean.is_zero()).then(|| bits / summary.mean.as_secs_f64())
    }
}

/// What the pings of all sizes have measured.
#[derive(Debug, Default)]
pub struct Sweep {
    /// A row for each size, in the order in which they were sent.
    pub rows: Vec<Row>,
    /// Why the sweep could not begin, if it could not.
    pub failure: Option<io::Error>,
}

impl Measurement for Sweep {
    fn failed(error: io::Error) -> Self {
        Sweep { rows: Vec::new(), failure: Some(error) }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref().or_else(|| self.rows.iter().find_map(|row| row.latency.failure()))
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Sweep::default();
        for row in all.iter().flat_map(|one| &one.rows) {
            let known = total.rows.iter().position(|sum| sum.payload == row.payload);
            let index = known.unwrap_or_else(|| {
                total.rows.push(Row { payload: row.payload, latency: Latency::default() });
                total.rows.len() - 1
            });
            total.rows[index].latency.add(&row.latency);
        }
        total
    }
}

/// Sends pings of each size as planned, one at a time, and hands each to `observe`,
/// with the index of its size. A plan with a time shares it among the sizes.
pub fn sweep(
    client: &mut Client,
    plan: &Plan,
    sizes: &[usize],
    observe: &mut dyn FnMut(usize, Sample),
) -> Sweep {
    let share = u32::try_from(sizes.len()).unwrap_or(u32::MAX).max(1);
    let mut sweep = Sweep::default();
    for (index, &payload) in sizes.iter().enumerate() {
        let plan = Plan {
            payload,
            one_at_a_time: true,
            time: plan.time.map(|time| time / share),
            ..*plan
        };
        let latency = latency(client, &plan, &mut |sample| observe(index, sample));
        let failed = latency.failure.is_some() || client.stop().is_stopped();
        sweep.rows.push(Row { payload, latency });
        if failed {
            break;
        }
    }
    sweep
}
