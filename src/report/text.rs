//! Results for a person.
//!
//! Within a column a unit never changes, so that figures can be compared by looking
//! down: round-trip times are in milliseconds, rates in Mbit/s. What is not known is
//! left out.

use std::io;
use std::iter;
use std::time::Duration;

use crate::measure::environment::Environment;
use crate::measure::{
    Bandwidth, Bidirectional, Direction, Latency, Loaded, Measurement, Outcome, Row, Sweep,
};
use crate::stats::{Recorder, Summary};
use crate::units::{float, ms, size};

/// A result that can be told in a few lines.
pub trait Lines {
    /// The lines, without indentation.
    fn lines(&self) -> Vec<String>;

    /// The same in one line: of several lines, the first two say what matters.
    fn brief(&self) -> String {
        self.lines().into_iter().take(2).collect::<Vec<_>>().join(", ")
    }
}

impl Lines for Latency {
    fn lines(&self) -> Vec<String> {
        let due = rtt("due", &self.due);
        let more = self.rtt.summary().map(|summary| more(&summary));
        iter::once(loss(self)).chain(rtt("rtt", &self.rtt)).chain(more).chain(due).collect()
    }
}

impl Lines for Bandwidth {
    fn lines(&self) -> Vec<String> {
        vec![match self.bits_per_second() {
            None => "nothing arrived".into(),
            Some(rate) => {
                let (bytes, seconds) = (size(self.bytes), self.duration.as_secs_f64());
                format!("{bytes} in {seconds:.4} s, {:.2} Mbit/s", rate / 1e6)
            }
        }]
    }
}

impl Lines for Bidirectional {
    fn lines(&self) -> Vec<String> {
        let line =
            |name, bandwidth: &Bandwidth| format!("{name:<9} {}", bandwidth.lines().concat());
        vec![line("download:", &self.download), line("upload:", &self.upload)]
    }
}

impl Lines for Loaded {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<10} {:>8} {:>9} {:>9} {:>9} {:>9}   {:>8} {:>12}",
            "", "pings", "p50", "p90", "p99", "max ms", "per min", "Mbit/s"
        )];
        let rows = [
            ("idle", &self.idle, None),
            ("download", &self.download.0, self.download.1.bits_per_second()),
            ("upload", &self.upload.0, self.upload.1.bits_per_second()),
        ];
        for (name, pings, rate) in rows {
            let rate = rate.map_or(String::new(), |rate| format!("{:.2}", rate / 1e6));
            if let Some(Summary { count, p50, p90, p99, max, .. }) = pings.rtt.summary() {
                let [p50, p90, p99, max] = [p50, p90, p99, max].map(ms);
                let per_minute = round_trips_per_minute(&pings.rtt)
                    .map_or(String::new(), |rpm| format!("{rpm:.0}"));
                lines.push(format!(
                    "{name:<10} {count:>8} {p50:>9} {p90:>9} {p99:>9} {max:>9}   {per_minute:>8} {rate:>12}"
                ));
            }
        }
        lines.extend(queueing("download", &self.idle.rtt, &self.download.0.rtt));
        lines.extend(queueing("upload", &self.idle.rtt, &self.upload.0.rtt));
        lines
    }

    fn brief(&self) -> String {
        let phases =
            [("idle", &self.idle), ("download", &self.download.0), ("upload", &self.upload.0)];
        let phase = |(name, pings): (&str, &Latency)| {
            Some(format!("{name} {}", ms(pings.rtt.summary()?.p50)))
        };
        format!("p50 {} ms", phases.into_iter().filter_map(phase).collect::<Vec<_>>().join(", "))
    }
}

impl Lines for Sweep {
    fn lines(&self) -> Vec<String> {
        let head = ["payload B", "pings", "min", "p50", "p99", "max ms", "Mbit/s"];
        let mut lines = vec![columns(&head.map(String::from))];
        for row in &self.rows {
            if let Some(Summary { count, min, p50, p99, max, .. }) = row.latency.rtt.summary() {
                let rate = row
                    .bits_per_second()
                    .map_or(String::new(), |rate| format!("{:.2}", rate / 1e6));
                let [min, p50, p99, max] = [min, p50, p99, max].map(ms);
                lines.push(columns(&[
                    row.payload.to_string(),
                    count.to_string(),
                    min,
                    p50,
                    p99,
                    max,
                    rate,
                ]));
            }
        }
        lines
    }

    fn brief(&self) -> String {
        let row =
            |row: &Row| Some(format!("{} B {}", row.payload, ms(row.latency.rtt.summary()?.p50)));
        let ends = [self.rows.first(), self.rows.last()].into_iter().flatten().filter_map(row);
        format!("p50 {} ms", ends.collect::<Vec<_>>().join(" … "))
    }
}

pub(crate) fn columns(cells: &[String]) -> String {
    cells.iter().map(|cell| format!("{cell:>10}")).collect::<Vec<_>>().concat()
}

