//! What the client reports, in every form.

use std::path::PathBuf;
use std::process::Command;

use roundtrip::json::Value;
use roundtrip::json::parse;

use crate::support::{CLIENT, MODES, Outcome, Server, client, run};

const EVERY_TEST: [&str; 8] =
    ["latency", "download", "upload", "bidirectional", "loaded", "sweep", "lag", "status"];

/// Few and short, so that everything is over soon; as far as that means something.
fn short(test: &str) -> &[&str] {
    match test {
        "status" => &[],
        "download" | "upload" | "bidirectional" => &["--time", "300ms"],
        _ => &["--time", "300ms", "--interval", "5ms"],
    }
}

pub fn loopback(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).arg("--loopback").args(flags))
}

fn json(outcome: &Outcome) -> Value {
    parse(outcome.out.as_bytes()).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

/// Goes down a path of keys and indices.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| {
        let next = key
            .parse()
            .ok()
            .and_then(|index: usize| value.as_list()?.get(index))
            .or_else(|| value.get(key));
        next.unwrap_or_else(|| panic!("no {key} of {path} in {value}"))
    })
}

pub fn number(value: &Value, path: &str) -> u64 {
    at(value, path).as_u64().unwrap_or_else(|| panic!("{path} is no whole number in {value}"))
}

fn check_summary(summary: &Value, count: u64) {
    assert_eq!(number(summary, "count"), count);
    let names = ["min", "p50", "p90", "p95", "p99", "p99_9", "max"];
    let figures = names.map(|name| number(summary, name));
    assert!(figures[0] > 0 && figures.is_sorted(), "{summary}");
    assert!((figures[0]..=figures[6]).contains(&number(summary, "mean")), "{summary}");
    assert_eq!(
        count > 1,
        summary.get("stddev").is_some() && summary.get("jitter").is_some(),
        "{summary}"
    );
}

/// On a busy machine not all pings leave in time.
fn check_in_time(pings: &Value, most: u64) {
    let received = number(pings, "received");
    assert!((1..=most).contains(&received) && received == number(pings, "sent"), "{pings}");
    check_summary(at(pings, "rtt_ns"), received);
}

/// What is measured anew each time must still fit together.
fn check_rate(transfer: &Value) {
    let [bytes, duration, rate] =
        ["bytes", "duration_ns", "bits_per_second"].map(|name| number(transfer, name));
    let expected = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(duration);
    assert!(bytes > 0 && expected.abs_diff(rate.into()) <= 1, "{transfer}");
}

