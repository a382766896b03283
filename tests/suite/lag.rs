//! The server pings, and whoever echoes may do it wrong.

use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use roundtrip::client::{Client, LagNext};
use roundtrip::json::parse;
use roundtrip::json::{Map, Value};
use roundtrip::measure::{Measurement, lag, lag_unasked, ping_server};
use roundtrip::server::{Config, Server as Embedded};
use roundtrip::session::{Hooks, Lag, Settings};
use roundtrip::stats::Recorder;
use roundtrip::wire::command::more::{LagPlan, MAX_LAG_SAMPLES};

use crate::support::{CLIENT, PATIENCE, Peer, Server, client, fake_server, in_each_mode, run};

/// Echoes whatever comes until the server is done, and returns what it says then.
fn echo_all(peer: &mut Peer) -> Value {
    loop {
        let line = peer.line();
        if let Some(done) = line.strip_prefix("LAG_DONE ") {
            return parse(done.as_bytes()).unwrap();
        }
        assert!(line.starts_with("PING "), "{line}");
        peer.send(format!("{line}\n"));
    }
}

fn numbers<const N: usize>(object: &Value, names: [&str; N]) -> [u64; N] {
    names.map(|name| {
        object.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {name} in {object}"))
    })
}

const COUNTS: [&str; 6] = ["sent", "echoed", "missing", "wrong", "repeated", "unsent"];

#[test]
fn ten_pings_give_ten_round_trips() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        for request in ["LAG:10:0", "LAG:10:1", "LAG:10"] {
            assert_eq!(peer.ask(request), "PING 0");
            peer.send("PING 0\n");
            let done = echo_all(&mut peer);
            assert_eq!(numbers(&done, COUNTS), [10, 10, 0, 0, 0, 0], "{request}");
            let rtt = done.get("rtt_ns").unwrap();
            let [count, min, p50, max] = numbers(rtt, ["count", "min", "p50", "max"]);
            assert!(count == 10 && 0 < min && min <= p50 && p50 <= max, "{rtt}");
            for number in 0..10 {
                let said = server.line(&format!("PING {number} RTT was "));
                assert!(said.starts_with("[SERVER] 127.0.0.1:") && said.ends_with(" ms"), "{said}");
            }
            server.line("lag: 10 of 10 pings echoed, RTT min/p50/max = ");
        }
        assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()));
        server.line("closed: 31 pings");
    });
}

#[test]
fn every_round_trip_can_be_asked_for() {
    let server = Server::start(&["-q"]);
    let mut peer = server.connect();
    assert_eq!(peer.ask("LAG_SAMPLES:0"), "LAG_SAMPLES []");
    let count = MAX_LAG_SAMPLES + 500;
    peer.send(format!("LAG:{count}:0\n"));
    echo_all(&mut peer);
    let (mut next, mut all) = (0, Vec::new());
    loop {
        let answer = peer.ask(&format!("LAG_SAMPLES:{next}"));
        let page = parse(answer.strip_prefix("LAG_SAMPLES ").unwrap().as_bytes()).unwrap();
        let page: Vec<[u64; 3]> = page
            .as_list()
            .unwrap()
            .iter()
            .map(|item| {
                item.as_list().unwrap().iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>()
            })
            .map(|item| item.try_into().unwrap())
            .collect();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= MAX_LAG_SAMPLES);
        next = last[0] + 1;
        all.extend(page);
    }
    assert!(all.iter().map(|item| item[0]).eq(0..count as u64));
    // One after the other: each was sent when the one before had come back.
    assert!(all.is_sorted_by(|[_, sent, rtt], [_, next, _]| *rtt > 0 && sent + rtt <= *next));
    assert_eq!(peer.ask("LAG_SAMPLES:18446744073709551615"), "LAG_SAMPLES []");
    // Whoever goes on has no more use for them.
    assert!(peer.ask("LAG_SAMPLES:0").len() > 1000);
    assert_eq!(
        (peer.ask("PING"), peer.ask("LAG_SAMPLES:0")),
        ("PONG".into(), "LAG_SAMPLES []".into())
    );
}

