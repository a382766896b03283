//! Lesson 5: the mean is a time that nobody saw.
//!
//! A server here stalls once in a thousand answers. Run it with `cargo run --release
//! --example 05_summary`. Then read `src/stats/summary.rs`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use roundtrip::client::Client;
use roundtrip::measure::{Plan, Sample, latency};
use roundtrip::stats::Summary;
use roundtrip::units::ms;

const COUNT: u64 = 1000;
const STALL: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    let mut client = Client::connect("127.0.0.1", stalling_server()?, Duration::from_secs(10))?;
    let plan = Plan { count: COUNT, interval: Duration::ZERO, warmup: 0, ..Plan::default() };
    let mut rtts = Vec::new();
    let pings = latency(&mut client, &plan, &mut |sample| {
        if let Sample::Ping { rtt, .. } = sample {
            rtts.push(rtt);
        }
    });
    let Some(Summary { mean, stddev, p50, p99, p99_9, max, .. }) = pings.rtt.summary() else {
        return Err(io::Error::other("no ping was answered"));
    };
    println!("{COUNT} pings to a server that stalls once, for {STALL:?}:");
    let stddev = stddev.map_or_else(String::new, |stddev| format!(" ± {}", ms(stddev)));
    println!("  mean   {:>8} ms{stddev}", ms(mean));
    println!("  p50    {:>8} ms", ms(p50));
    println!("  p99    {:>8} ms", ms(p99));
    println!("  p99.9  {:>8} ms", ms(p99_9));
    println!("  max    {:>8} ms", ms(max));
    let near = rtts.iter().filter(|rtt| rtt.abs_diff(mean) < mean / 10).count();
    println!(
        "{near} of {COUNT} answers came within a tenth of the mean. The median says what is usual and the maximum"
    );
    println!("what is possible; the mean, moved by a single answer, says neither.");
    Ok(())
}

fn stalling_server() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || -> io::Result<()> {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        for number in 1.. {
            if reader.read_line(&mut String::new())? == 0 {
                break;
            }
            if number == COUNT / 2 {
                thread::sleep(STALL);
            }
            reader.get_mut().write_all(b"PONG\n")?;
        }
        Ok(())
    });
    Ok(port)
}
