//! Results for a program, as they happen: a JSON object a line.
//!
//! Each object has an `event`:
//!
//! | event | what happened | fields |
//! | --- | --- | --- |
//! | `start` | a test begins | `test` |
//! | `ping`, or what else a test sends | an answer came | `client`, `part`, `number`, `at_ns`, `rtt_ns`, `due_ns`; in the part `turnaround` of `lag`, `rtt_ns` is the turnaround time |
//! | the [word](crate::measure::Outcome) for it | something else became of a ping | `client`, `part`, `number`, `at_ns`, and `rtt_ns` if there is an answer |
//! | `progress` | a tenth of a second of a transfer is over, at `at_ns` | `client`, `part`, `direction`, `bytes` |
//! | `interval` | an interval is over, where the user asks for such events | those of [an interval](super::every) |
//! | `result` | a test is over | those of its [object](super::json) |
//! | `baseline` | a series is compared with that of an earlier run | those of its [object](super::baseline) |
//! | `document` | all tests are over | those of the [document](super::json) |
//!
//! A test may report events of its own besides.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::figures::put;
use super::json::Document;
use super::tenths::Tenths;
use super::{Reporter, Results, Source, Test};
use crate::json::{Map, Value};
use crate::measure::Sample;
use crate::units::nanoseconds;

/// The form of an event a line.
#[derive(Debug)]
struct Stream<W> {
    out: W,
    document: Document,
}

/// The form that writes an event a line to `out`, and at last the document.
pub fn stream<W: Write + Send>(out: W, document: Document) -> impl Reporter {
    Tenths::of(Stream { out, document })
}

impl<W: Write> Stream<W> {
    fn event(&mut self, event: &str, fields: &Map) -> io::Result<()> {
        let mut map = Map::from([("event", event.into())]);
        map.extend(fields);
        writeln!(self.out, "{}", Value::Map(map))
    }
}

impl<W: Write + Send> Reporter for Stream<W> {
    fn peer(&mut self, peer: SocketAddr) -> io::Result<()> {
        self.document.peer(peer);
        Ok(())
    }

    fn begin(&mut self, test: &Test) -> io::Result<()> {
        self.event("start", &Map::from([("test", test.name.into())]))
    }

    fn sample(&mut self, source: Source, sample: &Sample) -> io::Result<()> {
        let Source { test, client, part } = source;
        let mut map = Map::default();
        map.insert("test", test.name);
        map.insert("client", client as u64);
        put(&mut map, "part", (!part.is_empty()).then_some(part));
        let event = match *sample {
            Sample::Ping { number, at, rtt, due } => {
                map.insert("number", number);
                map.insert("at_ns", nanoseconds(at));
                map.insert("rtt_ns", nanoseconds(rtt));
                put(&mut map, "due_ns", due.map(nanoseconds));
                test.unit
            }
            Sample::Outcome { number, at, rtt, outcome } => {
                map.insert("number", number);
                map.insert("at_ns", nanoseconds(at));
                put(&mut map, "rtt_ns", rtt.map(nanoseconds));
                outcome.word
            }
            Sample::Piece { direction, at, bytes } => {
                map.insert("direction", direction.name());
                map.insert("at_ns", nanoseconds(at));
                map.insert("bytes", bytes);
                "progress"
            }
        };
        self.event(event, &map)
    }

    fn note(&mut self, test: &Test, _: &str, event: &Map) -> io::Result<()> {
        let mut map = event.clone();
        map.insert("test", test.name);
        writeln!(self.out, "{}", Value::Map(map))
    }

    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        for object in self.document.add(test, results) {
            self.event("result", &object)?;
        }
        Ok(())
    }

    fn compared(&mut self, _: &[String], series: &[Map]) -> io::Result<()> {
        self.document.compared(series);
        series.iter().try_for_each(|series| self.event("baseline", series))
    }

    fn end(&mut self) -> io::Result<()> {
        let document = std::mem::take(&mut self.document).finish();
        self.event("document", &document)
    }
}