#[test]
fn a_document_holds_what_is_promised() {
    let server = Server::start(&[]);
    let outcome =
        client(server.port, &["--json", "--count", "20", "--interval", "1ms", "--size", "3"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let document = json(&outcome);
    assert_eq!(at(&document, "roundtrip").as_str(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(at(&document, "host").as_str(), Some("127.0.0.1"));
    assert_eq!(number(&document, "port"), server.port.into());
    for (index, test) in ["latency", "download", "upload"].into_iter().enumerate() {
        let object = at(&document, &format!("tests.{index}"));
        assert_eq!(
            (at(object, "test").as_str(), at(object, "ok").as_bool()),
            (Some(test), Some(true))
        );
        assert!(object.get("error").is_none() && object.get("clients").is_none());
    }
    let latency = at(&document, "tests.0");
    assert_eq!((number(latency, "sent"), number(latency, "received")), (20, 20));
    check_summary(at(latency, "rtt_ns"), 20);
    check_summary(at(latency, "due_ns"), 20);
    assert!(number(latency, "due_ns.min") >= number(latency, "rtt_ns.min"));
    assert_eq!(number(&document, "tests.1.bytes"), 3 << 20);
    check_rate(at(&document, "tests.1"));
    check_rate(at(&document, "tests.2"));
    assert!(number(&document, "tests.2.server_duration_ns") > 0);
}

#[test]
fn a_single_client_is_a_list_too_where_clients_are_asked_for() {
    let document =
        json(&loopback(&["--json", "--concurrent", "1", "--count", "2", "--interval", "0"]));
    let [latency] = at(&document, "tests").as_list().unwrap() else { panic!("{document}") };
    assert_eq!(at(latency, "clients").as_list().unwrap().len(), 1);
    assert_eq!(at(latency, "clients.0.rtt_ns"), at(latency, "rtt_ns"));
}

#[test]
fn what_is_not_known_is_left_out_of_a_document() {
    let one = json(&loopback(&["--json", "--test", "latency", "--count", "1", "--interval", "0"]));
    check_summary(at(&one, "tests.0.rtt_ns"), 1);
    assert!(at(&one, "tests.0").get("due_ns").is_none());

    let port = crate::support::fake_server(|mut peer| drop(peer.rest()));
    let outcome = client(port, &["--json", "--test", "latency", "--timeout", "100ms"]);
    assert_eq!(outcome.code, Some(1));
    let failed = json(&outcome);
    assert_eq!(at(&failed, "tests.0.ok").as_bool(), Some(false));
    assert_eq!(at(&failed, "tests.0.error").as_str(), Some("nothing arrived for 100ms"));
    assert_eq!((number(&failed, "tests.0.sent"), number(&failed, "tests.0.received")), (1, 0));
    assert!(at(&failed, "tests.0").get("rtt_ns").is_none());
    assert!(!outcome.out.contains("null") && !outcome.out.contains("NaN"));
}

#[test]
fn a_server_that_is_not_there_is_a_document_too() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = client(port, &["--json"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    let document = json(&outcome);
    assert_eq!(at(&document, "tests").as_list().unwrap().len(), 3);
    assert!(at(&document, "tests.2.error").as_str().unwrap().contains("refused"));
}

#[test]
fn several_clients_are_a_list_of_the_same_objects() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        let flags = [
            "--json",
            "--concurrent",
            "3",
            "--test",
            "all",
            "--count",
            "4",
            "--interval",
            "0",
            "--size",
            "1",
        ];
        let document = json(&client(server.port, &flags));
        for test in 0..3 {
            let object = at(&document, &format!("tests.{test}"));
            assert_eq!(at(object, "clients").as_list().unwrap().len(), 3, "{mode}");
        }
        assert_eq!(number(&document, "tests.0.received"), 12);
        check_summary(at(&document, "tests.0.rtt_ns"), 12);
        check_summary(at(&document, "tests.0.clients.2.rtt_ns"), 4);
        assert_eq!(number(&document, "tests.2.bytes"), 3 << 20);
        // Together they are no faster than their bytes over the time from the first's
        // beginning to the last's end.
        let longest = (0..3)
            .map(|client| number(&document, &format!("tests.2.clients.{client}.duration_ns")))
            .max();
        assert!(number(&document, "tests.2.duration_ns") >= longest.unwrap(), "{mode}");
    }
}

#[test]
fn a_stream_is_an_event_a_line_and_ends_with_the_document() {
    let outcome = loopback(&[
        "--json-stream",
        "--test",
        "all",
        "--count",
        "5",
        "--interval",
        "1ms",
        "--size",
        "2",
    ]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let events: Vec<Value> =
        outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| at(event, "event").as_str() == Some(kind)).collect()
    };
    assert_eq!((of("start").len(), of("result").len(), of("ping").len()), (3, 3, 5));
    assert_eq!(
        of("ping").iter().map(|ping| number(ping, "number")).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    let bytes: u64 = of("progress").iter().map(|event| number(event, "bytes")).sum();
    assert_eq!(bytes, 2 * (2 << 20));
    let document = events.last().unwrap();
    assert_eq!(at(document, "event").as_str(), Some("document"));
    assert_eq!(at(document, "tests").as_list().unwrap().len(), 3);
}

#[test]
fn every_test_runs_for_a_given_time_in_each_mode() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        for test in EVERY_TEST {
            if (mode, test) == ("sequential", "loaded") {
                continue; // It needs two connections at once, which a sequential server cannot serve.
            }
            let outcome = client(server.port, &[&["--json", "--test", test], short(test)].concat());
            assert_eq!(
                (outcome.code, outcome.err.as_str()),
                (Some(0), ""),
                "{mode}, {test}: {outcome:?}"
            );
            let document = json(&outcome);
            let object = at(&document, "tests.0");
            match test {
                "latency" => check_in_time(object, 60),
                "lag" => check_summary(at(object, "rtt_ns"), 60),
                "status" => check_summary(at(object, "delay_ns"), 1),
                "download" | "upload" => {
                    check_rate(object);
                    assert!(
                        number(object, "duration_ns") >= 250_000_000,
                        "{mode}, {test}: {object}"
                    );
                }
                "bidirectional" => {
                    check_rate(at(object, "download"));
                    check_rate(at(object, "upload"));
                }
                "loaded" => {
                    for phase in ["idle", "download", "upload"] {
                        check_in_time(at(object, phase), 20);
                        assert!(number(object, &format!("{phase}.round_trips_per_minute")) > 0);
                    }
                    check_rate(at(object, "download"));
                    check_rate(at(object, "upload"));
                }
                _ => {
                    let sizes = at(object, "sizes").as_list().unwrap();
                    let payloads: Vec<u64> =
                        sizes.iter().map(|size| number(size, "payload_bytes")).collect();
                    assert_eq!(payloads, (0..17).map(|power| 1 << power).collect::<Vec<u64>>());
                    assert!(sizes.iter().all(|size| number(size, "received") > 0));
                }
            }
        }
    }
}

#[test]
fn a_time_over_the_servers_limit_is_refused() {
    let server = Server::start(&["--max-time", "100ms"]);
    for test in ["download", "upload", "bidirectional"] {
        let outcome = client(server.port, &["--test", test, "--time", "200ms"]);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.err.contains("ERROR:200ms is over the limit of 100ms"), "{outcome:?}");
    }
    server.assert_alive();
}