/// One answered ping: `ping  3/10: 0.250 ms`, or without the number of all where that
/// is not known.
#[must_use]
pub fn ping(number: u64, count: Option<u64>, rtt: Duration) -> String {
    match count {
        Some(count) => format!(
            "ping {number:>width$}/{count}: {} ms",
            ms(rtt),
            width = count.to_string().len()
        ),
        None => format!("ping {number}: {} ms", ms(rtt)),
    }
}

/// What else became of a ping: `12 is late`, `12 came after 2104.120 ms`.
#[must_use]
pub fn outcome(number: u64, rtt: Option<Duration>, outcome: Outcome) -> String {
    let after = rtt.map_or(String::new(), |rtt| format!(" after {} ms", ms(rtt)));
    format!("{number} {}{after}", outcome.phrase)
}

/// How many pings came back: `10 sent, 10 received, 0% lost`.
pub(crate) fn loss(Latency { sent, rtt, .. }: &Latency) -> String {
    let (sent, received) = (*sent, rtt.count());
    format!(
        "{sent} sent, {received} received, {}% lost",
        percent(sent.saturating_sub(received), sent)
    )
}

/// Never rounded to the 0 or the 100 that it is not.
pub(crate) fn percent(part: u64, all: u64) -> String {
    match part {
        0 => "0".into(),
        _ if part == all => "100".into(),
        _ => format!("{:.1}", (float(part) / float(all) * 100.0).clamp(0.1, 99.9)),
    }
}

/// The figures of a series in one line, in the manner of `ping`; nothing when there are
/// none.
pub(crate) fn rtt(name: &str, series: &Recorder) -> Option<String> {
    let Summary { min, mean, p50, p99, max, stddev, .. } = series.summary()?;
    let (deviation, stddev) =
        stddev.map_or(("", String::new()), |stddev| ("/stddev", format!("/{}", ms(stddev))));
    let values = [min, mean, p50, p99, max].map(ms).join("/");
    Some(format!("{name} min/mean/p50/p99/max{deviation} = {values}{stddev} ms"))
}

/// The other percentiles, and the jitter.
fn more(summary: &Summary) -> String {
    let (name, jitter) = summary
        .jitter
        .map_or(("", String::new()), |jitter| ("/jitter", format!("/{}", ms(jitter))));
    let values = [summary.p90, summary.p95, summary.p99_9].map(ms).join("/");
    format!("rtt p90/p95/p99.9{name} = {values}{jitter} ms")
}

/// How many of these fit in a minute, one after the other: the unit of "Responsiveness
/// under Working Conditions" (IETF draft ippm-responsiveness), from the median.
#[must_use]
pub fn round_trips_per_minute(series: &Recorder) -> Option<f64> {
    let p50 = series.summary()?.p50.as_secs_f64();
    (p50 > 0.0).then(|| 60.0 / p50)
}

/// What load adds, in words.
fn queueing(what: &str, idle: &Recorder, busy: &Recorder) -> Option<String> {
    let (idle, busy) = (idle.summary()?.p50, busy.summary()?.p50);
    let added = busy.saturating_sub(idle);
    Some(if added * 10 < idle {
        format!("An answer takes no longer during {what}s: nothing queues.")
    } else {
        format!(
            "During {what}s half of the answers take {} ms longer or more: that is time in queues.",
            ms(added)
        )
    })
}

/// One of several clients: its result, and why it failed if it did.
#[must_use]
pub fn client<R: Measurement + Lines>(index: usize, clients: usize, result: &R) -> String {
    let width = clients.to_string().len();
    let failure = result.failure().map_or(String::new(), |error| format!("; failed: {error}"));
    format!("client {:>width$}/{clients}: {}{failure}", index + 1, result.brief())
}

/// The name of a direction.
#[must_use]
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "download",
        Direction::Upload => "upload",
    }
}

