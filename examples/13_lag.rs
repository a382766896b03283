//! Lesson 13: a loop that polls measures itself, and forgets the last ping.
//!
//! A game loop looks at its sockets once in a tick. When it is also to measure its
//! players' lag, the obvious way is to send a ping in each tick and to see which echoes
//! have come. Run it with `cargo run --release --example 13_lag`. Then read
//! `src/session/lag.rs`, and `src/measure/lag.rs` beside it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Lag, Measurement, lag};
use roundtrip::server::{Config, Server};
use roundtrip::stats::Recorder;
use roundtrip::units::ms;
use roundtrip::wire::command::more::LagPlan;

const PINGS: u8 = 10;

fn main() -> io::Result<()> {
    let tick =
        Duration::from_millis(if std::env::args().any(|flag| flag == "--short") { 5 } else { 20 });
    println!("{PINGS} pings from a server to a client on the same machine:");

    let (listener, mut rtts) = (TcpListener::bind("127.0.0.1:0")?, Recorder::default());
    let client = TcpStream::connect(listener.local_addr()?)?;
    let client = thread::spawn(move || echo_in_each_tick(client, tick));
    measure_in_each_tick(listener.accept()?.0, tick, &mut rtts)?;
    client.join().map_err(|_| io::Error::other("the client panicked"))??;
    show(&format!("naive: look once in {tick:?}"), &rtts);

    let server = Server::bind(Config::default())?.start()?;
    let mut client =
        Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(10))?;
    let Lag { server: measured, turn_round, .. } =
        lag(&mut client, LagPlan { count: PINGS.into(), interval: tick }, &mut |_, _| {});
    measured.failure().map_or(Ok(()), |error| Err(io::Error::other(error.to_string())))?;
    show("session::lag: wait in read, as the server sees it", &measured.rtt);
    show("              of that, the client's turn-round", &turn_round);
    println!(
        "The naive figure is the tick, whatever the network does, and its last ping has nobody waiting for it."
    );
    Ok(())
}

fn show(how: &str, series: &Recorder) {
    let p50 = series.summary().map_or_else(String::new, |summary| ms(summary.p50));
    println!("  {how:<50} {:>2} round trips, p50 {p50:>7} ms", series.count());
}

/// The naive server. A ping is one byte, its number.
fn measure_in_each_tick(
    mut stream: TcpStream,
    tick: Duration,
    rtts: &mut Recorder,
) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let mut sent = Vec::new();
    for number in 0..PINGS {
        let mut echoes = [0; 16];
        if let Ok(length) = stream.read(&mut echoes) {
            let times = echoes[..length].iter().filter_map(|&echo| sent.get(usize::from(echo)));
            times.for_each(|time: &Instant| rtts.record(time.elapsed()));
        }
        sent.push(Instant::now());
        stream.write_all(&[number])?;
        thread::sleep(tick);
    }
    Ok(()) // All are sent: done, it seems.
}

/// The naive client.
fn echo_in_each_tick(mut stream: TcpStream, tick: Duration) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let mut pings = [0; 16];
    loop {
        match stream.read(&mut pings) {
            Ok(0) => return Ok(()),
            // The server may have left. It does not matter any more.
            Ok(length) => drop(stream.write(&pings[..length])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(tick),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
