//! Lesson 7: clients that are started one after the other do not load a server
//! together.
//!
//! Run it with `cargo run --release --example 07_together`. Then read
//! `src/measure/together.rs`.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::measure::together;

const CLIENTS: usize = 100;

/// A stand-in for a short test.
const WORK: Duration = Duration::from_micros(500);

fn main() -> io::Result<()> {
    println!("{CLIENTS} clients, each busy for {WORK:?}:");

    // Naive: each begins as soon as it exists.
    let naive: Vec<_> = (0..CLIENTS).map(|_| thread::spawn(work)).collect();
    let naive = naive
        .into_iter()
        .map(|thread| thread.join().map_err(|_| io::Error::other("a client panicked")));
    show("started in a loop", &naive.collect::<io::Result<Vec<_>>>()?);

    // All wait at a gate.
    let gated = together(vec![(); CLIENTS], |()| work());
    show("released together", &gated.into_iter().collect::<io::Result<Vec<_>>>()?);
    println!("Started in a loop, a test of 100 clients loads the server with far fewer.");
    Ok(())
}

fn work() -> (Instant, Instant) {
    let start = Instant::now();
    thread::sleep(WORK);
    (start, Instant::now())
}

/// How many were at work at the same time, at the best moment.
fn show(how: &str, spans: &[(Instant, Instant)]) {
    let at = |moment: &Instant| {
        spans.iter().filter(|(start, end)| start <= moment && moment < end).count()
    };
    let most = spans.iter().map(|(start, _)| at(start)).max().unwrap_or(0);
    println!("  {how}: at most {most} at work at the same time");
}
