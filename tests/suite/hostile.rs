//! Clients that break off, never stop, never speak: each affects its own connection and
//! no other.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Peer, Server, client, fake_server, in_each_mode};

#[test]
fn a_line_over_the_limit_is_answered_and_ends_the_connection() {
    in_each_mode(&[], |server| {
        // Far more than the server will read as a line. The answer has to come through
        // all the same.
        let mut peer = server.connect();
        let mut writer = peer.0.get_ref().try_clone().unwrap();
        let flood = thread::spawn(move || writer.write_all(&vec![b'x'; 10_000_000]));
        assert_eq!(peer.line(), "ERROR:line too long");
        assert_eq!(peer.rest().unwrap(), b"");
        flood.join().unwrap().unwrap();
        drop(peer);
        server.assert_alive();

        let mut peer = server.connect();
        peer.send(format!("PING {}\n", "x".repeat(65_537)));
        assert_eq!(peer.line(), "ERROR:line too long");
    });
}

#[test]
fn a_client_that_breaks_off_affects_nobody_else() {
    in_each_mode(&["--idle-timeout", "10s"], |server| {
        for fragment in [
            "",
            "PI",
            "PING",
            "BANDWIDTH_DOWNLOAD:100000000\n",
            "BANDWIDTH_UPLOAD:1000\nabc",
            "PING\nQUIT",
        ] {
            println!("{fragment:?}");
            let mut peer = server.connect();
            peer.send(fragment);
            drop(peer);
            server.assert_alive();
        }
    });
}

#[test]
fn who_stops_sending_but_still_reads_is_told_what_was_missing() {
    in_each_mode(&[], |server| {
        for (fragment, answers) in [
            ("PI", "ERROR:line without a newline at its end\n"),
            ("PING\nQUIT", "PONG\nERROR:line without a newline at its end\n"),
            (
                "BANDWIDTH_UPLOAD:10\nabc",
                "READY\nERROR:the connection was closed after 3 of 10 bytes\n",
            ),
            ("PING\n", "PONG\n"),
        ] {
            let mut peer = server.connect();
            peer.send(fragment);
            peer.half_close();
            assert_eq!(String::from_utf8(peer.rest().unwrap()).unwrap(), answers);
        }
    });
}

#[test]
fn the_silent_and_the_stalled_are_dropped() {
    in_each_mode(&["--idle-timeout", "200ms"], |server| {
        for (fragment, answers) in [("", ""), ("PIN", ""), ("BANDWIDTH_UPLOAD:10\nabc", "READY\n")]
        {
            let mut peer = server.connect();
            peer.send(fragment);
            let rest = String::from_utf8(peer.rest().unwrap()).unwrap();
            assert_eq!(rest, format!("{answers}ERROR:nothing arrived for 200ms\n"));
            assert!(server.line("closed").ends_with("(nothing arrived for 200ms)"));
        }
        // Asks for more than all socket buffers hold, and takes none of it.
        let mut peer = server.connect();
        peer.send("BANDWIDTH_DOWNLOAD:1000000000\n");
        assert!(server.line("closed").ends_with("(the peer took nothing for 200ms)"));
        drop(peer);
        server.assert_alive();
    });
}

#[test]
fn a_message_in_ever_so_small_pieces_comes_to_an_end() {
    let server = Server::start(&["--idle-timeout", "200ms"]);
    let mut peer = server.connect();
    let mut writer = peer.0.get_ref().try_clone().unwrap();
    thread::spawn(move || {
        while writer.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(peer.line(), "ERROR:no whole message arrived for 200ms");
    server.assert_alive();
}

#[test]
fn a_timed_transfer_that_never_stops_is_stopped() {
    let server = Server::start(&["--idle-timeout", "300ms"]);
    let mut peer = server.connect();
    assert_eq!(peer.ask("BANDWIDTH_UPLOAD:1ms"), "READY");
    let chunk = [b"1000\n", &[b'x'; 1000][..]].concat();
    let start = Instant::now();
    while peer.0.get_mut().write_all(&chunk).is_ok() {}
    server.line("the rest of a timed transfer takes longer than 1s");
    // A server that read on, so that its last line is not lost, would take 3 s.
    assert!(start.elapsed() < Duration::from_millis(2_900), "{:?}", start.elapsed());
    server.assert_alive();

    let port = fake_server(move |mut peer| {
        peer.line();
        peer.send("READY\n");
        while peer.0.get_mut().write_all(&chunk).is_ok() {}
    });
    // The receiver's clock decides, and what comes after the end is not waited for.
    let outcome = client(port, &["--test", "download", "--time", "100ms", "--timeout", "300ms"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[test]
fn the_same_thousand_bytes_of_noise_disturb_nobody() {
    let server = Server::start(&["--idle-timeout", "10s"]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..200 {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        })
        .take(1000)
        .collect();
        let _ = stream.write_all(&noise);
        let mut peer = Peer::new(stream);
        peer.half_close();
        let answers = peer.rest().unwrap();
        assert!(
            answers
                .split(|&byte| byte == b'\n')
                .all(|line| line.is_empty() || line.starts_with(b"ERROR:"))
        );
    }
    server.assert_alive();
}
