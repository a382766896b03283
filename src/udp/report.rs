//! The figures of a measurement over UDP, as lines for people and as fields of JSON.
//!
//! The JSON has the [fields of pings](crate::report::json), where `rtt_ns` and `due_ns`
//! hold the answers within the timeout, and
//!
//! | field | what it holds |
//! | --- | --- |
//! | `lost` | `sent` without `received`, `late` and `rejected` |
//! | `lost_there`, `lost_back` | where; absent if the server does not count |
//! | `dropped_here` | dropped by this socket's full receive buffer, after a loss |
//! | `refused_here` | pings that this machine refused to send; `sent` excludes them |
//! | `rejected` | pings on their way when the port was found to be closed |
//! | `late` | answers after the timeout; `received` and `lost` exclude them |
//! | `duplicates` | answers that came again |
//! | `reordered` | answers that came after the answer to a later ping |
//! | `truncated`, `oversize` | datagrams shorter or longer than an answer |
//! | `corrupted`, `foreign` | datagrams with other bytes, or for no ping |
//! | `answered_from` | another address, from which the server answered |
//! | `jitter_rfc3550_ns` | the jitter of the round-trip times by RFC 3550 |
//! | `one_way_ns` | the delays `there` and `back`, unless a clock moved |
//! | `clock_offset_ns` | how far the server's clock is ahead of this one |
//! | `clock_offset_error_ns` | the error bound of the offset and of both delays |
//! | `clock_moves` | exchanges that prove that a clock was set or drifts |
//! | `clock_step_ns` | the largest step; negative if the clock was set back |
//! | `clock_drift_ppm` | the drift in millionths; negative if the clock is slow |
//!
//! The events of the stream, and the parts of a table, are named `lost`, `late`,
//! `rejected`, `refused` and `duplicate`, as the outcomes of a ping are.

use std::io::ErrorKind;
use std::iter;
use std::time::Duration;

use super::measured::Udp;
use super::moves::ClockChange;
use super::one_way::{OneWay, OneWaySummary};
use crate::json::Map;
use crate::measure::{Latency, Measurement as _};
use crate::report::Report;
use crate::report::figures::{percent, put, summary};
use crate::report::table::summaries;
use crate::units::{float, ms, nanoseconds};

impl Report for Udp {
    fn lines(&self) -> Vec<String> {
        let figures = self.latency.lines().into_iter().skip(1);
        let jitter = jitter(self).map(|jitter| format!("jitter by RFC 3550 = {} ms", ms(jitter)));
        let one_way = self.one_way.as_ref().map(one_way).unwrap_or_default();
        iter::once(counts(self)).chain(figures).chain(jitter).chain(one_way).collect()
    }

    fn brief(&self) -> String {
        let p50 = self.latency.headline().map_or(String::new(), |p50| format!(", rtt {p50}"));
        counts(self) + &p50
    }

