//! Pings over UDP: the client distinguishes everything that a network may do to them.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use roundtrip::client::Options;
use roundtrip::json::Value;
use roundtrip::json::parse;
use roundtrip::log::Log;
use roundtrip::measure::{Measurement as _, Outcome, Plan, Sample};
use roundtrip::server::{Config, Running};
use roundtrip::udp::UdpClient;
use roundtrip::udp::datagram::{Ping, Stamps};
use roundtrip::udp::measured::{LATE, LOST};
use roundtrip::udp::server::{EchoCounts, Impairments, RunningEchoServer, bind_with_tcp};
use roundtrip::udp::{Udp, udp};

use crate::support::{MODES, PATIENCE, Server, client};

mod clock;
mod guard;
mod path;

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

/// The object of the only test in a JSON document.
fn only_test(document: &str) -> Value {
    let document = parse(document.as_bytes()).unwrap();
    document.get("tests").and_then(Value::as_list).unwrap()[0].clone()
}

fn number(datagram: &[u8]) -> u64 {
    roundtrip::udp::datagram::sequence(datagram).unwrap()
}

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
            &["--test", "udp", "--count", "1000", "--interval", "1ms", "--timeout", "1s", "--json"],
        );
        let document = parse(outcome.out.as_bytes()).unwrap();
        let test = &document.get("tests").and_then(Value::as_list).unwrap()[0];
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
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
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
    }
}

#[test]
fn a_server_that_does_not_know_stamps_is_enough() {
    for answer in [
        |question: &[u8]| vec![question.to_vec()],
        |question: &[u8]| vec![question.to_ascii_uppercase()],
    ] {
        let (measured, _) =
            measure(fake(answer), &Plan { count: 20, payload: 9, ..PLAN }, PATIENCE);
        assert_eq!(
            (measured.latency.rtt.count(), measured.lost(), measured.lost_there()),
            (20, 0, None)
        );
        assert!(measured.failure().is_none() && measured.one_way.unwrap().summary().is_none());
    }
}

#[test]
fn a_closed_port_is_reported_at_once() {
    let port = socket().local_addr().unwrap().port();
    let outcome = client(port, &["--test", "udp", "--count", "1000000", "--timeout", "1h"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.err.contains(&format!("port closed: nobody listens on 127.0.0.1:{port}")),
        "{outcome:?}"
    );
    let server = Server::start(&["--no-udp"]);
    for warmup in ["0", "1"] {
        let outcome = client(server.port, &["--test", "udp", "--warmup", warmup]);
        assert!(outcome.err.contains("port closed"), "{outcome:?}");
        // The port is closed: the network has lost nothing.
        assert!(
            outcome.out.contains("the port is closed") || outcome.out.contains("port was closed")
        );
        assert!(!outcome.out.contains("% lost"), "{outcome:?}");
    }
    server.assert_alive();
}

#[test]
fn a_port_that_closes_ends_the_test_with_what_was_measured() {
    let socket = socket();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut buffer = [0; 200];
        // The warm-up ping, and five that count.
        for _ in 0..6 {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            socket.send_to(&buffer[..length], from).unwrap();
        }
    });
    let (measured, samples) = measure(port, &PLAN, PATIENCE);
    assert_eq!((measured.latency.rtt.count(), measured.lost()), (5, 0));
    // The network has lost nothing: what was on its way met a closed port.
    assert_eq!(measured.latency.sent, 5 + measured.rejected);
    let lost = |sample: &&Sample| matches!(sample, Sample::Outcome { outcome: LOST, .. });
    assert_eq!(samples.iter().find(lost), None);
    assert!(measured.failure().unwrap().to_string().starts_with("port closed"), "{measured:?}");
}

#[test]
fn silence_is_a_failure() {
    let silent = socket();
    let port = silent.local_addr().unwrap().port();
    let flags = ["--test", "udp", "--count", "3", "--interval", "1ms", "--timeout", "50ms"];
    let outcome = client(port, &flags);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("no answer to any of 3 pings within 50ms"), "{outcome:?}");
    for line in ["1 was lost", "2 was lost", "3 was lost", "3 sent, 0 received, 100% lost"] {
        assert_eq!(outcome.out.matches(line).count(), 1, "{outcome:?}");
    }
    assert!(!outcome.out.contains("is late"), "{outcome:?}");
}