#[test]
fn both_directions_move_exactly_what_was_asked_for() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        let document =
            json(&client(server.port, &["--json", "--test", "bidirectional", "--size", "20"]));
        for way in ["download", "upload"] {
            assert_eq!(number(&document, &format!("tests.0.{way}.bytes")), 20 << 20, "{mode}");
        }
        let closed = server.line("closed");
        assert!(closed.contains("20.0 MiB sent, 20.0 MiB received"), "{closed}");
    }
}

#[test]
fn sweep_takes_the_sizes_that_it_is_given() {
    let outcome =
        loopback(&["--test", "sweep", "--sizes", "10:1KiB:*10", "--count", "2", "--interval", "0"]);
    let rows: Vec<Vec<&str>> =
        outcome.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let payloads: Vec<&str> =
        rows.iter().map(|row| row[0]).filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(payloads, ["10", "100", "1000"], "{outcome:?}");
}

#[test]
fn spinning_answers_the_same() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode, "--spin", "--idle-timeout", "10s"]);
        let flags = [
            "-q",
            "--spin",
            "--count",
            "50",
            "--interval",
            "1ms",
            "--size",
            "5",
            "--payload",
            "1KiB",
        ];
        let outcome = client(server.port, &flags);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{mode}: {outcome:?}");
        assert!(outcome.out.contains("50 sent, 50 received, 0% lost"));
    }
    let server = Server::start(&["--spin", "--idle-timeout", "200ms"]);
    assert_eq!(server.connect().rest().unwrap(), b"ERROR:nothing arrived for 200ms\n");
}

