//! A rate that is known, a queue that is full, and transfers too short for a rate.

use std::time::Duration;

use roundtrip::json::Value;

use super::{RATE, at_rate, figure, in_three_attempts, measure, ms, near, only_test};
use crate::namespaces::Namespaces;
use crate::relay::{Line, relay};
use crate::support::{Server, client};

/// A client that stopped its clock at the last `write` would report far too much: the
/// socket buffers take megabytes at once.
#[test]
fn a_known_rate_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let port = relay(server.port, at_rate(RATE), at_rate(RATE));
    for flags in [["--test", "download", "--size", "6MiB"], ["--test", "download", "--time", "1s"]]
    {
        in_three_attempts(|| {
            let test = measure(port, &flags);
            (near(figure(&test, "bits_per_second"), f64::from(RATE)), test)
        });
    }
    for flags in [["--test", "upload", "--size", "6MiB"], ["--test", "upload", "--time", "1s"]] {
        in_three_attempts(|| {
            let test = measure(port, &flags);
            let rate = figure(&test, "bits_per_second");
            // The clock starts before the first byte enters the link, so even a busy
            // machine cannot make the figure too high.
            assert!(rate <= f64::from(RATE), "{test}");
            (near(rate, f64::from(RATE)), test)
        });
    }
    in_three_attempts(|| {
        let test = measure(port, &["--test", "bidirectional", "--size", "6MiB"]);
        let rate = |direction| figure(&test, &format!("{direction}.bits_per_second"));
        (near(rate("download"), f64::from(RATE)) && near(rate("upload"), f64::from(RATE)), test)
    });
}

/// Both connections share one queue. The transfer keeps it full, so every ping waits
/// for 100 ms.
#[test]
fn a_full_queue_is_what_loaded_shows() {
    let server = Server::start(&["-q"]);
    let line = Line { queue: Duration::from_millis(100), ..at_rate(50_000_000) };
    let port = relay(server.port, line, line);
    in_three_attempts(|| {
        let test = measure(port, &["--test", "loaded", "--time", "3s"]);
        let [idle, download, upload] =
            ["idle", "download", "upload"].map(|part| ms(&test, &format!("{part}.rtt_ns.p50")));
        (idle < 20.0 && download >= idle + 50.0 && upload >= idle + 50.0, test)
    });
}

#[test]
fn a_shaped_link_carries_what_the_headers_leave() {
    let Some(namespaces) = Namespaces::new("tbf rate 100mbit burst 32kbit latency 50ms") else {
        return;
    };
    let server = namespaces.server();
    // The bucket counts frames with their Ethernet header, without preamble and
    // checksum: 14 bytes before 1,500. Of the 1,500, IPv4 takes 20, TCP 20, and TCP's
    // time stamps 12. The kernel may pass several segments as one large packet (GSO); the bucket
    // counts the frames that such a packet becomes, each with its headers.
    let goodput = f64::from(RATE) * f64::from(1500 - 20 - 20 - 12) / f64::from(14 + 1500);
    for direction in ["download", "upload"] {
        in_three_attempts(|| {
            let flags = ["--json", "--test", direction, "--size", "10MiB"];
            let test = only_test(&namespaces.client(server.port, &flags), 0);
            (near(figure(&test, "bits_per_second"), goodput), test)
        });
    }
}

/// A download that is here within one round trip was on its way before any clock ran.
#[test]
fn what_arrives_with_ready_has_no_rate() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line);
    for size in ["1B", "1KiB"] {
        let flags = ["--test", "download", "--size", size];
        let test = measure(port, &flags);
        let absent = |name| test.get(name).is_none();
        assert!(absent("bits_per_second") && absent("duration_ns") && !absent("bytes"), "{test}");
        let outcome = client(port, &flags);
        assert!(outcome.err.contains("too little to tell a rate"), "{outcome:?}");
    }
}

/// What is counted behind the warm-up has the time of the rest, and its bytes.
#[test]
fn the_start_of_a_transfer_need_not_be_counted() {
    let server = Server::start(&["-q"]);
    for direction in ["download", "upload"] {
        let flags = ["--test", direction, "--time", "1s", "--warmup", "500ms"];
        let test = measure(server.port, &flags);
        let (time, bytes) = (ms(&test, "duration_ns"), test.get("bytes").and_then(Value::as_u64));
        assert!((300.0..700.0).contains(&time) && bytes > Some(0), "{direction}: {test}");
        let rate = test.get("bits_per_second").and_then(Value::as_f64).unwrap();
        let known =
            f64::from(u32::try_from(bytes.unwrap() / 1024).unwrap()) * 8.0 * 1024.0 / time * 1e3;
        assert!((0.99..1.01).contains(&(rate / known)), "{direction}: {rate} and {known}");
    }
}
