//! A server that is busy or full answers.

use std::thread;

use roundtrip::json::Map;
use roundtrip::measure::{concurrently, ping_server};

use super::{address, ask};
use crate::document::{at, number};
use crate::support::{PATIENCE, Peer, Server};

/// So many at once, all answered.
fn ask_all(clients: usize, server: &Server) {
    let address = address(server);
    for status in concurrently(vec![(); clients], |()| ping_server(&address, &Map::new(), PATIENCE))
    {
        status.unwrap().unwrap();
    }
}

#[test]
fn two_hundred_at_once_are_answered_while_bulk_transfers_run() {
    for mode in ["thread", "process"] {
        let server = Server::start(&["-q", "--mode", mode]);
        let busy: Vec<Peer> = (0..2)
            .map(|_| {
                let mut peer = server.connect();
                assert_eq!(peer.ask("BANDWIDTH_DOWNLOAD:100000000000"), "READY");
                peer
            })
            .collect();
        let bulk: Vec<_> = busy
            .into_iter()
            .map(|mut peer| {
                let stop = peer.0.get_ref().try_clone().unwrap();
                (
                    stop,
                    thread::spawn(move || {
                        std::io::copy(&mut peer.0, &mut std::io::sink()).unwrap_or(1)
                    }),
                )
            })
            .collect();
        ask_all(200, &server);
        for (stop, bulk) in bulk {
            stop.shutdown(std::net::Shutdown::Both).unwrap();
            assert!(bulk.join().unwrap() > 0, "{mode}");
        }
    }
    let server = Server::start(&["-q", "--mode", "sequential"]);
    ask_all(100, &server);
}

#[test]
fn a_full_server_still_says_how_it_is() {
    for (mode, limit) in [
        ("thread", "--max-connections"),
        ("process", "--max-connections"),
        ("thread", "--max-per-ip"),
    ] {
        let server = Server::start(&["--mode", mode, limit, "1"]);
        let mut only = server.connect();
        assert_eq!(only.ask("PING"), "PONG");
        for _ in 0..3 {
            let said = ask(&server);
            assert_eq!(
                (at(&said, "mode").as_str(), number(&said, "connections.now")),
                (Some(mode), 1)
            );
            assert_eq!(
                (number(&said, "connections.total"), said.get("bytes").is_some()),
                (1, mode == "thread")
            );
        }
        for question in ["PING\n", "STATUS\n", "STATUS [\n", "x"] {
            let mut peer = server.connect();
            peer.send(question);
            let answer = String::from_utf8(peer.rest().unwrap()).unwrap();
            let expected = match question {
                "STATUS\n" => "STATUS {",
                "STATUS [\n" => "ERROR:line 1",
                _ => "ERROR:server full\n",
            };
            assert!(
                answer.starts_with(expected) && answer.lines().count() == 1,
                "{question:?}: {answer}"
            );
        }
        assert_eq!(only.ask("PING"), "PONG");
    }
    let server = Server::start(&["--allow", "10.0.0.0/8"]);
    let error = ping_server(&address(&server), &Map::new(), PATIENCE).unwrap_err();
    assert!(error.to_string().contains("ERROR:not allowed from this address"), "{error}");
}
