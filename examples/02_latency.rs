//! Lesson 2: a request in two writes takes forty milliseconds.
//!
//! Nagle's algorithm holds back a small segment while another is unacknowledged, and
//! the other side delays its acknowledgement in the hope of an answer to send along
//! with it. Each waits for the other. Run it with `cargo run --release --example
//! 02_latency`. Then read `Framing::send` in `src/wire/framing.rs`, and
//! `src/measure/latency.rs`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Plan, latency};
use roundtrip::server::{Config, Server};
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::ms;

fn main() -> io::Result<()> {
    let count = if std::env::args().any(|flag| flag == "--short") { 25 } else { 100 };
    let server = Server::bind(Config::default())?.start()?;
    let address = server.address();
    println!("{count} pings over loopback, four ways:");

    for (how, nodelay, writes) in [
        ("two writes, Nagle's algorithm on", false, &["PI", "NG\n"][..]),
        ("two writes, Nagle's algorithm off", true, &["PI", "NG\n"]),
        ("one write, Nagle's algorithm on", false, &["PING\n"]),
    ] {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(nodelay)?;
        let mut reader = BufReader::new(stream);
        let mut rtts = Recorder::default();
        for _ in 0..count {
            let start = Instant::now();
            for part in writes {
                reader.get_mut().write_all(part.as_bytes())?;
            }
            reader.read_line(&mut String::new())?;
            rtts.record(start.elapsed());
        }
        show(how, &rtts);
    }

    // The library: one write, and Nagle's algorithm off.
    let mut client = Client::connect("127.0.0.1", address.port(), Duration::from_secs(10))?;
    let plan = Plan { count, interval: Duration::ZERO, ..Plan::default() };
    show("measure::latency", &latency(&mut client, &plan, &mut |_| {}).rtt);
    client.quit()
}

fn show(how: &str, rtts: &Recorder) {
    if let Some(Summary { min, p50, max, .. }) = rtts.summary() {
        println!("  {how:<33}  min {:>7}  p50 {:>7}  max {:>7} ms", ms(min), ms(p50), ms(max));
    }
}
