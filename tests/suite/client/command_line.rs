//! Flags, help, and what is said of a wrong command line.

use std::process::Command;

use crate::support::{CLIENT, SERVER, Server, run};

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
        (&["--time", &"9".repeat(100_000)], "such as 100ms"),
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
        (&["--fail-if", "loss>\n%\u{1b}[31m"], "such as 1%"),
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
        assert!(outcome.err.len() < 1500 && !outcome.err.contains('\x1b'), "{outcome:?}");
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
    assert_eq!(outcome.err.matches("[::1]:9").count(), 1, "{outcome:?}");
    for test in ["latency", "udp", "connect", "status"] {
        let outcome = run(Command::new(CLIENT).args(["fe80::1", "--test", test]));
        let hint = outcome.err.contains("fe80::1 needs the interface to it, such as fe80::1%eth0");
        assert!(hint && outcome.code == Some(1), "{outcome:?}");
    }
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
