//! What the client reports, in every form.

mod document;
mod every_test;
mod files;
mod stream;
mod text;

use roundtrip::json::Value;

use crate::document::{at, number};

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
