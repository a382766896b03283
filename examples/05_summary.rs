//! Lesson 5: one slow answer moves the mean.
//!
//! You learn which figures describe a series of round-trip times. The server here
//! stalls once in 1,000 answers. The median (p50) is the time that half of the answers
//! need at most; p99 is the time that 99 in 100 need at most.
//!
//! Run it with `cargo run --release --example 05_summary`. The library does it in
//! `src/stats/summary.rs`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::ms;

const COUNT: u32 = 1000;
const STALL: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    let mut client = Client::connect("127.0.0.1", stalling_server()?, Duration::from_secs(10))?;
    let mut rtts = Vec::new();
    for _ in 0..COUNT {
        let start = Instant::now();
        client.ping(None)?;
        rtts.push(start.elapsed());
    }
    rtts.sort(); // Now the slowest is the last.

    println!("{COUNT} pings to a server that stalls once, for {STALL:?}:");
    let mean = rtts.iter().sum::<Duration>() / COUNT;
    let others = rtts.iter().take(rtts.len() - 1).sum::<Duration>() / (COUNT - 1);
    let near = rtts.iter().filter(|rtt| rtt.abs_diff(mean) < mean / 10).count();
    println!("  naive: mean         {:>8} ms   {near} answers are within 10% of it", ms(mean));
    println!("         without max  {:>8} ms", ms(others));

    let recorder: Recorder = rtts.into_iter().collect();
    let Some(Summary { p50, p99, p99_9, max, .. }) = recorder.summary() else {
        return Err(io::Error::other("no ping was answered"));
    };
    for (name, figure) in [("p50", p50), ("p99", p99), ("p99.9", p99_9), ("max", max)] {
        println!("  Recorder: {name:<9} {:>8} ms", ms(figure));
    }
    println!("The median shows what is usual, the maximum the worst that happened. The mean");
    println!("shows neither. And p99.9 leaves out one answer in 1,000, which is the stall.");
    Ok(())
}

/// Starts a server that stalls in the middle of its one connection, and returns its
/// port.
fn stalling_server() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut reader = BufReader::new(stream.try_clone()?);
        for number in 0..COUNT {
            reader.read_line(&mut String::new())?;
            if number == COUNT / 2 {
                thread::sleep(STALL);
            }
            stream.write_all(b"PONG\n")?;
        }
        Ok(())
    });
    Ok(port)
}

// Try:
// 1. Predict: which figures change if the server stalls twenty times?
// 2. Change: stall for a second instead. Which figures grow in proportion?
// 3. Write: the standard deviation by the formula "mean of the squares minus square of
//    the mean", for round-trip times of 100 s that differ by microseconds.
//
// Read:
// * Gil Tene, "How NOT to Measure Latency" (talk, 2015).
// * Dean and Barroso, "The Tail at Scale", Communications of the ACM 56 (2013).
