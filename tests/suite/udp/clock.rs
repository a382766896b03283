//! A server whose clock is set, or drifts: the client must not print an error bound
//! that does not hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use roundtrip::json::Value;
use roundtrip::measure::{Measurement as _, Plan};
use roundtrip::udp::datagram::Stamps;

use super::{PLAN, fake, measure, sequence_of};
use crate::document::{at, document};
use crate::support::{PATIENCE, client};

const MS: u64 = 1_000_000;

/// Starts a server with a clock of its own. `clock` gets the number of the ping and the
/// nanoseconds since the server began, and returns by how much the clock is ahead.
fn with_clock(mut clock: impl FnMut(u64, u64) -> i64 + Send + 'static) -> u16 {
    let mut count = 0;
    // One reading gives both, so that the clock is a function of time.
    let start = Instant::now();
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    fake(move |question| {
        let sequence = sequence_of(question);
        count += u64::from(sequence > 0);
        let [since, epoch] = [start.elapsed(), epoch].map(|time| time.as_nanos());
        let since = u64::try_from(since).unwrap();
        let ahead = clock(sequence, since);
        let now = u64::try_from(epoch).unwrap() + since;
        let now = now.checked_add_signed(ahead).unwrap();
        let mut answer = question.to_vec();
        Stamps { count, received_ns: now, sent_ns: now }.write(&mut answer);
        vec![answer]
    })
}

/// Measures with the client program. Returns its JSON object, and the lines of a second
/// run for a person.
fn report(port: u16) -> (Value, String) {
    let flags = ["--test", "udp", "--count", "600", "--interval", "1ms", "-q"];
    let json = client(port, &[&flags[..], &["--json"]].concat());
    let text = client(port, &flags);
    assert_eq!((json.code, text.code), (Some(0), Some(0)), "{json:?} {text:?}");
    (at(&document(&json), "tests.0").clone(), text.out)
}

fn integer(test: &Value, name: &str) -> i64 {
    let value = test.get(name).unwrap_or_else(|| panic!("no {name} in {test:?}"));
    value.as_f64().map(|value| format!("{value:.0}").parse().unwrap()).unwrap()
}

fn assert_no_one_way(test: &Value, lines: &str) {
    for name in ["one_way_ns", "clock_offset_ns", "clock_offset_error_ns"] {
        assert!(test.get(name).is_none(), "{name} in {test:?}");
    }
    assert!(lines.contains("the delay of each way is not known"), "{lines}");
    assert!(!lines.contains("each way ±"), "{lines}");
    // The round trip needs one clock only.
    assert!(integer(test, "received") > 300 && test.get("rtt_ns").is_some());
}

#[test]
fn a_clock_that_is_set_is_reported_with_the_size() {
    for (step, word) in [(500, "ahead"), (-500, "back")] {
        let step_ns = step * 1_000_000;
        let port = with_clock(move |ping, _| if ping > 300 { step_ns } else { 0 });
        let (test, lines) = report(port);
        assert_eq!(integer(&test, "clock_moves"), 1);
        let off = (integer(&test, "clock_step_ns") - step_ns).abs();
        assert!(off < step_ns.abs() / 4, "{test:?}");
        assert!(test.get("clock_drift_ppm").is_none());
        assert!(
            lines.contains(&format!("a clock was set: the server's moved {word} by ")),
            "{lines}"
        );
        assert_no_one_way(&test, &lines);
    }
}

#[test]
fn a_clock_that_drifts_is_reported_with_its_rate() {
    for (ppm, word) in [(10_000, "faster"), (-10_000, "slower")] {
        let port = with_clock(move |_, since| {
            i64::try_from(since / MS).unwrap() * ppm
                + i64::try_from(since % MS).unwrap() * ppm / 1_000_000
        });
        let (test, lines) = report(port);
        assert!(integer(&test, "clock_moves") > 1);
        let found = integer(&test, "clock_drift_ppm");
        assert!((found - ppm).abs() < ppm.abs() / 4, "{found} instead of {ppm}");
        assert!(lines.contains("a clock drifts: ") && lines.contains(word), "{lines}");
        assert_no_one_way(&test, &lines);
    }
}

#[test]
fn the_printed_error_bound_holds() {
    // The clock of this server is always as far ahead.
    let (ahead, port) = (77 * i64::try_from(MS).unwrap(), with_clock(|_, _| 77_000_000));
    let (test, lines) = report(port);
    assert_eq!(integer(&test, "clock_moves"), 0, "{test:?}");
    let (offset, error) =
        (integer(&test, "clock_offset_ns"), integer(&test, "clock_offset_error_ns"));
    assert!((offset - ahead).abs() <= error, "{offset} ± {error}");
    assert!(lines.contains("each way ± "), "{lines}");
    // An ordinary clock drifts by some millionths, and the error bound says so: the
    // offset at the beginning and at the end is within it.
    let truth = Arc::new([AtomicU64::new(u64::MAX), AtomicU64::new(0)]);
    let drifted = Arc::clone(&truth);
    let port = with_clock(move |ping, since| {
        let ahead = since / MS * 90;
        if ping > 0 {
            drifted[0].fetch_min(ahead, Ordering::Relaxed);
            drifted[1].fetch_max(ahead, Ordering::Relaxed);
        }
        i64::try_from(ahead).unwrap()
    });
    let plan = Plan { count: 1500, interval: Duration::from_millis(1), ..PLAN };
    let (measured, _) = measure(port, &plan, PATIENCE);
    let one_way = measured.one_way.unwrap();
    assert_eq!(one_way.clock_change(), None);
    let summary = one_way.summary().unwrap();
    for truth in &*truth {
        let truth = i64::try_from(truth.load(Ordering::Relaxed)).unwrap();
        let apart = summary.offset_ns.abs_diff(truth);
        assert!(Duration::from_nanos(apart) <= summary.error, "{apart} ns, {summary:?}");
    }
}

#[test]
fn a_server_that_lies_about_the_time_spoils_only_its_own_figures() {
    let mut random = 1_u64;
    let port = fake(move |question| {
        let mut draw = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> (random % 64)
        };
        let stamps = Stamps { count: draw(), received_ns: draw(), sent_ns: draw() };
        let mut answer = question.to_vec();
        stamps.write(&mut answer);
        vec![answer]
    });
    for _ in 0..5 {
        let (measured, _) = measure(port, &Plan { count: 200, ..PLAN }, PATIENCE);
        assert!(measured.failure().is_none() && measured.latency.rtt.count() > 0);
        let one_way = measured.one_way.unwrap();
        assert!(one_way.clock_change().is_some() && one_way.summary().is_none());
    }
}
