//! The client binary from outside: what it prints, where, and with which exit code.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use roundtrip::json::{self, Value};

use crate::support::{CLIENT, Guard, MODES, Outcome, SERVER, Server, client, fake_server, run};

fn loopback(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).arg("--loopback").args(flags))
}

#[test]
fn all_three_tests_succeed_in_each_mode() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        let outcome = client(server.port, &["--interval", "1ms", "--payload", "100"]);
        assert_eq!(outcome.code, Some(0), "{mode}: {outcome:?}");
        let lines: Vec<&str> = outcome.out.lines().collect();
        assert_eq!(lines[0], format!("[CLIENT] connected to 127.0.0.1:{}", server.port));
        assert_eq!(lines[1], "latency: 10 pings (after 1 to warm up)");
        for (index, line) in lines[2..12].iter().enumerate() {
            assert!(
                line.starts_with(&format!("  ping {:>2}/10: ", index + 1)) && line.ends_with(" ms"),
                "{line}"
            );
        }
        assert_eq!(lines[12], "  10 sent, 10 received, 0% lost");
        assert_eq!(
            lines[13].split_whitespace().collect::<Vec<_>>().join(" "),
            "ms min mean p50 p90 max stddev jitter"
        );
        assert!(lines[14].starts_with("  rtt "), "{}", lines[14]);
        // A row for when each ping was due, where that differs.
        let after = if lines[15].starts_with("  due ") { 16 } else { 15 };
        assert!(lines[after].starts_with("  unseen: reading the clock takes "));
        let rest: Vec<&str> =
            lines[after + 1..].iter().filter(|line| !line.starts_with(' ')).copied().collect();
        for (line, name) in rest.iter().zip(["download: ", "upload:   "]) {
            assert!(line.starts_with(name) && line.ends_with("bit/s"), "{line}");
            assert!(line.contains(" 10.00 MiB in "), "{line}");
        }
        let summary = rest[2];
        assert!(summary.starts_with("summary:  latency p50 "), "{summary}");
        assert!(summary.contains(" ms, download ") && summary.contains(", upload "), "{summary}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert_eq!(rest.len(), 3);
        // One connection carried all of it, warm-up included.
        let closed = server.line("closed");
        assert!(closed.contains("11 pings, 10.0 MiB sent, 10.0 MiB received"), "{closed}");
    }
}

#[test]
fn figures_agree_with_each_other() {
    let outcome =
        loopback(&["--test", "all", "--count", "50", "--interval", "0", "--size", "64MiB"]);
    let rtt = outcome.out.lines().find(|line| line.starts_with("  rtt ")).unwrap();
    let figures: Vec<f64> =
        rtt.split_whitespace().skip(1).map(|figure| figure.parse().unwrap()).collect();
    let [min, mean, p50, p90, p95, max, stddev, _] = figures[..] else { panic!("{rtt}") };
    assert!(p50 <= p90 && p90 <= p95 && p95 <= max, "{rtt}");
    assert!(0.0 < min && min <= p50 && min <= mean && mean <= max && stddev < max, "{rtt}");
    // "upload:   64.00 MiB in 895 ms, 600 Mbit/s"
    let scale = |unit: &str| match unit {
        "s," => 1.0,
        "ms," => 1e-3,
        "us," => 1e-6,
        "kbit/s" => 1e3,
        "Mbit/s" => 1e6,
        "Gbit/s" => 1e9,
        _ => panic!("{unit}"),
    };
    let transfers: Vec<_> = outcome.out.lines().filter(|line| line.contains(" MiB in ")).collect();
    for line in &transfers {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, mib, "MiB", "in", time, of_time, rate, of_rate] = words[..] else {
            panic!("{line}")
        };
        let [mib, time, rate] = [mib, time, rate].map(|number| number.parse::<f64>().unwrap());
        let expected = mib * f64::from(1 << 20) * 8.0 / (time * scale(of_time));
        // Both have three significant digits.
        assert!((rate * scale(of_rate) / expected - 1.0).abs() < 0.011, "{line}: {expected}");
    }
    assert_eq!(transfers.len(), 2, "{outcome:?}");
}

#[test]
fn clients_at_once_are_reported_one_by_one_and_in_all() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        let outcome =
            client(server.port, &["--concurrent", "8", "--count", "5", "--interval", "0"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{mode}: {outcome:?}");
        assert!(outcome.out.contains("latency: 5 pings each, 8 clients at once"));
        for number in 1..=8 {
            assert!(
                outcome
                    .out
                    .contains(&format!("  client {number}/8: 5 sent, 5 received, 0% lost, rtt "))
            );
        }
        assert!(outcome.out.contains("\n  40 sent, 40 received, 0% lost\n"));
        assert!(!outcome.out.contains("download"));
    }
    let outcome = loopback(&["--concurrent", "3", "--test", "upload", "--size", "1", "-q"]);
    assert_eq!((outcome.code, outcome.out.lines().count()), (Some(0), 2), "{outcome:?}");
    assert!(outcome.out.contains("  3.00 MiB in "));
}

