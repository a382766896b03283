//! The echo server: what it answers, to whom, and what it does to its answers.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use roundtrip::json::Value;
use roundtrip::measure::Sample;
use roundtrip::udp::datagram::Ping;
use roundtrip::udp::measured::{LATE, LOST};
use roundtrip::udp::server::Impairments;

use super::{ask, socket, undisturbed};
use crate::document::{at, document};
use crate::support::{PATIENCE, Server, client, in_each_mode};

#[test]
fn the_client_reports_what_the_server_did_to_its_answers() {
    let none = Impairments { seed: Some(7), ..Impairments::default() };
    let delay = Duration::from_millis(20);
    let all = Impairments { loss: 30.0, duplicate: 20.0, reorder: 25.0, delay, ..none };
    for impairments in [
        Impairments { loss: 30.0, ..none },
        Impairments { duplicate: 30.0, ..none },
        Impairments { reorder: 30.0, ..none },
        Impairments { delay, ..none },
        all,
    ] {
        let (measured, samples, counts) = undisturbed(impairments);
        let done = |count: &AtomicU64| count.load(Ordering::Relaxed);
        assert_eq!(measured.latency.sent, 1000);
        assert_eq!(measured.lost(), done(&counts.lost), "{impairments:?}");
        assert_eq!(
            (measured.lost_there(), measured.lost_back()),
            (Some(0), Some(measured.lost())),
            "{impairments:?}"
        );
        assert_eq!(measured.duplicates, done(&counts.duplicated), "{impairments:?}");
        assert_eq!(measured.reordered, done(&counts.reordered), "{impairments:?}");
        let summary = measured.latency.rtt.summary().unwrap();
        assert!(summary.min >= impairments.delay && summary.count == 1000 - measured.lost());
        assert_eq!(
            (done(&counts.failed), measured.corrupted, measured.foreign, measured.late),
            (0, 0, 0, 0)
        );
        // Each ping ends in one state.
        let mut ended: Vec<u64> = samples
            .iter()
            .filter_map(|sample| match sample {
                Sample::Ping { number, .. }
                | Sample::Outcome { number, outcome: LOST | LATE, .. } => Some(*number),
                _ => None,
            })
            .collect();
        ended.sort_unstable();
        assert!(ended.into_iter().eq(1..=1000), "{impairments:?}");
        // The impairments happened about as often as they were asked for.
        let about = |count: u64, percent: f64| {
            (f64::from(u32::try_from(count).unwrap()) / 10.0 - percent).abs() < 6.0
        };
        assert!(about(measured.lost(), impairments.loss));
    }
}

#[test]
fn a_seed_makes_impairments_repeatable() {
    let server = Server::start(&["--loss", "30", "--seed", "7"]);
    let truth = Impairments { loss: 30.0, seed: Some(7), ..Impairments::default() };
    let lost = (0..1000).filter(|&n| truth.fate(0, n).lost).count();
    for _ in 0..2 {
        let outcome = client(
            server.port,
            &["--test", "udp", "--count", "1000", "--interval", "1ms", "--timeout", "3s", "--json"],
        );
        let document = document(&outcome);
        let test = at(&document, "tests.0");
        let field = |name| test.get(name).and_then(Value::as_u64);
        assert_eq!((field("sent"), field("received")), (Some(1000), Some(1000 - lost as u64)));
        assert_eq!(
            (field("lost"), field("lost_there"), field("lost_back")),
            (Some(lost as u64), Some(0), Some(lost as u64))
        );
        assert_eq!(outcome.code, Some(0));
    }
}

#[test]
fn pings_are_answered_in_every_mode() {
    in_each_mode(&[], |server| {
        assert_eq!(
            server.line("(udp)"),
            format!("[SERVER] listening on 127.0.0.1:{} (udp)", server.port)
        );
        assert_eq!(ask(server.port, b"Ping 1 1699.25"), b"Ping 1 1699.25");
        let outcome =
            client(server.port, &["--test", "udp", "--count", "3", "--interval", "1ms", "-q"]);
        assert!(outcome.out.contains("3 sent, 3 received, 0% lost"), "{outcome:?}");
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
        // In every mode one connection is open meanwhile.
        let mut peer = server.connect();
        assert_eq!(peer.ask("PING"), "PONG");
        assert_eq!(ask(server.port, b"PING 2 2 and more"), b"PING 2 2 and more");
    });
}

