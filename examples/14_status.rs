//! Lesson 14: "no answer" is no diagnosis, and a question need not join the queue.
//!
//! You learn how to ask a server how it is while it is busy. The naive way connects
//! like any client. It waits in the queue behind the others, or is refused because the
//! server is full. A status question is answered even by a full server, and when it
//! fails, the error names the step that failed: resolve, connect or answer.
//!
//! Run it with `cargo run --release --example 14_status`. A server sends data to one
//! client for two seconds, and meanwhile somebody asks how it is.
//!
//! The library does it in `src/session/status.rs`, which answers,
//! `src/session/counters.rs`, which counts, and `src/measure/status.rs`, which asks.

use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::flags::wrap;
use roundtrip::json::{Map, Value};
use roundtrip::measure::{Direction, bandwidth, ping_server};
use roundtrip::serve::{Limits, Mode};
use roundtrip::server::{Config, Server};
use roundtrip::units::ms;
use roundtrip::wire::command::Amount;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let busy = Duration::from_millis(if short { 300 } else { 2000 });
    println!("A server sends data to one client for {busy:?}. How is it?");
    // In thread mode one client fills the server. In sequential mode the next
    // connection waits in the system's queue, whatever the limit.
    while_busy(Mode::Thread, 1, busy)?;
    while_busy(Mode::Sequential, 2, busy)?;

    println!("A port on which nothing listens, and a name that does not exist:");
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    ask(&free.to_string(), busy);
    ask("no.such.host.invalid:5001", busy);
    println!("A full server answers a question, since the question takes no place of a client.");
    println!("A busy sequential server cannot: one thread does everything. The error names the");
    println!("step that failed, so \"busy\", \"not there\" and \"no such name\" look different.");
    Ok(())
}

/// Asks a server how it is while it serves one client.
fn while_busy(mode: Mode, max_connections: u64, busy: Duration) -> io::Result<()> {
    let limits = Limits { max_connections, ..Limits::default() };
    let server = Server::bind(Config { mode, limits, ..Config::default() })?.start()?;
    let port = server.address().port();
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    client.ping(None)?;
    let load = thread::spawn(move || {
        bandwidth(&mut client, Direction::Download, Amount::Time(busy), &mut |_| {}).failure
    });
    println!("{mode} mode, at most {max_connections} connection(s):");
    ask(&server.address().to_string(), busy / 4);
    let start = Instant::now();
    let naive =
        Client::connect("127.0.0.1", port, busy * 5).and_then(|mut client| client.ping(None));
    let naive = naive.map_or_else(|error| error.to_string(), |()| "it answers".into());
    let over = if load.is_finished() { ", but the transfer is over" } else { "" };
    show("naive:", &format!("after {:>8} ms: {naive}{over}", ms(start.elapsed())));
    match load.join() {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(_) => Err(io::Error::other("the client panicked")),
    }
}

fn ask(address: &str, timeout: Duration) {
    match ping_server(address, &Map::new(), timeout) {
        Ok(status) => {
            let connections = status.answer.get("connections").unwrap_or(&Value::Null);
            let delay = ms(status.delay);
            show("ping_server:", &format!("after {delay:>8} ms: connections {connections}"));
        }
        Err(error) => show("ping_server:", &error.to_string()),
    }
}

fn show(how: &str, what: &str) {
    println!("  {how:<13} {}", wrap(what, 64).join("\n                "));
}

// Try:
// 1. Predict: what does each of the two learn in process mode? Add it and run. (The mode
//    has to know which program a child runs: see `child` in lesson 3.)
// 2. Change: set the limit in sequential mode to 1. Does the naive client learn that
//    the server is full? Why not?
// 3. Write: a program that asks ten servers concurrently and prints the full ones
//    first. A server that does not answer must not delay the others.
//
// Read:
// * Stevens, Fenner and Rudoff, "UNIX Network Programming", volume 1, section 4.5: the
//   queue of `listen`.
// * Beyer and others, "Site Reliability Engineering" (2016), chapter 21: "Handling
//   Overload".
