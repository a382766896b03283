//! Results for a program, in one document.
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
//! | `scheduling_delay_ns` | how late each ping was sent, where there is an interval: a summary |
//!
//! `lag` has these fields too, as the server measured them, once it has said so, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `protocol_errors` | lines that the server did not take for the echo of a ping |
//! | `echoed` | pings of the server's that this client sent back |
//! | `turnaround_ns` | from when each had been read to when its echo had been written: a summary |
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
//! as [`Summary`](crate::stats::Summary) defines them.
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

use std::io::{self, Write};

use super::figures::put;
use super::{Reporter, Results, Test};
use crate::json::{Map, Value, pretty};
use crate::units::nanoseconds;

/// The form of one document, written when all tests are over.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
    document: Document,
}

impl<W: Write> Json<W> {
    /// Writes this document to `out`.
    pub fn new(out: W, document: Document) -> Self {
        Json { out, document }
    }
}

impl<W: Write + Send> Reporter for Json<W> {
    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        self.document.add(test, results);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let document = std::mem::take(&mut self.document).finish();
        writeln!(self.out, "{}", pretty(&document.into()).trim_end())
    }
}

/// A document, as far as it is known.
#[derive(Debug, Default)]
pub struct Document {
    map: Map,
    tests: Vec<Value>,
    /// What comes behind the tests.
    more: Map,
    listed: bool,
}

impl Document {
    /// A document about this server, if there is a single one. If `listed`, each test
    /// lists its clients even if there is only one.
    #[must_use]
    pub fn new(server: Option<(&str, u16)>, listed: bool) -> Self {
        let mut map = Map::default();
        map.insert("roundtrip", env!("CARGO_PKG_VERSION"));
        put(&mut map, "host", server.map(|(host, _)| host));
        put(&mut map, "port", server.map(|(_, port)| u64::from(port)));
        Document { map, listed, ..Document::default() }
    }

    /// Adds what a test has measured, and returns its objects.
    pub(super) fn add(&mut self, test: &Test, results: &Results) -> Vec<Map> {
        let parts = results.parts();
        let objects: Vec<Map> =
            parts.iter().map(|(_, results)| object(test, results, self.listed)).collect();
        self.tests.extend(objects.iter().cloned().map(Value::Map));
        results.total.document(&mut self.more);
        objects
    }

    /// The document, now that all tests are over.
    pub(super) fn finish(mut self) -> Map {
        self.map.insert("tests", self.tests);
        self.map.extend(&self.more);
        self.map
    }
}

/// The object of a test: what all clients measured, and then each of them.
fn object(test: &Test, results: &Results, listed: bool) -> Map {
    let one = |result: &dyn super::Report, failure: Option<&io::Error>| {
        let mut map = Map::default();
        map.insert("test", test.name);
        map.insert("ok", failure.is_none());
        put(&mut map, "error", failure.map(ToString::to_string));
        result.fields(&mut map);
        map
    };
    let mut map = one(results.total, results.failure());
    if listed || results.clients.len() > 1 {
        let clients =
            results.clients.iter().map(|client| Value::Map(one(*client, client.failure())));
        map.insert("clients", clients.collect::<Vec<_>>());
    }
    if let Some(environment) = results.environment {
        map.insert("clock_ns", nanoseconds(environment.clock));
        put(&mut map, "host_retransmitted_segments", environment.retransmitted);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Latency, Measurement};
    use crate::report::{Report, Title};

    #[test]
    fn what_is_not_known_is_not_in_the_document() {
        let failed = Latency::failed(io::ErrorKind::ConnectionRefused.into());
        let total: &dyn Report = &failed;
        let results = Results { clients: vec![total], total, environment: None };
        let title = Title::Above(String::new());
        let (unit, name) = ("ping", "latency");
        let (clients, count, shown, goal, unseen) = (1, None, None, None, true);
        let test = Test { name, title, unit, clients, count, shown, goal, unseen };
        let mut document = Document::new(Some(("localhost", 5001)), false);
        document.add(&test, &results);
        let written = Value::Map(document.finish()).to_string();
        assert!(
            written.ends_with(
                r#""tests":[{"test":"latency","ok":false,"error":"connection refused","sent":0,"received":0}]}"#
            ),
            "{written}"
        );
    }
}
