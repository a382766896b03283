//! Each test of the client, with the flags that change what is measured.

use super::{EVERY_TEST, check_in_time, check_rate, check_summary, short};
use crate::document::{at, document, list, number};
use crate::support::{MODES, Server, client, in_each_mode, loopback};

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
            let document = document(&outcome);
            let object = at(&document, "tests.0");
            match test {
                "latency" => check_in_time(object, 60),
                "lag" => check_summary(at(object, "rtt_ns"), 60),
                "status" => check_summary(at(object, "delay_ns"), 1),
                "download" | "upload" => {
                    check_rate(object);
                    assert!(number(object, "elapsed_ns") >= 300_000_000, "{mode}: {object}");
                }
                "bidirectional" => {
                    check_rate(at(object, "download"));
                    // On a busy machine the server's report may come too late: it is not
                    // waited for, and nothing is known.
                    let upload = at(object, "upload");
                    if !upload.as_map().unwrap().is_empty() {
                        check_rate(upload);
                    }
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
                    let sizes = list(object, "sizes");
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
    in_each_mode(&[], |server| {
        let document =
            document(&client(server.port, &["--json", "--test", "bidirectional", "--size", "20"]));
        for way in ["download", "upload"] {
            assert_eq!(number(&document, &format!("tests.0.{way}.bytes")), 20 << 20);
        }
        let closed = server.line("closed");
        assert!(closed.contains("20.0 MiB sent, 20.0 MiB received"), "{closed}");
    });
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
    in_each_mode(&["--spin", "--idle-timeout", "10s"], |server| {
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
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
        assert!(outcome.out.contains("50 sent, 50 received, 0% lost"));
    });
    let server = Server::start(&["--spin", "--idle-timeout", "200ms"]);
    assert_eq!(server.connect().rest().unwrap(), b"ERROR:nothing arrived for 200ms\n");
}
