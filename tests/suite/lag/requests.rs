//! The requests of lag, and their answers byte by byte.

use std::process::Command;

use roundtrip::json::parse;
use roundtrip::wire::command::more::MAX_LAG_SAMPLES;

use super::{COUNTS, echo_all, numbers};
use crate::support::{SERVER, Server, in_each_mode};

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
#[cfg(target_os = "linux")]
fn a_system_without_so_much_memory_costs_the_request_alone() {
    // A million pings take 16 MB.
    let script = format!("ulimit -d 20000; exec {SERVER} --host 127.0.0.1 --port 0");
    let server = Server::run(Command::new("sh").args(["-c", &script]));
    let mut peer = server.connect();
    assert!(peer.ask("LAG:1000000:0").starts_with("ERROR:too many pings"));
    assert_eq!(peer.ask("PING"), "PONG");
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
