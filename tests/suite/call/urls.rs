//! Routers that are named by URL, and a wrong command line.

use std::process::Command;

use roundtrip::json::{Map, Value};

use super::{call, router};
use crate::document::{document, number, tests, text};
use crate::support::{CLIENT, closed_port, run};

#[test]
fn a_router_at_a_url() {
    let (_router, urls) = router();
    let json: Vec<String> = urls.iter().map(|url| format!("{url}?serializer=json")).collect();
    let flags =
        ["--count", "5", "--json", "--realm", "realm1", "--url", &json[0], "--url", &json[1]];
    let outcome = call(&flags);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let measured = document(&outcome);
    assert_eq!(tests(&measured).iter().map(|test| text(test, "url")).collect::<Vec<_>>(), json);
    assert!(measured.get("peer").is_none(), "{measured}");
    assert!(
        tests(&measured)
            .iter()
            .all(|test| number(test, "received") == 5 && test.get("socket").is_none())
    );
    // The two URLs differ in their framing alone.
    let effects = measured.get("effects").and_then(Value::as_map).unwrap();
    assert_eq!(
        effects
            .iter()
            .map(|(factor, effect)| (factor, number(effect, "pairs")))
            .collect::<Vec<_>>(),
        [("framing", 1)]
    );

    let outcome = call(&["--count", "5", "-q", "--url", &json[0], "--url", &json[1]]);
    assert!(outcome.out.contains("assumes that all URLs lead to one router"), "{outcome:?}");
    let outcome = call(&["--count", "5", "--json", "--url", &urls[0]]);
    let measured = document(&outcome);
    assert!(measured.get("effects").and_then(Value::as_map).is_some_and(Map::is_empty));
    assert!(urls[0].ends_with(text(&measured, "peer")), "{measured}");
}

#[test]
fn an_unreachable_router_does_not_keep_the_others_from_being_measured() {
    let (_router, urls) = router();
    let nobody = format!("rs://127.0.0.1:{}", closed_port());
    let outcome = call(&["--count", "5", "--json", "--url", &nobody, "--url", &urls[0]]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains(&format!("call, {nobody} failed: the callee: ")), "{outcome:?}");
    let measured = document(&outcome);
    let [failed, worked] = tests(&measured) else { panic!("{measured}") };
    assert!(
        text(failed, "error").contains("refused")
            && number(failed, "sent") == 0
            && text(failed, "url") == nobody
    );
    assert_eq!(number(worked, "received"), 5);

    let outcome = call(&["--count", "5", "--realm", "elsewhere", "--url", &urls[0]]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("no_such_realm") && outcome.out.contains("failed"), "{outcome:?}");
}

#[test]
fn a_wrong_command_line_is_explained_in_one_line() {
    for (flags, why) in [
        (&["--url", "rs://localhost:1"][..], "write --host and --port"),
        (
            &["--test", "udp", "--realm", "realm1"],
            "--realm means nothing to --test udp: it is for call",
        ),
        (&["--test", "call", "--host", "localhost"], "write --url instead of --host"),
        (&["--test", "call", "--port", "5001"], "write --url instead of --port"),
        (&["--test", "call", "--framing", "bare"], "--framing means nothing"),
        (&["--test", "call", "--spin"], "--spin means nothing"),
        (&["--test", "call", "--trace"], "--trace means nothing"),
        (&["--test", "call", "--loopback", "--url", "rs://localhost:1"], "leave out one of them"),
        (&["--test", "call", "--url", "http://localhost"], "is no URL of a router"),
        (&["--test", "call", "--realm", "a..b"], "is no realm"),
        (&["--test", "call", "--count", "0"], "whole number from 1"),
    ] {
        let outcome = run(Command::new(CLIENT).args(flags));
        assert_eq!(
            (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
            (Some(2), "", 1),
            "{outcome:?}"
        );
        assert!(outcome.err.contains(why), "{outcome:?}");
    }
    let outcome = run(Command::new(CLIENT).args(["--role", "nonsense"]));
    assert_eq!((outcome.code, outcome.out.starts_with("ERROR ")), (Some(1), true), "{outcome:?}");
}
