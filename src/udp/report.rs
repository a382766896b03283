//! The figures of a measurement over UDP, as lines for people and as fields of JSON.
//!
//! The JSON has the [fields of pings](crate::report::json), where `rtt_ns` and `due_ns`
//! hold the answers within the timeout, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `lost` | pings without an answer |
//! | `late`, `duplicates`, `reordered` | answers after the timeout; second answers; answers after one to a later ping |
//! | `lost_there`, `lost_back` | lost pings that never reached the server; lost pings whose answer the network lost |
//! | `dropped_here` | datagrams for which the receive buffer of this socket had no room |
//! | `truncated`, `oversize`, `corrupted`, `foreign` | datagrams that were no answer |
//! | `jitter_rfc3550_ns` | the running estimate of RFC 3550 after the last answer, of round-trip times |
//! | `one_way_ns` | `there` and `back`, each a summary |
//! | `clock_offset_ns` | how far the server's clock is ahead; negative when it is behind |
//! | `clock_offset_error_ns` | the largest possible error of the offset, and so of each one-way delay |
//!
//! The events of the stream, and the parts of a table, are named `overdue`, `late`,
//! `lost` and `duplicate`, as the outcomes of a ping are.

use std::iter;
use std::time::Duration;

use super::measured::Udp;
use super::one_way::{OneWay, OneWaySummary};
use crate::json::Map;
use crate::measure::Latency;
use crate::report::Report;
use crate::report::figures::{percent, put, summary};
use crate::stats::Summary;
use crate::units::{ms, nanoseconds};

impl Report for Udp {
    fn lines(&self) -> Vec<String> {
        let figures = self.latency.lines().into_iter().skip(1);
        let jitter = jitter(self).map(|jitter| format!("jitter by RFC 3550 = {} ms", ms(jitter)));
        let one_way =
            self.one_way.as_ref().and_then(OneWay::summary).map(one_way).into_iter().flatten();
        iter::once(counts(self)).chain(figures).chain(jitter).chain(one_way).collect()
    }

    fn fields(&self, map: &mut Map) {
        self.latency.fields(map);
        map.insert("lost", self.lost());
        put(map, "lost_there", self.lost_there());
        put(map, "lost_back", self.lost_back());
        put(map, "dropped_here", self.dropped_here);
        for (name, count) in [
            ("late", self.late),
            ("duplicates", self.duplicates),
            ("reordered", self.reordered),
            ("truncated", self.truncated),
            ("oversize", self.oversize),
            ("corrupted", self.corrupted),
            ("foreign", self.foreign),
        ] {
            map.insert(name, count);
        }
        put(map, "jitter_rfc3550_ns", jitter(self).map(nanoseconds));
        if let Some(one_way) = self.one_way.as_ref().and_then(OneWay::summary) {
            let ways = [("there", one_way.there), ("back", one_way.back)];
            let ways = ways.map(|(way, figures)| (way, summary(&figures).into()));
            map.insert("one_way_ns", Map::from(ways));
            map.insert("clock_offset_ns", one_way.offset_ns);
            map.insert("clock_offset_error_ns", nanoseconds(one_way.error));
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.latency.warnings()
    }

    fn pings(&self) -> Option<&Latency> {
        Some(&self.latency)
    }
}

fn jitter(udp: &Udp) -> Option<Duration> {
    udp.jitter?.estimate()
}

/// Formats what became of all pings, such as `10 sent, 7 received, 30.0% lost (1 on the
/// way there, 2 on the way back), 1 late`. Counts of zero are left out.
fn counts(udp: &Udp) -> String {
    let (sent, lost) = (udp.latency.sent, udp.lost());
    let ways = udp.lost_there().zip(udp.lost_back()).filter(|_| lost > 0);
    let here = udp.dropped_here.filter(|&here| here > 0);
    let others = [
        (udp.late, "late"),
        (udp.duplicates, "duplicate"),
        (udp.reordered, "reordered"),
        (udp.truncated, "truncated"),
        (udp.oversize, "oversize"),
        (udp.corrupted, "corrupted"),
        (udp.foreign, "foreign"),
    ];
    let first =
        format!("{sent} sent, {} received, {}% lost", udp.latency.rtt.count(), percent(lost, sent));
    let ways =
        ways.map(|(there, back)| format!(" ({there} on the way there, {back} on the way back)"));
    let others = others
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, what)| format!(", {count} {what}"));
    let here = here.map(|here| format!(", {here} dropped by this socket's full receive buffer"));
    iter::once(first).chain(ways).chain(others).chain(here).collect()
}

/// Formats the delay of each direction, and the offset of the clocks.
fn one_way(OneWaySummary { there, back, offset_ns, error }: OneWaySummary) -> [String; 3] {
    let way = |name, Summary { min, mean, p50, p99, max, .. }: Summary| {
        format!("{name} min/mean/p50/p99/max = {} ms", [min, mean, p50, p99, max].map(ms).join("/"))
    };
    let apart = ms(Duration::from_nanos(offset_ns.unsigned_abs()));
    let side = if offset_ns < 0 { "behind" } else { "ahead of" };
    let clock =
        format!("each way ± {} ms: the server's clock seems {apart} ms {side} this one", ms(error));
    [way("there", there), way("back", back), clock]
}