#[test]
fn a_million_datagrams_change_nothing() {
    let server = Server::start(&[]);
    let memory = || {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap_or_default();
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        line.map_or(0, |kib| kib.parse::<u64>().unwrap())
    };
    let seed = {
        let mut ping = Vec::new();
        Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 1 }.encode(200, &mut ping);
        ping
    };
    let sockets: Vec<UdpSocket> = (0..4).map(|_| socket()).collect();
    let (mut random, mut sent, mut received, mut buffer) = (1_u64, 0, 0, vec![0; 65_536]);
    let before = memory();
    for index in 0..1_000_000 {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = |bits: u32, below: usize| usize::try_from(random >> bits).unwrap() % below;
        let mut datagram = seed.clone();
        datagram.truncate(draw(40, seed.len() + 1));
        // A third keep the head of a ping, a third may be damaged anywhere, and a third
        // are only cut short.
        let spoilt = match index % 3 {
            0 => 10..datagram.len(),
            1 => 0..datagram.len(),
            _ => 0..0,
        };
        for byte in datagram.get_mut(spoilt).unwrap_or_default().iter_mut().step_by(1 + draw(33, 9))
        {
            *byte = byte.wrapping_add(random.to_be_bytes()[1]);
        }
        let socket = &sockets[index % sockets.len()];
        sent += socket.send_to(&datagram, ("127.0.0.1", server.port)).unwrap();
        // Drains the socket now and then, so that the answers have room.
        if index % 64 == 0 {
            for socket in &sockets {
                received += drain(socket, &mut buffer);
            }
        }
    }
    server.assert_alive();
    assert_eq!(ask(server.port, b"PING 9 9"), b"PING 9 9");
    received += sockets.iter().map(|socket| drain(socket, &mut buffer)).sum::<usize>();
    assert!(received > 0 && received <= sent, "{received} of {sent} bytes");
    let after = memory();
    assert!(after < before + 2048, "{before} KiB, then {after} KiB");
}

fn drain(socket: &UdpSocket, buffer: &mut [u8]) -> usize {
    socket.set_nonblocking(true).unwrap();
    let bytes = std::iter::from_fn(|| socket.recv(buffer).ok()).sum();
    socket.set_nonblocking(false).unwrap();
    bytes
}

#[test]
fn an_answer_is_never_longer_than_its_question() {
    let server = Server::start(&[]);
    for question in
        ["PING ", "pInG \0", "PING 1 2 STAMP", "PING 1 2 STAMP 0000000001 ------------------- ----"]
    {
        assert_eq!(ask(server.port, question.as_bytes()), question.as_bytes());
    }
    let longest = [b"PING ".to_vec(), vec![b'x'; 65_502]].concat();
    assert!(ask(server.port, &longest) == longest);
    // These get no answer, so the answer that comes belongs to the last question.
    let socket = socket();
    for question in ["", "PING", "PONG 1 2", "hello", "XPING 1", "PING 3 3"] {
        socket.send_to(question.as_bytes(), ("127.0.0.1", server.port)).unwrap();
    }
    let mut answer = [0; 100];
    let length = socket.recv(&mut answer).unwrap();
    assert_eq!(&answer[..length], b"PING 3 3");
}

#[test]
fn an_answer_is_no_question() {
    let server = Server::start(&[]);
    let mut question = Vec::new();
    Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 1 }.encode(3, &mut question);
    let answer = ask(server.port, &question);
    assert_ne!(answer, question);
    // An answer that is sent to the server gets none, so the answer that comes belongs
    // to the next question.
    let socket = socket();
    for datagram in [&answer[..], b"PING 8 8"] {
        socket.send_to(datagram, ("127.0.0.1", server.port)).unwrap();
    }
    let mut buffer = [0; 200];
    let length = socket.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"PING 8 8");
}

#[test]
fn a_client_that_is_gone_stops_nobody() {
    let server = Server::start(&["--delay", "30ms"]);
    let socket = socket();
    for _ in 0..100 {
        // The answers to these meet a closed port.
        self::socket().send_to(b"PING 1 1", ("127.0.0.1", server.port)).unwrap();
    }
    socket.send_to(b"PING 2 2", ("127.0.0.1", server.port)).unwrap();
    let mut answer = [0; 100];
    assert_eq!(socket.recv(&mut answer).unwrap(), 8);
    assert_eq!(ask(server.port, b"PING 3 3"), b"PING 3 3");
}

#[test]
fn networks_that_are_not_allowed_get_no_answer() {
    let server = Server::start(&["--allow", "127.0.0.2/32"]);
    let bound = |address: &str| UdpSocket::bind(address.parse::<SocketAddr>().unwrap()).unwrap();
    let (stranger, friend) = (bound("127.0.0.1:0"), bound("127.0.0.2:0"));
    stranger.send_to(b"PING 1 1", ("127.0.0.1", server.port)).unwrap();
    friend.send_to(b"PING 2 2", ("127.0.0.1", server.port)).unwrap();
    friend.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(friend.recv(&mut [0; 100]).unwrap(), 8);
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 100]).is_err());
}
