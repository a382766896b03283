//! A delay that is known, and the time to the first answer.

use std::time::Duration;

use roundtrip::json::Value;

use super::{attempt, in_a_quiet_moment, measure, ms, success};
use crate::document::list;
use crate::namespaces::Namespaces;
use crate::relay::{Line, relay};
use crate::support::{Server, Temporary, client};

/// The round trip takes 40 ms and a ping is due every 5 ms, so eight are outstanding at
/// a time. If each ping waited for the answer before it, half of them would leave more
/// than 10 × (40 - 5) ms after they were due.
#[test]
fn a_known_delay_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line).port;
    in_a_quiet_moment(|| {
        let flags = ["--test", "latency", "--count", "20", "--interval", "5ms"];
        Some(is_near_40_ms(&attempt(port, &flags)?))
    });
}

#[test]
fn a_delayed_link_is_what_is_measured() {
    let Some(namespaces) = Namespaces::new("netem delay 20ms") else { return };
    let server = namespaces.server();
    in_a_quiet_moment(|| {
        let flags = ["--json", "--test", "latency", "--count", "20", "--interval", "5ms"];
        Some(is_near_40_ms(&success(&namespaces.client(server.port, &flags))?))
    });
}

/// No ping is faster than the link, and one of them is no slower: the median includes
/// what a busy processor adds.
fn is_near_40_ms(test: &Value) -> bool {
    let of = |name: &str| ms(test, name);
    assert!(of("rtt_ns.min") >= 40.0 && of("due_ns.min") >= 40.0, "{test}");
    let near = of("rtt_ns.min") < 41.0 && of("due_ns.min") < 41.0;
    near && of("rtt_ns.p50") < 60.0 && of("due_ns.p50") < 200.0
}

/// Each session of a sequential server lasts four intervals. The last of five clients
/// waits for four sessions, and no round-trip time shows that.
#[test]
fn who_waits_to_be_served_sees_how_long() {
    let server = Server::start(&["-q", "--mode", "sequential"]);
    let picture = Temporary::new("waiting.svg");
    let flags = ["--test", "latency", "--concurrent", "5", "--count", "5", "--interval", "20ms"];
    let with_picture = [&flags[..], &["--svg", picture.path()]].concat();
    in_a_quiet_moment(|| {
        let test = attempt(server.port, &with_picture)?;
        let mut first: Vec<f64> =
            list(&test, "clients").iter().map(|client| ms(client, "first_answer_ns")).collect();
        first.sort_by(f64::total_cmp);
        let all = ms(&test, "elapsed_ns");
        assert!(all > first[4], "{test}");
        Some(first[4] >= 320.0 && first[4] >= first[0] + 320.0 && all >= 400.0)
    });
    let picture = picture.text();
    assert!(picture.contains("first answer") && picture.contains("client 5"));
    let out = client(server.port, &flags).out;
    assert!(out.contains("first answer after ") && out.contains("; all done in "), "{out}");

    let alone = measure(server.port, &["--test", "latency", "--count", "1"]);
    assert!(alone.get("first_answer_ns").is_some() && alone.get("elapsed_ns").is_some());
}
