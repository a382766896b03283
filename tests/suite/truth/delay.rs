//! A delay that is known, and the time to the first answer.

use std::time::Duration;

use super::{in_three_attempts, measure, ms, only_test};
use crate::document::list;
use crate::namespaces::Namespaces;
use crate::relay::{Line, relay};
use crate::support::{Server, Temporary, client};

/// The round trip takes 40 ms and a ping is due every 5 ms, so eight are outstanding at
/// a time. If each ping waited for the answer before it, the last would leave 20 × (40
/// - 5) ms after it was due.
#[test]
fn a_known_delay_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line);
    in_three_attempts(|| {
        let test = measure(port, &["--test", "latency", "--count", "20", "--interval", "5ms"]);
        assert!(ms(&test, "rtt_ns.min") >= 40.0 && ms(&test, "due_ns.min") >= 40.0, "{test}");
        // At 40 ms, a range of the histogram is 0.26 ms wide.
        (ms(&test, "rtt_ns.p50") < 41.0 && ms(&test, "due_ns.p50") < 41.0, test)
    });
}

#[test]
fn a_delayed_link_is_what_is_measured() {
    let Some(namespaces) = Namespaces::new("netem delay 20ms") else { return };
    let server = namespaces.server();
    in_three_attempts(|| {
        let flags = ["--json", "--test", "latency", "--count", "20", "--interval", "5ms"];
        let test = only_test(&namespaces.client(server.port, &flags), 0);
        assert!(ms(&test, "rtt_ns.min") >= 40.0, "{test}");
        (ms(&test, "rtt_ns.p50") < 41.0, test)
    });
}

/// Each session of a sequential server lasts four intervals. The last of five clients
/// waits for four sessions, and no round-trip time shows that.
#[test]
fn who_waits_to_be_served_sees_how_long() {
    let server = Server::start(&["-q", "--mode", "sequential"]);
    let picture = Temporary::new("waiting.svg");
    let flags = ["--test", "latency", "--concurrent", "5", "--count", "5", "--interval", "20ms"];
    let with_picture = [&flags[..], &["--svg", picture.path()]].concat();
    let test = measure(server.port, &with_picture);
    let mut first: Vec<f64> =
        list(&test, "clients").iter().map(|client| ms(client, "first_answer_ns")).collect();
    first.sort_by(f64::total_cmp);
    assert!(first[4] >= 320.0 && first[4] >= first[0] + 320.0, "{first:?}");
    assert!(ms(&test, "elapsed_ns") >= 400.0 && ms(&test, "elapsed_ns") > first[4], "{test}");
    let picture = picture.text();
    assert!(picture.contains("first answer") && picture.contains("client 5"));
    let out = client(server.port, &flags).out;
    assert!(out.contains("first answer after ") && out.contains("; all done in "), "{out}");

    let alone = measure(server.port, &["--test", "latency", "--count", "1"]);
    assert!(alone.get("first_answer_ns").is_some() && alone.get("elapsed_ns").is_some());
}
