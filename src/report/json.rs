//! Results for programs.
//!
//! One document: `{"roundtrip", "host", "port", "tests": […]}`. Numbers of time are
//! whole nanoseconds and their names end in `_ns`. What is not known is left out: there
//! is no `null` for a number. Each object in `tests` has
//!
//! | field | meaning |
//! | --- | --- |
//! | `test` | the test, as given to `--test` |
//! | `ok` | whether it succeeded |
//! | `error` | if it did not, why (of several clients, the first that failed) |
//! | `clients` | with several clients, a list of the same objects, one for each |
//! | `clock_ns` | what one reading of the clock takes |
//! | `host_retransmitted_segments` | TCP segments that this host, all programs together, sent again meanwhile |
//!
//! and, of pings,
//!
//! | field | meaning |
//! | --- | --- |
//! | `sent`, `received` | pings sent, without the warm-up; pings answered |
//! | `rtt_ns` | from when each answered ping was sent to its answer: a summary |
//! | `due_ns` | the same from when it was due, where there is an interval: a summary |
//! | `sent_late_ns` | how late each ping was sent, where there is an interval: a summary |
//!
//! `lag` has these fields too, as the server measured them, once it has said so, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `faults` | lines that the server did not take for the echo of a ping |
//! | `echoed` | pings of the server's that this client sent back |
//! | `turn_round_ns` | from when each had been read to when its echo had been written: a summary |
//!
//! of `status`,
//!
//! | field | meaning |
//! | --- | --- |
//! | `asked`, `answered` | how many clients asked, and were answered |
//! | `delay_ns` | from just before each question was written until its answer had arrived: a summary |
//! | `status` | with one client, the [server's object](crate::session::status) with `recvtime` and `delay`, both in seconds |
//!
//! of a bulk transfer (`bidirectional` has two, under `download` and `upload`),
//!
//! | field | meaning |
//! | --- | --- |
//! | `bytes` | how many arrived |
//! | `duration_ns` | from the server's `READY` until the last one had |
//! | `bits_per_second` | the first over the second |
//! | `server_duration_ns` | an upload's time as the server saw it |
//! | `cpu_percent` | how much of one processor this side's thread used, where ticks of 10 ms can tell |
//!
//! `udp` has the fields of pings, where `rtt_ns` and `due_ns` are of answers within the
//! timeout, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `lost`, `late`, `duplicates`, `reordered` | pings without an answer; answers after the timeout, once more, and after one to a later ping |
//! | `lost_there`, `lost_back` | how many of the lost never reached the server, and of how many the network lost the answer |
//! | `dropped_here` | datagrams for which this socket's receive buffer had no room |
//! | `truncated`, `oversize`, `corrupted`, `foreign` | datagrams that were no answer |
//! | `jitter_rfc3550_ns` | the running estimate of RFC 3550 after the last answer, of round-trip times |
//! | `one_way_ns` | `there` and `back`, each a summary |
//! | `clock_offset_ns` | how far the server's clock is ahead; negative when it is behind |
//! | `clock_offset_error_ns` | how much that, and so each one-way delay, is wrong at most |
//!
//! `loaded` has `idle`, `download` and `upload`, each with the fields of pings,
//! `round_trips_per_minute` (60 s over the median) and, of the last two, the fields of
//! a transfer. `sweep` has `sizes`, a list with `payload_bytes`, the fields of pings
//! and `bits_per_second` (payload one way, over the mean).
//!
//! A summary has `count`, `min`, `mean`, `max`, `stddev`, `p50`, `p90`, `p95`, `p99`,
//! `p99_9` and `jitter` (the mean absolute difference between one sample and the next),
//! as [`Summary`] defines them.
//!
//! `call` has an object for each way that calls went, with the fields of pings, where a
//! ping is a call, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `socket`, `framing`, `serialization` | `tcp` or `unix`; `websocket` or `rawsocket`; `json` or `msgpack` |
//! | `url` | instead of these: the router that somebody else runs |
//! | `calls_per_second` | how many were answered, over the time that the batches took |
//!
//! and the document has `effects`, with `socket`, `framing` and `serialization`, as far
//! as they are known:
//!
//! | field | meaning |
//! | --- | --- |
//! | `from`, `to` | the one thing, and what takes its place |
//! | `pairs` | how many pairs of combinations that differ in nothing else this is the mean of, four at most |
//! | `mean_ns`, `p50_ns` | by how much that makes means and medians longer; negative where they are shorter |
//! | `mean_ratio_permille`, `p50_ratio_permille` | so many thousandths as long |
//! | `mean_error_ns` | the standard error of `mean_ns` |
//!
//! There, `host` and `port` are those of the first router that listens on TCP.
//!
//! # The stream
//!
//! With `--json-stream` each line is an object with an `event`: `start` of a test;
//! `ping` (with `client`, `part`, `number`, `at_ns`, `rtt_ns`, `due_ns`; `rtt_ns` is
//! the turn-round time in the part `turn-round` of `lag`); `call`, the same of a call,
//! and `batch`, told when a batch ends (with `part`, `batch`, `batches`, `calls` and
//! `mean_ns`); `overdue`, `late`, `lost` and `duplicate`, what else becomes of a ping
//! over UDP (with the same, as far as there is an answer); `progress` of a transfer
//! (with `direction`, and the `bytes` of the tenth of a second that ended `at_ns`);
//! `result`, a test's object; and at the end `document`, the whole.

