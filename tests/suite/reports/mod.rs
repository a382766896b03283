//! What the client reports, in every form.

mod document;
mod every_test;
mod files;
mod stream;
mod text;

use std::path::PathBuf;
use std::process::Command;

use roundtrip::json::Value;
use roundtrip::json::parse;

use crate::support::{CLIENT, Outcome, run};

const EVERY_TEST: [&str; 8] =
    ["latency", "download", "upload", "bidirectional", "loaded", "sweep", "lag", "status"];

/// Few and short, so that everything is over soon; as far as that means something.
fn short(test: &str) -> &[&str] {
    match test {
        "status" => &[],
        "download" | "upload" | "bidirectional" => &["--time", "300ms"],
        _ => &["--time", "300ms", "--interval", "5ms"],
    }
}

pub fn loopback(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).arg("--loopback").args(flags))
}

fn json(outcome: &Outcome) -> Value {
    parse(outcome.out.as_bytes()).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

/// Goes down a path of keys and indices.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| {
        let next = key
            .parse()
            .ok()
            .and_then(|index: usize| value.as_list()?.get(index))
            .or_else(|| value.get(key));
        next.unwrap_or_else(|| panic!("no {key} of {path} in {value}"))
    })
}

pub fn number(value: &Value, path: &str) -> u64 {
    at(value, path).as_u64().unwrap_or_else(|| panic!("{path} is no whole number in {value}"))
}

fn check_summary(summary: &Value, count: u64) {
    assert_eq!(number(summary, "count"), count);
    let names = ["min", "p50", "p90", "p95", "p99", "p99_9", "max"];
    let figures = names.map(|name| number(summary, name));
    assert!(figures[0] > 0 && figures.is_sorted(), "{summary}");
    assert!((figures[0]..=figures[6]).contains(&number(summary, "mean")), "{summary}");
    assert_eq!(
        count > 1,
        summary.get("stddev").is_some() && summary.get("jitter").is_some(),
        "{summary}"
    );
}

/// On a busy machine not all pings leave in time.
fn check_in_time(pings: &Value, most: u64) {
    let received = number(pings, "received");
    assert!((1..=most).contains(&received) && received == number(pings, "sent"), "{pings}");
    check_summary(at(pings, "rtt_ns"), received);
}

/// What is measured anew each time must still fit together.
fn check_rate(transfer: &Value) {
    let [bytes, duration, rate] =
        ["bytes", "duration_ns", "bits_per_second"].map(|name| number(transfer, name));
    let expected = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(duration);
    assert!(bytes > 0 && expected.abs_diff(rate.into()) <= 1, "{transfer}");
}

/// A file of this test's own, gone at its end.
pub struct Temporary(pub PathBuf);

impl Temporary {
    pub fn new(name: &str) -> Self {
        Temporary(std::env::temp_dir().join(format!("roundtrip-{}-{name}", std::process::id())))
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
