//! The client's figures against a known truth: a relay whose delay, rate and faults the
//! test chooses, two network namespaces with a shaped link, and the samples themselves.

mod broken;
mod delay;
mod rate;
mod samples;
mod stall;

use roundtrip::json::Value;

use crate::document::{at, document, tests};
use crate::relay::Line;
use crate::support::{Outcome, client};

/// The report of the one test that these flags ask for.
fn measure(port: u16, flags: &[&str]) -> Value {
    only_test(&client(port, &[&["--json"], flags].concat()), 0)
}

fn only_test(outcome: &Outcome, code: i32) -> Value {
    assert_eq!(outcome.code, Some(code), "{outcome:?}");
    let document = document(outcome);
    let [test] = tests(&document) else { panic!("{document}") };
    assert_eq!(test.get("ok").unwrap().as_bool(), Some(code == 0), "{test}");
    test.clone()
}

/// The number at this path of names.
fn figure(test: &Value, path: &str) -> f64 {
    at(test, path).as_f64().unwrap_or_else(|| panic!("{path} is no number in {test}"))
}

fn ms(test: &Value, path: &str) -> f64 {
    figure(test, path) / 1e6
}

/// Tries a measurement up to three times, since a busy processor can spoil one. What no
/// busy processor excuses, such as less than the known delay or more than the known
/// rate, is asserted in each attempt.
fn in_three_attempts(mut attempt: impl FnMut() -> (bool, Value)) {
    let attempts: Vec<Value> = (0..3)
        .map_while(|_| match attempt() {
            (true, _) => None,
            (false, test) => Some(test),
        })
        .collect();
    assert!(attempts.len() < 3, "{attempts:#?}");
}

/// Whether a figure is within 2% of the truth.
fn near(measured: f64, truth: f64) -> bool {
    (measured / truth - 1.0).abs() <= 0.02
}

/// Bits per second.
const RATE: u32 = 100_000_000;

fn at_rate(bits_per_second: u32) -> Line {
    Line { bits_per_second: bits_per_second.into(), ..Line::default() }
}
