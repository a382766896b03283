//! Running servers: each protocol, over TCP and Unix sockets, in each mode, with and
//! without busy-polling.
//!
//! Mutated conversations must not disturb anybody else: clients that have been connected
//! all along, and newcomers, get the right answers. When the attackers are gone, nothing
//! of them is left.

mod good;
mod inputs;
pub mod same;
mod server;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::udp::datagram::MAX_DATAGRAM;

use crate::mutate::Random;
use crate::plan::{Plan, Try};

use good::Good;
use server::{Door, Server, Setup};

/// How many inputs a server gets, and after how many of them it has to show that it is
/// well.
const INPUTS: usize = 64;
const BATCH: usize = 8;

/// How long an attacker reads the answers. Some ask for so much that it takes minutes.
const READING: Duration = Duration::from_secs(1);

/// Connections that are left open, and say nothing more until the others are done.
const SILENT: usize = 4;

/// Attacks servers in this mode that are reached by this kind of socket.
pub fn run(plan: &Plan, mode: &'static str, unix: bool) {
    let setups = [("line", false), ("bare", false), ("line", true), ("bare", true)];
    let setups = setups.map(|(framing, spin)| Setup { mode, framing, spin, unix });
    let names: Vec<String> = setups.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    plan.each("servers", &names, 1, |index, tried| round(&setups[index], tried));
}

/// The life of one server.
fn round(setup: &Setup, tried: &mut Try) {
    let server = Server::start(setup);
    let mut good = Good::new(&server);
    good.check(&server);
    let before = server.resources();
    let mut silent = Vec::new();
    for index in 0..INPUTS {
        // The text protocol has most to say, and gets each second input.
        let other = index / 2 % server.doors.len();
        let door = if index % 2 == 0 { server.text() } else { &server.doors[other] };
        let input = inputs::input(door, &mut tried.random);
        tried.note(&door.to_string(), &input);
        match door {
            Door::Udp(port) => datagram(*port, &input, &mut good),
            _ => silent.extend(attack(door, &input, &mut tried.random)),
        }
        // In sequential mode a connection that says nothing holds up all others.
        if silent.len() > if setup.mode == "sequential" { 0 } else { SILENT } {
            silent.remove(0);
        }
        if index % BATCH == BATCH - 1 {
            good.check(&server);
            tried.forget();
        }
    }
    drop(silent);
    good.check(&server);
    server.assert_nothing_left(&before);
    drop(good);
    server.end();
}

/// Says all of the input on a connection, and returns the connection if it stays open.
fn attack(door: &Door, input: &[u8], random: &mut Random) -> Option<TcpStream> {
    let mut stream = door.connect();
    stream.set_write_timeout(Some(READING)).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let manner = random.below(8);
    let piece = if random.one_in(4) { random.below(40) + 1 } else { input.len().max(1) };
    thread::scope(|scope| {
        scope.spawn(move || read(&mut reader, if manner == 1 { READING / 50 } else { READING }));
        // The server may have had enough.
        let mut pieces = input.chunks(piece.max(input.len() / 50));
        let _ = pieces.try_for_each(|piece| stream.write_all(piece));
        let _ = match manner {
            0 => stream.shutdown(Shutdown::Both),
            1 => Ok(()),
            _ => stream.shutdown(Shutdown::Write),
        };
    });
    (manner == 1).then_some(stream)
}

/// Reads until the server closes, or for as long as somebody would wait.
fn read(stream: &mut TcpStream, time: Duration) {
    let end = Instant::now() + time;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        // Zero is refused.
        let waits = stream.set_read_timeout(Some(left));
        if waits.is_err() || !matches!(stream.read(&mut buffer), Ok(1..)) {
            return;
        }
    }
}

/// Sends a datagram, and looks at all that comes back before the answer to a good one.
fn datagram(port: u16, input: &[u8], good: &mut Good) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    let input = &input[..input.len().min(MAX_DATAGRAM)];
    socket.send(input).unwrap();
    good.ping_over_udp(&socket, |answer| {
        assert!(answer.len() <= input.len(), "{}", answer.escape_ascii());
        assert!(input.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"PING ")));
    });
}
