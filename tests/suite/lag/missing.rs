//! Echoes that are late, missing or too many, and clients that leave.

use std::io::Write;
use std::thread;
use std::time::Duration;

use super::{COUNTS, echo_all, numbers};
use crate::support::{Server, client, in_each_mode};

#[test]
fn a_client_that_never_echoes_is_dropped_and_what_was_measured_is_logged() {
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
            thread::sleep(Duration::from_millis(50));
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
fn what_was_measured_before_a_client_left_is_logged() {
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