use crate::json::{Map, Value};
use crate::measure::environment::Environment;
use crate::measure::{Bandwidth, Bidirectional, Latency, Loaded, Measurement, Sample, Sweep};
use crate::report::text;
use crate::stats::Summary;
use crate::units::nanoseconds;

/// A result that can be told as an object.
pub trait Fields {
    /// Adds its fields.
    fn fields(&self, map: &mut Map);
}

impl Fields for Latency {
    fn fields(&self, map: &mut Map) {
        map.insert("sent", self.sent);
        map.insert("received", self.rtt.count());
        for (name, series) in
            [("rtt_ns", &self.rtt), ("due_ns", &self.due), ("sent_late_ns", &self.lateness)]
        {
            put(map, name, series.summary().as_ref().map(summary));
        }
    }
}

impl Fields for Bandwidth {
    fn fields(&self, map: &mut Map) {
        map.insert("bytes", self.bytes);
        map.insert("duration_ns", nanoseconds(self.duration));
        put(map, "bits_per_second", self.bits_per_second().map(whole));
        put(map, "server_duration_ns", self.server.map(|server| nanoseconds(server.duration)));
        put(map, "cpu_percent", self.cpu.map(|cpu| whole(cpu * 100.0)));
    }
}

impl Fields for Bidirectional {
    fn fields(&self, map: &mut Map) {
        map.insert("download", object(&self.download));
        map.insert("upload", object(&self.upload));
    }
}

impl Fields for Loaded {
    fn fields(&self, map: &mut Map) {
        let part = |pings: &Latency, transfer: Option<&Bandwidth>| {
            let mut part = object(pings);
            put(
                &mut part,
                "round_trips_per_minute",
                text::round_trips_per_minute(&pings.rtt).map(whole),
            );
            if let Some(transfer) = transfer {
                transfer.fields(&mut part);
            }
            part
        };
        map.insert("idle", part(&self.idle, None));
        map.insert("download", part(&self.download.0, Some(&self.download.1)));
        map.insert("upload", part(&self.upload.0, Some(&self.upload.1)));
    }
}

impl Fields for Sweep {
    fn fields(&self, map: &mut Map) {
        let row = |row: &crate::measure::Row| {
            let mut size = Map::default();
            size.insert("payload_bytes", row.payload as u64);
            row.latency.fields(&mut size);
            put(&mut size, "bits_per_second", row.bits_per_second().map(whole));
            Value::Map(size)
        };
        map.insert("sizes", self.rows.iter().map(row).collect::<Vec<_>>());
    }
}

