//! `--test connect`: a connection for each ping, counted and timed in every form.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::document::{document, events, named, number};
use crate::support::{
    CLIENT, Peer, Server, Temporary, client, closed_port, fake_server, in_each_mode, loopback,
};

fn serve_once(peer: &mut Peer) {
    for (request, answer) in [("PING", "PONG\n"), ("QUIT", "BYE\n")] {
        assert_eq!(peer.line(), request);
        peer.send(answer);
    }
}

#[test]
fn each_ping_has_a_connection_of_its_own() {
    in_each_mode(&[], |server| {
        let outcome = client(server.port, &["--test", "connect", "--count", "5"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        // The warm-up has one, too, and no connection is left over.
        for _ in 0..6 {
            let closed = server.line(" closed");
            assert!(closed.contains(": 1 ping in "), "{closed}");
        }
        let lines: Vec<&str> = outcome.out.lines().collect();
        assert_eq!(lines[0], "connect: 5 connections, a ping on each");
        assert!(lines[1].starts_with("  5 connections in "), "{}", lines[1]);
        assert!(lines[1].ends_with(" a second"), "{}", lines[1]);
        assert!(lines[2].starts_with("  ms "), "{}", lines[2]);
        assert!(lines[3].starts_with("  connect ") && lines[4].starts_with("  rtt "));
        server.assert_alive();
    });
}

#[test]
fn figures_agree_with_each_other() {
    in_each_mode(&[], |server| {
        let start = Instant::now();
        let flags = ["--test", "connect", "--count", "8", "--concurrent", "3", "--json"];
        let outcome = client(server.port, &flags);
        let most = u64::try_from(start.elapsed().as_nanos()).unwrap();
        let document = document(&outcome);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(number(&document, "tests.0.connections"), 24);
        for series in ["connect_ns", "rtt_ns"] {
            assert_eq!(number(&document, &format!("tests.0.{series}.count")), 24);
            assert_eq!(number(&document, &format!("tests.0.clients.2.{series}.count")), 8);
        }
        // The clock of the first answer starts with that of connecting.
        for figure in ["min", "mean", "p50", "max"] {
            let [connect, rtt] = ["connect_ns", "rtt_ns"]
                .map(|series| number(&document, &format!("tests.0.{series}.{figure}")));
            assert!(0 < connect && connect < rtt, "{document}");
        }
        let elapsed = number(&document, "tests.0.elapsed_ns");
        assert!(elapsed <= most, "{document}");
        // A client makes one connection after the other.
        let rate = number(&document, "tests.0.connections_per_second");
        assert!(rate.abs_diff(24 * 1_000_000_000 / elapsed) <= 1, "{document}");
        let one = |field| number(&document, &format!("tests.0.clients.0.{field}"));
        assert!(one("first_answer_ns") > 0, "{document}");
        assert!(8 * one("rtt_ns.mean") <= one("elapsed_ns") && one("elapsed_ns") <= elapsed);
    });
}

#[test]
fn several_clients_show_when_they_were_served() {
    for test in ["connect", "status"] {
        let svg = Temporary::new(&format!("served-{test}.svg"));
        let outcome = loopback(&["--test", test, "--concurrent", "2", "--svg", svg.path()]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        for line in ["client 2/2: ", "first answer after "] {
            assert!(outcome.out.contains(line), "{outcome:?}");
        }
        assert!(outcome.out.matches(", first ").count() == 2, "{outcome:?}");
        assert!(svg.text().contains("first answer"), "{test}");
    }
}

#[test]
fn every_form_shows_connections() {
    let (csv, svg) = (Temporary::new("connect.csv"), Temporary::new("connect.svg"));
    let flags = ["--test", "connect", "--time", "200ms", "--json-stream", "--csv", csv.path()];
    let outcome = loopback(&[&flags[..], &["--svg", svg.path()]].concat());
    let (csv, svg) = (csv.text(), svg.text());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let events = events(&outcome);
    let of = |name| named(&events, name);
    let result = of("result")[0];
    let all = number(result, "connections");
    assert!(all > 0, "{result}");
    for (connected, answered) in of("connected").into_iter().zip(of("connection")) {
        assert_eq!(number(connected, "number"), number(answered, "number"));
        assert!(number(connected, "rtt_ns") < number(answered, "rtt_ns"));
    }
    assert_eq!((of("connected").len() as u64, of("connection").len() as u64), (all, all));
    let rows = |part| csv.lines().filter(|line| line.starts_with(part)).count() as u64;
    assert_eq!((rows("connect,1,connected,"), rows("connect,1,,")), (all, all));
    assert!(svg.contains(">connect<") && svg.contains("p50"), "{svg}");
}

/// The system completes a connection, whatever the server does. The answer takes as long
/// as the server does.
#[test]
fn a_server_that_is_busy_shows_in_the_first_answer_alone() {
    let busy = Duration::from_millis(50);
    let port = fake_server(move |mut peer| {
        thread::sleep(busy);
        serve_once(&mut peer);
    });
    let document = document(&client(port, &["--test", "connect", "--count", "3", "--json"]));
    let [connect, rtt] =
        ["connect_ns", "rtt_ns"].map(|series| number(&document, &format!("tests.0.{series}.min")));
    assert!(rtt >= connect + 50_000_000, "{document}");
}

#[test]
fn a_payload_an_interval_and_the_bare_dialect_are_possible() {
    let server = Server::start(&[]);
    let flags = ["--test", "connect", "--payload", "1000", "--interval", "5ms", "--json"];
    let document = document(&client(server.port, &flags));
    assert_eq!(number(&document, "tests.0.due_ns.count"), 10);
    assert!(number(&document, "tests.0.elapsed_ns") >= 45_000_000, "{document}");
    let server = Server::start(&["--framing", "bare"]);
    let outcome =
        client(server.port, &["--test", "connect", "--framing", "bare", "--time", "100ms"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn what_was_measured_before_a_failure_is_reported() {
    let outcome = client(closed_port(), &["--test", "connect"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.err.contains("cannot connect to 127.0.0.1:"), "{outcome:?}");

    // Of three connections, the first is the warm-up, and the last has no answer.
    let before = AtomicU64::new(0);
    let port = fake_server(move |mut peer| {
        if before.fetch_add(1, Ordering::Relaxed) < 2 {
            serve_once(&mut peer);
        }
    });
    let outcome = client(port, &["--test", "connect", "--json"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let document = document(&outcome);
    assert_eq!(number(&document, "tests.0.connections"), 1);
    assert_eq!(number(&document, "tests.0.connect_ns.count"), 2);
    assert_eq!(number(&document, "tests.0.rtt_ns.count"), 1);
}

/// In a network of its own that has few ports, if this user may make one.
#[cfg(target_os = "linux")]
#[test]
fn a_client_says_that_no_port_is_left() {
    let script = format!(
        "ip link set lo up && echo 40000 40015 > /proc/sys/net/ipv4/ip_local_port_range || exit
         echo a network; exec '{CLIENT}' --loopback --test connect --concurrent 100 --time 2s"
    );
    let Ok(output) = Command::new("unshare").args(["-rn", "sh", "-c", &script]).output() else {
        return println!("not tried: there is no `unshare`");
    };
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    if !out.starts_with("a network") {
        return println!("not tried: this user may not make a network: {err}");
    }
    assert_eq!(output.status.code(), Some(1), "{out} {err}");
    assert!(err.contains("no local port is left: there are 16, from 40000 to 40015"), "{err}");
}
