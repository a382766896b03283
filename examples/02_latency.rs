//! Lesson 2: a request in two writes takes forty milliseconds.
//!
//! You learn how to measure a round-trip time (RTT), and two things that spoil it:
//!
//! * TCP cuts its stream into segments. A sender holds back a small segment while an
//!   earlier one has not been acknowledged (Nagle's algorithm, RFC 896). The receiver
//!   delays its acknowledgement, since it hopes to send it along with an answer (RFC
//!   1122 section 4.2.3.2; for 40 ms on Linux). Each waits for the other.
//! * The first ping of a connection is unlike the others. The server may still be
//!   starting a thread for it, which makes it slow. Or the receiver acknowledges
//!   immediately, as Linux does at the start of a connection, which makes it fast.
//!
//! Run it with `cargo run --release --example 02_latency`. The library does it in
//! `Framing::send` (`src/wire/framing.rs`) and in `src/measure/latency.rs`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Plan, latency};
use roundtrip::server::{Config, Server};
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::ms;

fn main() -> io::Result<()> {
    let count = if std::env::args().any(|flag| flag == "--short") { 40 } else { 100 };
    let server = Server::bind(Config::default())?.start()?;
    let address = server.address();
    println!("{count} pings over loopback, which is the network inside this machine:");

    for (how, nodelay, writes) in [
        ("two writes, Nagle's algorithm on", false, &["PI", "NG\n"][..]),
        ("two writes, Nagle's algorithm off", true, &["PI", "NG\n"]),
        ("one write, Nagle's algorithm on", false, &["PING\n"]),
    ] {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(nodelay)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut rtts = Vec::new();
        for _ in 0..count {
            let start = Instant::now();
            for part in writes {
                stream.write_all(part.as_bytes())?;
            }
            reader.read_line(&mut String::new())?;
            rtts.push(start.elapsed());
        }
        show(how, rtts.first().copied(), &rtts.iter().copied().collect());
    }

    // The library sends each request in one write, turns Nagle's algorithm off, and sends
    // one ping as a warm-up, which it does not count.
    let mut client = Client::connect("127.0.0.1", address.port(), Duration::from_secs(10))?;
    let plan = Plan { count, interval: Duration::ZERO, warmup: 1, ..Plan::default() };
    show("measure::latency", None, &latency(&mut client, &plan, &mut |_| {}).rtt);
    client.quit()
}

fn show(how: &str, first: Option<Duration>, rtts: &Recorder) {
    let Some(Summary { p50, max, .. }) = rtts.summary() else { return };
    let first = first.map_or_else(|| "-".into(), ms);
    println!("  {how:<33} first {first:>7} median {:>7} max {:>8} ms", ms(p50), ms(max));
}

// Try:
// 1. Predict: what does a request in three writes cost? Does the payload matter?
// 2. Change: let the request of `minimal_client` leave in two writes. Which of its
//    figures changes?
// 3. Write: a client that sends ten requests in one write, and divides the time by ten.
//    Is that a round-trip time?
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, section 7.9 (TCP_NODELAY).
// * RFC 896, "Congestion Control in IP/TCP Internetworks", which explains why the
//   algorithm exists.
