//! The whole tool in one command: `cargo run --release --example demo`.
//!
//! For each of the three modes, the demo starts a server on a free port, measures it as
//! the `client` binary does, and stops it. Nothing has to run before, and nothing runs
//! afterwards, even when a step fails.

use std::io::{self, Write};
use std::time::Duration;

use roundtrip::client::{Client, Options};
use roundtrip::measure::{
    self, Direction, Latency, Measurement, Plan, Sample, bandwidth, concurrently, latency,
};
use roundtrip::report::{Report, text};
use roundtrip::serve::Mode;
use roundtrip::server::{Config, Running, Server};
use roundtrip::stats::Recorder;
use roundtrip::units::ms;
use roundtrip::wire::command::Amount;

const CLIENTS: usize = 4;

/// Prints a line. Unlike `std`'s, this does not panic when the reader has closed the pipe:
/// `demo | head` wants no more.
macro_rules! println {
    ($($text:tt)*) => {{ let _ = writeln!(io::stdout(), $($text)*); }};
}

fn main() -> io::Result<()> {
    // In process mode the server runs a program for each connection. Here this program
    // runs itself, and the child serves its standard input, which is the connection.
    #[cfg(unix)]
    if std::env::args().nth(1).as_deref() == Some("--inetd") {
        return roundtrip::server::serve_stdin(&Config::default());
    }
    let size = if std::env::args().any(|flag| flag == "--short") { 10 << 20 } else { 1 << 30 };
    let modes = [
        (Mode::Sequential, "one connection after the other, in the thread that accepts"),
        (Mode::Thread, "a thread for each connection"),
        (Mode::Process, "a process for each connection"),
    ];
    let (mut rows, mut failed) = (Vec::new(), false);
    for (mode, what) in modes {
        println!("\n== {mode} mode: {what}");
        match tour(mode, size) {
            Ok(row) => rows.push(row),
            Err(error) => {
                println!("   this step failed: {error}");
                failed = true;
            }
        }
    }
    println!(
        "\n{:<11} {:>12} {:>18} {:>18}",
        "", "ping, p50", "download, Mbit/s", "first answer, p50"
    );
    for row in rows {
        println!("{row}");
    }
    println!("`compare_modes`, another example, shows what else the three differ in.");
    if failed { Err(io::Error::other("not every step succeeded")) } else { Ok(()) }
}

/// Measures one server, and returns its row of the table. The server stops when it is
/// dropped, even if a step fails.
fn tour(mode: Mode, size: u64) -> io::Result<String> {
    let child = vec![std::env::current_exe()?.into(), "--inetd".into()];
    let server = Server::bind(Config { mode, child, ..Config::default() })?.start()?;
    println!("   listening on {}", server.address());

    println!("\nlatency: how long does an answer take?");
    let mut client = connect(&server)?;
    let plan = Plan { count: 10, interval: Duration::from_millis(10), ..Plan::default() };
    let pings = latency(&mut client, &plan, &mut |sample| {
        if let Sample::Ping { number, rtt, .. } = sample {
            println!("  {}", text::ping(number, plan.pings(), rtt));
        }
    });
    show(&pings)?;

    println!("\nbandwidth: how many bytes arrive in a second?");
    let download = transfer(&mut client, Direction::Download, size)?;
    transfer(&mut client, Direction::Upload, size)?;
    // A sequential server serves the next client when this one has left.
    client.quit()?;

    println!("\n{CLIENTS} clients at the same time:");
    let plan = Plan { count: 100, interval: Duration::ZERO, ..Plan::default() };
    let clients = (0..CLIENTS).map(|_| connect(&server)).collect::<io::Result<Vec<_>>>()?;
    let results = concurrently(clients, |mut client| {
        let pings = latency(&mut client, &plan, &mut |_| {});
        client.quit().map(|()| pings)
    });
    let results =
        results.into_iter().map(|result| result?).collect::<io::Result<Vec<Latency>>>()?;
    for (index, pings) in results.iter().enumerate() {
        println!("  {}", text::client(index, CLIENTS, pings));
    }
    show(&Latency::total(&results))?;

    println!("\nthe whole suite, as `client --test all` runs it, on one connection:");
    suite(connect(&server)?, size / 10)?;

    println!("\nconnect, ask, leave, again: how long until a client has its first answer?");
    let plan = Plan { count: 20, interval: Duration::ZERO, ..Plan::default() };
    let port = server.address().port();
    let connections = measure::connect("127.0.0.1", port, &Options::default(), &plan, &mut |_| {});
    show(&connections)?;
    let p50 = |series: &Recorder| series.summary().map_or("?".into(), |rtt| ms(rtt.p50));
    let (ping, first) = (p50(&pings.rtt), p50(&connections.pings.rtt));
    let mode = mode.to_string();
    Ok(format!("{mode:<11} {ping:>9} ms {download:>18} {first:>15} ms"))
}

fn suite(mut client: Client, size: u64) -> io::Result<()> {
    let plan = Plan { interval: Duration::from_millis(1), ..Plan::default() };
    show(&latency(&mut client, &plan, &mut |_| {}))?;
    for direction in [Direction::Download, Direction::Upload] {
        transfer(&mut client, direction, size)?;
    }
    client.quit()
}

/// Prints a transfer, and returns its rate.
fn transfer(client: &mut Client, direction: Direction, size: u64) -> io::Result<String> {
    let transfer = bandwidth(client, direction, Amount::Bytes(size), &mut |_| {});
    println!("  {:<8} {}", direction.name(), transfer.lines().concat());
    let rate = transfer.bits_per_second().map_or("?".into(), |rate| format!("{:.0}", rate / 1e6));
    transfer.failure.map_or(Ok(rate), Err)
}

fn connect(server: &Running) -> io::Result<Client> {
    Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(10))
}

fn show(measured: &dyn Report) -> io::Result<()> {
    for line in measured.lines() {
        println!("  {line}");
    }
    measured.failure().map_or(Ok(()), |error| Err(io::Error::new(error.kind(), error.to_string())))
}