#[test]
fn a_late_answer_is_neither_answered_nor_lost() {
    // The third ping is never answered, the fourth long after the timeout.
    let port = fake({
        let mut kept = Vec::new();
        move |question: &[u8]| match number(question) {
            3 => Vec::new(),
            4 => {
                kept = vec![question.to_vec()];
                Vec::new()
            }
            40 => [std::mem::take(&mut kept), vec![question.to_vec()]].concat(),
            _ => vec![question.to_vec()],
        }
    });
    let plan = Plan { count: 40, interval: Duration::from_millis(20), ..PLAN };
    let (measured, samples) = measure(port, &plan, Duration::from_millis(200));
    assert_eq!(
        (measured.latency.rtt.count(), measured.late, measured.lost(), measured.reordered),
        (38, 1, 1, 1)
    );
    let outcomes: Vec<(u64, Outcome)> = samples
        .iter()
        .filter_map(|sample| match sample {
            Sample::Outcome { number, outcome, .. } => Some((*number, *outcome)),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, [(4, LATE), (3, LOST)]);
    assert!(measured.latency.rtt.summary().unwrap().max <= Duration::from_millis(200));
}

#[test]
fn damaged_and_foreign_datagrams_are_distinguished() {
    let port = fake(|question| match number(question) {
        0 => vec![question.to_vec()],
        1 => vec![question[..question.len() - 1].to_vec(), question[..3].to_vec()],
        2 => vec![[question, b"!"].concat()],
        3 => vec![question.iter().map(|&byte| if byte == b'x' { b'y' } else { byte }).collect()],
        4 => vec![b"hello".to_vec(), b"PING 1000 1 1".to_vec(), Vec::new(), vec![0xff; 65_507]],
        _ => vec![question.to_vec(), question.to_vec(), question.to_vec()],
    });
    let plan = Plan { count: 5, payload: 100, ..PLAN };
    let (measured, _) = measure(port, &plan, Duration::from_millis(300));
    let Udp { truncated, oversize, corrupted, foreign, duplicates, .. } = measured;
    // An empty datagram counts as the beginning of an answer.
    assert_eq!(
        (truncated, oversize, corrupted, foreign, duplicates),
        (3, 1, 1, 3, 2),
        "{measured:?}"
    );
    assert_eq!((measured.latency.rtt.count(), measured.lost()), (1, 4));
}

#[test]
fn lost_pings_are_distinguished_from_lost_answers() {
    // This server receives every second ping, and every third of its answers is lost.
    let mut count = 0;
    let port = fake(move |question| {
        let sequence = number(question);
        if sequence % 2 == 1 {
            return Vec::new();
        }
        count += u64::from(sequence > 0);
        let mut answer = question.to_vec();
        Stamps { count, received_ns: 1, sent_ns: 1 }.write(&mut answer);
        if sequence.is_multiple_of(3) && sequence > 0 { Vec::new() } else { vec![answer] }
    });
    let (measured, _) = measure(port, &Plan { count: 60, ..PLAN }, Duration::from_millis(300));
    assert_eq!(
        (measured.lost(), measured.lost_there(), measured.lost_back()),
        (40, Some(30), Some(10))
    );
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
fn what_is_unknown_about_losses_is_left_out() {
    let lost = |flags: &[&str], impaired: &[&str]| {
        let server = Server::start(impaired);
        let outcome = client(
            server.port,
            &[&["--test", "udp", "--json", "--timeout", "200ms"], flags].concat(),
        );
        let test =
            parse(outcome.out.as_bytes()).unwrap().get("tests").and_then(Value::as_list).unwrap()
                [0]
            .clone();
        ["lost", "lost_there", "lost_back"].map(|name| test.get(name).and_then(Value::as_u64))
    };
    let few = ["--count", "5", "--interval", "1ms"];
    assert_eq!(lost(&few, &["--loss", "100"]), [Some(5), Some(0), Some(5)]);
    // This server never answers.
    assert_eq!(
        lost(&[&few[..], &["--warmup", "0"]].concat(), &["--loss", "100"]),
        [Some(5), None, None]
    );
    // A server that was restarted in between counts too few, and a faulty one too many:
    // the client believes neither.
    for count in [3, u64::from(u32::MAX)] {
        let port = fake(move |question| {
            let mut answer = question.to_vec();
            Stamps { count, received_ns: 1, sent_ns: 1 }.write(&mut answer);
            if number(question) == 5 { Vec::new() } else { vec![answer] }
        });
        let (measured, _) = measure(port, &Plan { count: 10, ..PLAN }, Duration::from_millis(200));
        assert_eq!((measured.lost(), measured.lost_there(), measured.lost_back()), (1, None, None));
    }
}

#[test]
fn a_time_is_kept_at_any_interval() {
    let server = Server::start(&[]);
    for test in ["udp", "latency"] {
        // A plan of a thousand million pings.
        let flags = ["--test", test, "--time", "100ms", "--interval", "1ns", "--json"];
        let outcome = client(server.port, &flags);
        let document = parse(outcome.out.as_bytes()).unwrap();
        let test = &document.get("tests").and_then(Value::as_list).unwrap()[0];
        let sent = test.get("sent").and_then(Value::as_u64).unwrap();
        assert!((1..1_000_000).contains(&sent), "{outcome:?}");
    }
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

#[test]
fn many_clients_and_every_report() {
    let server = Server::start(&["--loss", "20", "--duplicate", "20", "--seed", "3"]);
    let dir = std::env::temp_dir().join(format!("roundtrip-udp-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let [csv, svg] =
        ["udp.csv", "udp.svg"].map(|name| dir.join(name).to_str().unwrap().to_string());
    let flags = [
        "--test",
        "udp",
        "--concurrent",
        "10",
        "--count",
        "50",
        "--interval",
        "1ms",
        "--timeout",
        "1s",
        "--json-stream",
    ];
    let outcome = client(server.port, &[&flags[..], &["--csv", &csv, "--svg", &svg]].concat());
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let events: Vec<Value> =
        outcome.out.lines().map(|line| parse(line.as_bytes()).unwrap()).collect();
    let named = |name| {
        events
            .iter()
            .filter(|event| event.get("event").and_then(Value::as_str) == Some(name))
            .count()
    };
    let document = events.last().unwrap();
    let test = &document.get("tests").and_then(Value::as_list).unwrap()[0];
    let field = |name| usize::try_from(test.get(name).and_then(Value::as_u64).unwrap()).unwrap();
    assert_eq!(
        (field("sent"), named("ping"), named("lost")),
        (500, field("received"), field("lost"))
    );
    assert_eq!(named("duplicate"), field("duplicates"));
    assert_eq!(test.get("clients").and_then(Value::as_list).unwrap().len(), 10);
    let one = &test.get("clients").and_then(Value::as_list).unwrap()[0];
    for name in [
        "rtt_ns",
        "due_ns",
        "one_way_ns",
        "jitter_rfc3550_ns",
        "clock_offset_ns",
        "clock_offset_error_ns",
    ] {
        assert!(one.get(name).is_some(), "{name}");
    }
    let table = std::fs::read_to_string(csv).unwrap();
    assert_eq!(table.lines().filter(|line| line.contains(",lost,")).count(), field("lost"));
    assert_eq!(
        table.lines().filter(|line| line.contains(",,")).count(),
        1 + 500 + field("duplicates") - 1
    );
    assert!(std::fs::read_to_string(svg).unwrap().contains("udp"));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn impossible_flags_are_refused() {
    let server = Server::start(&[]);
    let most = roundtrip::udp::datagram::MAX_DATAGRAM_PAYLOAD;
    let flags = ["--test", "udp", "--count", "2", "--interval", "0", "--payload"];
    let outcome = client(server.port, &[&flags[..], &[&most.to_string()]].concat());
    assert!(outcome.out.contains("2 sent, 2 received"), "{outcome:?}");
    let outcome = client(server.port, &[&flags[..], &[&(most + 1).to_string()]].concat());
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(2), 1), "{outcome:?}");
    for flags in [
        ["--loss", "101"],
        ["--loss", "x"],
        ["--delay", "5"],
        ["--seed", "-1"],
        ["--reorder", "nan"],
    ] {
        let outcome =
            crate::support::run(std::process::Command::new(crate::support::SERVER).args(flags));
        assert_eq!((outcome.code, outcome.err.lines().count()), (Some(2), 1), "{outcome:?}");
        assert!(outcome.err.contains(flags[0]));
    }
    let outcome = crate::support::run(
        std::process::Command::new(crate::support::SERVER).args(["--no-udp", "--loss", "3"]),
    );
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
}
