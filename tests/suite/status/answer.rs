//! What an answer holds.

use std::net::SocketAddr;
use std::sync::Arc;

use roundtrip::client::Client;
use roundtrip::json::{Map, Value, parse};
use roundtrip::measure::{Status, ping_server};
use roundtrip::server::{Config, Server as Embedded};
use roundtrip::session::{Hooks, Settings};
use roundtrip::wire::command::Amount;

use super::{address, ask, keys};
use crate::document::{at, number};
use crate::support::{MODES, PATIENCE, Server, eventually, in_each_mode};

#[test]
fn a_question_is_answered_with_what_the_server_is_and_how_it_is() {
    in_each_mode(
        &["--info", "name=mine", "--info", "motd=a=b", "--info", "motd=c", "--info", "mode=x"],
        |server| {
            let mut peer = server.connect();
            let mut answer = |request: &str| {
                let answer = peer.ask(request);
                let json =
                    answer.strip_prefix("STATUS ").unwrap_or_else(|| panic!("{request}: {answer}"));
                parse(json.as_bytes()).unwrap()
            };
            let said = answer(r#"STATUS {"a":[1,{"b":null}],"a ":"é"}"#);
            let server = [
                "mode",
                "uptime",
                "connections",
                "udp_pings",
                "udp_ignored",
                "scope",
                "bytes",
                "pings",
            ];
            assert_eq!(
                keys(&said),
                [&["name", "motd"][..], &server, &["oldmsg", "roundtrip"]].concat()
            );
            assert_eq!(at(&said, "oldmsg").to_string(), r#"{"a":[1,{"b":null}],"a ":"é"}"#);
            assert_eq!(
                (at(&said, "name").as_str(), at(&said, "motd").as_str()),
                (Some("mine"), Some("c"))
            );
            assert_eq!(at(&said, "roundtrip.version").as_str(), Some(env!("CARGO_PKG_VERSION")));
            assert_eq!(
                (number(&said, "roundtrip.protocol"), number(&said, "connections.now")),
                (1, 1)
            );
            assert_eq!(at(&answer("STATUS"), "oldmsg").to_string(), "{}");
            assert!(at(&answer("STATUS {}"), "uptime").as_f64() > at(&said, "uptime").as_f64());
            assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()));
        },
    );
}

#[test]
fn no_writeback_repeats_nothing() {
    in_each_mode(&["--no-writeback"], |server| {
        let status =
            ping_server(&address(server), &Map::from([("secret", 42.into())]), PATIENCE).unwrap();
        let said = Value::Map(status.answer);
        assert!(said.get("oldmsg").is_none() && !said.to_string().contains("secret"), "{said}");
    });
}

#[test]
fn a_clients_time_and_the_arrival_are_its_own() {
    let server = Server::start(&[]);
    let data = Map::from([("time", "mine".into()), ("recvtime", "mine".into()), ("x", 1.into())]);
    let Status { answer, delay } = ping_server(&address(&server), &data, PATIENCE).unwrap();
    let said = Value::Map(answer);
    let [sent, arrived] = ["oldmsg.time", "recvtime"].map(|path| at(&said, path).as_f64().unwrap());
    assert!(sent > 1.7e9 && arrived >= sent && arrived - sent < 3600.0, "{said}");
    assert_eq!(at(&said, "delay").as_f64(), Some(delay.as_secs_f64()));
    assert_eq!(
        (at(&said, "oldmsg.recvtime").as_str(), number(&said, "oldmsg.x")),
        (Some("mine"), 1)
    );
}

#[test]
fn counters_are_those_of_all_threads_or_of_one_process() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        let mut client = Client::connect("127.0.0.1", server.port, PATIENCE).unwrap();
        client.ping(None).unwrap();
        client.download(Amount::Bytes(5_000_000)).unwrap().receive(|_| {}).unwrap();
        client.upload(Amount::Bytes(1_000)).unwrap().send(|_| {}).unwrap();
        client.quit().unwrap();
        server.line("closed: 1 ping");
        let said = ask(&server);
        let counted = ["bytes.sent", "bytes.received", "pings"].map(|path| number(&said, path));
        let (expected, scope) = if mode == "process" {
            ([0, 0, 0], "connection")
        } else {
            ([5_000_000, 1_000, 1], "server")
        };
        assert_eq!((counted, at(&said, "scope").as_str()), (expected, Some(scope)), "{mode}");
        // Who leaves gives its place back a moment later.
        assert_eq!(number(&said, "connections.total"), 2);
        eventually("only the asking connection is left", || {
            number(&ask(&server), "connections.now") == 1
        });
        assert!(at(&said, "uptime").as_f64() > Some(0.0), "{mode}");
    }
}

/// Adds what is computed for each question.
#[derive(Debug)]
struct Adding;

impl Hooks for Adding {
    fn on_status(&self, question: &Map, peer: Option<SocketAddr>) -> Map {
        let sum = ["a", "b"].iter().filter_map(|key| question.get(key)?.as_u64()).sum::<u64>();
        Map::from([
            ("sum", sum.into()),
            ("you", peer.unwrap().ip().to_string().into()),
            ("roundtrip", "no".into()),
        ])
    }
}

#[test]
fn an_owner_adds_what_is_computed_for_each_question() {
    let session = Settings { hooks: Arc::new(Adding), ..Settings::default() };
    let server = Embedded::bind(Config { session, ..Config::default() }).unwrap().start().unwrap();
    for a in 0..3_u64 {
        let data = Map::from([("a", a.into()), ("b", 40.into())]);
        let said =
            Value::Map(ping_server(&server.address().to_string(), &data, PATIENCE).unwrap().answer);
        assert_eq!((number(&said, "sum"), at(&said, "you").as_str()), (a + 40, Some("127.0.0.1")));
        assert_eq!(number(&said, "roundtrip.protocol"), 1);
    }
}
