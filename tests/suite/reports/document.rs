//! The JSON document at the end.

use roundtrip::json::Value;

use super::{check_rate, check_summary};
use crate::document::{at, document, list, number, tests, text};
use crate::support::{Server, client, closed_port, in_each_mode, loopback};

#[test]
fn a_document_holds_what_is_promised() {
    let server = Server::start(&[]);
    let outcome =
        client(server.port, &["--json", "--count", "20", "--interval", "1ms", "--size", "32"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let document = document(&outcome);
    assert_eq!(at(&document, "roundtrip").as_str(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(at(&document, "host").as_str(), Some("127.0.0.1"));
    assert_eq!(number(&document, "port"), server.port.into());
    for (index, test) in ["latency", "download", "upload"].into_iter().enumerate() {
        let object = at(&document, &format!("tests.{index}"));
        assert_eq!(
            (at(object, "test").as_str(), at(object, "ok").as_bool()),
            (Some(test), Some(true))
        );
        assert!(object.get("error").is_none() && object.get("clients").is_none());
    }
    let latency = at(&document, "tests.0");
    assert_eq!((number(latency, "sent"), number(latency, "received")), (20, 20));
    check_summary(at(latency, "rtt_ns"), 20);
    check_summary(at(latency, "due_ns"), 20);
    assert!(number(latency, "due_ns.min") >= number(latency, "rtt_ns.min"));
    assert_eq!(number(&document, "tests.1.bytes"), 32 << 20);
    check_rate(at(&document, "tests.1"));
    check_rate(at(&document, "tests.2"));
    assert!(number(&document, "tests.2.server_duration_ns") > 0);
}

#[test]
fn a_single_client_is_a_list_too_where_clients_are_asked_for() {
    let document =
        document(&loopback(&["--json", "--concurrent", "1", "--count", "2", "--interval", "0"]));
    let [latency] = list(&document, "tests") else { panic!("{document}") };
    assert_eq!(list(latency, "clients").len(), 1);
    assert_eq!(at(latency, "clients.0.rtt_ns"), at(latency, "rtt_ns"));
}

#[test]
fn what_is_not_known_is_left_out_of_a_document() {
    let one =
        document(&loopback(&["--json", "--test", "latency", "--count", "1", "--interval", "0"]));
    check_summary(at(&one, "tests.0.rtt_ns"), 1);
    assert!(at(&one, "tests.0").get("due_ns").is_none());

    let port = crate::support::fake_server(|mut peer| drop(peer.rest()));
    let outcome = client(port, &["--json", "--test", "latency", "--timeout", "100ms"]);
    assert_eq!(outcome.code, Some(1));
    let failed = document(&outcome);
    assert_eq!(at(&failed, "tests.0.ok").as_bool(), Some(false));
    assert_eq!(at(&failed, "tests.0.error").as_str(), Some("nothing arrived for 100ms"));
    assert_eq!((number(&failed, "tests.0.sent"), number(&failed, "tests.0.received")), (1, 0));
    assert!(at(&failed, "tests.0").get("rtt_ns").is_none());
    assert!(!outcome.out.contains("null") && !outcome.out.contains("NaN"));
}

#[test]
fn a_server_that_is_not_there_is_a_document_too() {
    let port = closed_port();
    let outcome = client(port, &["--json"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    let document = document(&outcome);
    assert_eq!(list(&document, "tests").len(), 3);
    assert!(at(&document, "tests.2.error").as_str().unwrap().contains("refused"));
}

#[test]
fn several_clients_are_a_list_of_the_same_objects() {
    in_each_mode(&[], |server| {
        let flags = [
            "--json",
            "--concurrent",
            "3",
            "--test",
            "all",
            "--count",
            "4",
            "--interval",
            "0",
            "--size",
            "1",
        ];
        let document = document(&client(server.port, &flags));
        for test in 0..3 {
            let object = at(&document, &format!("tests.{test}"));
            assert_eq!(list(object, "clients").len(), 3);
        }
        assert_eq!(number(&document, "tests.0.received"), 12);
        check_summary(at(&document, "tests.0.rtt_ns"), 12);
        check_summary(at(&document, "tests.0.clients.2.rtt_ns"), 4);
        assert_eq!(number(&document, "tests.2.bytes"), 3 << 20);
        // Together they are no faster than their bytes over the time from the first's
        // beginning to the last's end.
        let longest = (0..3)
            .map(|client| number(&document, &format!("tests.2.clients.{client}.duration_ns")))
            .max();
        assert!(number(&document, "tests.2.duration_ns") >= longest.unwrap());
    });
}

#[test]
fn a_document_says_what_was_measured_when_and_how() {
    let server = Server::start(&[]);
    let measured = |flags: &[&str]| document(&client(server.port, &[flags, &["--json"]].concat()));
    let all = measured(&["--interval", "0", "--label", "before the change", "--size", "64KiB"]);
    assert_eq!(text(&all, "label"), "before the change");
    let started = text(&all, "started");
    assert!(
        started.len() == 20 && started.ends_with('Z') && started.starts_with("20"),
        "{started}"
    );
    let peer = format!("127.0.0.1:{}", server.port);
    assert_eq!(text(&all, "peer"), peer);
    let number = |document: &Value, name: &str| document.get("plan")?.get(name)?.as_u64();
    let names = ["count", "bytes", "interval_ns", "warmup", "payload_bytes", "clients"];
    let values = [Some(10), Some(65_536), Some(0), Some(1), Some(0), Some(1)];
    assert_eq!(names.map(|name| number(&all, name)), values);
    assert_eq!(number(&all, "timeout_ns"), Some(10_000_000_000));
    assert_eq!(number(&all, "time_ns"), None);
    assert!(all.get("interrupted").is_none());
    let timed = measured(&["--test", "download", "--time", "100ms"]);
    assert_eq!(number(&timed, "time_ns"), Some(100_000_000));
    assert!(
        ["bytes", "count", "warmup", "interval_ns"].iter().all(|n| number(&timed, n).is_none())
    );
    assert!(timed.get("label").is_none());
    // Tests that connect by themselves.
    for test in ["udp", "connect", "status"] {
        let document = measured(&["--test", test]);
        assert_eq!(text(&document, "peer"), peer, "{test}");
        let first_answer = tests(&document)[0].get("first_answer_ns").and_then(Value::as_u64);
        assert_eq!(first_answer.is_some_and(|time| time > 0), test != "udp", "{document}");
    }
}
