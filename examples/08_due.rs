//! Lesson 8: a client that waits for each answer counts a stall once.
//!
//! You learn why a ping's clock must start when the ping is *due*. A client that waits
//! for an answer sends nothing meanwhile. So the pings that would have been slow are
//! never sent, and never counted. Gil Tene calls this *coordinated omission*.
//!
//! Run it with `cargo run --release --example 08_due`. A server stalls once in the
//! middle of 200 pings, and three clients measure it. The first works like
//! `minimal_client.rs`.
//!
//! The library does it in `src/measure/paced.rs`, which sends on time while answers are
//! outstanding. `src/pace.rs` keeps the schedule, and `src/measure/latency.rs` explains
//! both clocks.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Latency, Plan, latency};
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::{ms, nanoseconds};

const COUNT: u64 = 200;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let [interval, stall] = if short { [1, 60] } else { [5, 300] }.map(Duration::from_millis);
    let slow = stall / 10;
    let port = stalling_server(stall)?;
    let connect = || Client::connect("127.0.0.1", port, Duration::from_secs(10));
    println!("{COUNT} pings, one every {interval:?}. The server stalls once, for {stall:?}.");
    println!("  {:<40} {:>8} {:>8} {:>8}  over {slow:?}", "ms", "p50", "p99", "max");

    // The naive client sends a ping when it has the answer to the last one.
    let (mut client, mut rtts) = (connect()?, Recorder::default());
    for _ in 0..COUNT {
        let start = Instant::now();
        client.ping(None)?;
        rtts.record(start.elapsed());
        thread::sleep(interval);
    }
    let naive = show("naive: ping, wait, pause", &rtts, slow);

    // Still one ping at a time, but each has a time at which it is due, and there are
    // two clocks.
    let plan = Plan { count: COUNT, interval, warmup: 0, ..Plan::default() };
    let one_at_a_time = Plan { one_at_a_time: true, ..plan };
    let Latency { rtt, due, .. } = latency(&mut connect()?, &one_at_a_time, &mut |_| {});
    show("one at a time: from when it was sent", &rtt, slow);
    show("               from when it was due", &due, slow);

    // By default the library sends each ping when it is due, answered or not.
    let Latency { rtt, due, .. } = latency(&mut connect()?, &plan, &mut |_| {});
    show("measure::latency: from when it was sent", &rtt, slow);
    let on_time = show("                  from when it was due", &due, slow);

    println!("The naive client met the stall {naive} time(s). {on_time} pings were due in it:");
    println!("users do not wait for each other's answers, and all of them would have felt it.");
    println!("The last two rows are alike because the library sends on time. The two rows");
    println!("above them differ, because there a late answer delays the next pings.");
    Ok(())
}

/// Prints the figures of a series, and returns how many samples were slow.
fn show(how: &str, series: &Recorder, slow: Duration) -> u64 {
    let Some(Summary { p50, p99, max, .. }) = series.summary() else { return 0 };
    let ranges = series.histogram().ranges();
    let above = ranges.filter(|(values, _)| *values.start() > nanoseconds(slow));
    let count = above.map(|(_, count)| count).sum();
    println!("  {how:<40} {:>8} {:>8} {:>8}  {count:>6}", ms(p50), ms(p99), ms(max));
    count
}

/// Starts a server that stalls once in the middle of each connection.
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

// Try:
// 1. Predict: how does the last column change if the interval is ten times as long?
//    Change it and run.
// 2. Change: let the naive client record the time from when each ping was due, `start +
//    n × interval`. Which row does it resemble now?
// 3. Write: a server that takes 5 ms for every tenth answer. Which p99 do the three
//    clients report?
//
// Read:
// * Gil Tene, "How NOT to Measure Latency" (talk, Strange Loop 2015).
// * Schroeder, Wierman and Harchol-Balter, "Open Versus Closed: A Cautionary Tale"
//   (NSDI 2006).
