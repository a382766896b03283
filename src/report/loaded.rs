//! Pings while the line is idle and while it is full, one below the other.

use std::time::Duration;

use super::figures::{FEW, VERY_FEW, columns, p90, p99, put, rates, round_trips_per_minute, whole};
use super::{Chart, Report};
use crate::json::Map;
use crate::measure::{Bandwidth, Latency, Loaded};
use crate::stats::{Recorder, Summary};
use crate::units::ms;

impl Report for Loaded {
    fn lines(&self) -> Vec<String> {
        let rates_of = |(_, _, transfer): (_, _, Option<&Bandwidth>)| transfer?.bits_per_second();
        let (unit, rates) = rates(&phases(self).map(rates_of));
        let row = |name, cells: [String; 7]| format!("{name:<8}{}", columns(&cells));
        let heads = ["pings", "p50", "p90", "p99", "max ms", "per min", unit];
        let mut lines = vec![row("", heads.map(String::from))];
        for ((name, pings, _), rate) in phases(self).into_iter().zip(rates) {
            let Some(summary) = pings.rtt.summary() else {
                continue;
            };
            let Summary { count, p50, max, .. } = summary;
            let ([p50, max], p90, p99) = ([p50, max].map(ms), p90(&summary), p99(&summary));
            let rpm =
                round_trips_per_minute(&pings.rtt).map_or(String::new(), |n| format!("{n:.0}"));
            lines.push(row(name, [count.to_string(), p50, p90, p99, max, rpm, rate]));
        }
        for (name, pings, transfer) in phases(self) {
            let transfer = transfer.filter(|transfer| transfer.start.is_some());
            lines.extend(transfer.and_then(|load| compared(name, &self.idle.rtt, pings, load)));
        }
        lines
    }

    fn brief(&self) -> String {
        let phase = |(name, pings, _): (_, &Latency, _)| {
            Some(format!("{name} {}", ms(pings.rtt.summary()?.p50)))
        };
        let phases = phases(self).into_iter().filter_map(phase).collect::<Vec<_>>();
        format!("p50 {} ms", phases.join(", "))
    }

    fn fields(&self, map: &mut Map) {
        for (name, pings, transfer) in phases(self) {
            let mut part = Map::default();
            pings.fields(&mut part);
            let rpm = round_trips_per_minute(&pings.rtt).map(whole);
            put(&mut part, "round_trips_per_minute", rpm);
            if let Some(transfer) = transfer {
                transfer.fields(&mut part);
            }
            map.insert(name, part);
        }
    }

    fn chart(&self) -> Option<Chart> {
        Some(Chart::Phases(&["idle", "download", "upload"]))
    }
}

fn phases(loaded: &Loaded) -> [(&'static str, &Latency, Option<&Bandwidth>); 3] {
    let Loaded { idle, download, upload } = loaded;
    [
        ("idle", idle, None),
        ("download", &download.0, Some(&download.1)),
        ("upload", &upload.0, Some(&upload.1)),
    ]
}

/// What was seen of answers during a transfer, in words. A transfer that failed allows no
/// conclusion: perhaps nothing was on the line. Percentiles are judged together, since
/// each can change without the others.
fn compared(what: &str, idle: &Recorder, pings: &Latency, transfer: &Bandwidth) -> Option<String> {
    if transfer.failure.is_some() || pings.failure.is_some() {
        return None;
    }
    let of = |Summary { p50, p90, p99, .. }: Summary| [p50, p90, p99];
    // Of fewer than 100 samples, the 99th percentile is the maximum.
    let count = idle.count().min(pings.rtt.count());
    let last = if count < FEW { "max" } else { "p99" };
    let (idle, busy) = (of(idle.summary()?), of(pings.rtt.summary()?));
    let rose = busy.iter().zip(idle).filter(|(busy, idle)| **busy > *idle + *idle / 10).count();
    let verdict = match rose {
        0 => "answers took no longer than when the line was idle",
        3 => "answers took longer than when the line was idle",
        _ => "some answers took longer than when the line was idle",
    };
    let change = |((name, busy), idle): ((&str, Duration), Duration)| {
        let sign = if busy >= idle { "+" } else { "-" };
        format!("{name} {sign}{} ms", ms(busy.abs_diff(idle)))
    };
    let changes = ["p50", "p90", last].into_iter().zip(busy).zip(idle);
    let shown = changes.filter(|((name, _), _)| *name != "p90" || count >= VERY_FEW);
    let changes: Vec<_> = shown.map(change).collect();
    Some(format!("During {what}s {verdict}: {}.", changes.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measurement;
    use std::iter;

    #[test]
    fn load_is_put_in_words() {
        let of = |samples: &[(u64, usize)]| Latency {
            rtt: samples
                .iter()
                .flat_map(|&(ms, count)| iter::repeat_n(Duration::from_millis(ms), count))
                .collect(),
            ..Latency::default()
        };
        let (idle, load) = (of(&[(10, 100)]).rtt, Bandwidth::default());
        let words = |pings| compared("upload", &idle, &pings, &load).unwrap();
        assert!(words(of(&[(10, 100)])).contains("answers took no longer"));
        let slower = words(of(&[(110, 100)]));
        assert!(slower.starts_with("During uploads answers took longer"), "{slower}");
        // The median falls, and one answer in 50 waits.
        let some = words(of(&[(9, 98), (120, 2)]));
        assert!(some.contains("some answers took longer") && some.contains("p50 -"), "{some}");
        let failed = Bandwidth::failed(std::io::ErrorKind::TimedOut.into());
        assert_eq!(compared("upload", &idle, &of(&[(10, 100)]), &failed), None);
        assert_eq!(round_trips_per_minute(&idle).map(f64::round), Some(6_000.0));
    }
}
