//! What becomes of a ping: one outcome for each.

use std::thread;
use std::time::Duration;

use roundtrip::json::Value;
use roundtrip::measure::{Measurement as _, Outcome, Plan, Sample};
use roundtrip::udp::Udp;
use roundtrip::udp::datagram::Stamps;
use roundtrip::udp::measured::{LATE, LOST};

use super::{PLAN, fake, measure, sequence_of, socket};
use crate::document::{at, document};
use crate::support::{PATIENCE, Server, client};

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
        move |question: &[u8]| match sequence_of(question) {
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
    let port = fake(|question| match sequence_of(question) {
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
        let sequence = sequence_of(question);
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
fn what_is_unknown_about_losses_is_left_out() {
    let lost = |flags: &[&str], impaired: &[&str]| {
        let server = Server::start(impaired);
        let outcome = client(
            server.port,
            &[&["--test", "udp", "--json", "--timeout", "200ms"], flags].concat(),
        );
        let document = document(&outcome);
        let test = at(&document, "tests.0");
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
            if sequence_of(question) == 5 { Vec::new() } else { vec![answer] }
        });
        let (measured, _) = measure(port, &Plan { count: 10, ..PLAN }, Duration::from_secs(1));
        assert_eq!((measured.lost(), measured.lost_there(), measured.lost_back()), (1, None, None));
    }
}
