//! The exit code, also when the output goes into a closed pipe.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::support::{CLIENT, Guard, Server, client, closed_port};

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
fn a_closed_pipe_turns_no_failure_into_a_success() {
    let nobody = closed_port();
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
