//! Results for a program, in one document.
//!
//! | field | meaning |
//! | --- | --- |
//! | `roundtrip` | the version of the program |
//! | `started` | when the run began: date and time in UTC (RFC 3339) |
//! | `label` | what the user calls the run (`--label`) |
//! | `host`, `port` | the server, as the user named it; of `call`, the first router on TCP |
//! | `peer` | the address and port that was really measured; absent for Unix sockets and several routers |
//! | `plan` | what was asked for: `count`, `time_ns`, `bytes`, `interval_ns`, `warmup`, `warmup_ns`, `payload_bytes`, `clients`, `timeout_ns`, each where it means something |
//! | `tests` | a list with an object for each test |
//! | `interrupted` | `true` if the user ended the run early; the test that was running is not `ok` |
//!
//! Times are whole nanoseconds, and the names of such fields end in `_ns`. What is not
//! known is left out: there is no `null` for a number. Each object in `tests` has
//!
//! | field | meaning |
//! | --- | --- |
//! | `test` | the name of the test, as given to `--test` |
//! | `ok` | whether the test succeeded |
//! | `error` | why it failed; of several clients, the first error |
//! | `first_answer_ns` | with one client, from the start of connecting to the first answer, that of a warm-up included; absent where the test made no connection of its own |
//! | `elapsed_ns` | from the start of the first client to the end of the last |
//! | `clients` | with several clients, a list of such objects, one for each client |
//! | `clock_ns` | how long it takes to read the clock once |
//! | `host_retransmitted_segments` | TCP segments that all programs of this host have retransmitted meanwhile |
//!
//! A series of pings (`latency`) has
//!
//! | field | meaning |
//! | --- | --- |
//! | `sent`, `received` | pings sent, without the warm-up; pings answered |
//! | `rtt_ns` | from when each answered ping was sent to its answer: a summary |
//! | `due_ns` | from when each answered ping was due to its answer, where there is an interval: a summary |
//! | `scheduling_delay_ns` | how late each ping was sent, where there is an interval: a summary |
//!
//! `connect` has
//!
//! | field | meaning |
//! | --- | --- |
//! | `connections` | connections that were answered, and then closed in order, without the warm-up |
//! | `elapsed_ns` | from when the first connection was begun until the last one was closed |
//! | `connections_per_second` | the connections over that time |
//! | `connect_ns` | from when each connection was begun until it was there: a summary |
//! | `rtt_ns` | from when each connection was begun to the answer to its ping: a summary |
//! | `due_ns`, `scheduling_delay_ns` | as of pings, where there is an interval |
//!
//! `lag` has the fields of pings as the server measured them, once it has reported, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `protocol_errors` | lines that the server did not accept as the echo of a ping |
//! | `echoed` | pings of the server that this client sent back |
//! | `turnaround_ns` | from when each ping had been read to when its echo had been written: a summary |
//!
//! `status` has
//!
//! | field | meaning |
//! | --- | --- |
//! | `asked`, `answered` | how many clients asked, and how many were answered |
//! | `delay_ns` | from just before each question was written until its answer had arrived: a summary |
//! | `status` | with one client, the [object of the server](crate::session::status) with `recvtime` and `delay`, both in seconds |
//!
//! A bulk transfer (`bidirectional` has two, under `download` and `upload`) has
//!
//! | field | meaning |
//! | --- | --- |
//! | `bytes` | how many bytes arrived, without those of a warm-up |
//! | `duration_ns` | from the server's `READY`, or the end of the warm-up, until the last byte had arrived |
//! | `bits_per_second` | the bits that arrived, over the duration |
//! | `server_duration_ns` | the duration of an upload as the server measured it |
//! | `cpu_percent` | how much of one processor this side's thread used, where ticks of 10 ms can tell |
//!
//! `loaded` has `idle`, `download` and `upload`, each with the fields of pings and
//! `round_trips_per_minute` (60 s over the median). The last two also have the fields
//! of a transfer. `sweep` has `sizes`, a list with `payload_bytes`, the fields of pings
//! and `bits_per_second` (the payload in one direction, over the mean).
//!
//! A summary has `count`, `min`, `mean`, `max`, `stddev`, `p50`, `p90`, `p95`, `p99`,
//! `p99_9` and `jitter` (the mean absolute difference between one sample and the next),
//! as [`Summary`](crate::stats::Summary) defines them.
//!
//! With an earlier run to compare with, the document has a list
//! [`baseline`](super::baseline).
//!
//! Other protocols define their fields beside their measurements.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::figures::put;
use super::{Reporter, Results, Test};
use crate::json::{Map, Value, pretty};
use crate::pace::Stop;
use crate::units::{nanoseconds, utc};

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
    fn peer(&mut self, peer: SocketAddr) -> io::Result<()> {
        self.document.peer(peer);
        Ok(())
    }

    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        self.document.add(test, results);
        Ok(())
    }

    fn compared(&mut self, _: &[String], series: &[Map]) -> io::Result<()> {
        self.document.compared(series);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let document = std::mem::take(&mut self.document).finish();
        writeln!(self.out, "{}", pretty(&document.into()).trim_end())
    }
}

