//! Lesson 9: percentiles do not need the samples.
//!
//! You learn how a histogram replaces millions of samples, how large its error is, and
//! why percentiles of two clients cannot be averaged.
//!
//! Run it with `cargo run --release --example 09_histogram`. The naive way keeps all
//! samples, as `minimal_client.rs` does, and sorts them.
//!
//! The library does it in `src/stats/histogram.rs`, which derives the error, and in
//! `src/stats/recorder.rs`, which adds mean, deviation and jitter.

use std::iter;
use std::time::{Duration, Instant};

use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::{ms, size};

/// The bytes of a histogram: 256 counts, and 128 counts for each of 34 doublings, of 8
/// bytes each. `src/stats/histogram.rs` has the table.
const HISTOGRAM: usize = (256 + 34 * 128) * 8;

fn main() {
    let most = if std::env::args().any(|flag| flag == "--short") { 50_000 } else { 5_000_000 };
    println!("           naive: keep all, and sort          Recorder");
    println!(" samples         size  ns each   p99 ms         size  ns each   p99 ms   error");
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
        let [kept, fixed] = [count * size_of::<Duration>(), HISTOGRAM + size_of::<Recorder>()]
            .map(|bytes| size(bytes as u64));
        let [exact, found] = [exact, found].map(ms);
        print!("{count:>8} {kept:>12} {exact_ns:>8.1} {exact:>8} ");
        println!("{fixed:>12} {ns:>8.1} {found:>8} {error:>6.2}%");
    }
    println!("A Recorder does not grow, and its percentiles are less than 0.8% too high.");

    // A near client sends nine pings of ten. A far one sends the rest, and its answers
    // take ten times as long.
    let near: Vec<Duration> = round_trips(1.0).take(most / 10 * 9).collect();
    let far: Vec<Duration> = round_trips(10.0).take(most / 10).collect();
    let [mut both, other] =
        [&near, &far].map(|samples| samples.iter().copied().collect::<Recorder>());
    let (near_p99, far_p99) = (p99(&both), p99(&other));
    println!(
        "p99 of a near client: {} ms; of a far one: {} ms; of both:",
        ms(near_p99),
        ms(far_p99)
    );
    println!("  naive: the average of the two  {:>6} ms", ms((near_p99 + far_p99) / 2));
    both.merge(&other);
    println!("  Recorder::merge                {:>6} ms", ms(p99(&both)));
    println!("  exact, from all samples        {:>6} ms", ms(exact_p99([near, far].concat())));
    println!("Counts can be added. Percentiles cannot be averaged.");
}

/// Invented round-trip times with a long tail, the same in each run: half of them are
/// over 0.14 ms, and one in a hundred is over 1 ms.
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

/// Runs `p99` five times. Returns the median cost of a sample in nanoseconds, and the
/// p99.
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

// Try:
// 1. Predict: how large is a histogram with an error of 0.1% instead of 0.8%? The table
//    in `src/stats/histogram.rs` helps.
// 2. Change: let the answers of the far client take a hundred times as long. Which of
//    the three ways to get the p99 of both is furthest off now?
// 3. Write: a histogram with 4,608 ranges of equal width, up to one minute. How large
//    is its error at p50?
//
// Read:
// * Gil Tene, `HdrHistogram` (http://hdrhistogram.org): the histogram that this one is
//   modelled on.
// * Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
//   Relative-Error Guarantees" (VLDB 2019).