/// A test's object, from the results of its clients, which are `listed` if there are
/// several or somebody wants so.
#[must_use]
pub fn test<R: Measurement + Fields>(
    name: &str,
    results: &[R],
    listed: bool,
    environment: Option<&Environment>,
) -> Map {
    let one = |result: &R, failure: Option<String>| {
        let mut map = Map::default();
        map.insert("test", name);
        map.insert("ok", failure.is_none());
        put(&mut map, "error", failure);
        result.fields(&mut map);
        map
    };
    let reason = |result: &R| result.failure().map(ToString::to_string);
    let mut map = match results {
        [only] => one(only, reason(only)),
        several => one(&R::total(several), several.iter().find_map(reason)),
    };
    if listed || results.len() > 1 {
        let clients = results.iter().map(|result| Value::Map(one(result, reason(result))));
        map.insert("clients", clients.collect::<Vec<_>>());
    }
    if let Some(environment) = environment {
        map.insert("clock_ns", nanoseconds(environment.clock));
        put(&mut map, "host_retransmitted_segments", environment.retransmitted);
    }
    map
}

/// The whole document.
///
/// ```
/// use roundtrip::measure::{Latency, Measurement};
/// use roundtrip::report::json::{document, test};
/// use roundtrip::json::Value;
/// use std::io::ErrorKind;
///
/// let failed = Latency::failed(ErrorKind::ConnectionRefused.into());
/// let tests = vec![Value::Map(test("latency", &[failed], false, None))];
/// let text = Value::Map(document(Some(("localhost", 5001)), tests)).to_string();
/// assert!(text.ends_with(r#""tests":[{"test":"latency","ok":false,"error":"connection refused","sent":0,"received":0}]}"#));
/// ```
#[must_use]
pub fn document(server: Option<(&str, u16)>, tests: Vec<Value>) -> Map {
    let mut map = Map::default();
    map.insert("roundtrip", env!("CARGO_PKG_VERSION"));
    put(&mut map, "host", server.map(|(host, _)| host));
    put(&mut map, "port", server.map(|(_, port)| u64::from(port)));
    map.insert("tests", tests);
    map
}

/// An event of the stream that holds one sample.
#[must_use]
pub fn event(test: &str, client: usize, part: &str, sample: &Sample) -> Map {
    let mut map = Map::default();
    map.insert(
        "event",
        match *sample {
            Sample::Ping { .. } if test == "call" => "call",
            Sample::Ping { .. } => "ping",
            Sample::Outcome { outcome, .. } => outcome.word,
            Sample::Piece { .. } => "progress",
        },
    );
    map.insert("test", test);
    map.insert("client", client as u64);
    put(&mut map, "part", (!part.is_empty()).then_some(part));
    match *sample {
        Sample::Ping { number, at, rtt, due } => {
            map.insert("number", number);
            map.insert("at_ns", nanoseconds(at));
            map.insert("rtt_ns", nanoseconds(rtt));
            put(&mut map, "due_ns", due.map(nanoseconds));
        }
        Sample::Outcome { number, at, rtt, .. } => {
            map.insert("number", number);
            map.insert("at_ns", nanoseconds(at));
            put(&mut map, "rtt_ns", rtt.map(nanoseconds));
        }
        Sample::Piece { direction, at, bytes } => {
            map.insert("direction", text::direction(direction));
            map.insert("at_ns", nanoseconds(at));
            map.insert("bytes", bytes);
        }
    }
    map
}

fn object(result: &impl Fields) -> Map {
    let mut map = Map::default();
    result.fields(&mut map);
    map
}

pub(crate) fn summary(summary: &Summary) -> Map {
    summary.nanoseconds().map(|(name, figure)| (name, figure.into())).collect()
}

/// What is not known is left out.
pub(crate) fn put(map: &mut Map, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(name, value);
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive, and a cast saturates"
)]
pub(crate) fn whole(rate: f64) -> u64 {
    rate.round() as u64
}
