//! A table of every sample, a line each, for a spreadsheet or a program (RFC 4180,
//! except that a line ends with `\n`).
//!
//! | column | meaning |
//! | --- | --- |
//! | `test` | the test, as given to `--test` |
//! | `client` | the number of the client, from 1 |
//! | `part` | the part of the test: `idle`, `download`, `upload` of `loaded`; the payload in bytes of `sweep`; `rtt` and `turnaround` of `lag`. If something else became of a ping than an answer in time, the [word](crate::measure::Outcome) for that |
//! | `at_ns` | when, in nanoseconds since the part began |
//! | `number` | the number of the ping, from 1 |
//! | `rtt_ns` | from when the ping was sent to its answer; in the part `turnaround`, from when it was read to its echo; of `status`, the delay; of `connect`, from when the connection was begun, until it was there in the part `connected` |
//! | `due_ns` | from when the ping was due to its answer |
//! | `direction` | `download` or `upload` |
//! | `bytes` | how many bytes were moved in the tenth of a second that ends at `at_ns` |
//!
//! A column that does not apply is empty.

use std::io::{self, Write};
use std::time::Duration;

use super::tenths::Tenths;
use super::{Reporter, Source, Test};
use crate::measure::Sample;

/// The first line.
pub const HEADER: &str = "test,client,part,at_ns,number,rtt_ns,due_ns,direction,bytes";

#[derive(Debug)]
struct Csv<W> {
    out: W,
    begun: bool,
}

/// The form of a table. Each line is written as a whole, so an interrupted run leaves
/// the lines until then.
pub fn csv<W: Write + Send>(out: W) -> impl Reporter {
    Tenths::of(Csv { out, begun: false })
}

impl<W: Write> Csv<W> {
    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) { Ok(()) } else { self.line(HEADER) }
    }

    fn line(&mut self, line: &str) -> io::Result<()> {
        self.out.write_all(format!("{line}\n").as_bytes()).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write the table: {error}"))
        })
    }
}

impl<W: Write + Send> Reporter for Csv<W> {
    fn begin(&mut self, _: &Test) -> io::Result<()> {
        self.begin()
    }

    fn sample(&mut self, Source { test, client, part }: Source, sample: &Sample) -> io::Result<()> {
        match line(test.name, client, part, sample) {
            Some(line) => self.line(&line),
            None => Ok(()),
        }
    }

    /// A table without samples has its first line, too.
    fn end(&mut self) -> io::Result<()> {
        self.begin()
    }
}

/// The line of a sample. `None` for a sample that is neither an answer nor the end of a
/// ping. A part that contains a comma or a quotation mark is quoted.
///
/// ```
/// use roundtrip::measure::Sample;
/// use roundtrip::report::csv;
/// use std::time::Duration;
///
/// let (at, rtt) = (Duration::from_micros(5), Duration::from_nanos(80_123));
/// let ping = Sample::Ping { number: 1, at, rtt, due: None };
/// let line = |test, part| csv::line(test, 1, part, &ping).unwrap();
/// assert_eq!(line("latency", ""), "latency,1,,5000,1,80123,,,");
/// assert_eq!(line("call", "ws://h/a,b"), "call,1,\"ws://h/a,b\",5000,1,80123,,,");
/// ```
#[must_use]
pub fn line(test: &str, client: usize, part: &str, sample: &Sample) -> Option<String> {
    let quoted;
    let mut part = part;
    if part.contains([',', '"']) {
        quoted = format!("\"{}\"", part.replace('"', "\"\""));
        part = &quoted;
    }
    let ns =
        |time: Option<Duration>| time.map_or(String::new(), |time| time.as_nanos().to_string());
    let (at, rest) = match *sample {
        Sample::Ping { number, at, rtt, due } => {
            (at, format!("{number},{},{},,", rtt.as_nanos(), ns(due)))
        }
        Sample::Outcome { rtt: None, outcome, .. } if !outcome.settled => return None,
        Sample::Outcome { number, at, rtt, outcome } => {
            part = outcome.word;
            (at, format!("{number},{},,,", ns(rtt)))
        }
        Sample::Piece { direction, at, bytes } => (at, format!(",,,{},{bytes}", direction.name())),
    };
    Some(format!("{test},{client},{part},{},{rest}", at.as_nanos()))
}
