//! Two servers cannot keep each other busy, and no client pays for that.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use roundtrip::json::{Map, Value};
use roundtrip::log::Log;
use roundtrip::measure::ping_server;
use roundtrip::serve::Limits;
use roundtrip::udp::datagram::Ping;
use roundtrip::udp::server::{EchoCounts, EchoServer, Impairments, RunningEchoServer};

use super::{ask, socket};
use crate::document::{document, number};
use crate::support::{PATIENCE, Server, client, eventually};

/// Starts an echo server. Also returns a second handle to its socket: what is sent with
/// it comes from the server's address, as a forged datagram would.
fn echo() -> (UdpSocket, Arc<EchoCounts>, RunningEchoServer) {
    let (socket, counts) = (socket(), Arc::<EchoCounts>::default());
    let forger = socket.try_clone().unwrap();
    let (impairments, limits) = (Impairments::default(), Limits::default());
    let server = EchoServer::new(socket, impairments, limits, false, Arc::clone(&counts)).unwrap();
    (forger, counts, server.start(Log::default()).unwrap())
}

#[test]
fn a_loop_between_two_servers_dies() {
    let ((forger, a, _a), (to, b, _b)) = (echo(), echo());
    forger.send_to(b"PING 1 1", to.local_addr().unwrap()).unwrap();
    let withheld = || a.withheld.load(Ordering::Relaxed) + b.withheld.load(Ordering::Relaxed);
    eventually("one of the servers does not answer", || withheld() == 1);
    // The datagram is gone: both are silent now, and nothing was lost by chance.
    let answered = || a.pings.load(Ordering::Relaxed) + b.pings.load(Ordering::Relaxed);
    let before = answered();
    assert!((100..100_000).contains(&before), "{before} answers");
    assert_eq!(ask(to.local_addr().unwrap().port(), b"PING 2 2"), b"PING 2 2");
    assert_eq!((answered(), withheld()), (before + 1, 1));
}

#[test]
fn stamped_pings_are_answered_from_every_port() {
    let server = Server::start(&[]);
    let mut question = Vec::new();
    Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 1 }.encode(3, &mut question);
    let mut from = vec![UdpSocket::bind(("127.0.0.2", server.port)).unwrap()];
    // Only some users may have one of these ports.
    match (1..1024).rev().find_map(|port| UdpSocket::bind(("127.0.0.1", port)).ok()) {
        Some(low) => from.push(low),
        None => eprintln!("skipped: this user may not bind a port below 1024"),
    }
    let mut answer = [0; 200];
    for socket in from {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        // Also many more than the server would answer if they had no room for stamps.
        for _ in 0..5_000 {
            socket.send_to(&question, ("127.0.0.1", server.port)).unwrap();
            assert_eq!(socket.recv(&mut answer).unwrap(), question.len(), "from {socket:?}");
        }
        socket.send_to(b"PING 9 9", ("127.0.0.1", server.port)).unwrap();
        assert_eq!(socket.recv(&mut answer).unwrap(), 8, "from {socket:?}");
    }
}

#[test]
fn what_is_not_answered_is_counted_in_the_status() {
    let server = Server::start(&[]);
    let socket = socket();
    let status = |name: &str| {
        let address = format!("127.0.0.1:{}", server.port);
        let status = ping_server(&address, &Map::new(), PATIENCE).unwrap();
        status.answer.get(name).and_then(Value::as_u64).unwrap()
    };
    for _ in 0..3 {
        socket.send_to(b"hello", ("127.0.0.1", server.port)).unwrap();
    }
    eventually("three datagrams are ignored", || status("udp_ignored") == 3);
    assert_eq!(status("udp_pings"), 0);
    // A peer whose pings could come from another server is answered some of them.
    let (mut buffer, mut answers) = ([0; 100], 0);
    loop {
        socket.send_to(b"PING 1 1", ("127.0.0.1", server.port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        if socket.recv(&mut buffer).is_err() {
            break;
        }
        answers += 1;
    }
    assert!((500..5_000).contains(&answers), "{answers}");
    eventually("a ping is withheld", || status("udp_ignored") > 3);
    assert_eq!(status("udp_pings"), answers);
    // Others do not notice.
    assert_eq!(ask(server.port, b"PING 2 2"), b"PING 2 2");
}

#[test]
fn the_log_follows_each_peer() {
    let server = Server::start(&["--idle-timeout", "1s", "--loss", "50", "--seed", "7"]);
    let flags = ["--test", "udp", "--count", "10", "--interval", "1ms", "--timeout", "300ms"];
    let outcome = client(server.port, &[&flags[..], &["--json"]].concat());
    let lost = number(&document(&outcome), "tests.0.lost");
    let begun = server.line("sends pings (udp)");
    let peer = begun.strip_prefix("[SERVER] ").unwrap().split(' ').next().unwrap();
    let left = server.line("fell silent (udp)");
    assert!(left.starts_with(&format!("[SERVER] {peer} fell silent (udp): ")), "{left}");
    // The warm-up and the question for the server's count are pings, too.
    let expected = format!("12 pings, {} answers, {lost} withheld on purpose in ", 12 - lost);
    assert!(left.contains(&expected) && (1..10).contains(&lost), "{left}, {expected}");
    // A quiet server tells nobody.
    let mut server = Server::start(&["-q", "--idle-timeout", "1s"]);
    assert_eq!(ask(server.port, b"PING 1 1"), b"PING 1 1");
    crate::support::eventually("a ping is counted", || {
        let mut peer = server.connect();
        peer.ask("STATUS").contains("\"udp_pings\":1")
    });
    server.process.0.kill().unwrap();
    let lines = server.remaining_lines();
    assert!(lines.iter().all(|line| line.contains("listening on")), "{lines:?}");
}