#[test]
fn a_trace_draws_each_message() {
    let outcome = loopback(&["--trace", "--test", "all", "--count", "1", "--size", "1", "-q"]);
    let arrows: Vec<String> =
        outcome.out.lines().filter(|line| line.contains('│')).map(String::from).collect();
    let heard = |text: &str, to_server: bool| {
        arrows
            .iter()
            .filter(|arrow| arrow.contains(text) && arrow.contains('▶') == to_server)
            .count()
    };
    assert_eq!((heard(" PING ", true), heard(" PONG ", false)), (2, 2), "{arrows:#?}");
    assert_eq!((heard(" BANDWIDTH_UPLOAD:1048576 ", true), heard(" DONE:1048576:", false)), (1, 1));
    assert_eq!((heard(" 1.00 MiB of data ", true), heard(" 1.00 MiB of data ", false)), (1, 1));
    assert_eq!((heard(" QUIT ", true), heard(" BYE ", false)), (1, 1));
    assert!(arrows.iter().all(|arrow| arrow.chars().count() == arrows[0].chars().count()));
}

/// A file of this test's own, gone at its end.
pub struct Temporary(pub PathBuf);

impl Temporary {
    pub fn new(name: &str) -> Self {
        Temporary(std::env::temp_dir().join(format!("roundtrip-{}-{name}", std::process::id())))
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_table_holds_every_sample() {
    let file = Temporary::new("samples.csv");
    let flags = [
        "--csv",
        file.path(),
        "--test",
        "all",
        "--concurrent",
        "2",
        "--count",
        "30",
        "--interval",
        "1ms",
    ];
    assert_eq!(loopback(&[&flags[..], &["--size", "2", "-q"]].concat()).code, Some(0));
    let table = std::fs::read_to_string(&file.0).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("test,client,part,at_ns,number,rtt_ns,due_ns,direction,bytes"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 9), "{table}");
    for client in ["1", "2"] {
        let pings = rows.iter().filter(|row| row[0] == "latency" && row[1] == client);
        let numbers: Vec<u64> = pings.map(|row| row[4].parse().unwrap()).collect();
        assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    }
    let moved = |test: &str| -> u64 {
        rows.iter().filter(|row| row[0] == test).map(|row| row[8].parse::<u64>().unwrap()).sum()
    };
    assert_eq!((moved("download"), moved("upload")), (4 << 20, 4 << 20));
}

#[test]
fn a_picture_is_drawn_of_every_test() {
    for test in EVERY_TEST {
        let file = Temporary::new(&format!("{test}.svg"));
        let outcome = loopback(&[&["--svg", file.path(), "--test", test], short(test)].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let picture = std::fs::read_to_string(&file.0).unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{test}");
        assert!(picture.contains(test) && picture.contains("127.0.0.1"), "{test}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{test}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_anything_is_measured() {
    for flag in ["--csv", "--svg"] {
        let outcome = loopback(&[flag, "/nonexistent/file"]);
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(1), ""));
        assert!(outcome.err.contains("cannot write \"/nonexistent/file\""), "{outcome:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_table_or_picture_that_cannot_be_written_costs_no_results() {
    for (flag, what) in [("--csv", "table"), ("--svg", "picture")] {
        let flags = ["--test", "latency", "--count", "3", "--interval", "0", flag, "/dev/full"];
        let outcome = loopback(&flags);
        assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
        assert!(outcome.err.contains(&format!("cannot write the {what}: ")), "{outcome:?}");
        assert!(outcome.out.contains("3 sent, 3 received, 0% lost"), "{outcome:?}");
    }
}

#[test]
fn notes_say_what_to_do_and_quiet_leaves_them_out() {
    let flags = ["--test", "latency", "--count", "200", "--interval", "0"];
    let outcome = loopback(&flags);
    assert!(outcome.err.contains("note: 200 answers are too few for a p99.9"), "{outcome:?}");
    assert!(!outcome.err.contains('\x1b') && outcome.out.contains('█'));
    let outcome = loopback(&[&flags[..], &["-q"]].concat());
    assert_eq!(outcome.err, "");
    assert!(
        !outcome.out.contains('█')
            && !outcome.out.contains("ping ")
            && !outcome.out.contains("[CLIENT]")
    );
}

#[test]
fn a_document_says_what_was_measured_when_and_how() {
    let server = Server::start(&[]);
    let document = |flags: &[&str]| {
        let outcome = client(server.port, &[flags, &["--json"]].concat());
        parse(outcome.out.as_bytes()).unwrap()
    };
    let all = document(&["--interval", "0", "--label", "before the change", "--size", "64KiB"]);
    assert_eq!(all.get("label").and_then(Value::as_str), Some("before the change"));
    let started = all.get("started").and_then(Value::as_str).unwrap();
    assert!(
        started.len() == 20 && started.ends_with('Z') && started.starts_with("20"),
        "{started}"
    );
    let peer = format!("127.0.0.1:{}", server.port);
    assert_eq!(all.get("peer").and_then(Value::as_str), Some(peer.as_str()));
    let number = |document: &Value, name: &str| document.get("plan")?.get(name)?.as_u64();
    let names = ["count", "bytes", "interval_ns", "warmup", "payload_bytes", "clients"];
    let values = [Some(10), Some(65_536), Some(0), Some(1), Some(0), Some(1)];
    assert_eq!(names.map(|name| number(&all, name)), values);
    assert_eq!(number(&all, "timeout_ns"), Some(10_000_000_000));
    assert_eq!(number(&all, "time_ns"), None);
    assert!(all.get("interrupted").is_none());
    let timed = document(&["--test", "download", "--time", "100ms"]);
    assert_eq!(number(&timed, "time_ns"), Some(100_000_000));
    assert!(
        ["bytes", "count", "warmup", "interval_ns"].iter().all(|n| number(&timed, n).is_none())
    );
    assert!(timed.get("label").is_none());
    // Tests that connect by themselves.
    for test in ["udp", "connect", "status"] {
        let document = document(&["--test", test]);
        assert_eq!(document.get("peer").and_then(Value::as_str), Some(peer.as_str()), "{test}");
    }
}

#[test]
fn each_interval_is_a_line_or_an_event() {
    let server = Server::start(&[]);
    let flags = ["--test", "latency", "--time", "500ms", "--interval", "10ms", "--every", "100ms"];
    let outcome = client(server.port, &flags);
    let lines: Vec<&str> =
        outcome.out.lines().filter(|line| line.contains("Z latency: ")).collect();
    assert!((3..=6).contains(&lines.len()), "{outcome:?}");
    for line in lines {
        let (time, _) = line.split_once(' ').unwrap();
        assert!(time.len() == 9 && time.as_bytes()[2] == b':' && time.ends_with('Z'), "{line}");
        assert!(line.contains(" pings, 0% lost, p50 ") && line.ends_with(" ms"), "{line}");
    }
    assert!(!outcome.out.contains("ping  1"), "{outcome:?}");
    for test in ["latency", "download", "upload"] {
        let flags = ["--test", test, "--time", "500ms", "--every", "100ms", "--json-stream"];
        let outcome = client(server.port, &flags);
        let events: Vec<Value> =
            outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
        let named = |name: &str| {
            let is = move |event: &&Value| event.get("event").and_then(Value::as_str) == Some(name);
            events.iter().filter(is).collect::<Vec<_>>()
        };
        let number = |event: &Value, name: &str| event.get(name).and_then(Value::as_u64).unwrap();
        let intervals = named("interval");
        assert!((3..=8).contains(&intervals.len()), "{test}: {}", intervals.len());
        let mut end = 0;
        for event in &intervals {
            assert_eq!((number(event, "start_ns"), number(event, "client")), (end, 1));
            end = number(event, "end_ns");
            if test != "latency" {
                number(event, "bits_per_second");
            }
        }
        let sum = |name| intervals.iter().map(|event| number(event, name)).sum::<u64>();
        let result = named("result")[0];
        if test == "latency" {
            assert_eq!(sum("received"), number(result, "received"));
            assert_eq!((sum("lost"), sum("sent")), (0, sum("received")));
        } else {
            let (moved, bytes) = (sum("bytes"), number(result, "bytes"));
            assert!(moved >= bytes && bytes > 0, "{test}: {moved} of {bytes}");
        }
    }
}