#[test]
fn a_thousand_clients_at_once_are_all_answered() {
    let server = Server::start(&["-q"]);
    let outcome =
        client(server.port, &["--concurrent", "1000", "--count", "2", "-q", "--timeout", "60s"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{}", outcome.err);
    assert!(outcome.out.contains("2000 sent, 2000 received, 0% lost"), "{}", outcome.out);
}

#[test]
fn one_client_that_fails_does_not_lose_the_others_results() {
    let server = Server::start(&["--max-connections", "2"]);
    let outcome = client(server.port, &["--concurrent", "3", "--count", "3", "--interval", "50ms"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.out.contains("\n  7 sent, 6 received, 14.3% lost\n"), "{outcome:?}");
    assert!(outcome.out.contains("; failed: the server answered ERROR:server full"), "{outcome:?}");
    assert!(
        outcome.err.contains("latency failed for 1 of 3 clients, the first: the server answered"),
        "{outcome:?}"
    );
}

#[test]
fn where_nobody_listens_it_says_what_to_do() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = client(port, &[]);
    assert_eq!(
        (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
        (Some(1), "", 1),
        "{outcome:?}"
    );
    for hint in [
        "cannot connect to 127.0.0.1:",
        "refused",
        &format!("server --port {port}"),
        "client --loopback",
    ] {
        assert!(outcome.err.contains(hint), "{outcome:?}");
    }
    let outcome = run(Command::new(CLIENT).args(["--host", "no.such.host.invalid"]));
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    assert!(outcome.err.contains("cannot find the host \"no.such.host.invalid\""), "{outcome:?}");
}

/// What the client makes of a server that answers the first ping properly and then says
/// this.
fn after_one_pong(answer: &'static [u8], flags: &[&str]) -> Outcome {
    let port = fake_server(move |mut peer| {
        peer.line();
        peer.send("PONG\n");
        peer.line();
        peer.send(answer);
        peer.half_close();
        let _ = peer.rest();
    });
    client(port, &[&["--warmup", "0", "--interval", "0"], flags].concat())
}

#[test]
fn a_server_that_misbehaves_is_quoted_and_what_was_measured_is_kept() {
    for (answer, complaint) in [
        (&b"ERROR:no more\n"[..], "the server answered ERROR:no more"),
        (b"PENG\n", "\"PENG\""),
        (b"PONG extra\n", "another payload"),
        (b"READY\n", "expected PONG, but the server answered \"READY\""),
        (b"\xff\xff\n", "\\xff\\xff"),
        (b"\n", "the server answered \"\""),
        (b"", "the connection was closed"),
        (b"PON", "line without a newline"),
    ] {
        let outcome = after_one_pong(answer, &["--test", "latency"]);
        assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
        assert!(
            outcome.err.contains("latency failed: ") && outcome.err.contains(complaint),
            "{outcome:?}"
        );
        assert!(outcome.out.contains("  2 sent, 1 received, 50.0% lost\n  ms "), "{outcome:?}");
    }
    let ahead = after_one_pong(b"PONG\nPONG\n", &["--test", "latency"]);
    assert!(
        ahead.code == Some(1) && ahead.err.contains("sent more than it was asked for"),
        "{ahead:?}"
    );
    let endless = vec![b'x'; 200_000].leak();
    assert!(after_one_pong(endless, &["--test", "latency"]).err.contains("line too long"));
}

#[test]
fn no_answer_in_time_is_a_failure_and_never_a_number() {
    let port = fake_server(|mut peer| drop(peer.rest()));
    let outcome = client(port, &["--test", "latency", "--timeout", "100ms"]);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.err, "client: latency failed: nothing arrived for 100ms\n");
    assert!(
        outcome.out.contains("1 sent, 0 received, 100% lost") && !outcome.out.contains("rtt"),
        "{outcome:?}"
    );
}

#[test]
fn a_transfer_that_breaks_off_still_says_how_much_arrived() {
    let port = fake_server(|mut peer| {
        if peer.line().starts_with("BANDWIDTH_DOWNLOAD") {
            peer.send([b"READY\n", &vec![7; 3 << 20][..]].concat());
        } else {
            peer.send("READY\n");
            peer.bytes(1000);
            peer.send("ERROR:the disk of the bookkeeper is full\n");
        }
        peer.half_close();
        let _ = peer.rest();
    });
    let outcome = client(port, &["--test", "download"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.out.contains("download: 3.00 MiB in "), "{outcome:?}");
    assert!(outcome.err.contains("closed after 3145728 of 10485760 bytes"), "{outcome:?}");
    let outcome = client(port, &["--test", "upload", "--size", "1MiB"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.out.contains("upload:   unknown"), "{outcome:?}");
    assert!(outcome.err.contains("ERROR:the disk of the bookkeeper is full"), "{outcome:?}");
}

#[test]
fn an_upload_that_arrived_in_part_is_no_success() {
    let port = fake_server(|mut peer| {
        peer.line();
        peer.send("READY\n");
        peer.bytes(1 << 20);
        peer.send("DONE:5:100\n");
        let _ = peer.rest();
    });
    let outcome = client(port, &["--test", "upload", "--size", "1"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("the server reports 5 of 1048576 bytes"), "{outcome:?}");
}

#[test]
fn a_test_that_fails_does_not_keep_the_next_from_being_tried() {
    let server = Server::start(&["--max-size", "1MiB"]);
    let outcome = client(server.port, &["--interval", "0"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 2), "{outcome:?}");
    assert!(outcome.out.contains("10 sent, 10 received"));
    assert!(
        outcome.err.contains(
            "download failed: the server answered ERROR:10485760 bytes are over the limit"
        )
    );
    assert!(
        outcome
            .err
            .contains("upload failed: the server answered ERROR:10485760 bytes are over the limit")
    );
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let mut child = Guard(
        Command::new(CLIENT)
            .args(["--loopback", "--test", "latency", "--count", "1000000", "--interval", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut first = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("[CLIENT] connected to "));
    let mut complaints = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!((child.0.wait().unwrap().code(), complaints.as_str()), (Some(0), ""));
}

#[test]
fn a_bad_command_line_is_one_line_that_says_what_would_be_right() {
    for (flags, hint) in [
        (
            &["--test", "speed"][..],
            "latency, download, upload, connect, bidirectional, loaded, sweep, udp, lag, status, call",
        ),
        (&["--count", "0"], "from 1"),
        (&["--count", "-3"], "from 1"),
        (&["--concurrent", "0"], "from 1"),
        (&["--concurrent", "100000"], "7500"),
        (&["--warmup", "+1"], "from 0"),
        (&["--port", "+80"], "from 1"),
        (&["--host", ""], "such as localhost"),
        (&["--csv", ""], "must not be empty"),
        (&["--a\nb"], "--help"),
        (&["--time", "0"], "more than zero"),
        (&["--time", "1s", "--count", "5"], "leave out one"),
        (&["--json", "--json-stream"], "leave out one"),
        (&["--json", "--trace"], "leave out one"),
        (&["--test", "sweep", "--sizes", "1:10"], "such as 1:64KiB:*2"),
        (&["--test", "sweep", "--sizes", "8:4:*2"], "such as 1:64KiB:*2"),
        (&["--test", "sweep", "--sizes", "1:64KiB:*1"], "such as 1:64KiB:*2"),
        (&["--framing", "bare", "--test", "sweep"], "--framing line"),
        (&["--framing", "bare", "--test", "upload", "--time", "1s"], "--framing line"),
        (&["--size", "10MB"], "such as 64KiB"),
        (&["--size", "0"], "more than zero"),
        (&["--size", "17592186044416"], "not a size"),
        (&["--interval", "5"], "such as 100ms"),
        (&["--timeout", "0s"], "more than zero"),
        (&["--warmup", "-1"], "from 0"),
        (&["--payload", "65537"], "at most 65536"),
        (&["--port", "0"], "from 1 to 65535"),
        (&["--framing", "xml"], "line or bare"),
        (&["--loopback", "--host", "localhost"], "--loopback"),
        (&["--test", "lag", "--interval", "250us"], "whole milliseconds"),
        (&["--test", "lag", "--interval", "61s"], "up to 60s"),
        (&["--test", "lag", "--interval", "0", "--time", "1s"], "needs an --interval"),
        (&["--test", "lag", "--count", "1000001"], "1000000"),
        (&["--test", "lag", "--framing", "bare"], "--framing line"),
        (&["--test", "status", "--framing", "bare"], "--framing line"),
        (&["--test", "status", "--data", "[1]"], "such as {\"from\":\"me\"}"),
        (&["--test", "status", "--data", "{"], "the text ends before"),
        (&["--test", "latency", "--data", "{}"], "it is for status"),
        (&["--test", "lag", "--payload", "10"], "leave it out"),
        (&["--test", "lag", "--warmup", "0"], "leave it out"),
        (&["--test", "status", "--warmup", "0"], "leave it out"),
        (&["--test", "download", "--count", "5"], "--count means nothing to --test download"),
        (&["--test", "udp", "--framing", "bare"], "leave it out"),
        (&["--nonsense"], "--help"),
        (&["--tset", "latency"], "did you mean --test?"),
        (&["--test", "latncy"], "did you mean latency?"),
        (&["--size", "10GB"], "did you mean 10GiB?"),
        (&["--time", "5"], "did you mean 5s?"),
        (&["localhost", "stray"], "unexpected argument \"stray\""),
        (&["localhost", "--host", "localhost"], "leave out one"),
        (&["localhost:5", "--port", "5"], "leave out --port"),
        (&["--host", "[::1]:5", "--port", "5"], "leave out --port"),
        (&["localhost:0"], "such as localhost"),
        (&["localhost:http"], "such as localhost"),
        (&["::1:99999"], "such as localhost"),
        (&["--host", "a\nb\u{1b}[31m"], "such as localhost"),
        (&["localhost", "--loopback"], "leave it out"),
        (&["localhost", "--test", "call"], "write --url"),
        (&["-4", "-6"], "-4 excludes -6"),
        (&["--loopback", "-6"], "-6 excludes --loopback"),
        (&["--label", ""], "a few words"),
        (&["--test", "download", "--warmup", "3"], "write a time, such as 2s"),
        (&["--test", "download", "--warmup", "2s"], "add --time"),
        (&["--test", "upload", "--warmup", "2s", "--time", "2s"], "leaves nothing"),
        (&["--test", "latency", "--warmup", "2s", "--time", "3s"], "a number of pings"),
        (&["--csv", "/tmp/x", "--svg", "/tmp/x"], "the same file"),
        (&["--fail-if", "p98>5ms"], "such as p99>5ms"),
        (&["--fail-if", "p99>5"], "did you mean 5s?"),
        (&["--fail-if", "connect>5ms"], "means nothing to --test latency, download, upload"),
        (&["--test", "download", "--fail-if", "loss>1%"], "means nothing to --test download"),
    ] {
        let outcome = run(Command::new(CLIENT).args(flags));
        assert_eq!(
            (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
            (Some(2), "", 1),
            "{outcome:?}"
        );
        assert!(outcome.err.starts_with("client: ") && outcome.err.contains(hint), "{outcome:?}");
    }
}

#[test]
fn a_server_is_named_in_any_of_the_usual_ways() {
    let server = Server::start(&[]);
    let port = server.port;
    let plain = ["--test", "latency", "--count", "1", "-q"];
    for (host, flags) in [
        ("127.0.0.1", vec!["--port".into(), port.to_string()]),
        ("localhost", vec!["-4".into(), "--port".into(), port.to_string()]),
        (&format!("127.0.0.1:{port}"), vec![]),
        ("--host", vec![format!("localhost:{port}")]),
    ] {
        let outcome = run(Command::new(CLIENT).arg(host).args(&flags).args(plain));
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{host} {flags:?}");
    }
    let outcome = run(Command::new(CLIENT).args(["127.0.0.1", "-6"]));
    assert!(outcome.code == Some(1) && outcome.err.contains("no address of IPv6"), "{outcome:?}");
    let outcome = run(Command::new(CLIENT).args(["[::1]:9", "--timeout", "1s"]));
    assert!(outcome.err.contains("cannot connect to [::1]:9: "), "{outcome:?}");
}

#[test]
fn a_stranger_is_named_in_one_line_and_asked_once() {
    let http = || {
        fake_server(|mut peer| {
            peer.line();
            peer.send(format!("HTTP/1.1 400 Bad Request {}\n", "x".repeat(300)));
            peer.half_close();
            let _ = peer.rest();
        })
    };
    let outcome = client(http(), &[]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains("HTTP/1.1 400 Bad Request") && outcome.err.len() < 200);
    assert!(outcome.err.contains("not this protocol"), "{outcome:?}");
    assert!(!outcome.out.contains("connected") && !outcome.out.contains("download"), "{outcome:?}");
    let outcome = client(http(), &["--json"]);
    let document = json::parse(outcome.out.as_bytes()).unwrap();
    let tests = document.get("tests").and_then(Value::as_list).unwrap();
    let ok = |test: &Value| test.get("ok").and_then(Value::as_bool).unwrap();
    assert!(tests.len() == 3 && !tests.iter().any(ok), "{document}");
    // One that says nothing costs one timeout, not three.
    let silent = fake_server(|mut peer| drop(peer.rest()));
    let outcome = client(silent, &["--timeout", "300ms"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
}

#[test]
fn a_full_server_is_not_called_connected() {
    let server = Server::start(&["--max-connections", "1"]);
    let mut one = server.connect();
    assert_eq!(one.ask("PING"), "PONG");
    let outcome = client(server.port, &[]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
    assert!(outcome.err.contains("server full") && !outcome.out.contains("connected"));
}

#[test]
fn a_closed_pipe_turns_no_failure_into_a_success() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Guard(
        Command::new(CLIENT)
            .args(["--port", &nobody.to_string(), "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    drop(child.0.stdout.take());
    assert_eq!(child.0.wait().unwrap().code(), Some(1));
}

#[test]
fn a_picture_takes_the_place_of_the_old_one_when_it_is_whole() {
    let server = Server::start(&[]);
    let name = format!("roundtrip-client-{}.svg", std::process::id());
    let picture = std::env::temp_dir().join(&name);
    std::fs::write(&picture, "the old one").unwrap();
    let mut child = Guard(
        Command::new(CLIENT)
            .args(["--host", "127.0.0.1", "--port", &server.port.to_string(), "--count", "100000"])
            .args(["--test", "latency", "--svg", picture.to_str().unwrap()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut first = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(std::fs::read_to_string(&picture).unwrap(), "the old one");
    drop(child);
    assert_eq!(std::fs::read_to_string(&picture).unwrap(), "the old one");
    let flags = ["--test", "latency", "--interval", "0", "--svg", picture.to_str().unwrap()];
    assert_eq!(client(server.port, &flags).code, Some(0));
    assert!(std::fs::read_to_string(&picture).unwrap().starts_with("<svg"));
    let is_left = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(&name))
    };
    let left = std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .filter_map(|entry| is_left(entry).then_some(()));
    assert_eq!(left.count(), 1);
    std::fs::remove_file(&picture).unwrap();
}

#[test]
fn a_limit_that_is_passed_costs_an_exit_code_and_a_line() {
    let server = Server::start(&["--loss", "100"]);
    let flags = ["-q", "--interval", "0", "--fail-if", "p50>1h", "--fail-if", "rate<1kbit"];
    let outcome = client(server.port, &flags);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let outcome = client(server.port, &[&flags[..], &["--fail-if", "p50<1h"]].concat());
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(3), 1), "{outcome:?}");
    assert!(outcome.err.contains("latency: p50 is ") && outcome.err.contains("p50<1h"));
    assert!(outcome.out.contains("upload: "), "{outcome:?}");
    for (test, limit) in [("connect", "connect<1h"), ("loaded", "rate<1000Gbit")] {
        let time = ["--time", "300ms", "-q", "--fail-if", limit];
        let outcome = client(server.port, &[&["--test", test][..], &time].concat());
        assert_eq!(outcome.code, Some(3), "{outcome:?}");
    }
    // A test that failed is worse.
    let flags = ["--test", "udp", "--timeout", "100ms", "--count", "3", "--fail-if", "loss>0%"];
    assert_eq!(client(server.port, &flags).code, Some(1));
}

#[test]
fn an_address_in_use_names_the_flag_that_helps() {
    let server = Server::start(&[]);
    let port = server.port.to_string();
    let outcome = run(Command::new(SERVER).args(["--host", "127.0.0.1", "--port", &port]));
    assert!(outcome.code == Some(1) && outcome.err.contains("--port"), "{outcome:?}");
}

#[test]
fn the_help_fits_a_terminal() {
    for program in [CLIENT, SERVER] {
        let outcome = run(Command::new(program).arg("--help"));
        let wide: Vec<&str> =
            outcome.out.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
    let outcome = run(Command::new(CLIENT).arg("--help"));
    assert!(outcome.out.starts_with("Usage: client [FLAGS] [HOST[:PORT]]\n"), "{}", outcome.out);
    let (_, examples) = outcome.out.split_once("\nExamples:\n").unwrap();
    assert_eq!(examples.lines().filter(|line| line.starts_with("  client ")).count(), 5);
}

#[test]
fn help_and_version() {
    let outcome = run(Command::new(CLIENT).arg("--help"));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for name in [
        "--host",
        "--port",
        "--test",
        "--count",
        "--size",
        "--concurrent",
        "--interval",
        "--loopback",
    ] {
        assert!(outcome.out.contains(name), "{name}");
    }
    let outcome = run(Command::new(CLIENT).arg("-V"));
    assert_eq!(outcome.out, format!("roundtrip client {}\n", env!("CARGO_PKG_VERSION")));
}
