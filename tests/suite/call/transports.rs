//! Each transport is measured, by one caller and by several.

use std::process::Command;

use roundtrip::json::Value;

use super::call;
use crate::document::{document, list, number, tests, text};
use crate::support::{CLIENT, run};

#[test]
#[cfg(unix)]
fn every_transport_is_measured() {
    let outcome = call(&["--count", "20", "--json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let document = document(&outcome);
    assert!(text(&document, "host") == "127.0.0.1" && number(&document, "port") > 0);
    let mut seen = Vec::new();
    for test in tests(&document) {
        seen.push(
            ["socket", "framing", "serialization"]
                .map(|factor| text(test, factor).to_owned())
                .join(" "),
        );
        assert_eq!(
            (text(test, "test"), test.get("ok").and_then(Value::as_bool)),
            ("call", Some(true))
        );
        assert_eq!((number(test, "sent"), number(test, "received")), (20, 20));
        let rtt = test.get("rtt_ns").unwrap();
        assert!(
            number(rtt, "count") == 20
                && number(rtt, "min") > 0
                && number(test, "calls_per_second") > 0
        );
        for process in
            ["router", "caller", "callee"].into_iter().filter(|_| cfg!(target_os = "linux"))
        {
            let used = test.get("cpu").and_then(|cpu| cpu.get(process)).unwrap();
            assert!(number(used, "context_switches") > 0, "{test}");
            assert!(used.get("user_ns").is_some() && used.get("system_ns").is_some(), "{test}");
        }
        // The calls follow each other, so the rate cannot exceed the one of the mean.
        assert!(
            number(test, "calls_per_second") <= 1_000_000_000 / number(rtt, "mean") + 1,
            "{test}"
        );
        assert!(
            test.get("url").is_none()
                && test.get("due_ns").is_none()
                && test.get("error").is_none()
        );
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8, "{seen:?}");
    for (factor, to) in [("socket", "unix"), ("framing", "rawsocket"), ("serialization", "msgpack")]
    {
        let effect = document.get("effects").and_then(|effects| effects.get(factor)).unwrap();
        assert_eq!((text(effect, "to"), number(effect, "pairs")), (to, 4));
        assert!(effect.get("mean_ns").and_then(Value::as_i64).is_some());
        assert!(
            effect.get("p50_ratio_permille").and_then(Value::as_u64).is_some_and(|ratio| ratio > 0)
        );
    }
}

#[test]
fn several_callers_are_a_list_of_the_same_objects() {
    let outcome = call(&["--count", "25", "--concurrent", "3", "--interval", "1ms", "--json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for test in tests(&document(&outcome)) {
        assert_eq!((number(test, "sent"), number(test, "received")), (75, 75));
        let clients = list(test, "clients");
        assert_eq!(
            clients.iter().map(|client| number(client, "received")).collect::<Vec<_>>(),
            [25; 3]
        );
        assert_eq!(text(&clients[2], "framing"), text(test, "framing"));
        assert_eq!(number(test.get("due_ns").unwrap(), "count"), 75);
    }
}

#[test]
#[cfg(unix)]
fn a_long_path_to_temporary_files_does_no_harm() {
    // The address of a Unix socket has no room for this path.
    let folder = format!("/tmp/{}", "long".repeat(30));
    let outcome = run(Command::new(CLIENT)
        .args(["--test", "call", "--count", "1", "-q"])
        .env("TMPDIR", folder));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
}

#[test]
#[cfg(unix)]
fn eight_transports_separate_three_choices() {
    let outcome = run(Command::new(crate::examples::built("call_roundtrip")).arg("--short"));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let (naive, right) = outcome.out.split_once("Eight transports can tell").unwrap();
    let figure = "- average round-trip time (ms): ";
    let rows = |text: &str| text.lines().filter(|line| line.contains(figure)).count();
    assert_eq!((rows(naive), rows(right)), (2, 8), "{outcome:?}");
    for change in
        ["unix instead of tcp", "rawsocket instead of websocket", "msgpack instead of json"]
    {
        assert!(right.contains(change) && !naive.contains(change), "{outcome:?}");
    }
}
