//! Lesson 21: two runs differ, and nothing has changed.
//!
//! You learn when a difference between two runs means something. A naive comparison
//! calls the run with the higher p50 the slower one, and so half of all runs are slower
//! than equals. An interval of confidence says how far the difference may be from the
//! true one. If the interval holds zero, the difference may be chance.
//!
//! Run it with `cargo run --release --example 21_chance`. The library does it in
//! `src/stats/compare.rs`, and `client --baseline old.csv` shows it.

use std::io;
use std::time::Duration;

use roundtrip::client::Client;
use roundtrip::measure::{Plan, Sample, latency};
use roundtrip::server::{Config, Server};
use roundtrip::stats::compare::{Change, Estimate};

/// How many pairs of runs are compared, and the pings of a run.
const PAIRS: u32 = 200;
const PINGS: usize = 1000;

fn main() -> io::Result<()> {
    let mut random = Random(88_172_645_463_325_252);
    println!("{PAIRS} pairs of runs of {PINGS} pings each: how many are called different?");
    println!("                                        naive: p50    interval of");
    println!("                                          is higher    confidence");
    let mut independent = |_| random.answer();
    compared("equal runs", &mut independent, 1.0);
    compared("the second is 2% slower", &mut independent, 1.02);
    compared("the second is 20% slower", &mut independent, 1.2);
    // One slow answer is often followed by others, as in a queue.
    let (mut random, mut queue) = (Random(2_463_534_242), 0.0);
    let mut clustered = |_| {
        queue = 0.95 * queue + random.answer();
        queue
    };
    compared("equal runs, slow answers in clusters", &mut clustered, 1.0);
    println!("Of a hundred pairs of equals, the interval calls about five different, as 95%");
    println!("means. Clusters say less than their number, and so the interval is wider.");

    let server = Server::bind(Config::default())?.start()?;
    let mut client = Client::connect("127.0.0.1", server.address().port(), TIMEOUT)?;
    println!("Two runs of {PINGS} pings to one server, one after the other:");
    let (before, now) = (run(&mut client)?, run(&mut client)?);
    for percent in [50.0, 90.0] {
        if let Some(change) = change(&before, &now, percent) {
            println!("  p{percent} {}", in_words(&change));
        }
    }
    println!("If even these two differ, the cause is the same for all pings of a run, such as");
    println!("where the system placed the threads. No interval knows that: take several runs");
    println!("of each, in turn.");
    Ok(())
}

const TIMEOUT: Duration = Duration::from_secs(10);

/// Compares pairs of runs, the second of which is slower by a factor.
fn compared(what: &str, answer: &mut dyn FnMut(usize) -> f64, factor: f64) {
    let (mut higher, mut called) = (0, 0);
    for _ in 0..PAIRS {
        let before: Vec<f64> = (0..PINGS).map(&mut *answer).collect();
        let now: Vec<f64> = (0..PINGS).map(&mut *answer).map(|rtt| rtt * factor).collect();
        let Some(change) = change(&before, &now, 50.0) else { continue };
        higher += u32::from(change.now > change.before);
        called += u32::from(change.may_be_chance() == Some(false));
    }
    println!("  {what:<38} {higher:>9} {called:>13}");
}

/// How a percentile has changed.
fn change(before: &[f64], now: &[f64], percent: f64) -> Option<Change> {
    let [before, now] = [before, now].map(|run| Estimate::percentile(run, percent));
    Some(before?.until(now?))
}

fn in_words(change: &Change) -> String {
    let Change { before, now, limits } = *change;
    let figures = format!("{:.1} µs, then {:.1} µs", before / 1e3, now / 1e3);
    let verdict = match change.may_be_chance() {
        None => "too few to tell",
        Some(true) => "may be chance",
        Some(false) if change.difference() > 0.0 => "slower",
        Some(false) => "faster",
    };
    let limits = limits.map_or(String::new(), |(low, high)| {
        format!(": {:+.1} to {:+.1} µs", low / 1e3, high / 1e3)
    });
    format!("{figures}{limits}, {verdict}")
}

/// The round-trip times of one run, in nanoseconds.
fn run(client: &mut Client) -> io::Result<Vec<f64>> {
    let mut rtts = Vec::new();
    let plan = Plan { count: PINGS as u64, interval: Duration::ZERO, ..Plan::default() };
    let measured = latency(client, &plan, &mut |sample| {
        if let Sample::Ping { rtt, .. } = sample {
            rtts.push(rtt.as_secs_f64() * 1e9);
        }
    });
    measured.failure.map_or(Ok(rtts), Err)
}

/// Invented round-trip times with a long tail, the same in each run.
struct Random(u64);

impl Random {
    fn answer(&mut self) -> f64 {
        // Marsaglia, "Xorshift RNGs" (2003), the 64-bit generator with shifts 13, 7, 17.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let share = Duration::from_nanos(self.0 >> 34).as_secs_f64() + 1e-6;
        1.0 / share.sqrt()
    }
}

// Try:
// 1. Predict: how many of the equal pairs are called different if each run has 10,000
//    pings instead of 1,000? And how many of those that are 2% slower?
// 2. Change: compare p99 instead of p50. How much slower must a run be to be noticed?
// 3. Write: the bootstrap. Draw 1,000 pings from each run at random, some of them
//    several times, and take the difference of the medians; repeat it 1,000 times. The
//    middle 95% of the differences are an interval. Which is wider?
//
// Read:
// * Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time" (ISMM 2013).
// * Hoefler and Belli, "Scientific Benchmarking of Parallel Computing Systems" (SC 2015).
