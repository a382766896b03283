//! Lesson 9: percentiles do not need the samples.
//!
//! Run it with `cargo run --release --example 09_histogram`. Then read
//! `src/stats/histogram.rs`, and `recorder.rs` beside it.

use std::iter;
use std::time::{Duration, Instant};

use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::{ms, size};

/// See the table in `histogram.rs`: 256 counts, and 128 for each of 34 doublings, of 8
/// bytes each.
const HISTOGRAM: usize = (256 + 34 * 128) * 8;

fn main() {
    let most = if std::env::args().any(|flag| flag == "--short") { 50_000 } else { 5_000_000 };
    println!("                 naive: keep all, and sort                   Recorder");
    println!(
        "    samples         size  ns/sample    p99 ms         size  ns/sample    p99 ms   error"
    );
    for count in [most / 100, most / 10, most] {
        let samples: Vec<Duration> = round_trips(1.0).take(count).collect();
        let (exact_ns, exact) = measured(&samples, |samples| {
            let mut kept = Vec::new();
            for &sample in samples {
                kept.push(sample);
            }
            exact_p99(kept)
        });
        let (ns, found) = measured(&samples, |samples| p99(&samples.iter().copied().collect()));
        let error = (found.as_secs_f64() / exact.as_secs_f64() - 1.0) * 100.0;
        let [kept, size] = [count * size_of::<Duration>(), HISTOGRAM + size_of::<Recorder>()]
            .map(|s| size(s as u64));
        let [exact, found] = [exact, found].map(ms);
        println!(
            "{count:>11} {kept:>12} {exact_ns:>10.1} {exact:>9} {size:>12} {ns:>10.1} {found:>9} {error:>6.2}%"
        );
    }

    // One client is near and sends nine pings of ten. The other is far away: its
    // answers take ten times as long.
    let near: Vec<Duration> = round_trips(1.0).take(most / 10 * 9).collect();
    let far: Vec<Duration> = round_trips(10.0).take(most / 10).collect();
    let [mut both, other] =
        [&near, &far].map(|samples| samples.iter().copied().collect::<Recorder>());
    let (near_p99, far_p99) = (p99(&both), p99(&other));
    println!(
        "p99 of a client that is near: {} ms; of one far away: {} ms; of both:",
        ms(near_p99),
        ms(far_p99)
    );
    println!("  naive: the average of the two  {:>6} ms", ms((near_p99 + far_p99) / 2));
    both.merge(&other);
    println!("  Recorder::merge                {:>6} ms", ms(p99(&both)));
    println!("  exact, from all samples        {:>6} ms", ms(exact_p99([near, far].concat())));
    println!("A Recorder does not grow, and its percentiles are less than 0.8% too high.");
}

/// Made-up round-trip times with a long tail, always the same: half of them over 0.14
/// ms, one in a hundred over 1 ms.
fn round_trips(scale: f64) -> impl Iterator<Item = Duration> {
    // Marsaglia, "Xorshift RNGs" (2003), the 32-bit generator with shifts 13, 17, 5.
    let next = |mut state: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^ (state << 5)
    };
    let states = iter::successors(Some(2_463_534_242), move |&state| Some(next(state)));
    states.map(move |state| {
        Duration::from_secs_f64(1e-4 * scale / (f64::from(state) / 2_f64.powi(32)).sqrt())
    })
}

/// The nanoseconds that each sample costs, in the median of five rounds, and the
/// result.
fn measured(samples: &[Duration], p99: impl Fn(&[Duration]) -> Duration) -> (f64, Duration) {
    let mut rounds = [(); 5].map(|()| {
        let start = Instant::now();
        let p99 = p99(samples);
        (start.elapsed(), p99)
    });
    rounds.sort();
    let (time, p99) = rounds[2];
    (time.as_secs_f64() * 1e9 / f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX)), p99)
}

fn exact_p99(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() * 99 / 100 - 1]
}

fn p99(recorder: &Recorder) -> Duration {
    recorder.summary().map_or(Duration::ZERO, |Summary { p99, .. }| p99)
}
