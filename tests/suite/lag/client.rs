//! The client's view and the server's, of the same pings.

use std::thread;
use std::time::Duration;

use roundtrip::client::{Client, LagNext};
use roundtrip::json::Value;
use roundtrip::measure::{Measurement, lag};
use roundtrip::stats::Recorder;
use roundtrip::wire::command::more::LagPlan;

use super::numbers;
use crate::document::{at, document, events, list};
use crate::support::{PATIENCE, Server, Temporary, client, fake_server, in_each_mode, loopback};

#[test]
fn both_views_of_the_same_pings_agree_within_the_turnaround_time() {
    let slow = Duration::from_millis(40);
    in_each_mode(&["-q"], |server| {
        let mut connection = Client::connect("127.0.0.1", server.port, PATIENCE).unwrap();
        connection.ask_lag(LagPlan { count: 10, interval: Duration::ZERO }).unwrap();
        let mut turnaround = Recorder::default();
        while connection.next_ping().unwrap() == LagNext::Ping {
            let read = std::time::Instant::now();
            thread::sleep(slow);
            connection.echo().unwrap();
            turnaround.record(read.elapsed());
        }
        let rtt: Recorder =
            connection.lag_samples(0).unwrap().iter().map(|sample| sample.rtt).collect();
        let (rtt, turnaround) = (rtt.summary().unwrap(), turnaround.summary().unwrap());
        assert_eq!((rtt.count, turnaround.count), (10, 10));
        assert!(rtt.min >= slow, "{rtt:?}");
        assert!(rtt.p50.abs_diff(turnaround.p50) < turnaround.p50, "{rtt:?} {turnaround:?}");
    });
}

#[test]
fn the_client_reports_both_views_for_many_at_once() {
    in_each_mode(&["-q"], |server| {
        let flags = ["--test", "lag", "--json", "--concurrent", "20", "--interval", "2ms"];
        let outcome = client(server.port, &flags);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
        let document = document(&outcome);
        let total = at(&document, "tests.0");
        assert_eq!(
            numbers(total, ["sent", "received", "protocol_errors", "echoed"]),
            [200, 200, 0, 200]
        );
        let clients = list(total, "clients");
        assert_eq!(clients.len(), 20);
        for one in clients {
            for view in ["rtt_ns", "due_ns", "turnaround_ns"] {
                assert_eq!(numbers(one.get(view).unwrap(), ["count"]), [10], "{view}");
            }
        }
    });
    let outcome = loopback(&["--test", "lag", "--interval", "1ms"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = outcome.out.lines().collect();
    assert_eq!(lines[1], "lag: 10 pings from the server");
    assert!(
        lines[2].starts_with("  ping  1/10: ") && lines[12] == "  10 sent, 10 received, 0% lost",
        "{outcome:?}"
    );
    let starts = |start: &str| lines[13..].iter().any(|line| line.starts_with(start));
    assert!(starts("  rtt ") && starts("  turnaround "), "{outcome:?}");
}

#[test]
fn spinning_lags_the_same() {
    let server = Server::start(&["-q", "--spin", "--idle-timeout", "10s"]);
    for interval in ["0", "2ms"] {
        let outcome =
            client(server.port, &["--test", "lag", "--spin", "-q", "--interval", interval]);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
        assert!(outcome.out.contains("10 sent, 10 received, 0% lost"));
    }
}

#[test]
fn a_table_and_a_stream_hold_both_views() {
    let file = Temporary::new("lag.csv");
    let flags = ["--test", "lag", "--interval", "1ms", "--json-stream", "--csv", file.path()];
    let events = events(&loopback(&flags));
    let table = file.text();
    for view in ["turnaround", "rtt"] {
        let rows = table.lines().filter(|line| line.starts_with(&format!("lag,1,{view},")));
        let numbers: Vec<u64> =
            rows.map(|row| row.split(',').nth(4).unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>(), "{table}");
        let part = |event: &&Value| event.get("part").and_then(Value::as_str) == Some(view);
        assert_eq!(events.iter().filter(part).count(), 10, "{view}");
    }
}

#[test]
fn the_client_survives_servers_that_ping_wrongly() {
    let figures =
        r#"{"count":1,"interval_ns":0,"sent":1,"echoed":ECHOED,"wrong":0,"repeated":0,"unsent":0}"#;
    let done = |echoed: &str| format!("LAG_DONE {}\n", figures.replace("ECHOED", echoed));
    for (said, complaint) in [
        ("ERROR:no\n".to_string(), "the server answered ERROR:no"),
        ("PING 0\nPING 1\n".into(), "more than 1 pings"),
        ("PONG\n".into(), "expected PING"),
        ("LAG_DONE {}\n".into(), "\"interval_ns\" is no number"),
        ("LAG_DONE [\n".into(), "line 1, column 2"),
        (done("1"), "sent 1 of 1 pings, but 0 came"),
        (format!("PING 0\n{}", done("2")), "that 2 of 1 pings were echoed"),
        (
            done("0").replace(":1", ":0"),
            "0 pings, one each 0ns, which is not what it was asked for",
        ),
        (
            format!("PING 0\n{}", done("1").replace("_ns\":0", "_ns\":1000000")),
            "one each 1ms, which is not what",
        ),
        (done("0").replace("\"sent\":1", "\"sent\":0"), "the server sent no ping"),
        (format!("PING 0\n{}LAG_SAMPLES [[1,1,1]]\n", done("1")), "of ping 1 the server says"),
        (format!("PING 0\n{}LAG_SAMPLES [[0,1,{}]]\n", done("1"), u64::MAX), "which cannot be"),
        (format!("PING 0\n{}LAG_SAMPLES []\n", done("0")), "1 of 1 echoes never came"),
        (format!("PING 0\n{}LAG_SAMPLES {{}}\n", done("1")), "these are no round-trip times"),
        (format!("PING 0\n{}LAG_SAMPLES []\n", done("1")), "told the times of 0"),
        (String::new(), "the connection was closed"),
    ] {
        let port = fake_server(move |mut peer| {
            peer.line();
            peer.send(&said);
            peer.half_close();
            let _ = peer.rest();
        });
        let mut connection = Client::connect("127.0.0.1", port, PATIENCE).unwrap();
        let lag =
            lag(&mut connection, LagPlan { count: 1, interval: Duration::ZERO }, &mut |_, _| {});
        let failure = lag.failure().unwrap().to_string();
        assert!(failure.contains(complaint), "{failure}, not {complaint}");
    }
    let port = fake_server(|mut peer| {
        peer.line();
        peer.send("PING 0\nPING 1\n");
        let _ = peer.rest();
    });
    let outcome =
        client(port, &["--test", "lag", "--interval", "1ms", "--timeout", "100ms", "--json"]);
    assert_eq!(outcome.code, Some(1));
    let document = document(&outcome);
    let object = at(&document, "tests.0");
    assert!(numbers(object, ["echoed"]) == [2] && object.get("rtt_ns").is_none(), "{object}");
    assert_eq!(numbers(object.get("turnaround_ns").unwrap(), ["count"]), [2]);
}
