//! The undelimited dialect, against peers written as the original programs were: one
//! `recv(1024)` is one message.

use std::io::{Read, Write};

use crate::support::{Peer, Server, client, eventually, fake_server, in_each_mode, run};

/// The original client: no newline, and each answer has to be exactly one `recv`.
#[test]
fn the_original_client_is_served() {
    in_each_mode(&["--framing", "bare"], |server| {
        let mut peer = server.connect();
        for _ in 0..3 {
            peer.send("PING");
            assert_eq!(peer.recv(), b"PONG");
        }
        let bytes = 1 << 20;
        // The server pauses behind READY. A client that is kept from reading for longer
        // receives more at once.
        eventually("READY arrives alone", || {
            peer.send(format!("BANDWIDTH_DOWNLOAD:{bytes}"));
            let first = peer.recv();
            assert!(first.starts_with(b"READY"), "{first:?}");
            peer.bytes("READY".len() + bytes - first.len());
            first == b"READY"
        });
        peer.send(format!("BANDWIDTH_UPLOAD:{bytes}"));
        assert_eq!(peer.recv(), b"READY");
        vec![b'x'; bytes].chunks(65_536).for_each(|piece| peer.send(piece));
        assert_eq!(peer.recv(), b"DONE");
        peer.send("NONSENSE");
        assert!(peer.recv().starts_with(b"ERROR:"));
        peer.send(" PING\r\n"); // white space is stripped
        assert_eq!(peer.recv(), b"PONG");
        peer.send("QUIT");
        assert_eq!(peer.recv(), b"BYE");
        assert_eq!(peer.rest().unwrap(), b"");
    });
}

/// The original server: a request is what one `recv(1024)` returns, stripped, and no
/// answer has an end.
fn original_server(peer: Peer) {
    let mut stream = peer.0.into_inner();
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer).unwrap();
        let request = String::from_utf8(buffer[..length].trim_ascii().to_vec()).unwrap();
        if request == "PING" {
            stream.write_all(b"PONG").unwrap();
        } else if let Some(bytes) = request.strip_prefix("BANDWIDTH_DOWNLOAD:") {
            // At once, so that it arrives in one piece with the data: what the original
            // client fails on.
            let answer = [&b"READY"[..], &vec![b'x'; bytes.parse().unwrap()]].concat();
            stream.write_all(&answer).unwrap();
        } else if let Some(bytes) = request.strip_prefix("BANDWIDTH_UPLOAD:") {
            stream.write_all(b"READY").unwrap();
            stream.read_exact(&mut vec![0; bytes.parse().unwrap()]).unwrap();
            stream.write_all(b"DONE").unwrap();
        } else if request == "QUIT" {
            return stream.write_all(b"BYE").unwrap();
        } else if request.is_empty() {
            return;
        } else {
            stream.write_all(b"ERROR:Unknown command").unwrap();
        }
    }
}

#[test]
fn the_original_server_is_measured() {
    let port = fake_server(original_server);
    let outcome =
        client(port, &["--framing", "bare", "--count", "3", "--interval", "0", "--size", "16"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    assert!(outcome.out.contains("3 sent, 3 received, 0% lost"));
    assert!(
        outcome.out.contains("download: 16.00 MiB in ")
            && outcome.out.contains("upload:   16.00 MiB in ")
    );
}

#[test]
fn both_sides_bare_measure_each_other_in_each_mode() {
    in_each_mode(&["--framing", "bare"], |server| {
        let outcome = client(
            server.port,
            &["--framing", "bare", "--count", "3", "--interval", "0", "--size", "16"],
        );
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    });
}

#[test]
fn a_bare_refusal_is_told_in_its_own_words() {
    let server =
        Server::start(&["--framing", "bare", "--max-size", "1KiB", "--max-connections", "1"]);
    let outcome = client(server.port, &["--framing", "bare", "--test", "download"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.err.contains("ERROR:10485760 bytes are over the limit of 1024 bytes"),
        "{outcome:?}"
    );
    let mut first = None;
    eventually("the client's place is free", || {
        let mut peer = server.connect();
        peer.send("PING");
        let answer = peer.recv();
        first = Some(peer);
        answer == b"PONG"
    });
    let mut second = server.connect();
    assert_eq!(second.rest().unwrap(), b"ERROR:server full");
}

#[test]
fn a_bare_server_and_a_line_client_find_out_what_is_wrong() {
    let server = Server::start(&["--framing", "bare"]);
    let outcome = client(server.port, &["--test", "latency", "--timeout", "300ms"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.err.contains("\"PONG\"") && outcome.err.contains("--framing bare"),
        "{outcome:?}"
    );
}

#[test]
fn a_line_server_and_a_bare_client_find_out_too() {
    let server = Server::start(&[]);
    let outcome =
        client(server.port, &["--framing", "bare", "--test", "latency", "--timeout", "300ms"]);
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    assert!(outcome.err.contains("--framing line"), "{outcome:?}");
}

#[test]
fn what_cannot_be_told_apart_is_not_offered() {
    let flags = ["--loopback", "--framing", "bare", "--payload", "10"];
    let outcome = run(std::process::Command::new(crate::support::CLIENT).args(flags));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.contains("--framing line"), "{outcome:?}");
}
