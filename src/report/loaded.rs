//! Pings while the line is idle and while it is full, one below the other.

use super::Report;
use super::figures::{mbits, put, round_trips_per_minute, whole};
use crate::json::Map;
use crate::measure::{Bandwidth, Latency, Loaded};
use crate::stats::{Recorder, Summary};
use crate::units::ms;

impl Report for Loaded {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:<10} {:>8} {:>9} {:>9} {:>9} {:>9}   {:>8} {:>12}",
            "", "pings", "p50", "p90", "p99", "max ms", "per min", "Mbit/s"
        )];
        for (name, pings, transfer) in phases(self) {
            let Some(Summary { count, p50, p90, p99, max, .. }) = pings.rtt.summary() else {
                continue;
            };
            let [p50, p90, p99, max] = [p50, p90, p99, max].map(ms);
            let rpm =
                round_trips_per_minute(&pings.rtt).map_or(String::new(), |n| format!("{n:.0}"));
            let rate = mbits(transfer.and_then(Bandwidth::bits_per_second));
            lines.push(format!(
                "{name:<10} {count:>8} {p50:>9} {p90:>9} {p99:>9} {max:>9}   {rpm:>8} {rate:>12}"
            ));
        }
        lines.extend(queueing("download", &self.idle.rtt, &self.download.0.rtt));
        lines.extend(queueing("upload", &self.idle.rtt, &self.upload.0.rtt));
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
}

fn phases(loaded: &Loaded) -> [(&'static str, &Latency, Option<&Bandwidth>); 3] {
    let Loaded { idle, download, upload } = loaded;
    [
        ("idle", idle, None),
        ("download", &download.0, Some(&download.1)),
        ("upload", &upload.0, Some(&upload.1)),
    ]
}

/// What the load adds to an answer, in words.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter;
    use std::time::Duration;

    #[test]
    fn load_is_put_in_words() {
        let of = |ms| iter::repeat_n(Duration::from_millis(ms), 10).collect::<Recorder>();
        assert!(queueing("download", &of(10), &of(10)).unwrap().contains("nothing queues"));
        let slower = queueing("upload", &of(10), &of(110)).unwrap();
        assert!(slower.starts_with("During uploads half of the answers take 100."), "{slower}");
        assert_eq!(round_trips_per_minute(&of(10)).map(f64::round), Some(6_000.0));
    }
}
