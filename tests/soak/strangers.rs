//! Strangers: peers that keep to no rules, and leave too early or stay too long.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::net::Stream;

use crate::random::Random;
use crate::resources::descriptors;
use crate::support::{PATIENCE, eventually};
use crate::target::{MOST, Target};

/// A connection of the test's own.
pub fn connect(target: &Target) -> TcpStream {
    // In sequential mode the system's queue may be full.
    let stream = TcpStream::connect(("127.0.0.1", target.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(target.idle)).unwrap();
    stream
}

/// Whether a fault lasts until the server has had enough. In sequential mode, all others
/// wait that long.
fn lasts(target: &Target, random: &mut Random) -> bool {
    random.one_in(if target.mode == "sequential" { 12 } else { 5 })
}

/// A time that the server has patience for, or not.
pub fn silence(target: &Target, random: &mut Random) {
    if lasts(target, random) {
        thread::sleep(target.idle);
    }
    random.pause(target.idle / 8);
}

/// Closing a socket that has unread bytes resets its connection (RFC 2525 section 2.17).
pub fn reset(target: &Target, random: &mut Random) {
    let request = random.choose(&[
        "PING\n",
        "BANDWIDTH_DOWNLOAD:10000000\n",
        "BANDWIDTH_DOWNLOAD:1000ms\n",
        "BANDWIDTH_BIDIRECTIONAL:10000000\n",
        "LAG:100:1\n",
        "nonsense\n",
    ]);
    let mut stream = connect(target);
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.peek(&mut [0]);
    random.pause(Duration::from_millis(20));
}

pub fn half_a_request(target: &Target, random: &mut Random) {
    let request = random.choose(&[
        "",
        "P",
        "PING",
        "PING\nPIN",
        "BANDWIDTH_UPLOAD:1000000\nxxx",
        "BANDWIDTH_UPLOAD_REPORTED:50:1000ms\nxxx",
        "BANDWIDTH_BIDIRECTIONAL:1000000\nxxx",
        "LAG:5:1\nPING 0\nPI",
        "STATUS {\"a\":",
    ]);
    let several = if target.mode == "sequential" { 1 } else { random.between(1, 4) };
    let streams: Vec<TcpStream> = (0..several).map(|_| connect(target)).collect();
    for mut stream in &streams {
        let _ = stream.write_all(request.as_bytes());
    }
    if lasts(target, random) {
        streams.iter().for_each(until_closed);
    } else {
        random.pause(target.idle / 8);
    }
}

fn until_closed(mut stream: impl Read) {
    let ended = io::copy(&mut stream, &mut io::sink());
    assert!(!is_late(&ended), "the server has not closed a silent connection");
}

fn is_late<T>(result: &io::Result<T>) -> bool {
    let kind = result.as_ref().err().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

pub fn garbage(target: &Target, random: &mut Random) {
    let mut stream = connect(target);
    let length = random.choose(&[1, 10, 100, 1_000, 10_000, 100_000]);
    let _ = stream.write_all(&random.bytes(length));
    if random.one_in(2) {
        let _ = stream.shutdown(Shutdown::Write);
        until_closed(stream);
    }
}

pub fn datagrams(target: &Target, random: &mut Random) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..random.between(1, 50) {
        let start = random.choose(&[&b""[..], b"PING ", b"PING 1 ", b"ping 7 1.5 "]);
        let length = random.choose(&[0, 1, 20, 1_400, 9_000]);
        let datagram = [start, &random.bytes(length)].concat();
        let _ = socket.send_to(&datagram, ("127.0.0.1", target.port));
    }
}

/// Asks for more than it takes.
pub fn never_reads(target: &Target, random: &mut Random) {
    let mut stream = connect(target);
    if random.one_in(2) {
        let _ = stream.write_all(b"BANDWIDTH_DOWNLOAD:1000000000\n");
    } else {
        let _ = stream.set_write_timeout(Some(Duration::from_millis(100)));
        let ping = format!("PING {}\n", "x".repeat(60_000));
        while stream.write_all(ping.as_bytes()).is_ok() {}
    }
    silence(target, random);
}

/// A stranger at the router.
pub fn router(target: &Target, random: &mut Random) {
    let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";
    let hello = br#"[1,"realm1",{"roles":{"caller":{}}}]"#;
    let joined = [&[0x7F, 0xF1, 0, 0, 0, 0, 0, 36][..], hello].concat();
    let mut bytes = match random.between(1, 6) {
        1 => upgrade.as_bytes()[..40].to_vec(),
        2 => upgrade.as_bytes().to_vec(),
        3 => vec![0x7F, 0xF1],
        4 => joined,
        5 => joined[..20].to_vec(),
        _ => Vec::new(),
    };
    if random.one_in(2) {
        bytes.extend(random.bytes(200));
    }
    let url = random.choose(&target.urls);
    let stream = match url.split_once("unix:") {
        Some((_, path)) => Stream::connect_unix(path, PATIENCE),
        None => Stream::dial(url.split_once("//").unwrap().1.parse().unwrap(), PATIENCE),
    };
    let mut stream = stream.unwrap();
    let _ = stream.write_all(&bytes);
    if lasts(target, random) {
        until_closed(stream);
    } else {
        random.pause(target.idle / 8);
    }
}

/// More connections than the server takes. Each one has an answer, or its end.
pub fn burst(target: &Target, random: &mut Random) {
    let _others_may_be_refused = target.disturb();
    let begun = Instant::now();
    let streams: Vec<TcpStream> = (0..random.between(50, 100)).map(|_| connect(target)).collect();
    let mut served = 0;
    for mut stream in &streams {
        let _ = stream.write_all(b"PING\n");
        let mut answer = [0; 4];
        assert!(!is_late(&stream.read_exact(&mut answer)), "no answer in a burst");
        served += usize::from(answer == *b"PONG");
    }
    // A place may have become free again, but not before somebody was silent for too long.
    assert!(served <= MOST || begun.elapsed() >= target.idle, "{served} of a burst are served");
    drop(streams);
    let few = target.at_rest.descriptors + MOST / 4;
    eventually("the burst is over", || descriptors(target.process) <= few);
}