#[test]
fn too_much_is_refused_and_the_connection_stays() {
    in_each_mode(&["--max-time", "10s"], |server| {
        let mut peer = server.connect();
        for (request, reason) in [
            ("LAG", "unknown command"),
            ("LAG:", "whole number"),
            ("LAG:-1", "whole number"),
            ("LAG:1:2:3", "whole number"),
            ("LAG:0", "from 1 to 1000000"),
            ("LAG:1000001:0", "from 1 to 1000000"),
            ("LAG:18446744073709551615:18446744073709551615", "from 1 to 1000000"),
            ("LAG:18446744073709551616", "whole number"),
            ("LAG:1:60001", "over the limit of 60s"),
            ("LAG:1:18446744073709551615", "over the limit of 60s"),
            ("LAG:101", "10.1s is over the limit of 10s"),
            ("LAG_SAMPLES:x", "whole number"),
        ] {
            let answer = peer.ask(request);
            assert!(answer.starts_with("ERROR:") && answer.contains(reason), "{request}: {answer}");
            assert_eq!(peer.ask("PING"), "PONG");
        }
    });
    let server = Server::start(&["--framing", "bare"]);
    for request in ["LAG:3", "STATUS"] {
        let mut peer = server.connect();
        peer.send(request);
        let answer = String::from_utf8(peer.recv()).unwrap();
        assert!(answer.starts_with("ERROR:") && answer.contains("needs line framing"), "{answer}");
    }
}

#[test]
fn a_late_echo_delays_no_ping() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        peer.send("LAG:5:5\n");
        let pings: Vec<String> = (0..5).map(|_| peer.line()).collect();
        assert_eq!(pings, ["PING 0", "PING 1", "PING 2", "PING 3", "PING 4"]);
        // Any order will do.
        peer.send("PING 3\nPING 1\nPING 4\nPING 0\nPING 2\n");
        assert_eq!(numbers(&echo_all(&mut peer), COUNTS), [5, 5, 0, 0, 0, 0]);
    });
}

#[test]
fn echoes_that_are_none_are_counted_and_nothing_else() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        peer.send("LAG:2:0\n");
        assert_eq!(peer.line(), "PING 0");
        peer.send("PING 1\nPING 18446744073709551615\nPING 99999999999999999999999\nPING\nQUIT\nPING -0\n\n\u{fffd}\n");
        peer.send("PING 0\nPING 0\n");
        assert_eq!(peer.line(), "PING 1");
        peer.send("PING 0\nPING 1\n");
        let done = peer.line();
        let done = parse(done.strip_prefix("LAG_DONE ").unwrap().as_bytes()).unwrap();
        assert_eq!(numbers(&done, COUNTS), [2, 2, 0, 6, 2, 2]);
        server.line("said \"QUIT\", which is no echo");
        server.line("PING 0 was echoed before");
        server.line("lag: 2 of 2 pings echoed");
        assert_eq!(peer.ask("QUIT"), "BYE");
    });
}

#[test]
fn the_status_may_be_asked_for_in_the_middle() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        assert_eq!(peer.ask("LAG:3:0"), "PING 0");
        assert!(peer.ask("STATUS {\"a\":1}").contains("\"oldmsg\":{\"a\":1}"));
        assert!(peer.ask("STATUS [").starts_with("ERROR:line 1"));
        peer.send("PING 0\n");
        assert_eq!(numbers(&echo_all(&mut peer), COUNTS), [3, 3, 0, 0, 0, 0]);
    });
}

#[test]
fn whoever_never_echoes_is_dropped_and_what_was_measured_is_logged() {
    in_each_mode(&["--idle-timeout", "200ms"], |server| {
        for (request, echoes, logged) in [
            ("LAG:3:0", "", "lag: 0 of 1 pings echoed"),
            ("LAG:3:0", "PING 0\n", "lag: 1 of 2 pings echoed, 1 missing, RTT min/p50/max = "),
            ("LAG:3:1", "", "lag: 0 of 3 pings echoed"),
            ("LAG:3:1", "PING 1\n", "lag: 1 of 3 pings echoed, 2 missing, RTT min/p50/max = "),
        ] {
            let mut peer = server.connect();
            assert_eq!(peer.ask(request), "PING 0");
            if echoes == "PING 1\n" {
                assert_eq!((peer.line(), peer.line()), ("PING 1".into(), "PING 2".into()));
            }
            peer.send(echoes);
            let rest = String::from_utf8(peer.rest().unwrap()).unwrap();
            assert!(rest.ends_with("ERROR:nothing arrived for 200ms\n"), "{request}: {rest}");
            server.line(logged);
            server.line("closed");
        }
        server.assert_alive();
    });
}

