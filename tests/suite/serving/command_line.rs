//! Flags, help, and what is said of a wrong command line.

use std::process::Command;

use crate::support::{SERVER, Server};

#[test]
fn a_bad_command_line_is_one_line_that_says_what_would_be_right() {
    let long = format!("a={}", "x".repeat(70_000));
    for (flags, hint) in [
        (&["--mode", "fork"][..], "thread, process or sequential"),
        (&["--framing", "json"], "line or bare"),
        (&["--port", "70000"], "from 0 to 65535"),
        (&["--max-size", "1.5GiB"], "such as 64KiB"),
        (&["--idle-timeout", "60"], "such as 100ms"),
        (&["--idle-timeout", "0"], "more than zero"),
        (&["--max-connections", "0"], "from 1"),
        (&["--max-per-ip", "-1"], "from 1"),
        (&["--allow", "10.0.0.0/33"], "such as 10.0.0.0/8"),
        (&["--max-connections", "12001"], "12000"),
        (&["--max-connections", "2001", "--mode", "process"], "2000"),
        (&["--host", ""], "such as 0.0.0.0"),
        (&["--max-time", "0"], "more than zero"),
        (&["--info", "name"], "KEY=VALUE"),
        (&["--info", "=mine"], "KEY=VALUE"),
        (&["--info", "roundtrip=x"], "choose another key"),
        (&["--info", long.as_str()], "has room for"),
        (&["--nonsense"], "--help"),
        (&["nonsense"], "--help"),
        (&["--port"], "--help"),
    ] {
        let outcome = crate::support::run(Command::new(SERVER).args(flags));
        assert_eq!(
            (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
            (Some(2), "", 1),
            "{outcome:?}"
        );
        assert!(outcome.err.starts_with("server: ") && outcome.err.contains(hint), "{outcome:?}");
    }
    let taken = Server::start(&[]);
    let outcome = crate::support::run(Command::new(SERVER).args([
        "--host",
        "127.0.0.1",
        "--port",
        &taken.port.to_string(),
    ]));
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    assert!(
        outcome.err.contains(&format!("cannot listen on 127.0.0.1:{}", taken.port))
            && outcome.err.contains("--port"),
        "{outcome:?}"
    );
}

#[test]
fn help_and_version() {
    for flag in ["-h", "--help"] {
        let outcome = crate::support::run(Command::new(SERVER).arg(flag));
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
        for name in [
            "--host",
            "--port",
            "--mode",
            "--framing",
            "--inetd",
            "--one-off",
            "--allow",
            "--idle-timeout",
        ] {
            assert!(outcome.out.contains(name), "{name}");
        }
    }
    for flag in ["-V", "--version"] {
        let outcome = crate::support::run(Command::new(SERVER).arg(flag));
        assert_eq!(outcome.out, format!("roundtrip server {}\n", env!("CARGO_PKG_VERSION")));
    }
}
