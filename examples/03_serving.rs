//! Lesson 3: who does the work of a connection?
//!
//! You learn three ways to serve several clients. The thread that accepts connections
//! can serve each of them itself (sequential), or start a thread for each, or a
//! process. The lesson measures what each way costs the client, and what one idle
//! client costs the next.
//!
//! Run it with `cargo run --release --example 03_serving`. The library does it in
//! `src/serve/`: `sequential.rs`, `threads.rs` and `processes.rs`, side by side.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::serve::Mode;
use roundtrip::server::{Config, Running, Server};
use roundtrip::stats::Recorder;
use roundtrip::units::ms;

/// How long the first client stays without a request.
const IDLE: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    // In process mode the server runs a program for each connection. Here this program
    // runs itself, and the child serves its standard input, which is the connection.
    #[cfg(unix)]
    if std::env::args().nth(1).as_deref() == Some("--inetd") {
        return roundtrip::server::serve_stdin(&Config::default());
    }
    let rounds = if std::env::args().any(|flag| flag == "--short") { 10 } else { 200 };
    println!("            connect to first answer   answer to a second client");
    println!("            (median)                  while the first is idle for {IDLE:?}");
    for mode in [Mode::Sequential, Mode::Thread, Mode::Process] {
        if mode == Mode::Process && cfg!(not(unix)) {
            println!("process     needs Unix");
            continue;
        }
        let child = vec![std::env::current_exe()?.into(), "--inetd".into()];
        let server = Server::bind(Config { mode, child, ..Config::default() })?.start()?;
        let first_answer = ms(first_answer(&server, rounds)?);
        let second = ms(second_client(&server)?);
        println!("{:<11} {first_answer:>8} ms               {second:>8} ms", mode.to_string());
    }
    println!("A connection is complete before the server accepts it: the system does that.");
    println!("So the second client is connected in each mode, and in sequential mode it waits.");
    Ok(())
}

/// The median time from the start of connecting to the first answer.
fn first_answer(server: &Running, rounds: usize) -> io::Result<Duration> {
    let mut times = Recorder::default();
    for _ in 0..rounds {
        let start = Instant::now();
        let mut client = connect(server)?;
        client.ping(None)?;
        times.record(start.elapsed());
        client.quit()?;
    }
    Ok(times.summary().map_or(Duration::ZERO, |summary| summary.p50))
}

/// How long a second client waits for an answer while a first one is connected.
fn second_client(server: &Running) -> io::Result<Duration> {
    let mut first = connect(server)?;
    first.ping(None)?;
    let mut second = connect(server)?;
    let start = Instant::now();
    thread::spawn(move || {
        thread::sleep(IDLE);
        first.quit()
    });
    second.ping(None)?;
    Ok(start.elapsed())
}

fn connect(server: &Running) -> io::Result<Client> {
    Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(10))
}

// Try:
// 1. Predict: how long does the third of four clients wait in sequential mode, if each
//    stays for `IDLE`?
// 2. Change: let `minimal_server` panic on the request `CRASH`. Which connections end
//    in each mode?
// 3. Write: a fourth strategy for the library, a fixed number of threads that take
//    connections from a channel.
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, chapter 30: ten servers compared.
// * "The Rust Programming Language", last chapter: a web server with a thread pool.
