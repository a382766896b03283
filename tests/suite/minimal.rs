//! The minimal pair of the examples, against each other and against the real programs.

use std::process::Command;

use crate::examples::built;
use crate::support::{MODES, Outcome, Server, client, fake_server, run};

/// The minimal server in each mode, on a free port.
fn in_each_mode(check: impl Fn(&Server)) {
    for mode in MODES {
        println!("{mode} mode");
        let flags = ["--host", "127.0.0.1", "--port", "0", "--mode", mode];
        check(&Server::run(Command::new(built("minimal_server")).args(flags)));
    }
}

fn minimal_client(port: u16, flags: &[&str]) -> Outcome {
    let port = port.to_string();
    let address = ["--host", "127.0.0.1", "--port", &port];
    run(Command::new(built("minimal_client")).args(address).args(flags))
}

/// Three clients at once, each of which shows all of its figures.
fn assert_measures(port: u16) {
    let outcome = minimal_client(port, &["--count", "5", "--size", "1", "--concurrent", "3"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    for line in ["rtt       min", "stddev", "download  1 MiB in", "upload    1 MiB in"] {
        assert_eq!(outcome.out.matches(line).count(), 3, "{line}: {outcome:?}");
    }
}

#[test]
fn the_pair_measures_each_other() {
    in_each_mode(|server| assert_measures(server.port));
}

#[test]
fn the_minimal_client_measures_the_real_server() {
    crate::support::in_each_mode(&[], |server| assert_measures(server.port));
}

#[test]
fn the_real_client_measures_the_minimal_server() {
    in_each_mode(|server| {
        let flags = ["--count", "3", "--interval", "0", "--size", "16"];
        let outcome = client(server.port, &flags);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
        assert!(outcome.out.contains("3 sent, 3 received, 0% lost"), "{outcome:?}");
        for line in ["download: 16.00 MiB in ", "upload:   16.00 MiB in "] {
            assert!(outcome.out.contains(line), "{outcome:?}");
        }
        let concurrent = [&flags[..4], &["--concurrent", "3", "--payload", "1000"]].concat();
        assert_eq!(client(server.port, &concurrent).code, Some(0));
    });
}

#[test]
fn process_mode_starts_a_process() {
    let flags = ["--host", "127.0.0.1", "--port", "0", "--mode", "process"];
    let server = Server::run(Command::new(built("minimal_server")).args(flags));
    let mut peer = server.connect();
    assert_eq!(peer.ask("PING"), "PONG");
    #[cfg(target_os = "linux")]
    assert_eq!(crate::support::children(server.pid()).len(), 1);
    assert_eq!(peer.ask("QUIT"), "BYE");
    assert_eq!(peer.rest().unwrap(), b"");
}

#[test]
fn the_minimal_server_survives_bad_clients() {
    in_each_mode(|server| {
        let mut peer = server.connect();
        for wrong in ["", "HELLO", "BANDWIDTH_DOWNLOAD:-5", "BANDWIDTH_UPLOAD:many"] {
            assert_eq!(peer.ask(wrong), "ERROR:unknown request");
        }
        // Several requests in one segment, and one request in several.
        peer.send("PING a b\r\nPI");
        assert_eq!(peer.line(), "PONG a b");
        peer.send("NG\n");
        assert_eq!(peer.line(), "PONG");
        peer.send("PI");
        drop(peer);

        let mut endless = server.connect();
        // The server may close before it has taken all of this.
        let _ = std::io::Write::write_all(endless.0.get_mut(), &vec![b'x'; 100_000]);
        drop(endless);
        server.connect().send(b"\xff\xfe\n");
        server.connect().send("BANDWIDTH_UPLOAD:1000\nxxx");
        server.assert_alive();
    });
}

#[test]
fn the_minimal_client_reports_bad_servers() {
    for answer in ["", "PONG", "ERROR:server full\n", "\u{0}\n"] {
        let port = fake_server(move |mut peer| peer.send(answer));
        let outcome = minimal_client(port, &[]);
        // A server that closes with unread input resets the connection.
        assert_eq!(outcome.code, Some(1), "{answer:?}: {outcome:?}");
    }
}

#[test]
fn the_pair_stays_small_and_stands_on_std_alone() {
    let code_lines = |source: &str| {
        let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        source.lines().filter(code).count()
    };
    let server = include_str!("../../examples/minimal_server.rs");
    let client = include_str!("../../examples/minimal_client.rs");
    assert!(code_lines(server) <= 80 && code_lines(client) <= 110);
    for source in [server, client] {
        assert!(!source.contains("roundtrip::"));
    }
}
