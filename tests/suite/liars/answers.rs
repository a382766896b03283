//! Answers to pings, lag and status that cannot be true.

use super::{MOST, against, assert_found_out};
use crate::support::{client, fake_server};

#[test]
fn answers_to_pings_are_checked() {
    for (flags, answer, why) in [
        (&["--test", "latency", "--payload", "4"][..], "PONG abcd\n", "another payload"),
        (&["--test", "latency", "--payload", "4"], "PONG\n", "another payload"),
        (&["--test", "latency"], "PONG \n", "another payload"),
        (&["--test", "latency"], "PONG\nPONG\n", "more than it was asked for"),
        (&["--test", "latency", "--interval", "0"], "PONG\nPONG\n", "more than it was asked for"),
        (&["--test", "latency", "--warmup", "0"], "PONG\nPONG\nPONG\n", ""),
        (&["--test", "latency"], "DONE:1:1\n", "expected PONG"),
        (&["--test", "connect"], "PONG x\n", "another payload"),
        (&["--test", "sweep"], "PONG\n", "another payload"),
        (&["--test", "loaded"], "PONG\nPONG\n", "more than it was asked for"),
    ] {
        let outcome = against(move |peer, _| drop(peer.try_send(answer)), flags);
        assert_found_out(&outcome, why);
    }
    // An answer that comes before any question.
    let port = fake_server(|mut peer| {
        peer.send("PONG\nPONG\nPONG\n");
        let _ = peer.rest();
    });
    let outcome = client(port, &["--json", "--test", "latency", "--interval", "0"]);
    assert_found_out(&outcome, "more than it was asked for");
}

#[test]
fn what_a_server_says_of_lag_and_status_is_checked() {
    let plan = r#""count":2,"interval_ns":0"#;
    for (done, samples, why) in [
        ("nonsense".to_string(), "[]", "LAG_DONE"),
        ("{}".into(), "[]", "is no number"),
        (
            format!(r#"{{{plan},"sent":{MOST},"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[]",
            "came",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":{MOST},"wrong":0,"repeated":0,"unsent":0}}"#),
            "[]",
            "were echoed",
        ),
        (
            format!(
                r#"{{{plan},"sent":2,"echoed":2,"wrong":{MOST},"repeated":{MOST},"unsent":{MOST}}}"#
            ),
            "[]",
            "told the times of 0",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[[0,18446744073709551615,18446744073709551615]]",
            "cannot be",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[[18446744073709551614,1,1]]",
            "cannot be",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[[18446744073709551615,1,1]]",
            "no round-trip times",
        ),
    ] {
        let outcome = against(
            move |peer, request| {
                if request.starts_with("LAG:") {
                    for ping in ["PING 0\n", "PING 1\n"] {
                        peer.send(ping);
                        peer.line();
                    }
                    let _ = peer.try_send(format!("LAG_DONE {done}\n"));
                } else {
                    let _ = peer.try_send(format!("LAG_SAMPLES {samples}\n"));
                }
            },
            &["--test", "lag", "--count", "2", "--interval", "0"],
        );
        let why = if why == "LAG_DONE" { "" } else { why };
        assert_found_out(&outcome, why);
    }
    let deep = "[".repeat(30_000);
    for answer in
        ["STATUS", "STATUS ", "STATUS []", "STATUS {", "STATUS {\"a\":1e999999}", "PONG", &deep]
    {
        let answer = format!("{answer}\n");
        let outcome = against(move |peer, _| drop(peer.try_send(&answer)), &["--test", "status"]);
        assert!(outcome.code == Some(1) || outcome.out.contains("\"ok\": true"), "{outcome:?}");
    }
}

#[test]
fn a_server_that_was_out_of_step_is_found_out_at_the_end() {
    let port = fake_server(|mut peer| {
        while !peer.line().is_empty() {
            peer.send("PONG\n");
        }
    });
    let outcome = client(port, &["--test", "latency", "--interval", "0"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("expected BYE, but the server answered \"PONG\""), "{outcome:?}");
}

#[test]
fn what_a_server_says_reaches_the_terminal_on_one_line_and_harmless() {
    let port = fake_server(|mut peer| {
        peer.line();
        peer.send(format!("ERROR:\x1b[31mred\r\u{7}{}\n", "x".repeat(60_000)));
        let _ = peer.rest();
    });
    let outcome = client(port, &["--test", "latency"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    assert!(
        outcome.err.len() < 500 && !outcome.err.contains(['\x1b', '\r', '\u{7}']),
        "{outcome:?}"
    );
}
