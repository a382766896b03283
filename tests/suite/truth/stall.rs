//! A stall of the link: who feels it, with each way of sending pings.

use std::time::Duration;

use roundtrip::json::Value;

use super::{RATE, at_rate, attempt, in_a_quiet_moment, ms};
use crate::relay::{Line, relay};
use crate::support::Server;

/// Measures for a second, during which the link to the server stalls once for 200 ms.
fn through_a_stall(framing: &str, interval: &str) -> Option<Value> {
    let server = Server::start(&["-q", "--framing", framing]);
    let stall = Some((Duration::from_millis(400), Duration::from_millis(200)));
    let port = relay(server.port, Line { stall, ..Line::default() }, Line::default()).port;
    attempt(
        port,
        &["--test", "latency", "--time", "1s", "--framing", framing, "--interval", interval],
    )
}

/// Of 1,000 pings, one every millisecond, 200 wait, between 200 ms and nothing. So one
/// in a hundred waits longer than 190 ms.
#[test]
fn a_stall_is_felt_by_every_ping_that_was_due_in_it() {
    in_a_quiet_moment(|| {
        let test = through_a_stall("line", "1ms")?;
        let [p50, p99, max] =
            ["due_ns.p50", "due_ns.p99", "due_ns.max"].map(|name| ms(&test, name));
        let usual = p50 < 20.0 && ms(&test, "rtt_ns.p50") < 20.0;
        Some(usual && p99 >= 150.0 && (195.0..250.0).contains(&max))
    });
}

/// With bare framing one ping waits for its answer and the others leave late. Only the
/// time from when they were due shows that.
#[test]
fn a_stall_is_felt_by_pings_that_had_to_wait_for_an_answer() {
    in_a_quiet_moment(|| {
        let test = through_a_stall("bare", "1ms")?;
        let of = |name: &str| ms(&test, name);
        Some(of("rtt_ns.p99") < 20.0 && of("due_ns.p50") < 20.0 && of("due_ns.p99") >= 150.0)
    });
}

/// Without an interval each ping waits for the answer before it: one ping waits, and
/// the others are never sent. That is coordinated omission.
#[test]
fn a_stall_is_one_sample_where_pings_wait_for_answers() {
    in_a_quiet_moment(|| {
        let test = through_a_stall("line", "0")?;
        assert!(test.get("due_ns").is_none(), "{test}");
        let of = |name: &str| ms(&test, name);
        Some(of("rtt_ns.p99") < 20.0 && (195.0..250.0).contains(&of("rtt_ns.max")))
    });
}

/// A line that carries nothing in the last 700 ms of a second has carried what it did in
/// that second, and not in 300 ms.
#[test]
fn a_stall_at_the_end_of_a_transfer_counts() {
    let server = Server::start(&["-q"]);
    let stall = Some((Duration::from_millis(300), Duration::from_secs(5)));
    let stalls = Line { stall, ..at_rate(RATE) };
    for (direction, up, down) in
        [("download", Line::default(), stalls), ("upload", stalls, Line::default())]
    {
        in_a_quiet_moment(|| {
            let port = relay(server.port, up, down).port;
            let test = attempt(port, &["--test", direction, "--time", "1s"])?;
            Some(test.get("duration_ns").is_some() && ms(&test, "duration_ns") >= 999.0)
        });
    }
}
