//! Lesson 13: a loop that polls measures itself, and misses the last ping.
//!
//! You learn how a server can measure the round-trip time to each of its clients. A
//! game loop looks at its sockets once in a tick. The obvious way to measure a player's
//! lag is to send one ping in each tick, and to see which echoes have come. The figure
//! is then the tick, whatever the network does. And when the last ping is sent, the
//! loop ends before its echo comes.
//!
//! Run it with `cargo run --release --example 13_lag`.
//!
//! The library does it in `src/session/lag.rs` for the server, and in
//! `src/measure/lag.rs` for the client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Lag, lag};
use roundtrip::server::{Config, Server};
use roundtrip::stats::Recorder;
use roundtrip::units::ms;
use roundtrip::wire::command::more::LagPlan;

const PINGS: u8 = 10;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let tick = Duration::from_millis(if short { 5 } else { 20 });
    println!("{PINGS} pings from a server to a client on the same machine, one every {tick:?}:");

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let client = thread::spawn(move || echo_in_each_tick(client, tick));
    let naive = measure_in_each_tick(listener.accept()?.0, tick)?;
    client.join().map_err(|_| io::Error::other("the client panicked"))??;
    show("naive: look once in a tick", &naive);

    let server = Server::bind(Config::default())?.start()?;
    let port = server.address().port();
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let plan = LagPlan { count: PINGS.into(), interval: tick };
    let Lag { server: measured, turnaround, .. } = lag(&mut client, plan, &mut |_, _| {});
    if let Some(error) = measured.failure {
        return Err(error);
    }
    show("session::lag: wait in `read`", &measured.rtt);
    show("  of that, the client's turnaround time", &turnaround);
    let missing = u64::from(PINGS).saturating_sub(naive.count());
    println!(
        "The naive loop measured its own tick, and ended before {missing} of the echoes came."
    );
    Ok(())
}

fn show(how: &str, series: &Recorder) {
    let p50 = series.summary().map_or_else(|| "?".into(), |summary| ms(summary.p50));
    println!("  {how:<40} {:>3} round trips, p50 {p50:>7} ms", series.count());
}

/// The naive server. A ping is one byte, its number.
fn measure_in_each_tick(mut stream: TcpStream, tick: Duration) -> io::Result<Recorder> {
    stream.set_nonblocking(true)?;
    let (mut sent, mut rtts) = (Vec::<Instant>::new(), Recorder::default());
    for number in 0..PINGS {
        let mut echoes = [0; 16];
        if let Ok(length) = stream.read(&mut echoes) {
            for &echo in &echoes[..length] {
                rtts.record(sent[usize::from(echo)].elapsed());
            }
        }
        sent.push(Instant::now());
        stream.write_all(&[number])?;
        thread::sleep(tick);
    }
    Ok(rtts) // All pings are sent: done, it seems.
}

/// The naive client.
fn echo_in_each_tick(mut stream: TcpStream, tick: Duration) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let mut pings = [0; 16];
    loop {
        match stream.read(&mut pings) {
            Ok(0) => return Ok(()),
            // This fails if the server has gone already, and then nobody wants the
            // echo.
            Ok(length) => drop(stream.write(&pings[..length])),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(tick),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

// Try:
// 1. Predict: the naive p50, if the client polls and the server waits in `read`. Then
//    change `measure_in_each_tick`, and run.
// 2. Change: let the naive server wait for the last echoes. For how long, if an echo
//    may never come?
// 3. Write: a server that measures the lag of three clients concurrently, one of which
//    stops echoing. The figures of the others must not change.
//
// Read:
// * Stevens, Fenner and Rudoff, "UNIX Network Programming", volume 1, chapter 16:
//   "Nonblocking I/O".
// * RFC 2681, "A Round-trip Delay Metric for IPPM", section 2.7: what else is measured
//   along with the network.
