//! Lesson 8: a client that waits for each answer counts a stall once.
//!
//! While it waits it sends nothing, so the pings that would have been late do not
//! exist. A server here stalls once in the middle. Run it with `cargo run --release
//! --example 08_due`. Then read `src/measure/latency.rs`, and `paced.rs` beside it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Latency, Plan, latency};
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::ms;

const COUNT: u64 = 200;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let [interval, stall] = if short { [1, 60] } else { [5, 300] }.map(Duration::from_millis);
    let port = stalling_server(stall)?;
    let connect = || Client::connect("127.0.0.1", port, Duration::from_secs(10));
    println!("{COUNT} pings, one every {interval:?}, to a server that stalls once, for {stall:?}:");
    println!(
        "  {:<41} {:>8} {:>8} {:>8} ms   answers over {:?}",
        "",
        "p50",
        "p99",
        "max",
        stall / 10
    );

    // The naive client asks again when it has its answer.
    let (mut client, mut rtts) = (connect()?, Recorder::default());
    for _ in 0..COUNT {
        let start = Instant::now();
        client.ping(None)?;
        rtts.record(start.elapsed());
        thread::sleep(interval);
    }
    show("naive: ping, wait for the answer, pause", &rtts, stall / 10);

    // Still one at a time, but each ping has a time at which it is due, and there are
    // two clocks.
    let plan = Plan { count: COUNT, interval, warmup: 0, ..Plan::default() };
    let Latency { rtt, due, .. } =
        latency(&mut connect()?, &Plan { one_at_a_time: true, ..plan }, &mut |_| {});
    show("one at a time: from when it was sent", &rtt, stall / 10);
    show("               from when it was due", &due, stall / 10);

    // The library, unless told otherwise: pings leave when they are due, answered or
    // not.
    let Latency { rtt, due, .. } = latency(&mut connect()?, &plan, &mut |_| {});
    show("measure::latency: from when it was sent", &rtt, stall / 10);
    show("                  from when it was due", &due, stall / 10);
    println!("Users do not wait for each other's answers: all who come during the stall feel it.");
    Ok(())
}

fn show(how: &str, series: &Recorder, long: Duration) {
    let Some(Summary { p50, p99, max, .. }) = series.summary() else { return };
    let ranges = series
        .histogram()
        .ranges()
        .filter(|(values, _)| Duration::from_nanos(*values.start()) > long);
    let late: u64 = ranges.map(|(_, count)| count).sum();
    println!("  {how:<41} {:>8} {:>8} {:>8}    {late:>8}", ms(p50), ms(p99), ms(max));
}

/// Stalls in the middle of each connection.
fn stalling_server(stall: Duration) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || -> io::Result<()> {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream?);
            reader.get_ref().set_nodelay(true)?;
            for number in 1..=COUNT {
                reader.read_line(&mut String::new())?;
                if number == COUNT / 2 {
                    thread::sleep(stall);
                }
                reader.get_mut().write_all(b"PONG\n")?;
            }
        }
        Ok(())
    });
    Ok(port)
}
