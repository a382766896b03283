//! Pings over UDP: the client distinguishes everything that a network may do to them.

mod clock;
mod guard;
mod outcomes;
mod path;
mod program;
mod server;

use std::net::UdpSocket;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use roundtrip::client::Options;
use roundtrip::log::Log;
use roundtrip::measure::{Measurement as _, Plan, Sample};
use roundtrip::server::{Config, Running};
use roundtrip::udp::UdpClient;
use roundtrip::udp::server::{EchoCounts, Impairments, RunningEchoServer, bind_with_tcp};
use roundtrip::udp::{Udp, udp};

use crate::support::PATIENCE;

const PLAN: Plan = Plan {
    count: 1000,
    time: None,
    interval: Duration::from_micros(300),
    warmup: 1,
    payload: 0,
    one_at_a_time: false,
};

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Sends a question until an answer comes: a full buffer can lose datagrams here, too.
fn ask(port: u16, question: &[u8]) -> Vec<u8> {
    let socket = socket();
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut answer = vec![0; 65_536];
    for _ in 0..PATIENCE.as_secs() {
        socket.send_to(question, ("127.0.0.1", port)).unwrap();
        if let Ok(length) = socket.recv(&mut answer) {
            answer.truncate(length);
            return answer;
        }
    }
    panic!("no answer");
}

fn measure(port: u16, plan: &Plan, timeout: Duration) -> (Udp, Vec<Sample>) {
    let mut samples = Vec::new();
    let client =
        UdpClient::connect("127.0.0.1", port, &Options { timeout, ..Options::default() }).unwrap();
    let measured = udp(&client, plan, &mut |sample| samples.push(sample));
    (measured, samples)
}

/// A server for TCP and one for UDP. Dropping this stops both.
struct Servers(
    Running,
    #[allow(dead_code, reason = "its drop stops the server")] RunningEchoServer,
);

impl Servers {
    fn port(&self) -> u16 {
        self.0.address().port()
    }
}

/// Starts a server in this process. Its counts are the truth.
fn impaired(impairments: Impairments) -> (Servers, Arc<EchoCounts>) {
    let (server, echo) = bind_with_tcp(&Config::default(), impairments).unwrap();
    let counts = echo.counts();
    (Servers(server.start().unwrap(), echo.start(Log::default()).unwrap()), counts)
}

/// Measures until no receive buffer overflows. On a busy machine that can happen, and
/// is also a loss, but not the one that the test looks for.
fn undisturbed(impairments: Impairments) -> (Udp, Vec<Sample>, Arc<EchoCounts>) {
    for _ in 0..10 {
        let (server, counts) = impaired(impairments);
        let plan = Plan { interval: Duration::from_micros(500), ..PLAN };
        let (measured, samples) = measure(server.port(), &plan, Duration::from_secs(2));
        assert!(measured.failure().is_none(), "{measured:?}");
        if measured.dropped_here.unwrap_or(0) + measured.lost_there().unwrap_or(0) == 0 {
            return (measured, samples, counts);
        }
    }
    panic!("ten times in a row this machine was too busy");
}

/// Starts a server that sends back, for each datagram, what `answer` returns.
fn fake(mut answer: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            for datagram in answer(&buffer[..length]) {
                socket.send_to(&datagram, from).unwrap();
            }
        }
    });
    port
}

fn sequence_of(datagram: &[u8]) -> u64 {
    roundtrip::udp::datagram::sequence(datagram).unwrap()
}