#[test]
fn echoes_that_are_missing_are_waited_for_and_then_reported() {
    in_each_mode(&["--idle-timeout", "200ms"], |server| {
        let mut peer = server.connect();
        peer.send("LAG:3:1\n");
        assert_eq!(
            (peer.line(), peer.line(), peer.line()),
            ("PING 0".into(), "PING 1".into(), "PING 2".into())
        );
        peer.send("PING 2\n");
        assert_eq!(numbers(&echo_all(&mut peer), COUNTS), [3, 1, 2, 0, 0, 0]);
        assert_eq!(peer.ask("QUIT"), "BYE");
        server.line("lag: 1 of 3 pings echoed, 2 missing, RTT min/p50/max = ");
    });
}

#[test]
fn echoes_one_by_one_do_not_go_on_for_ever() {
    let server = Server::start(&["-q", "--max-time", "20ms", "--idle-timeout", "400ms"]);
    let mut peer = server.connect();
    peer.send("LAG:20:1\n");
    let pings: Vec<String> = (0..20).map(|_| peer.line()).collect();
    // Each is well within the idle timeout, and all of them are well over the limit.
    let mut writer = peer.0.get_ref().try_clone().unwrap();
    let echoing = thread::spawn(move || {
        for ping in pings {
            thread::park_timeout(Duration::from_millis(50));
            if writer.write_all(format!("{ping}\n").as_bytes()).is_err() {
                return;
            }
        }
    });
    assert_eq!(peer.line(), "ERROR:the echoes took longer than 420ms");
    drop(peer);
    echoing.join().unwrap();
}

#[test]
fn an_interval_longer_than_the_idle_timeout_drops_nobody() {
    let server = Server::start(&["--idle-timeout", "100ms"]);
    let mut peer = server.connect();
    peer.send("LAG:3:250\n");
    assert_eq!(numbers(&echo_all(&mut peer), COUNTS), [3, 3, 0, 0, 0, 0]);
}

#[test]
fn a_flood_of_wrong_echoes_ends_and_disturbs_nobody() {
    in_each_mode(&[], |server| {
        for interval in [0, 1] {
            let mut peer = server.connect();
            assert_eq!(peer.ask(&format!("LAG:1000:{interval}")), "PING 0");
            let mut writer = peer.0.get_ref().try_clone().unwrap();
            let flood = thread::spawn(move || {
                let _ = writer.write_all(&b"PING 999999\n".repeat(10_000));
            });
            let rest = String::from_utf8(peer.rest().unwrap()).unwrap();
            assert!(
                rest.ends_with("ERROR:more than 1000 lines that were not the echo of a ping\n"),
                "{rest}"
            );
            flood.join().unwrap();
            // The first ones are in the log, the others only in the count.
            let mut logged = 0;
            while !server.line("").contains("1001 of pings that were never sent") {
                logged += 1;
            }
            assert!((10..20).contains(&logged), "{logged} lines");
        }
        server.assert_alive();
    });
}

#[test]
fn whoever_leaves_in_the_middle_leaves_what_was_measured() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        assert_eq!(peer.ask("LAG:1000:0"), "PING 0");
        peer.send("PING 0\n");
        assert_eq!(peer.line(), "PING 1");
        drop(peer);
        server.line("PING 0 RTT was ");
        server.line("lag: 1 of 2 pings echoed");
        server.line("closed: 1 ping in");
        server.assert_alive();
    });
}

