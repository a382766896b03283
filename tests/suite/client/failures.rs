//! What is printed, and kept, when a test fails.

use std::process::Command;

use roundtrip::json::Value;

use crate::document::{document, tests};
use crate::support::{CLIENT, Outcome, Server, client, closed_port, fake_server, run};

#[test]
fn one_client_that_fails_does_not_lose_the_others_results() {
    let server = Server::start(&["--max-connections", "2"]);
    let outcome = client(server.port, &["--concurrent", "3", "--count", "3", "--interval", "50ms"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.out.contains("\n  7 sent, 6 received, 14.3% lost\n"), "{outcome:?}");
    let failed = "100% lost\n    failed: the server answered ERROR:server full\n";
    assert!(outcome.out.contains(failed), "{outcome:?}");
    assert!(
        outcome.err.contains("latency failed for 1 of 3 clients, the first: the server answered"),
        "{outcome:?}"
    );
}

#[test]
fn a_timeout_may_be_too_short_for_any_answer() {
    let server = Server::start(&[]);
    for test in ["latency", "lag", "udp", "connect", "download", "bidirectional", "status"] {
        for timeout in ["1ns", "1us", "999us"] {
            let outcome = client(server.port, &["--test", test, "--timeout", timeout]);
            assert!(matches!(outcome.code, Some(0 | 1)), "{test} {timeout}: {outcome:?}");
        }
    }
}

#[test]
fn where_nobody_listens_it_says_what_to_do() {
    let port = closed_port();
    let outcome = client(port, &[]);
    assert_eq!(
        (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
        (Some(1), "", 1),
        "{outcome:?}"
    );
    for hint in [
        "cannot connect to 127.0.0.1:",
        "refused",
        &format!("server --port {port}"),
        "client --loopback",
    ] {
        assert!(outcome.err.contains(hint), "{outcome:?}");
    }
    let outcome = run(Command::new(CLIENT).args(["--host", "no.such.host.invalid"]));
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    assert!(outcome.err.contains("cannot find the host \"no.such.host.invalid\""), "{outcome:?}");
}

/// What the client makes of a server that answers the first ping properly and then says
/// this.
fn after_one_pong(answer: &'static [u8], flags: &[&str]) -> Outcome {
    let port = fake_server(move |mut peer| {
        peer.line();
        peer.send("PONG\n");
        peer.line();
        peer.send(answer);
        peer.half_close();
        let _ = peer.rest();
    });
    client(port, &[&["--warmup", "0", "--interval", "0"], flags].concat())
}

#[test]
fn a_server_that_misbehaves_is_quoted_and_what_was_measured_is_kept() {
    for (answer, complaint) in [
        (&b"ERROR:no more\n"[..], "the server answered ERROR:no more"),
        (b"PENG\n", "\"PENG\""),
        (b"PONG extra\n", "another payload"),
        (b"READY\n", "expected PONG, but the server answered \"READY\""),
        (b"\xff\xff\n", "\\xff\\xff"),
        (b"\n", "the server answered \"\""),
        (b"", "the connection was closed"),
        (b"PON", "line without a newline"),
    ] {
        let outcome = after_one_pong(answer, &["--test", "latency"]);
        assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
        assert!(
            outcome.err.contains("latency failed: ") && outcome.err.contains(complaint),
            "{outcome:?}"
        );
        assert!(outcome.out.contains("  2 sent, 1 received, 50.0% lost\n  ms "), "{outcome:?}");
    }
    let endless = vec![b'x'; 200_000].leak();
    assert!(after_one_pong(endless, &["--test", "latency"]).err.contains("line too long"));
}

#[test]
fn no_answer_in_time_is_a_failure_and_never_a_number() {
    let port = fake_server(|mut peer| drop(peer.rest()));
    let outcome = client(port, &["--test", "latency", "--timeout", "100ms"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.err, "client: latency failed: nothing arrived for 100ms\n");
    assert!(
        outcome.out.contains("1 sent, 0 received, 100% lost") && !outcome.out.contains("rtt"),
        "{outcome:?}"
    );
}

#[test]
fn a_transfer_that_breaks_off_still_says_how_much_arrived() {
    let port = fake_server(|mut peer| {
        if peer.line().starts_with("BANDWIDTH_DOWNLOAD") {
            peer.send([b"READY\n", &vec![7; 32 << 20][..]].concat());
        } else {
            peer.send("READY\n");
            peer.bytes(1000);
            peer.send("ERROR:the disk of the bookkeeper is full\n");
        }
        peer.half_close();
        let _ = peer.rest();
    });
    let outcome = client(port, &["--test", "download", "--size", "64MiB"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.out.contains("download: 32.00 MiB in "), "{outcome:?}");
    assert!(outcome.err.contains("closed after 33554432 of 67108864 bytes"), "{outcome:?}");
    let outcome = client(port, &["--test", "upload", "--size", "1MiB"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.out.contains("upload:   unknown"), "{outcome:?}");
    assert!(outcome.err.contains("ERROR:the disk of the bookkeeper is full"), "{outcome:?}");
}

#[test]
fn a_test_that_fails_does_not_keep_the_next_from_being_tried() {
    let server = Server::start(&["--max-size", "1MiB"]);
    let outcome = client(server.port, &["--interval", "0"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 2), "{outcome:?}");
    assert!(outcome.out.contains("10 sent, 10 received"));
    assert!(
        outcome.err.contains(
            "download failed: the server answered ERROR:10485760 bytes are over the limit"
        )
    );
    assert!(
        outcome
            .err
            .contains("upload failed: the server answered ERROR:10485760 bytes are over the limit")
    );
}

#[test]
fn a_stranger_is_named_in_one_line_and_asked_once() {
    let http = || {
        fake_server(|mut peer| {
            peer.line();
            peer.send(format!("HTTP/1.1 400 Bad Request {}\n", "x".repeat(300)));
            peer.half_close();
            let _ = peer.rest();
        })
    };
    let outcome = client(http(), &[]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains("HTTP/1.1 400 Bad Request") && outcome.err.len() < 200);
    assert!(outcome.err.contains("not this protocol"), "{outcome:?}");
    assert!(!outcome.out.contains("connected") && !outcome.out.contains("download"), "{outcome:?}");
    let outcome = client(http(), &["--json"]);
    let document = document(&outcome);
    let tests = tests(&document);
    let ok = |test: &Value| test.get("ok").and_then(Value::as_bool).unwrap();
    assert!(tests.len() == 3 && !tests.iter().any(ok), "{document}");
    // One that says nothing costs one timeout, not three.
    let silent = fake_server(|mut peer| drop(peer.rest()));
    let outcome = client(silent, &["--timeout", "300ms"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
}

#[test]
fn a_full_server_is_not_called_connected() {
    let server = Server::start(&["--max-connections", "1"]);
    let mut one = server.connect();
    assert_eq!(one.ask("PING"), "PONG");
    let outcome = client(server.port, &[]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains("server full") && !outcome.out.contains("connected"));
}
