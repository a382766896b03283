//! Latency under load: how long does an answer take while something else fills the
//! line?
//!
//! An idle line answers at once. A full line has queues in front of its slowest part,
//! and an answer waits there behind the bulk of the data. Where the queues are too long
//! ("bufferbloat"), a download makes every call stutter. Neither a latency test nor a
//! bandwidth test alone shows that. So this test has three phases: idle, with a
//! download, with an upload. In each phase, pings run on one connection; in two of
//! them, a bulk transfer runs on another.
//!
//! One phase must not spoil the next. When a download ends, the queue is still full,
//! and on a slow line that is seconds of data. So each transfer has a connection of its
//! own, which is given up if the rest of its data does not arrive soon. The upload
//! begins when a ping takes about as long as it did when the line was idle.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use super::transfer::later;
use super::{
    Bandwidth, Direction, Latency, Measurement, Plan, Sample, Transfer, latency, transfer,
};
use crate::client::Client;
use crate::no_thread::no_thread;
use crate::wire::command::Amount;

/// How long to wait at most until the line is idle again.
const CALM: Duration = Duration::from_secs(10);

/// What the line carries besides the pings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Idle,
    /// A bulk transfer.
    Busy(Direction),
}

/// How long the line is loaded, and what is counted of that.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// How long all three phases take.
    pub time: Duration,
    /// How much of the start of each transfer is not counted, as in [`Transfer`]. A line
    /// that is not full yet answers early, so the pings beside a transfer begin after
    /// this time.
    pub warmup: Duration,
    /// How often the server reports what has arrived of the upload, as in [`Transfer`].
    pub reports: Option<Duration>,
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

/// Sends pings for a third of the time in each phase. `connect` makes a connection to the
/// same server for each transfer.
pub fn loaded(
    pinging: &mut Client,
    connect: &dyn Fn() -> io::Result<Client>,
    plan: &Plan,
    load: &Load,
    observe: &(dyn Fn(Phase, Sample) + Sync),
) -> Loaded {
    let load = Load { time: load.time / 3, ..*load };
    let plan = Plan { time: Some(load.time), ..*plan };
    let idle = latency(pinging, &plan, &mut |sample| observe(Phase::Idle, sample));
    let mut loaded = Loaded { idle, ..Loaded::default() };
    if loaded.idle.failure.is_some() {
        return loaded;
    }
    // While the line is full, a ping of a warm-up would wait as long as any other.
    let time = load.time.saturating_sub(load.warmup);
    let plan = Plan { warmup: 0, time: Some(time), ..plan };
    loaded.download = busy(pinging, connect, &plan, &load, Direction::Download, observe);
    // Without the pings' answers, nobody knows whether the line is idle.
    if loaded.download.0.failure.is_none() {
        loaded.download.0.failure = calm(pinging, &loaded.idle).err();
    }
    if loaded.download.0.failure.is_none() {
        loaded.upload = busy(pinging, connect, &plan, &load, Direction::Upload, observe);
    }
    loaded
}

/// One phase: pings on one connection, a transfer on another.
fn busy(
    pinging: &mut Client,
    connect: &dyn Fn() -> io::Result<Client>,
    plan: &Plan,
    load: &Load,
    direction: Direction,
    observe: &(dyn Fn(Phase, Sample) + Sync),
) -> (Latency, Bandwidth) {
    let mut loading = match connect() {
        Ok(loading) => loading,
        Err(error) => return (Latency::default(), Bandwidth::failed(error)),
    };
    let observe = |sample| observe(Phase::Busy(direction), sample);
    thread::scope(|scope| {
        let Load { time, warmup, reports } = *load;
        let load = thread::Builder::new().spawn_scoped(scope, move || {
            let plan = Transfer { direction, amount: Amount::Time(time), warmup, reports };
            let mut load = transfer(&mut loading, &plan, &mut |sample| observe(sample));
            if load.failure.is_none() {
                // A server that was out of step all the time is noticed now.
                let left = loading.quit().err();
                load.failure = left.filter(|error| error.kind() == ErrorKind::InvalidData);
            }
            load
        });
        // If this is stopped meanwhile, the pings are stopped, too.
        let _ = pinging.stop().wait(warmup);
        let pings = latency(pinging, plan, &mut |sample| observe(later(sample, warmup)));
        let load = load.map(|load| {
            load.join().unwrap_or_else(|_| Bandwidth::failed(io::Error::other("panicked")))
        });
        (pings, load.map_err(no_thread).unwrap_or_else(Bandwidth::failed))
    })
}

/// Pings until an answer takes about as long as it did when the line was idle.
fn calm(pinging: &mut Client, idle: &Latency) -> io::Result<()> {
    let usual = idle.rtt.summary().map_or(Duration::ZERO, |summary| summary.p99 * 2);
    let (usual, start) = (usual + Duration::from_millis(5), Instant::now());
    loop {
        let sent = Instant::now();
        pinging.ping(None)?;
        if sent.elapsed() <= usual || start.elapsed() >= CALM {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
}
