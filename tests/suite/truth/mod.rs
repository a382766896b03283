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
use crate::support::{Outcome, client, eventually};

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

/// Repeats a measurement for a minute, since a busy processor spoils one now and then.
/// What no busy processor excuses, such as less than the known delay or more than the
/// known rate, is asserted in each attempt.
fn in_a_quiet_moment(mut attempt: impl FnMut() -> Option<bool>) {
    eventually("a figure that is near the truth", || attempt() == Some(true));
}

/// As [`measure`]; `None` if a busy processor made the test fail.
fn attempt(port: u16, flags: &[&str]) -> Option<Value> {
    success(&client(port, &[&["--json"], flags].concat()))
}

fn success(outcome: &Outcome) -> Option<Value> {
    // It is shown if no attempt is near the truth.
    println!("{outcome:?}");
    (outcome.code != Some(1)).then(|| only_test(outcome, 0))
}

/// Whether a figure is within 2% of the truth.
fn near(measured: f64, truth: f64) -> bool {
    (measured / truth - 1.0).abs() <= 0.02
}

/// Bits per second: so few that a transfer takes long beside what a busy processor adds.
const RATE: u32 = 40_000_000;

fn at_rate(bits_per_second: u32) -> Line {
    Line { bits_per_second: bits_per_second.into(), ..Line::default() }
}
