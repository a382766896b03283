//! What is reported while a test runs: events of the stream, and intervals.

use roundtrip::json::Value;
use roundtrip::json::parse;

use super::{at, loopback, number};
use crate::support::{Server, client};

#[test]
fn a_stream_is_an_event_a_line_and_ends_with_the_document() {
    let outcome = loopback(&[
        "--json-stream",
        "--test",
        "all",
        "--count",
        "5",
        "--interval",
        "1ms",
        "--size",
        "2",
    ]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let events: Vec<Value> =
        outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| at(event, "event").as_str() == Some(kind)).collect()
    };
    assert_eq!((of("start").len(), of("result").len(), of("ping").len()), (3, 3, 5));
    assert_eq!(
        of("ping").iter().map(|ping| number(ping, "number")).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    let bytes: u64 = of("progress").iter().map(|event| number(event, "bytes")).sum();
    assert_eq!(bytes, 2 * (2 << 20));
    let document = events.last().unwrap();
    assert_eq!(at(document, "event").as_str(), Some("document"));
    assert_eq!(at(document, "tests").as_list().unwrap().len(), 3);
}

#[test]
fn each_interval_is_a_line_or_an_event() {
    let server = Server::start(&[]);
    let flags = ["--test", "latency", "--time", "500ms", "--interval", "10ms", "--every", "100ms"];
    let outcome = client(server.port, &flags);
    let lines: Vec<&str> =
        outcome.out.lines().filter(|line| line.contains("Z latency: ")).collect();
    assert!((3..=6).contains(&lines.len()), "{outcome:?}");
    for line in lines {
        let (time, _) = line.split_once(' ').unwrap();
        assert!(time.len() == 9 && time.as_bytes()[2] == b':' && time.ends_with('Z'), "{line}");
        assert!(line.contains(" pings, 0% lost, p50 ") && line.ends_with(" ms"), "{line}");
    }
    assert!(!outcome.out.contains("ping  1"), "{outcome:?}");
    for test in ["latency", "download", "upload"] {
        let flags = ["--test", test, "--time", "500ms", "--every", "100ms", "--json-stream"];
        let outcome = client(server.port, &flags);
        let events: Vec<Value> =
            outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
        let named = |name: &str| {
            let is = move |event: &&Value| event.get("event").and_then(Value::as_str) == Some(name);
            events.iter().filter(is).collect::<Vec<_>>()
        };
        let number = |event: &Value, name: &str| event.get(name).and_then(Value::as_u64).unwrap();
        let intervals = named("interval");
        assert!((3..=8).contains(&intervals.len()), "{test}: {}", intervals.len());
        let mut end = 0;
        for event in &intervals {
            assert_eq!((number(event, "start_ns"), number(event, "client")), (end, 1));
            end = number(event, "end_ns");
            if test != "latency" {
                number(event, "bits_per_second");
            }
        }
        let sum = |name| intervals.iter().map(|event| number(event, name)).sum::<u64>();
        let result = named("result")[0];
        if test == "latency" {
            assert_eq!(sum("received"), number(result, "received"));
            assert_eq!((sum("lost"), sum("sent")), (0, sum("received")));
        } else {
            let (moved, bytes) = (sum("bytes"), number(result, "bytes"));
            assert!(moved >= bytes && bytes > 0, "{test}: {moved} of {bytes}");
        }
    }
}