/// What was found out about the measuring itself.
#[must_use]
pub fn environment(environment: &Environment, late: Option<&Recorder>) -> String {
    let clock = Some(format!("reading the clock takes {} ns", environment.clock.as_nanos()));
    let late = late.and_then(Recorder::summary);
    let late = late.map(|late| {
        format!("pings left {} ms late (p50), {} ms (p99)", ms(late.p50), ms(late.p99))
    });
    let again = environment
        .retransmitted
        .map(|segments| format!("this host sent {segments} TCP segments again"));
    format!("unseen: {}", [clock, late, again].into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// The distribution, drawn with a bar for each of a dozen ranges of equal ratio;
/// nothing for a handful of samples.
#[must_use]
pub fn distribution(series: &Recorder) -> Vec<String> {
    const ROWS: usize = 12;
    const WIDTH: f64 = 40.0;
    let Some(Summary { min, max, .. }) = series.summary().filter(|summary| summary.count >= 20)
    else {
        return Vec::new();
    };
    let low = min.as_secs_f64().max(1e-9);
    let ratio = (max.as_secs_f64() / low).powf(1.0 / 12.0).max(1.02);
    let edges: Vec<f64> =
        iter::successors(Some(low), |edge| Some(edge * ratio)).take(ROWS).collect();
    let mut counts = [0; ROWS];
    for (values, count) in series.histogram().ranges() {
        // The end of a range: rounding must not put the smallest sample below the first
        // edge.
        let seconds = Duration::from_nanos(*values.end()).as_secs_f64();
        let row = edges.partition_point(|&edge| edge <= seconds).saturating_sub(1);
        counts[row] += count;
    }
    let last = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
    let most = counts.iter().copied().max().unwrap_or(1);
    let row = |(edge, &count): (&f64, &u64)| {
        let from = ms(Duration::from_secs_f64(*edge));
        format!("{from:>9} ms {count:>9} {}", bar(float(count) / float(most) * WIDTH))
            .trim_end()
            .to_string()
    };
    edges.iter().zip(&counts[..=last]).map(row).collect()
}

/// A bar of so many characters, to an eighth of one.
fn bar(length: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 40 characters"
    )]
    let eighths = (length * 8.0).ceil() as usize;
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

/// Why a test failed, for one client or for some of several; nothing if it did not.
#[must_use]
pub fn failure<R: Measurement>(test: &str, results: &[R]) -> Option<String> {
    let failures: Vec<&io::Error> = results.iter().filter_map(R::failure).collect();
    let first = failures.first()?;
    Some(match results.len() {
        1 => format!("{test} failed: {first}"),
        clients => {
            format!("{test} failed for {} of {clients} clients, the first: {first}", failures.len())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pings(sent: u64, received: u64) -> Latency {
        let rtt =
            iter::repeat_n(Duration::from_millis(1), usize::try_from(received).unwrap()).collect();
        Latency { sent, rtt, ..Latency::default() }
    }

    #[test]
    fn loss_is_never_rounded_away() {
        assert_eq!(loss(&pings(10, 10)), "10 sent, 10 received, 0% lost");
        assert_eq!(loss(&pings(3, 2)), "3 sent, 2 received, 33.3% lost");
        assert_eq!(loss(&pings(100_000, 99_999)), "100000 sent, 99999 received, 0.1% lost");
        assert_eq!(loss(&pings(1_000_000, 1)), "1000000 sent, 1 received, 99.9% lost");
        assert_eq!(loss(&pings(1, 0)), "1 sent, 0 received, 100% lost");
        assert_eq!(loss(&pings(0, 0)), "0 sent, 0 received, 0% lost");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        assert_eq!(pings(1, 0).lines().len(), 1);
        let one = pings(1, 1).lines();
        assert_eq!(one[1], "rtt min/mean/p50/p99/max = 1.000/1.000/1.000/1.000/1.000 ms");
        assert_eq!(one[2], "rtt p90/p95/p99.9 = 1.000/1.000/1.000 ms");
        let two = pings(2, 2).lines();
        assert_eq!(
            two[1],
            "rtt min/mean/p50/p99/max/stddev = 1.000/1.000/1.000/1.000/1.000/0.000 ms"
        );
        assert_eq!(Bandwidth::default().lines(), ["nothing arrived"]);
    }

    #[test]
    fn rates_are_decimal_and_sizes_binary() {
        let measured = Bandwidth {
            bytes: 10 << 20,
            duration: Duration::from_millis(150),
            ..Bandwidth::default()
        };
        assert_eq!(measured.lines(), ["10.00 MiB in 0.1500 s, 559.24 Mbit/s"]);
    }

    #[test]
    fn a_distribution_counts_every_sample_once() {
        assert!(distribution(&pings(5, 5).rtt).is_empty());
        for series in [
            (1..=1000).map(Duration::from_micros).collect::<Recorder>(),
            iter::repeat_n(Duration::from_micros(50), 100).collect(),
            (0..50).map(|n| Duration::from_nanos(n * n * n * n)).collect(),
        ] {
            let lines = distribution(&series);
            let total: u64 = lines
                .iter()
                .map(|line| line.split_whitespace().nth(2).unwrap().parse::<u64>().unwrap())
                .sum();
            assert_eq!(total, series.count(), "{lines:#?}");
            assert!(lines.iter().any(|line| line.ends_with(&"█".repeat(40))));
        }
    }

    #[test]
    fn load_is_put_in_words() {
        let of = |ms| iter::repeat_n(Duration::from_millis(ms), 10).collect::<Recorder>();
        assert!(queueing("download", &of(10), &of(10)).unwrap().contains("nothing queues"));
        let slower = queueing("upload", &of(10), &of(110)).unwrap();
        assert!(slower.starts_with("During uploads half of the answers take 100."), "{slower}");
        assert_eq!(round_trips_per_minute(&of(10)).map(f64::round), Some(6_000.0));
    }
}
