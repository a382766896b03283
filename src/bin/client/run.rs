//! Measure, then say what was measured: for one client in detail, for many a line each and the total.

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use roundtrip::client::Client;
use roundtrip::measure::{Bandwidth, Direction, Latency, Outcome, bandwidth, latency, together};
use roundtrip::report::text;
use roundtrip::units::size;

use crate::flags::{Options, Test};
use crate::{complain, say};

/// One of the clients that are to measure at once.
///
/// A client that is alone keeps its connection from one test to the next, unless a test failed on it. One of several leaves as soon as it
/// is done, since a sequential server serves the next one only then.
#[derive(Default)]
struct Seat {
    client: Option<Client>,
}

/// Runs the tests one after the other. A test that fails does not keep the next one from being tried.
pub fn all(options: &Options) -> ExitCode {
    let mut seats: Vec<Seat> = (0..options.clients).map(|_| Seat::default()).collect();
    let connected = connect(&mut seats, options);
    if connected.iter().all(Result::is_err) {
        if let Some(Err(error)) = connected.into_iter().next() {
            complain(&format!("{error}{}", hint(&error, options)));
        }
        return ExitCode::FAILURE;
    }
    if !options.quiet {
        let clients = if options.clients > 1 { format!(" ({} clients)", options.clients) } else { String::new() };
        say(&format!("[CLIENT] connected to {}:{}{clients}", options.host, options.port));
    }
    let mut ok = true;
    for test in &options.tests {
        ok &= match test {
            Test::Latency => run_latency(&mut seats, options),
            Test::Bulk(direction) => run_bandwidth(&mut seats, *direction, options),
        };
    }
    seats.into_iter().filter_map(|seat| seat.client).for_each(leave);
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything is measured by now. A server that does not say BYE spoils nothing.
fn leave(client: Client) {
    let _ = client.quit();
}

fn connect(seats: &mut [Seat], options: &Options) -> Vec<io::Result<()>> {
    let connect = |seat: &mut Seat| {
        if seat.client.is_none() {
            let Options { host, port, timeout, framing, .. } = options;
            seat.client = Some(Client::connect_framed(host, *port, *timeout, *framing)?);
        }
        Ok(())
    };
    together(seats, |_, seat| connect(seat)).into_iter().map(|connected| connected.and_then(|inner| inner)).collect()
}

fn hint(error: &io::Error, options: &Options) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!("; start one there with `server --port {}`, or try `client --loopback`", options.port)
        }
        _ => String::new(),
    }
}

/// Runs one test in every seat, all at once.
fn run<R: Outcome + Send>(seats: &mut [Seat], options: &Options, test: impl Fn(&mut Client) -> R + Sync) -> Vec<R> {
    let connected = connect(seats, options);
    let tested = together(seats, |_, seat| {
        let mut client = seat.client.take()?;
        let result = test(&mut client);
        if result.failure().is_none() {
            if options.clients == 1 {
                seat.client = Some(client);
            } else {
                leave(client);
            }
        }
        Some(result)
    });
    let result = |(tested, connected)| match (tested, connected) {
        (Ok(Some(result)), _) => result,
        (Err(error), _) | (_, Err(error)) => R::failed(error),
        (Ok(None), Ok(())) => R::failed(ErrorKind::NotConnected.into()),
    };
    tested.into_iter().zip(connected).map(result).collect()
}

fn run_latency(seats: &mut [Seat], options: &Options) -> bool {
    let count = options.plan.count;
    let one_by_one = options.clients == 1 && !options.quiet;
    say(&format!("latency: {count} pings{}", each(options)));
    let results = run(seats, options, |client| {
        latency(client, &options.plan, |number, rtt| {
            if one_by_one {
                say(&text::ping(number, count, rtt));
            }
        })
    });
    say_clients(&results, options, |result| text::latency(result).join(", "));
    for line in text::latency(&Latency::total(&results)) {
        say(&format!("  {line}"));
    }
    verdict("latency", &results)
}

fn run_bandwidth(seats: &mut [Seat], direction: Direction, options: &Options) -> bool {
    let results = run(seats, options, |client| bandwidth(client, direction, options.size));
    let (name, total) = (text::direction(direction), text::bandwidth(&Bandwidth::total(&results)));
    if options.clients == 1 {
        say(&format!("{:<9} {total}", format!("{name}:")));
    } else {
        say(&format!("{name}: {}{}", size(options.size), each(options)));
        say_clients(&results, options, text::bandwidth);
        say(&format!("  {total}"));
    }
    verdict(name, &results)
}

fn each(options: &Options) -> String {
    if options.clients == 1 { String::new() } else { format!(" each, {} clients at once", options.clients) }
}

/// A line for each of several clients.
fn say_clients<R: Outcome>(results: &[R], options: &Options, line: impl Fn(&R) -> String) {
    if results.len() > 1 && !options.quiet {
        for (index, result) in results.iter().enumerate() {
            say(&text::client(index, results.len(), &line(result), result.failure()));
        }
    }
}

/// Whether all clients succeeded. If not, says why the first of them did not.
fn verdict<R: Outcome>(test: &str, results: &[R]) -> bool {
    let failures: Vec<_> = results.iter().filter_map(R::failure).collect();
    match failures[..] {
        [] => return true,
        [only] if results.len() == 1 => complain(&format!("{test} failed: {only}")),
        [first, ..] => {
            let (failed, clients) = (failures.len(), results.len());
            complain(&format!("{test} failed for {failed} of {clients} clients, the first: {first}"));
        }
    }
    false
}
