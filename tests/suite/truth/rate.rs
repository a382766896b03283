//! A rate that is known, a queue that is full, and transfers too short for a rate.

use std::time::Duration;

use super::{RATE, at_rate, attempt, figure, in_a_quiet_moment, measure, ms, near, success};
use crate::namespaces::Namespaces;
use crate::relay::{Line, relay};
use crate::support::{Server, client};

/// A client that stopped its clock at the last `write` would report far too much: the
/// socket buffers take megabytes at once.
#[test]
fn a_known_rate_is_what_is_measured() {
    let server = Server::start(&["-q"]);
    let through_the_line = |flags: &[&str]| {
        let relay = relay(server.port, at_rate(RATE), at_rate(RATE));
        Some((attempt(relay.port, flags)?, relay))
    };
    for amount in [["--size", "6MiB"], ["--time", "1s"]] {
        in_a_quiet_moment(|| {
            let (test, relay) = through_the_line(&["--test", "download", amount[0], amount[1]])?;
            Some(near(figure(&test, "bits_per_second"), relay.down.rate()))
        });
        in_a_quiet_moment(|| {
            let (test, relay) = through_the_line(&["--test", "upload", amount[0], amount[1]])?;
            let (rate, truth) = (figure(&test, "bits_per_second"), relay.up.rate());
            // The clock starts before the first byte enters the link, and stops when the
            // last one has left it, so even a busy machine cannot make the figure too high.
            assert!(amount[0] == "--time" || rate <= truth * 1.003, "{truth}: {test}");
            Some(near(rate, truth))
        });
    }
    in_a_quiet_moment(|| {
        let (test, relay) = through_the_line(&["--test", "bidirectional", "--size", "6MiB"])?;
        let rate = |direction| figure(&test, &format!("{direction}.bits_per_second"));
        let down = near(rate("download"), relay.down.rate());
        Some(down && near(rate("upload"), relay.up.rate()))
    });
}

/// Both connections share one queue. The transfer keeps it full, so every ping waits
/// for 100 ms.
#[test]
fn a_full_queue_is_what_loaded_shows() {
    let server = Server::start(&["-q"]);
    let line = Line { queue: Duration::from_millis(100), ..at_rate(50_000_000) };
    let port = relay(server.port, line, line).port;
    in_a_quiet_moment(|| {
        let test = attempt(port, &["--test", "loaded", "--time", "3s"])?;
        let [idle, download, upload] =
            ["idle", "download", "upload"].map(|part| ms(&test, &format!("{part}.rtt_ns.p50")));
        Some(idle < 20.0 && download >= idle + 50.0 && upload >= idle + 50.0)
    });
}

#[test]
fn a_shaped_link_carries_what_the_headers_leave() {
    let Some(namespaces) = Namespaces::new("tbf rate 20mbit burst 32kbit latency 50ms") else {
        return;
    };
    let server = namespaces.server();
    // The bucket counts frames with their Ethernet header, without preamble and
    // checksum: 14 bytes before 1,500. Of the 1,500, IPv4 takes 20, TCP 20, and TCP's
    // time stamps 12. The kernel may pass several segments as one large packet (GSO); the bucket
    // counts the frames that such a packet becomes, each with its headers.
    let goodput = 20e6 * f64::from(1500 - 20 - 20 - 12) / f64::from(14 + 1500);
    for direction in ["download", "upload"] {
        in_a_quiet_moment(|| {
            let flags = ["--json", "--test", direction, "--size", "3MiB"];
            let test = success(&namespaces.client(server.port, &flags))?;
            Some(near(figure(&test, "bits_per_second"), goodput))
        });
    }
}

/// A download that is here within one round trip was on its way before any clock ran.
#[test]
fn what_arrives_with_ready_has_no_rate() {
    let server = Server::start(&["-q"]);
    let line = Line { delay: Duration::from_millis(20), ..Line::default() };
    let port = relay(server.port, line, line).port;
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
    for (test, seconds, halves) in [
        ("download", "1s", &[""][..]),
        ("upload", "1s", &[""]),
        ("bidirectional", "1s", &["download.", "upload."]),
        ("loaded", "3s", &["download.", "upload."]),
    ] {
        in_a_quiet_moment(|| {
            let flags = ["--test", test, "--time", seconds, "--warmup", "500ms"];
            let test = attempt(server.port, &flags)?;
            Some(halves.iter().all(|half| {
                let of = |name: &str| figure(&test, &format!("{half}{name}"));
                let (time, bytes) = (of("duration_ns") / 1e6, of("bytes"));
                let rate = of("bits_per_second");
                assert!(
                    bytes > 0.0 && (0.99..1.01).contains(&(rate * time / 8e3 / bytes)),
                    "{test}"
                );
                (300.0..700.0).contains(&time)
            }))
        });
    }
}
