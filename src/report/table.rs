//! Series of durations as a table: a row for each series, a column for each figure.
//!
//! ```text
//!   ms       min    mean     p50     p90     max  stddev  jitter
//!   rtt    0.060   0.137   0.108   0.208   0.208   0.049   0.051
//! ```
//!
//! All figures are in milliseconds, so that they can be compared by looking down. A
//! percentile is shown when there are samples enough for it: below ten samples, p90 is the
//! largest or the second largest of them, and says nothing new.

use crate::stats::{Recorder, Summary};
use std::time::Duration;

type Column = (&'static str, u64, fn(&Summary) -> Option<Duration>);

/// The figures, and how many samples each of them needs.
const COLUMNS: [Column; 10] = [
    ("min", 0, |summary| Some(summary.min)),
    ("mean", 0, |summary| Some(summary.mean)),
    ("p50", 0, |summary| Some(summary.p50)),
    ("p90", 10, |summary| Some(summary.p90)),
    ("p95", 20, |summary| Some(summary.p95)),
    ("p99", 100, |summary| Some(summary.p99)),
    ("p99.9", 1000, |summary| Some(summary.p99_9)),
    ("max", 0, |summary| Some(summary.max)),
    ("stddev", 2, |summary| summary.stddev),
    ("jitter", 2, |summary| summary.jitter),
];

/// The lines of a table with these series; no lines if all of them are empty.
///
/// ```
/// use roundtrip::report::table::table;
/// use std::time::Duration;
///
/// let series = [1, 2, 3].map(Duration::from_millis).into_iter().collect();
/// let lines = table(&[("rtt", &series)]);
/// assert_eq!(lines[0], "ms      min   mean    p50    max stddev jitter");
/// assert_eq!(lines[1], "rtt   1.000  2.000  2.007  3.000  1.000  1.000");
/// ```
#[must_use]
pub fn table(rows: &[(&str, &Recorder)]) -> Vec<String> {
    let known = rows.iter().filter_map(|(name, series)| Some((*name, series.summary()?)));
    summaries(&known.collect::<Vec<_>>())
}

/// As [`table`], of series that have been summarised.
#[must_use]
pub fn summaries(rows: &[(&str, Summary)]) -> Vec<String> {
    let Some(most) = rows.iter().map(|(_, summary)| summary.count).max() else {
        return Vec::new();
    };
    let longest = rows.iter().map(|(_, summary)| summary.max).max().unwrap_or_default();
    let name = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default().max(4);
    // A long name leaves no room for the last column.
    let columns = COLUMNS.iter().filter(|column| column.1 <= most);
    let columns: Vec<&Column> = columns.take(if name > 6 { 9 } else { 10 }).collect();
    let heads: Vec<String> = columns.iter().map(|(head, ..)| format!("{head:>7}")).collect();
    let row = |(title, summary): &(&str, Summary)| {
        let cell = |&&(_, needed, figure): &&Column| {
            let figure = figure(summary).filter(|_| summary.count >= needed);
            figure.map_or(" ".repeat(7), |figure| format!("{:>7}", cell(figure, longest)))
        };
        format!("{title:<name$}{}", columns.iter().map(cell).collect::<Vec<_>>().concat())
            .trim_end()
            .into()
    };
    [format!("{:<name$}{}", "ms", heads.concat())].into_iter().chain(rows.iter().map(row)).collect()
}

/// Milliseconds, with as many decimals as the longest figure has room for.
fn cell(figure: Duration, longest: Duration) -> String {
    let decimals = match longest.as_millis() {
        0..100 => 3,
        100..1_000 => 2,
        1_000..10_000 => 1,
        _ => 0,
    };
    format!("{:.decimals$}", figure.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(count: u64, ms: u64) -> Recorder {
        (1..=count).map(|number| Duration::from_micros(ms * 1000 * number / count)).collect()
    }

    #[test]
    fn percentiles_need_samples() {
        for (count, heads) in [
            (1, "min mean p50 max"),
            (9, "min mean p50 max stddev jitter"),
            (10, "min mean p50 p90 max stddev jitter"),
            (20, "min mean p50 p90 p95 max stddev jitter"),
            (100, "min mean p50 p90 p95 p99 max stddev jitter"),
            (1000, "min mean p50 p90 p95 p99 p99.9 max stddev jitter"),
        ] {
            let lines = table(&[("rtt", &series(count, 1))]);
            let found: Vec<&str> = lines[0].split_whitespace().skip(1).collect();
            assert_eq!(found.join(" "), heads);
            assert_eq!(lines[1].split_whitespace().count(), found.len() + 1);
        }
        assert!(table(&[("rtt", &Recorder::default())]).is_empty());
    }

    #[test]
    fn no_row_is_wider_than_a_terminal() {
        for ms in [1, 99, 999, 9_999, 99_999] {
            for name in ["rtt", "turnaround", "first answer"] {
                let lines = table(&[(name, &series(2000, ms)), ("due", &series(2000, ms))]);
                let widest = lines.iter().map(String::len).max();
                assert!(widest <= Some(78), "{lines:#?}");
            }
        }
    }
}
