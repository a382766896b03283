//! How calls are divided into batches, by number and by time.

use std::time::Duration;

use roundtrip::measure::{self, Measurement};
use roundtrip::pace::Stop;
use roundtrip::wamp;
use roundtrip::wamp::call::{Event, Plan};

use super::{call, router};
use crate::document::{document, number, tests};
use crate::support::{CLIENT, PATIENCE};

#[test]
fn time_is_an_alternative_to_a_count() {
    let outcome = call(&["--time", "20ms", "--json"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    for test in tests(&document(&outcome)) {
        // Each call began within the time.
        let rtt = test.get("rtt_ns").unwrap();
        assert!(
            (number(rtt, "count") - 1) * number(rtt, "min") < 20_000_000 + 10 * number(rtt, "max"),
            "{test}"
        );
    }
}

#[test]
fn a_batch_can_have_a_length_of_time() {
    let (_router, urls) = router();
    let batch = Some(Duration::from_millis(20));
    let calls = |count, time| Plan {
        calls: measure::Plan { count, time, interval: Duration::ZERO, ..measure::Plan::default() },
        batch,
        callers: 1,
        timeout: PATIENCE,
        urls: vec![urls[1].parse().unwrap()],
        realm: "realm1".into(),
        worker: vec![CLIENT.into(), "--role".into()],
        stop: Stop::default(),
    };
    for (plan, number) in [
        // The last batch takes the rest of the time.
        (calls(1, Some(Duration::from_millis(50))), Some(3)),
        // How many batches there are depends on the calls.
        (calls(3000, None), None),
    ] {
        let mut seen = Vec::new();
        let measured = wamp::call::measure(&plan, &mut |event| {
            if let Event::Batch { batch, batches, rtt, .. } = event {
                seen.push((batch, batches, rtt.count()));
            }
        });
        let calls = &measured[0].calls[0];
        assert!(calls.failure().is_none(), "{calls:?}");
        assert!(seen.iter().map(|(batch, ..)| *batch).eq(1..=seen.len() as u64), "{seen:?}");
        assert!(seen.iter().all(|(_, batches, _)| *batches == number), "{seen:?}");
        assert_eq!(seen.iter().map(|(.., calls)| calls).sum::<u64>(), calls.latency.sent);
        match number {
            Some(number) => assert!(seen.len() as u64 <= number, "{seen:?}"),
            None => assert!(seen.len() > 1 && calls.latency.sent == 3000, "{seen:?}"),
        }
        // The router is another program's as far as this measurement knows.
        assert_eq!(calls.used.router, None);
        assert_eq!(calls.used.caller.is_some(), cfg!(target_os = "linux"));
        assert_eq!(calls.used.callee.is_some(), cfg!(target_os = "linux"));
    }
}

#[test]
fn every_interval_is_a_batch() {
    let (_router, urls) = router();
    let outcome = call(&["--time", "60ms", "--every", "20ms", "--url", &urls[1]]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
    let batches: Vec<&str> = outcome.out.lines().filter(|line| line.contains(" batch ")).collect();
    // A batch that was overdue when its turn came has no line.
    assert!(batches[0].contains(" batch 1/3: "), "{outcome:?}");
}