    fn fields(&self, map: &mut Map) {
        self.latency.fields(map);
        map.insert("lost", self.lost());
        put(map, "lost_there", self.lost_there());
        put(map, "lost_back", self.lost_back());
        put(map, "dropped_here", self.dropped_here);
        for (name, count) in [
            ("refused_here", self.refused_here),
            ("rejected", self.rejected),
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
        put(map, "answered_from", self.answered_from.map(|address| address.to_string()));
        put(map, "jitter_rfc3550_ns", jitter(self).map(nanoseconds));
        if let Some(one_way) = &self.one_way {
            put_one_way(map, one_way);
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.latency.warnings()
    }

    fn pings(&self) -> Option<&Latency> {
        Some(&self.latency)
    }
}

fn put_one_way(map: &mut Map, one_way: &OneWay) {
    if let Some(OneWaySummary { there, back, offset_ns, error }) = one_way.summary() {
        let ways = [("there", there), ("back", back)];
        let ways = ways.map(|(way, figures)| (way, summary(&figures).into()));
        map.insert("one_way_ns", Map::from(ways));
        map.insert("clock_offset_ns", offset_ns);
        map.insert("clock_offset_error_ns", nanoseconds(error));
    }
    if one_way.exchanges() > 0 {
        map.insert("clock_moves", one_way.clock_moves());
    }
    match one_way.clock_change() {
        Some(ClockChange::Set { largest_ns: ns, .. } | ClockChange::Unclear { moved_ns: ns }) => {
            map.insert("clock_step_ns", ns);
        }
        Some(ClockChange::Drifts { ppm }) => map.insert("clock_drift_ppm", ppm),
        None => {}
    }
}

fn jitter(udp: &Udp) -> Option<Duration> {
    udp.jitter?.estimate()
}

/// Formats what became of all pings, such as `10 sent, 7 received, 30.0% lost (1 on the
/// way there, 2 on the way back), 1 late`. Counts of zero are left out.
fn counts(udp: &Udp) -> String {
    let (sent, received, lost) = (udp.latency.sent, udp.latency.rtt.count(), udp.lost());
    let closed = udp.failure().filter(|error| error.kind() == ErrorKind::ConnectionRefused);
    let first = match (sent, closed) {
        // A closed port loses no ping.
        (0, Some(_)) => "nothing measured: the port is closed".into(),
        (_, Some(_)) => format!("{sent} sent, {received} received, then the port was closed"),
        (0, None) => "no ping was sent".into(),
        (_, None) => format!("{sent} sent, {received} received, {}% lost", percent(lost, sent)),
    };
    let ways = udp.lost_there().zip(udp.lost_back()).filter(|_| lost > 0 && closed.is_none());
    let ways =
        ways.map(|(there, back)| format!(" ({there} on the way there, {back} on the way back)"));
    let others = [
        (if closed.is_some() { lost } else { 0 }, "lost"),
        // Of several clients, whose total has no failure of its own.
        (if closed.is_none() { udp.rejected } else { 0 }, "rejected by a closed port"),
        (udp.late, "late"),
        (udp.duplicates, "duplicate"),
        (udp.reordered, "reordered"),
        (udp.truncated, "truncated"),
        (udp.oversize, "oversize"),
        (udp.corrupted, "corrupted"),
        (udp.foreign, "foreign"),
        (udp.refused_here, "refused by this machine"),
        (udp.dropped_here.unwrap_or(0), "dropped by this socket's full receive buffer"),
    ];
    let others = others
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, what)| format!(", {count} {what}"));
    let why = udp.refusal.as_ref().map(|why| format!(" ({why})"));
    iter::once(first).chain(ways).chain(others).chain(why).collect()
}

/// Formats the delay of each direction and the offset of the clocks, or why there are
/// none.
fn one_way(one_way: &OneWay) -> Vec<String> {
    if let Some(change) = one_way.clock_change() {
        return vec![
            changed(change),
            "so the delay of each way is not known, only that of the round trip".into(),
        ];
    }
    let Some(OneWaySummary { there, back, offset_ns, error }) = one_way.summary() else {
        return Vec::new();
    };
    let (error, apart) = (ms(error), distance(offset_ns));
    let side = if offset_ns < 0 { "behind" } else { "ahead of" };
    let clock = format!("each way ± {error} ms: the server's clock seems {apart} {side} this one");
    summaries(&[("there", there), ("back", back)]).into_iter().chain([clock]).collect()
}

/// Formats how the server's clock changed against this one. Which of the two was set
/// nobody can tell from here.
fn changed(change: ClockChange) -> String {
    let side = |ns: i64| if ns < 0 { "back" } else { "ahead" };
    let moved =
        |ns| format!("the server's moved {} by {} against this one", side(ns), distance(ns));
    match change {
        ClockChange::Set { times: 1, largest_ns } => {
            format!("a clock was set: {}", moved(largest_ns))
        }
        ClockChange::Set { times, largest_ns } => {
            format!("a clock was set {times} times: at most, {}", moved(largest_ns))
        }
        ClockChange::Unclear { moved_ns } => {
            format!("a clock was set, or it drifts: {}", moved(moved_ns))
        }
        ClockChange::Drifts { ppm } => {
            let side = if ppm < 0 { "slower" } else { "faster" };
            let percent = float(ppm.unsigned_abs()) / 1e4;
            format!("a clock drifts: the server's runs {percent:.2}% {side} than this one")
        }
    }
}

fn distance(ns: i64) -> String {
    format!("{} ms", ms(Duration::from_nanos(ns.unsigned_abs())))
}