#[test]
fn max_time_bounds_pings_without_an_interval() {
    let server = Server::start(&["-q", "--max-time", "50ms"]);
    let outcome = client(server.port, &["--test", "lag", "--count", "1000000", "--interval", "0"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.err.contains("of 1000000 pings: that is as long as it allows"),
        "{}",
        outcome.err
    );
    assert!(outcome.out.contains(" received, 0% lost"), "what was measured is shown");
}

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
        let document = parse(outcome.out.as_bytes()).unwrap();
        let total = &document.get("tests").unwrap().as_list().unwrap()[0];
        assert_eq!(
            numbers(total, ["sent", "received", "protocol_errors", "echoed"]),
            [200, 200, 0, 200]
        );
        let clients = total.get("clients").unwrap().as_list().unwrap();
        assert_eq!(clients.len(), 20);
        for one in clients {
            for view in ["rtt_ns", "due_ns", "turnaround_ns"] {
                assert_eq!(numbers(one.get(view).unwrap(), ["count"]), [10], "{view}");
            }
        }
    });
    let outcome =
        run(Command::new(CLIENT).args(["--loopback", "--test", "lag", "--interval", "1ms"]));
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
    let file = std::env::temp_dir().join(format!("roundtrip-lag-{}.csv", std::process::id()));
    let flags = [
        "--loopback",
        "--test",
        "lag",
        "--interval",
        "1ms",
        "--json-stream",
        "--csv",
        file.to_str().unwrap(),
    ];
    let outcome = run(Command::new(CLIENT).args(flags));
    let table = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for view in ["turnaround", "rtt"] {
        let rows = table.lines().filter(|line| line.starts_with(&format!("lag,1,{view},")));
        let numbers: Vec<u64> =
            rows.map(|row| row.split(',').nth(4).unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>(), "{table}");
        let events = outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap());
        let pings =
            events.filter(|event| event.get("part").and_then(Value::as_str) == Some(view)).count();
        assert_eq!(pings, 10, "{view}");
    }
}

/// Measures each client, and tells the test what came of it.
#[derive(Debug)]
struct Game(Mutex<Sender<(Option<SocketAddr>, u64)>>);

impl Hooks for Game {
    fn on_connect(&self, peer: Option<SocketAddr>) -> Option<LagPlan> {
        assert!(peer.unwrap().ip().is_loopback());
        Some(LagPlan { count: 10, interval: Duration::from_millis(1) })
    }

    fn on_lag(&self, peer: Option<SocketAddr>, lag: &Lag) {
        self.0.lock().unwrap().send((peer, lag.echoed())).unwrap();
    }
}

#[test]
fn an_owner_has_every_client_measured_without_its_asking() {
    let (told, lags) = channel();
    let session = Settings { hooks: Arc::new(Game(Mutex::new(told))), ..Settings::default() };
    let server = Embedded::bind(Config { session, ..Config::default() }).unwrap().start().unwrap();
    let mut players: Vec<Client> = (0..5)
        .map(|_| Client::connect("127.0.0.1", server.address().port(), PATIENCE).unwrap())
        .collect();
    for player in &mut players {
        let lag = lag_unasked(player, &mut |_, _| {});
        assert!(lag.failure().is_none(), "{lag:?}");
        assert_eq!(
            (lag.server.rtt.count(), lag.server.due.count(), lag.turnaround.count()),
            (10, 10, 10)
        );
        player.ping(None).unwrap();
    }
    for _ in 0..5 {
        assert_eq!(lags.recv_timeout(PATIENCE).unwrap().1, 10);
    }
    // Whoever wants to know something else is pinged too, and told.
    ping_server(&server.address().to_string(), &Map::new(), PATIENCE).unwrap();
    assert_eq!(lags.recv_timeout(PATIENCE).unwrap().1, 0);
}

/// Wants more of everybody than there may be.
#[derive(Debug)]
struct Greedy;

impl Hooks for Greedy {
    fn on_connect(&self, _: Option<SocketAddr>) -> Option<LagPlan> {
        Some(LagPlan { count: 0, interval: Duration::ZERO })
    }
}

#[test]
fn a_plan_that_is_not_allowed_keeps_nobody_from_being_served() {
    let session = Settings { hooks: Arc::new(Greedy), ..Settings::default() };
    let server = Embedded::bind(Config { session, ..Config::default() }).unwrap().start().unwrap();
    Client::connect("127.0.0.1", server.address().port(), PATIENCE).unwrap().ping(None).unwrap();
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
    let document = parse(outcome.out.as_bytes()).unwrap();
    let object = &document.get("tests").unwrap().as_list().unwrap()[0];
    assert!(numbers(object, ["echoed"]) == [2] && object.get("rtt_ns").is_none(), "{object}");
    assert_eq!(numbers(object.get("turnaround_ns").unwrap(), ["count"]), [2]);
}
