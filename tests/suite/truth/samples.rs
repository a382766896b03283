//! The summary against the samples themselves.

use super::measure;
use crate::document::number;
use crate::support::{Server, Temporary};

#[test]
fn the_summary_is_that_of_the_samples() {
    let server = Server::start(&["-q"]);
    let table = Temporary::new("summary.csv");
    let flags = ["--test", "latency", "--count", "2000", "--interval", "0", "--csv", table.path()];
    let test = measure(server.port, &flags);
    let lines = table.text();
    let mut lines = lines.lines();
    let column = lines.next().unwrap().split(',').position(|name| name == "rtt_ns").unwrap();
    let mut samples: Vec<u64> =
        lines.map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect();
    samples.sort_unstable();

    let exact = |name: &str| number(&test, &format!("rtt_ns.{name}"));
    assert_eq!((exact("count"), samples.len()), (2000, 2000));
    assert_eq!((exact("min"), exact("max")), (samples[0], samples[1999]));
    // The mean is rounded to a nanosecond.
    assert!((exact("mean") * 2000).abs_diff(samples.iter().sum()) <= 2000, "{test}");
    // By nearest rank: the smallest sample that `per_thousand` of 1,000 do not exceed.
    for (name, per_thousand) in
        [("p50", 500), ("p90", 900), ("p95", 950), ("p99", 990), ("p99_9", 999)]
    {
        let sample = samples[2000 * per_thousand / 1000 - 1];
        assert!(
            (sample..=sample + sample / 100).contains(&exact(name)),
            "{name}: {sample}, but {test}"
        );
    }
}
