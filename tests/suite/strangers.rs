//! Programs that found the port by chance, and clients of another dialect.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{MODES, SERVER, Server, in_each_mode};

#[test]
fn another_protocol_is_told_where_it_is_and_the_log_says_what_it_spoke() {
    in_each_mode(&[], |server| {
        for (beginning, name) in [
            (&b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"[..], "HTTP"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
            (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
            (b"EHLO localhost\r\n", "SMTP"),
        ] {
            let mut peer = server.connect();
            peer.send(beginning);
            let answer = String::from_utf8(peer.rest().unwrap()).unwrap();
            let spoke = format!("the client spoke {name}");
            assert_eq!(answer.lines().count(), 1, "{answer:?}");
            assert!(answer.starts_with("ERROR:") && answer.contains(&spoke), "{answer:?}");
            assert!(server.line("closed").contains(&spoke));
        }
        server.assert_alive();
    });
}

#[test]
fn a_request_that_is_not_known_is_no_other_protocol() {
    let server = Server::start(&[]);
    let mut peer = server.connect();
    for request in ["GET", "HEAD x", "HELO", "hello"] {
        assert!(peer.ask(request).starts_with("ERROR:"));
    }
    assert_eq!(peer.ask("PING"), "PONG");
    // Only the beginning of a connection tells what it is.
    assert!(peer.ask("GET / HTTP/1.1").starts_with("ERROR:"));
    assert_eq!(peer.ask("PING"), "PONG");
}

#[test]
fn who_sends_no_newline_hears_soon_that_this_server_expects_lines() {
    for request in ["PING", "BANDWIDTH_DOWNLOAD:10", "QUIT"] {
        let server = Server::start(&[]);
        let mut peer = server.connect();
        let start = Instant::now();
        peer.send(request);
        let answer = String::from_utf8(peer.rest().unwrap()).unwrap();
        assert!(answer.starts_with("ERROR:") && answer.contains("expects lines"), "{answer:?}");
        // Not after the idle timeout of a minute.
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
    // One request in many pieces is none of these.
    let server = Server::start(&[]);
    let mut peer = server.connect();
    for piece in ["PI", "NG", " a", "\n"] {
        peer.send(piece);
        // The server is busy with another client between two pieces.
        server.assert_alive();
    }
    assert_eq!(peer.line(), "PONG a");
}

#[test]
fn a_port_probe_does_not_use_up_a_server_for_one_connection() {
    for mode in MODES {
        let mut server = Server::start(&["--mode", mode, "--one-off"]);
        for probe in ["", "PI", "hello\n", "GET / HTTP/1.1\r\n\r\n"] {
            let mut peer = server.connect();
            peer.send(probe);
            // As `nc -z` does, or after an answer.
            drop(peer);
            server.line("closed");
        }
        let mut peer = server.connect();
        assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()), "{mode}");
        drop(peer);
        assert!(server.process.0.wait().unwrap().success(), "{mode}");
        let again = TcpStream::connect(("127.0.0.1", server.port)).map_err(|error| error.kind());
        assert_eq!(again.err(), Some(ErrorKind::ConnectionRefused));
    }
}

#[test]
#[cfg(unix)]
fn standard_input_of_no_use_is_an_error_with_a_message() {
    use std::net::UdpSocket;
    use std::os::fd::OwnedFd;

    let datagrams = OwnedFd::from(UdpSocket::bind("127.0.0.1:0").unwrap());
    for (stdin, what) in [(datagrams.into(), "a datagram socket"), (Stdio::null(), "no socket")] {
        let output = Command::new(SERVER).arg("--inetd").stdin(stdin).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), complaint.lines().count()), (Some(1), 1));
        assert!(complaint.contains(&format!("and not a listener, but {what};")), "{complaint}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn help_that_cannot_be_written_is_no_success() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(SERVER).arg("--help").stdout(full).output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint.starts_with("server: cannot write: No space left"), "{complaint}");
}

#[test]
fn what_the_command_line_says_reaches_the_terminal_harmless() {
    for flags in [&["--host", "a\x1b[31mb\r"][..], &["--ws", "127.0.0.1:0", "--realm", "a b\x1b"]] {
        let output = Command::new(SERVER).args(["--port", "0"]).args(flags).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && complaint.lines().count() == 1, "{complaint:?}");
        assert!(!complaint.trim_end().contains(char::is_control), "{complaint:?}");
    }
}
