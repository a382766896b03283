//! Lesson 3: who does the work of a connection, and what does that cost the others?
//!
//! Run it with `cargo run --release --example 03_serving`. Then read `src/serve/mod.rs`
//! and the three files beside it, next to each other.

use std::io;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::serve::Mode;
use roundtrip::server::{Config, Running, Server};
use roundtrip::stats::Recorder;
use roundtrip::units::ms;

fn main() -> io::Result<()> {
    // Process mode runs a program for each connection: here, this very program, which
    // then gets here.
    #[cfg(unix)]
    if std::env::args().nth(1).as_deref() == Some("--inetd") {
        return roundtrip::server::serve_stdin(&Config::default());
    }
    let rounds = if std::env::args().any(|flag| flag == "--short") { 10 } else { 200 };
    println!(
        "mode         connect to first answer, p50    second client's answer while a first one is idle"
    );
    for mode in [Mode::Sequential, Mode::Thread, Mode::Process] {
        if mode == Mode::Process && cfg!(not(unix)) {
            println!("process      needs Unix");
            continue;
        }
        let child = vec![std::env::current_exe()?.into(), "--inetd".into()];
        let server = Server::bind(Config { mode, child, ..Config::default() })?.start()?;

        let mut first_answers = Recorder::default();
        for _ in 0..rounds {
            let start = Instant::now();
            let mut client = connect(&server, Duration::from_secs(10))?;
            client.ping(None)?;
            first_answers.record(start.elapsed());
            client.quit()?;
        }
        let first_answer =
            first_answers.summary().map_or_else(String::new, |summary| ms(summary.p50));

        let mut idle = connect(&server, Duration::from_secs(10))?;
        idle.ping(None)?;
        // Its own connection is complete at once in any mode: the system has seen to
        // that, and the server need not have noticed.
        let mut second = connect(&server, Duration::from_millis(500))?;
        let start = Instant::now();
        let answer = match second.ping(None) {
            Ok(()) => format!("after {} ms", ms(start.elapsed())),
            Err(error) => format!("none: {error}"),
        };
        println!("{:<12} {first_answer:>8} ms                     {answer}", mode.to_string());
    }
    Ok(())
}

fn connect(server: &Running, timeout: Duration) -> io::Result<Client> {
    Client::connect("127.0.0.1", server.address().port(), timeout)
}
