//! One question, one answer: to anybody, at any time, and to nobody's harm.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::json::parse;
use roundtrip::json::{Map, Value};
use roundtrip::measure::{Status, StatusError, StatusStep, concurrently, ping_server};
use roundtrip::server::{Config, Server as Embedded};
use roundtrip::session::{Hooks, Settings};
use roundtrip::wire::command::Amount;
use roundtrip::wire::framing::MAX_LINE;

use crate::support::{PATIENCE, Peer, Server, client, eventually, fake_server, in_each_mode};

fn address(server: &Server) -> String {
    format!("127.0.0.1:{}", server.port)
}

fn ask(server: &Server) -> Result<Status, StatusError> {
    ping_server(&address(server), &Map::new(), PATIENCE)
}

/// So many at once, all answered.
fn ask_all(clients: usize, server: &Server) {
    let address = address(server);
    for status in concurrently(vec![(); clients], |()| ping_server(&address, &Map::new(), PATIENCE))
    {
        status.unwrap().unwrap();
    }
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_map().unwrap().iter().map(|(key, _)| key).collect()
}

fn at<'a>(object: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(object, |object, key| {
        object.get(key).unwrap_or_else(|| panic!("no {path} in {object}"))
    })
}

fn number(object: &Value, path: &str) -> u64 {
    at(object, path).as_u64().unwrap_or_else(|| panic!("{path} is no whole number in {object}"))
}

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
fn hostile_questions_get_an_error_and_disturb_nobody() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        for (question, reason) in [
            (format!("{{\"a\":{}", "[".repeat(60_000)), "line 1, column 133: more than 128 lists"),
            ("[".repeat(60_000), "line 1, column 129: more than 128 lists"),
            (format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127)), "more than 128 lists"),
            (String::new(), "line 1, column 1: the text ends"),
            ("[]".into(), "line 1, column 1: expected an object"),
            ("7".into(), "line 1, column 1: expected an object"),
            ("{\"a\":1e999}".into(), "column 6: the number is larger"),
            (format!("{{\"a\":{}}}", "9".repeat(60_000)), "column 6: the number is larger"),
            ("{\"a\":\"\\ud800\"}".into(), "half of a surrogate pair"),
            ("{\"a\":1}{}".into(), "column 8: expected the end"),
            (format!("{{\"a\":[{}1]}}", "1e15,".repeat(13_000)), "would be longer than"),
        ] {
            let answer = peer.ask(&format!("STATUS {question}"));
            assert!(
                answer.starts_with("ERROR:") && answer.contains(reason),
                "{reason}: {answer:.200}"
            );
            assert!(answer.len() < 1_000);
        }
        peer.send(b"STATUS {\"a\":\"\xff\"}\n");
        assert_eq!(peer.line(), "ERROR:line 1, column 7: not UTF-8 from here on");
        // A number that is only long is rounded, as anybody's is.
        assert!(
            peer.ask(&format!("STATUS {{\"a\":{}}}", "9".repeat(300)))
                .contains("\"oldmsg\":{\"a\":1e300}")
        );
        assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()));

        // A question without an end: no more of it is read than a line may have.
        let mut peer = server.connect();
        let mut writer = peer.0.get_ref().try_clone().unwrap();
        let flood = thread::spawn(move || {
            let _ = writer.write_all(&[&b"STATUS {\"a\":\""[..], &vec![b'x'; 1_000_000]].concat());
        });
        assert_eq!(peer.line(), "ERROR:line too long");
        flood.join().unwrap();
        drop(peer);
        server.assert_alive();
    });
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
            let said = Value::Map(ask(&server).unwrap().answer);
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
    let error = ask(&server).unwrap_err();
    assert!(error.to_string().contains("ERROR:not allowed from this address"), "{error}");
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
    for mode in ["thread", "process", "sequential"] {
        let server = Server::start(&["--mode", mode]);
        let mut client = Client::connect("127.0.0.1", server.port, PATIENCE).unwrap();
        client.ping(None).unwrap();
        client.download(Amount::Bytes(5_000_000)).unwrap().receive(|_| {}).unwrap();
        client.upload(Amount::Bytes(1_000)).unwrap().send(|_| {}).unwrap();
        client.quit().unwrap();
        server.line("closed: 1 ping");
        let said = Value::Map(ask(&server).unwrap().answer);
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
            number(&Value::Map(ask(&server).unwrap().answer), "connections.now") == 1
        });
        assert!(at(&said, "uptime").as_f64() > Some(0.0), "{mode}");
    }
}

