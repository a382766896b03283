//! Message sizes: where does a round trip stop being about distance and start being
//! about size?
//!
//! Up to some size, a message takes as long as an empty one: what is paid for is
//! waking, copying and the distance. Beyond it, time grows with the size. One ping
//! after the other is sent with each size, and what comes out is a table in which that
//! knee can be seen. The throughput is that of one message at a time: its bytes there,
//! over the whole round trip.

use std::io;

use super::{Latency, Measurement, Plan, Sample, latency};
use crate::client::Client;
use crate::units::float;

/// One size.
#[derive(Debug)]
pub struct Row {
    /// Bytes of payload in each ping.
    pub payload: usize,
    /// The pings of this size.
    pub latency: Latency,
}

impl Row {
    /// Payload that got there and back, counted once, over the mean round-trip time.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<f64> {
        let summary = self.latency.rtt.summary()?;
        let bits = float(self.payload as u64) * 8.0;
        (!summary.mean.is_zero()).then(|| bits / summary.mean.as_secs_f64())
    }
}

/// All sizes, in order.
#[derive(Debug, Default)]
pub struct Sweep {
    /// A row for each size.
    pub rows: Vec<Row>,
    /// Why it could not begin.
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
        let failed = latency.failure.is_some();
        sweep.rows.push(Row { payload, latency });
        if failed {
            break;
        }
    }
    sweep
}