/// What is known of a run before it begins.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The server, if there is a single one.
    pub server: Option<(String, u16)>,
    /// What the user calls this run.
    pub label: Option<String>,
    /// What was asked for: `count` and so on.
    pub plan: Map,
    /// Whether each test lists its clients even if there is only one.
    pub listed: bool,
    /// Says whether the run was ended early.
    pub stop: Stop,
}

/// A document, as far as it is known.
#[derive(Debug, Default)]
pub struct Document {
    started: String,
    about: About,
    peer: Option<SocketAddr>,
    tests: Vec<Value>,
    /// Each series beside that of an earlier run.
    baseline: Vec<Value>,
    /// What comes behind the tests.
    more: Map,
}

impl Document {
    /// A document about a run that begins now.
    #[must_use]
    pub fn new(about: About) -> Self {
        Document { started: now(), about, ..Document::default() }
    }

    pub(super) fn peer(&mut self, peer: SocketAddr) {
        self.peer.get_or_insert(peer);
    }

    /// Adds what a test has measured, and returns its objects.
    pub(super) fn add(&mut self, test: &Test, results: &Results) -> Vec<Map> {
        let parts = results.parts();
        let objects: Vec<Map> =
            parts.iter().map(|(_, results)| object(test, results, self.about.listed)).collect();
        self.tests.extend(objects.iter().cloned().map(Value::Map));
        results.total.document(&mut self.more);
        objects
    }

    /// Adds what differs from an earlier run.
    pub(super) fn compared(&mut self, series: &[Map]) {
        self.baseline.extend(series.iter().cloned().map(Value::Map));
    }

    /// The document, now that all tests are over.
    pub(super) fn finish(self) -> Map {
        let Document { started, about, peer, tests, baseline, more } = self;
        let About { server, label, plan, stop, .. } = about;
        let mut map = Map::from([("roundtrip", env!("CARGO_PKG_VERSION").into())]);
        map.insert("started", started);
        put(&mut map, "label", label);
        if let Some((host, port)) = server {
            map.insert("host", host);
            map.insert("port", u64::from(port));
        }
        put(&mut map, "peer", peer.map(|peer| peer.to_string()));
        map.insert("plan", plan);
        map.insert("tests", tests);
        if !baseline.is_empty() {
            map.insert("baseline", baseline);
        }
        map.extend(&more);
        put(&mut map, "interrupted", stop.is_stopped().then_some(true));
        map
    }
}

/// Date and time in UTC (RFC 3339).
fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    utc(now.map_or(0, |since| since.as_secs()))
}

/// The object of a test: what all clients measured, and then each of them.
fn object(test: &Test, results: &Results, listed: bool) -> Map {
    let first_answer = |client| results.waits.and_then(|waits| waits.first_answer(client));
    let one = |result: &dyn super::Report, failure: Option<String>, first: Option<Duration>| {
        let mut map = Map::default();
        map.insert("test", test.name);
        map.insert("ok", failure.is_none());
        put(&mut map, "error", failure);
        put(&mut map, "first_answer_ns", first.map(nanoseconds));
        result.fields(&mut map);
        map
    };
    let only = if results.clients.len() == 1 { first_answer(0) } else { None };
    let mut map = one(results.total, results.failure(), only);
    // A measurement that knows it better has reported it already.
    if map.get("elapsed_ns").is_none() {
        put(&mut map, "elapsed_ns", results.waits.map(|waits| nanoseconds(waits.elapsed)));
    }
    if listed || results.clients.len() > 1 {
        let clients = results.clients.iter().enumerate().map(|(index, client)| {
            let failure = client.failure().map(ToString::to_string);
            let failure = failure.filter(|_| !results.interrupted);
            Value::Map(one(*client, failure, first_answer(index)))
        });
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
        let (environment, waits, interrupted) = (None, None, false);
        let results = Results { clients: vec![total], total, environment, waits, interrupted };
        let title = Title::Above(String::new());
        let (unit, name) = ("ping", "latency");
        let (clients, count, shown, goal, unseen) = (1, None, None, None, true);
        let test = Test { name, title, unit, clients, count, shown, goal, unseen };
        let mut document = Document::new(About::default());
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