#[test]
fn a_failure_says_at_which_step_and_after_how_long() {
    let short = Duration::from_millis(200);
    let step = |address: &str| {
        let start = Instant::now();
        let error = ping_server(address, &Map::new(), short).unwrap_err();
        assert!(error.after <= start.elapsed() && error.after < PATIENCE, "{error}");
        (error.step, error.to_string())
    };
    assert_eq!(step("127.0.0.1").0, StatusStep::Resolve);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(step(&free.to_string()).0, StatusStep::Connect);

    let drip = fake_server(|mut peer| {
        while peer.0.get_mut().write_all(b"x").is_ok() {
            thread::park_timeout(Duration::from_millis(20));
        }
    });
    let (dripping, error) = step(&format!("127.0.0.1:{drip}"));
    assert!(dripping == StatusStep::Answer && error.contains("not done within 200ms"), "{error}");
    for (answer, step_then, complaint) in [
        ("", StatusStep::Answer, "not done within"),
        ("ERROR:busy\n", StatusStep::Answer, "ERROR:busy"),
        ("PONG\n", StatusStep::Answer, "\"PONG\""),
        ("STATUS [\n", StatusStep::Parse, "column 2"),
        ("STATUS 5\n", StatusStep::Parse, "no object"),
    ] {
        let port = fake_server(move |mut peer| {
            peer.line();
            peer.send(answer);
            let _ = peer.rest();
        });
        let (found, error) = step(&format!("127.0.0.1:{port}"));
        assert!(found == step_then && error.contains(complaint), "{error}");
    }
    // A question over the longest line is never sent.
    let long = Map::from([("a", "x".repeat(MAX_LINE).into())]);
    let unheard = TcpListener::bind("127.0.0.1:0").unwrap();
    let error =
        ping_server(&unheard.local_addr().unwrap().to_string(), &long, PATIENCE).unwrap_err();
    assert_eq!((error.step, error.error.kind()), (StatusStep::Ask, ErrorKind::InvalidInput));
    let outcome = client(1, &["--test", "status", "--data", &Value::Map(long).to_string()]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(2), 1), "{outcome:?}");
    // Its one connection is taken: the question is in the queue, and there it stays.
    let sequential = Server::start(&["--mode", "sequential"]);
    let mut first = sequential.connect();
    assert_eq!(first.ask("PING"), "PONG");
    assert_eq!(step(&address(&sequential)).0, StatusStep::Answer);
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

#[test]
fn the_client_prints_it_for_a_person_and_for_a_program() {
    in_each_mode(&["--info", "name=mine\u{1b}"], |server| {
        let outcome = client(server.port, &["--test", "status", "--data", "{\"q\":[1]}"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
        let first = format!("status of {}: answered in ", address(server));
        assert!(outcome.out.starts_with(&first), "{outcome:?}");
        // However wide the column of the keys is.
        let words: Vec<String> = outcome
            .out
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for line in ["name mine\\u{1b}", "connections now 1, total 1"] {
            assert!(words.iter().any(|words| words == line), "{line}: {outcome:?}");
        }
        let document = client(server.port, &["--test", "status", "--json", "--concurrent", "3"]);
        let document = parse(document.out.as_bytes()).unwrap();
        let test = &document.get("tests").unwrap().as_list().unwrap()[0];
        assert_eq!((number(test, "answered"), number(test, "delay_ns.count")), (3, 3));
        let clients = test.get("clients").unwrap().as_list().unwrap();
        assert!(clients.iter().all(|one| number(one, "status.roundtrip.protocol") == 1));
    });
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = client(nobody, &["--test", "status", "--json"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains("status failed: at step connect, after "), "{outcome:?}");
}
