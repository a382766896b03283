//! Latency under load: how long does an answer take while something else fills the
//! line?
//!
//! An idle line answers at once. A full line has queues in front of its slowest part,
//! and an answer waits there behind the bulk of the data. Where the queues are too long
//! ("bufferbloat"), a download makes every call stutter. Neither a latency test nor a
//! bandwidth test alone shows that. So this test has three phases: idle, with a
//! download, with an upload. In each phase, pings run on one connection; in two of
//! them, a bulk transfer runs on another. The difference between the medians is the
//! time that answers spent in queues.
//!
//! A transfer ends later than its pings, when all that was sent has arrived. So its
//! rate covers a little more time than the pings do.

use std::io;
use std::thread;
use std::time::Duration;

use super::{Bandwidth, Direction, Latency, Measurement, Plan, Sample, bandwidth, latency};
use crate::client::Client;
use crate::net::timed::DRAIN;
use crate::wire::command::Amount;

/// What the line carries besides the pings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Idle,
    /// A bulk transfer.
    Busy(Direction),
}

/// What the pings and the transfers of all three phases have measured.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The pings with nothing else on the line.
    pub idle: Latency,
    /// The pings during a download, and that download.
    pub download: (Latency, Bandwidth),
    /// The pings during an upload, and that upload.
    pub upload: (Latency, Bandwidth),
}

impl Measurement for Loaded {
    fn failed(error: io::Error) -> Self {
        Loaded { idle: Latency::failed(error), ..Loaded::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        let Loaded { idle, download, upload } = self;
        let failures = [
            &idle.failure,
            &download.0.failure,
            &download.1.failure,
            &upload.0.failure,
            &upload.1.failure,
        ];
        failures.into_iter().find_map(Option::as_ref)
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Loaded::default();
        for one in all {
            total.idle.add(&one.idle);
            total.download.0.add(&one.download.0);
            total.upload.0.add(&one.upload.0);
        }
        total.download.1 = Bandwidth::sum(all.iter().map(|one| &one.download.1));
        total.upload.1 = Bandwidth::sum(all.iter().map(|one| &one.upload.1));
        total
    }
}

/// Sends pings for a third of `time` in each phase. The two clients are connected to
/// the same server.
pub fn loaded(
    pinging: &mut Client,
    loading: &mut Client,
    plan: &Plan,
    time: Duration,
    observe: &(dyn Fn(Phase, Sample) + Sync),
) -> Loaded {
    let time = time / 3;
    let plan = Plan { time: Some(time), ..*plan };
    let idle = latency(pinging, &plan, &mut |sample| observe(Phase::Idle, sample));
    if idle.failure.is_some() {
        return Loaded { idle, ..Loaded::default() };
    }
    let mut busy = |direction| {
        let observe = |sample| observe(Phase::Busy(direction), sample);
        thread::scope(|scope| {
            let load = thread::Builder::new().spawn_scoped(scope, || {
                let amount = Amount::Time(time);
                let load = bandwidth(loading, direction, amount, &mut |sample| observe(sample));
                // What is still on its way would delay the pings of the next phase.
                let _ = loading.settle(DRAIN);
                load
            });
            let pings = latency(pinging, &plan, &mut |sample| observe(sample));
            let load = load.map(|load| {
                load.join().unwrap_or_else(|_| Bandwidth::failed(io::Error::other("panicked")))
            });
            (pings, load.unwrap_or_else(Bandwidth::failed))
        })
    };
    let download = busy(Direction::Download);
    let upload = busy(Direction::Upload);
    Loaded { idle, download, upload }
}
