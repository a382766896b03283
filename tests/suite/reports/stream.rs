//! What is reported while a test runs: events of the stream, and intervals.

use crate::document::{events, list, named, number, text};
use crate::support::{Server, client, fake_server, loopback};

#[test]
fn a_stream_is_an_event_a_line_and_ends_with_the_document() {
    let flags = ["--test", "all", "--count", "5", "--interval", "1ms", "--size", "2"];
    let outcome = loopback(&[&flags[..], &["--json-stream"]].concat());
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let events = events(&outcome);
    let of = |name| named(&events, name);
    assert_eq!((of("start").len(), of("result").len(), of("ping").len()), (3, 3, 5));
    assert_eq!(
        of("ping").iter().map(|ping| number(ping, "number")).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    let bytes: u64 = of("progress").iter().map(|event| number(event, "bytes")).sum();
    assert_eq!(bytes, 2 * (2 << 20));
    let document = events.last().unwrap();
    assert_eq!(text(document, "event"), "document");
    assert_eq!(list(document, "tests").len(), 3);
}

#[test]
fn each_interval_is_a_line_or_an_event() {
    let server = Server::start(&[]);
    let flags = ["--test", "latency", "--time", "500ms", "--interval", "10ms", "--every", "100ms"];
    let outcome = client(server.port, &flags);
    let lines: Vec<&str> =
        outcome.out.lines().filter(|line| line.contains("Z latency: ")).collect();
    assert!(lines.len() >= 3, "{outcome:?}");
    let mut all = 0;
    for line in lines {
        let (time, what) = line.split_once(" latency: ").unwrap();
        assert!(time.len() == 9 && time.as_bytes()[2] == b':' && time.ends_with('Z'), "{line}");
        // On a busy machine an interval can be without pings, also the first.
        if what != "nothing yet" {
            let pings: u64 = what.split(' ').next().unwrap().parse().unwrap();
            assert!(what.contains(" ping") && what.contains(", 0% lost"), "{line}");
            assert_eq!(pings > 0, what.contains(", p50 ") && what.ends_with(" ms"), "{line}");
            all += pings;
        }
    }
    let total = format!("\n  {all} sent, {all} received, 0% lost\n");
    assert!(all > 0 && outcome.out.contains(&total), "{outcome:?}");
    assert!(!outcome.out.contains("ping  1"), "{outcome:?}");
    for test in ["latency", "download", "upload"] {
        let flags = ["--test", test, "--time", "500ms", "--every", "100ms", "--json-stream"];
        let outcome = client(server.port, &flags);
        let events = events(&outcome);
        let intervals = named(&events, "interval");
        assert!(intervals.len() >= 3, "{test}: {}", intervals.len());
        // One begins where the one before ends. Only the last can be shorter.
        let mut end = number(intervals[0], "start_ns");
        for (index, event) in intervals.iter().enumerate() {
            assert_eq!((number(event, "start_ns"), number(event, "client")), (end, 1));
            end = number(event, "end_ns");
            let time = end - number(event, "start_ns");
            assert!(time == 100_000_000 || index + 1 == intervals.len(), "{test}: {event}");
            if test != "latency" {
                number(event, "bits_per_second");
            }
        }
        let sum = |name| intervals.iter().map(|event| number(event, name)).sum::<u64>();
        let result = named(&events, "result")[0];
        if test == "latency" {
            assert_eq!(sum("received"), number(result, "received"));
            assert_eq!((sum("lost"), sum("sent")), (0, sum("received")));
        } else {
            let (moved, bytes) = (sum("bytes"), number(result, "bytes"));
            assert!(moved >= bytes && bytes > 0, "{test}: {moved} of {bytes}");
        }
    }
}

/// What the server has measured is known at the end. Until then there are the echoes.
#[test]
fn a_lag_has_each_ping_in_one_interval() {
    let flags = ["--test", "lag", "--count", "30", "--interval", "10ms", "--every", "100ms"];
    let outcome = loopback(&flags);
    let pings =
        outcome.out.lines().filter_map(|line| line.split_once("Z lag: ")).map(|(_, what)| {
            assert!(!what.contains("p50 ") || what.contains(", turnaround p50 "), "{outcome:?}");
            what.split(' ').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0)
        });
    assert_eq!(pings.sum::<u64>(), 30, "{outcome:?}");
    assert!(!outcome.out.contains("  ping "), "{outcome:?}");
}

/// Pings that were on their way when the connection broke are in the intervals, too.
#[test]
fn intervals_add_up_to_the_result_when_pings_are_never_answered() {
    let port = fake_server(|mut peer| {
        for _ in 0..5 {
            assert_eq!(peer.line(), "PING");
            peer.send("PONG\n");
        }
        // Three more are on their way before it leaves.
        (0..3).for_each(|_| assert_eq!(peer.line(), "PING"));
    });
    let flags = ["--test", "latency", "--interval", "5ms", "--every", "10s", "--json-stream"];
    let outcome = client(port, &flags);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let events = events(&outcome);
    let [interval] = named(&events, "interval")[..] else { panic!("{outcome:?}") };
    let result = named(&events, "result")[0];
    for name in ["sent", "received"] {
        assert_eq!(number(interval, name), number(result, name), "{name}: {outcome:?}");
    }
    assert!(number(interval, "lost") >= 3, "{interval}");
}
