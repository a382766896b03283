//! Hostile questions, and answers that are none or do not come.

use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::json::{Map, Value};
use roundtrip::measure::{StatusStep, ping_server};
use roundtrip::wire::framing::MAX_LINE;

use super::address;
use crate::support::{PATIENCE, Server, client, closed_port, fake_server, in_each_mode};

#[test]
fn hostile_questions_get_an_error_and_disturb_nobody() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        for (question, reason) in [
            (format!("{{\"a\":{}", "[".repeat(60_000)), "line 1, column 133: more than 128 lists"),
            ("[".repeat(60_000), "line 1, column 129: more than 128 lists"),
            (format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127)), "more than 128 lists"),
            (String::new(), "line 1, column 1: the text ends"),
            ("[]".into(), "line 1, column 1: expected an object"),
            ("7".into(), "line 1, column 1: expected an object"),
            ("{\"a\":1e999}".into(), "column 6: the number is larger"),
            (format!("{{\"a\":{}}}", "9".repeat(60_000)), "column 6: the number is larger"),
            ("{\"a\":\"\\ud800\"}".into(), "half of a surrogate pair"),
            ("{\"a\":1}{}".into(), "column 8: expected the end"),
            (format!("{{\"a\":[{}1]}}", "1e15,".repeat(13_000)), "would be longer than"),
        ] {
            let answer = peer.ask(&format!("STATUS {question}"));
            assert!(
                answer.starts_with("ERROR:") && answer.contains(reason),
                "{reason}: {answer:.200}"
            );
            assert!(answer.len() < 1_000);
        }
        peer.send(b"STATUS {\"a\":\"\xff\"}\n");
        assert_eq!(peer.line(), "ERROR:line 1, column 7: not UTF-8 from here on");
        // A number that is only long is rounded, as anybody's is.
        assert!(
            peer.ask(&format!("STATUS {{\"a\":{}}}", "9".repeat(300)))
                .contains("\"oldmsg\":{\"a\":1e300}")
        );
        assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()));

        // A question without an end: no more of it is read than a line may have.
        let mut peer = server.connect();
        let mut writer = peer.0.get_ref().try_clone().unwrap();
        let flood = thread::spawn(move || {
            let _ = writer.write_all(&[&b"STATUS {\"a\":\""[..], &vec![b'x'; 1_000_000]].concat());
        });
        assert_eq!(peer.line(), "ERROR:line too long");
        flood.join().unwrap();
        drop(peer);
        server.assert_alive();
    });
}

#[test]
fn a_failure_says_at_which_step_and_after_how_long() {
    let short = Duration::from_millis(200);
    let step = |address: &str| {
        let start = Instant::now();
        let error = ping_server(address, &Map::new(), short).unwrap_err();
        assert!(error.after <= start.elapsed() && error.after < PATIENCE, "{error}");
        (error.step, error.to_string())
    };
    assert_eq!(step("127.0.0.1").0, StatusStep::Resolve);
    assert_eq!(step(&format!("127.0.0.1:{}", closed_port())).0, StatusStep::Connect);

    // A server that never stops sending, and never ends a line.
    let drip = fake_server(|mut peer| {
        while peer.try_send("x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let (dripping, error) = step(&format!("127.0.0.1:{drip}"));
    assert!(dripping == StatusStep::Answer && error.contains("not done within 200ms"), "{error}");
    for (answer, step_then, complaint) in [
        ("", StatusStep::Answer, "not done within"),
        ("ERROR:busy\n", StatusStep::Answer, "ERROR:busy"),
        ("PONG\n", StatusStep::Answer, "\"PONG\""),
        ("STATUS [\n", StatusStep::Parse, "column 2"),
        ("STATUS 5\n", StatusStep::Parse, "no object"),
    ] {
        let port = fake_server(move |mut peer| {
            peer.line();
            peer.send(answer);
            let _ = peer.rest();
        });
        let (found, error) = step(&format!("127.0.0.1:{port}"));
        assert!(found == step_then && error.contains(complaint), "{error}");
    }
    // A question over the longest line is never sent.
    let long = Map::from([("a", "x".repeat(MAX_LINE).into())]);
    let unheard = TcpListener::bind("127.0.0.1:0").unwrap();
    let error =
        ping_server(&unheard.local_addr().unwrap().to_string(), &long, PATIENCE).unwrap_err();
    assert_eq!((error.step, error.error.kind()), (StatusStep::Ask, ErrorKind::InvalidInput));
    let outcome = client(1, &["--test", "status", "--data", &Value::Map(long).to_string()]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(2), 1), "{outcome:?}");
    // Its one connection is taken: the question is in the queue, and there it stays.
    let sequential = Server::start(&["--mode", "sequential"]);
    let mut first = sequential.connect();
    assert_eq!(first.ask("PING"), "PONG");
    assert_eq!(step(&address(&sequential)).0, StatusStep::Answer);
}
