//! The client program with `--test udp`: its flags and its reports.

use std::process::Command;

use crate::document::{at, document, events, list, named, number};
use crate::support::{CLIENT, Server, Temporary, client, run};

#[test]
fn a_time_is_kept_at_any_interval() {
    let server = Server::start(&[]);
    for test in ["udp", "latency"] {
        // A plan of a thousand million pings.
        let flags = ["--test", test, "--time", "100ms", "--interval", "1ns", "--json"];
        let outcome = client(server.port, &flags);
        let sent = number(&document(&outcome), "tests.0.sent");
        assert!((1..1_000_000).contains(&sent), "{outcome:?}");
    }
}

#[test]
fn many_clients_and_every_report() {
    let server = Server::start(&["--loss", "20", "--duplicate", "20", "--seed", "3"]);
    let (csv, svg) = (Temporary::new("udp.csv"), Temporary::new("udp.svg"));
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
    let outcome =
        client(server.port, &[&flags[..], &["--csv", csv.path(), "--svg", svg.path()]].concat());
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let events = events(&outcome);
    let named = |name| named(&events, name).len();
    let test = at(events.last().unwrap(), "tests.0");
    let field = |name| usize::try_from(number(test, name)).unwrap();
    assert_eq!(
        (field("sent"), named("ping"), named("lost")),
        (500, field("received"), field("lost"))
    );
    assert_eq!(named("duplicate"), field("duplicates"));
    assert_eq!(list(test, "clients").len(), 10);
    let one = at(test, "clients.0");
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
    let table = csv.text();
    assert_eq!(table.lines().filter(|line| line.contains(",lost,")).count(), field("lost"));
    assert_eq!(
        table.lines().filter(|line| line.contains(",,")).count(),
        1 + 500 + field("duplicates") - 1
    );
    assert!(svg.text().contains("udp"));
}

#[test]
#[cfg(target_os = "linux")]
fn many_clients_with_few_pings_need_little_memory() {
    let server = Server::start(&[]);
    // Each client has two threads, and 2.3 MB for their stacks.
    let flags = "--test udp --count 3 --interval 1ms --concurrent 40 -q";
    let script = format!("ulimit -d 200000; exec {CLIENT} 127.0.0.1:{} {flags}", server.port);
    let outcome = run(Command::new("sh").args(["-c", &script]));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
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
