//! The client program with `--test udp`: its flags and its reports.

use super::*;

#[test]
fn a_time_is_kept_at_any_interval() {
    let server = Server::start(&[]);
    for test in ["udp", "latency"] {
        // A plan of a thousand million pings.
        let flags = ["--test", test, "--time", "100ms", "--interval", "1ns", "--json"];
        let outcome = client(server.port, &flags);
        let document = parse(outcome.out.as_bytes()).unwrap();
        let test = &document.get("tests").and_then(Value::as_list).unwrap()[0];
        let sent = test.get("sent").and_then(Value::as_u64).unwrap();
        assert!((1..1_000_000).contains(&sent), "{outcome:?}");
    }
}

#[test]
fn many_clients_and_every_report() {
    let server = Server::start(&["--loss", "20", "--duplicate", "20", "--seed", "3"]);
    let dir = std::env::temp_dir().join(format!("roundtrip-udp-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let [csv, svg] =
        ["udp.csv", "udp.svg"].map(|name| dir.join(name).to_str().unwrap().to_string());
    let flags = [
        "--test",
        "udp",
        "--concurrent",
        "10",
        "--count",
        "50",
        "--interval",
        "1ms",
        "--timeout",
        "1s",
        "--json-stream",
    ];
    let outcome = client(server.port, &[&flags[..], &["--csv", &csv, "--svg", &svg]].concat());
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let events: Vec<Value> =
        outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
    let named = |name| {
        events
            .iter()
            .filter(|event| event.get("event").and_then(Value::as_str) == Some(name))
            .count()
    };
    let document = events.last().unwrap();
    let test = &document.get("tests").and_then(Value::as_list).unwrap()[0];
    let field = |name| usize::try_from(test.get(name).and_then(Value::as_u64).unwrap()).unwrap();
    assert_eq!(
        (field("sent"), named("ping"), named("lost")),
        (500, field("received"), field("lost"))
    );
    assert_eq!(named("duplicate"), field("duplicates"));
    assert_eq!(test.get("clients").and_then(Value::as_list).unwrap().len(), 10);
    let one = &test.get("clients").and_then(Value::as_list).unwrap()[0];
    for name in [
        "rtt_ns",
        "due_ns",
        "one_way_ns",
        "jitter_rfc3550_ns",
        "clock_offset_ns",
        "clock_offset_error_ns",
    ] {
        assert!(one.get(name).is_some(), "{name}");
    }
    let table = std::fs::read_to_string(csv).unwrap();
    assert_eq!(table.lines().filter(|line| line.contains(",lost,")).count(), field("lost"));
    assert_eq!(
        table.lines().filter(|line| line.contains(",,")).count(),
        1 + 500 + field("duplicates") - 1
    );
    assert!(std::fs::read_to_string(svg).unwrap().contains("udp"));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn impossible_flags_are_refused() {
    let server = Server::start(&[]);
    let most = roundtrip::udp::datagram::MAX_DATAGRAM_PAYLOAD;
    let flags = ["--test", "udp", "--count", "2", "--interval", "0", "--payload"];
    let outcome = client(server.port, &[&flags[..], &[&most.to_string()]].concat());
    assert!(outcome.out.contains("2 sent, 2 received"), "{outcome:?}");
    let outcome = client(server.port, &[&flags[..], &[&(most + 1).to_string()]].concat());
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(2), 1), "{outcome:?}");
    for flags in [
        ["--loss", "101"],
        ["--loss", "x"],
        ["--delay", "5"],
        ["--seed", "-1"],
        ["--reorder", "nan"],
    ] {
        let outcome =
            crate::support::run(std::process::Command::new(crate::support::SERVER).args(flags));
        assert_eq!((outcome.code, outcome.err.lines().count()), (Some(2), 1), "{outcome:?}");
        assert!(outcome.err.contains(flags[0]));
    }
    let outcome = crate::support::run(
        std::process::Command::new(crate::support::SERVER).args(["--no-udp", "--loss", "3"]),
    );
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
}
