//! Faults: what strangers, broken clients and broken machines do to a server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::net::Stream;

use crate::clients::{Client, Length, tests};
use crate::counts::Counts;
use crate::random::Random;
use crate::resources::descriptors;
use crate::support::{PATIENCE, children, eventually};
use crate::target::{MOST, Target};

type Fault = fn(&Target, &mut Random);

/// Every fault by its name.
const FAULTS: [(&str, Fault); 11] = [
    ("client killed", client_killed),
    ("client stopped", client_stopped),
    ("reset", reset),
    ("half a request", half_a_request),
    ("garbage", garbage),
    ("datagrams", datagrams),
    ("never reads", never_reads),
    ("router", router),
    ("burst", burst),
    ("child killed", child_killed),
    ("child stopped", child_stopped),
];

/// Lets something go wrong.
pub fn any(target: &Target, random: &mut Random, counts: &Counts) {
    let choices = match target.mode {
        "process" => &FAULTS[..],
        "thread" => &FAULTS[..9],
        // A burst waits in the system's queue.
        _ => &FAULTS[..8],
    };
    let (name, fault) = random.in_turn(choices);
    counts.add("fault", name, target);
    fault(target, random);
}

/// Waits for any moment of something that takes so long.
fn some_time(most: Duration, random: &mut Random) {
    let most = u64::try_from(most.as_micros()).unwrap();
    thread::sleep(Duration::from_micros(random.between(0, most)));
}

/// Whether a fault lasts until the server has had enough. In sequential mode, all others
/// wait that long.
fn lasts(target: &Target, random: &mut Random) -> bool {
    random.one_in(if target.mode == "sequential" { 12 } else { 5 })
}

/// A time that the server has patience for, or not.
fn silence(target: &Target, random: &mut Random) {
    if lasts(target, random) {
        thread::sleep(target.idle);
    }
    some_time(target.idle / 8, random);
}

fn long_client(target: &Target, random: &mut Random) -> Client {
    let test = random.choose(&tests(target));
    Client::start(test, target, Length::Long, random)
}

fn client_killed(target: &Target, random: &mut Random) {
    let mut client = long_client(target, random);
    some_time(Duration::from_millis(800), random);
    client.child.0.kill().unwrap();
    client.end();
}

fn client_stopped(target: &Target, random: &mut Random) {
    let client = long_client(target, random);
    some_time(Duration::from_millis(500), random);
    signal("-STOP", client.child.0.id());
    silence(target, random);
    signal("-CONT", client.child.0.id());
    let (code, what) = client.end();
    assert!(matches!(code, Some(0 | 1)), "{what}");
}

/// Nobody waits for the result: the process may be gone already.
fn signal(name: &str, process: u32) {
    let _ = Command::new("kill").args([name, &process.to_string()]).output();
}

/// A connection of the test's own.
fn connect(target: &Target) -> TcpStream {
    // In sequential mode the system's queue may be full.
    let stream = TcpStream::connect(("127.0.0.1", target.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(target.idle)).unwrap();
    stream
}

/// Closing a socket that has unread bytes resets its connection (RFC 2525 section 2.17).
fn reset(target: &Target, random: &mut Random) {
    let request = random.choose(&[
        "PING\n",
        "BANDWIDTH_DOWNLOAD:10000000\n",
        "BANDWIDTH_DOWNLOAD_TIME:1000\n",
        "BANDWIDTH_BIDIRECTIONAL:10000000\n",
        "LAG:100:1\n",
        "nonsense\n",
    ]);
    let mut stream = connect(target);
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.peek(&mut [0]);
    some_time(Duration::from_millis(20), random);
}

fn half_a_request(target: &Target, random: &mut Random) {
    let request = random.choose(&[
        "",
        "P",
        "PING",
        "PING\nPIN",
        "BANDWIDTH_UPLOAD:1000000\nxxx",
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
        some_time(target.idle / 8, random);
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

fn garbage(target: &Target, random: &mut Random) {
    let mut stream = connect(target);
    let length = random.choose(&[1, 10, 100, 1_000, 10_000, 100_000]);
    let _ = stream.write_all(&random.bytes(length));
    if random.one_in(2) {
        let _ = stream.shutdown(Shutdown::Write);
        until_closed(stream);
    }
}

fn datagrams(target: &Target, random: &mut Random) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..random.between(1, 50) {
        let start = random.choose(&[&b""[..], b"PING ", b"PING 1 ", b"ping 7 1.5 "]);
        let length = random.choose(&[0, 1, 20, 1_400, 9_000]);
        let datagram = [start, &random.bytes(length)].concat();
        let _ = socket.send_to(&datagram, ("127.0.0.1", target.port));
    }
}

/// Asks for more than it takes.
fn never_reads(target: &Target, random: &mut Random) {
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
fn router(target: &Target, random: &mut Random) {
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
        some_time(target.idle / 8, random);
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

fn child_killed(target: &Target, random: &mut Random) {
    let _any_client_may_fail = target.disturb();
    let client = long_client(target, random);
    some_time(Duration::from_millis(300), random);
    if let Some(child) = any_child(target, random) {
        signal("-KILL", child);
    }
    let (code, what) = client.end();
    assert!(matches!(code, Some(0 | 1)), "{what}");
}

fn child_stopped(target: &Target, random: &mut Random) {
    let _any_client_may_fail = target.disturb();
    let mut stream = connect(target);
    let _ = stream.write_all(b"PING\n");
    let _ = stream.read(&mut [0; 10]);
    let Some(child) = any_child(target, random) else { return };
    signal("-STOP", child);
    // Its parent kills it, if it has not ended before.
    eventually("no child is stopped", || {
        !children(target.process).iter().any(|&(process, _)| process == child)
    });
}

/// A child that runs its program. One that is stopped before that holds up its parent,
/// since `fork` and `exec` are one call of `std`.
fn any_child(target: &Target, random: &mut Random) -> Option<u32> {
    let runs = |child: &u32| {
        let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == b"--inetd")
    };
    let children = children(target.process).into_iter().map(|(child, _)| child);
    let children: Vec<u32> = children.filter(runs).collect();
    (!children.is_empty()).then(|| random.choose(&children))
}
