//! Figures, shown: to a person, to a program, in a table, in a picture.
//!
//! What there is to show, a measurement says itself ([`Report`]). How it is shown is
//! the business of a form ([`Reporter`]). Neither knows the other, so a new test
//! appears in every form, and a new form shows every test.
//!
//! ```text
//!   a test begins ──────▶ begin  ┐
//!   each sample ────────▶ sample │
//!   something happens ──▶ note   ├──▶ text · json · stream · csv · svg · progress
//!   a test is over ─────▶ result │    any of them, side by side
//!   all tests are over ─▶ end    ┘
//! ```
//!
//! Nothing here measures, and nothing here opens a file: a program gives each form the
//! [`Write`](std::io::Write) that it writes to.
//!
//! ```
//! use roundtrip::measure::Latency;
//! use roundtrip::report::text::Text;
//! use roundtrip::report::{Report, Reporter, Results, Test, Title};
//! # let (unit, clients, count, shown, goal, unseen) = ("ping", 1, None, None, None, false);
//!
//! let (name, title) = ("latency", Title::Above("latency: 3 pings".into()));
//! let test = Test { name, title, unit, clients, count, shown, goal, unseen };
//! let mut out = Vec::new();
//! let mut form = Text::new(&mut out, false);
//! form.begin(&test)?;
//! # let (environment, waits, interrupted) = (None, None, false);
//! let lost = Latency { sent: 3, ..Latency::default() }; // The measurement is over.
//! let clients: Vec<&dyn Report> = vec![&lost];
//! form.result(&test, &Results { clients, total: &lost, environment, waits, interrupted })?;
//! assert_eq!(out, b"latency: 3 pings\n  3 sent, 0 received, 100% lost\n");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`reporters`] | several forms side by side, shared by the threads that measure |
//! | [`text`], [`progress`], [`trace`] | lines for a person; how far a test is; the conversation, drawn |
//! | [`every`] | what happened in each interval of a long test |
//! | [`json`], [`stream`] | one document; an event a line. Every figure is defined in [`json`] |
//! | [`csv`], [`baseline`] | a line for each sample; such a table beside a later run |
//! | [`svg`], [`timeline`] | a picture, and what it remembers of the samples |
//! | `latency`, `bandwidth`, `connect`, `loaded`, `sweep`, `lag`, `status` | what each measurement reports |
//! | [`figures`], [`table`], [`warnings`] | what those have in common |
//! | [`limits`] | which figures are not to pass which value |

pub mod baseline;
pub mod csv;
pub mod every;
pub mod figures;
pub mod json;
pub mod limits;
pub mod progress;
pub mod reporters;
pub mod stream;
pub mod svg;
pub mod table;
pub mod text;
pub mod timeline;
pub mod trace;
pub mod warnings;

mod bandwidth;
mod connect;
mod lag;
mod latency;
mod loaded;
mod status;
mod sweep;
mod tenths;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::json::Map;
use crate::measure::environment::Environment;
use crate::measure::{Latency, Measurement, Sample};
use crate::stats::Summary;

/// What is reported of a measurement, whatever the form.
pub trait Report: Measurement {
    /// The figures for a person, line by line, without indentation.
    fn lines(&self) -> Vec<String>;

    /// The figures in one line. Of several lines, the first two say what matters.
    fn brief(&self) -> String {
        self.lines().into_iter().take(2).collect::<Vec<_>>().join(", ")
    }

    /// The one figure that says most, for a summary of several tests.
    fn headline(&self) -> Option<String> {
        None
    }

    /// Adds the figures to a JSON object.
    fn fields(&self, map: &mut Map);

    /// What to mistrust in the figures, and what to do about that.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The series of pings, if the measurement is one. Its distribution and its
    /// scheduling delays are shown beside the figures.
    fn pings(&self) -> Option<&Latency> {
        None
    }

    /// The parts that are results of their own, each with its name, if there are any.
    fn parts(&self) -> Vec<(String, &dyn Report)> {
        Vec::new()
    }

    /// What a picture shows instead of a panel for each part; `None` for those panels.
    fn chart(&self) -> Option<Chart> {
        None
    }

    /// What a sample of this part is, as the title of an axis.
    fn axis(&self, _part: &str) -> &'static str {
        "round-trip time"
    }

    /// The address and port that was measured, of a test that connects by itself.
    fn peer(&self) -> Option<SocketAddr> {
        None
    }

    /// From the start of connecting to the first answer, of a test that connects by itself.
    fn first_answer(&self) -> Option<Duration> {
        None
    }

    /// Adds what concerns the whole run to the JSON document.
    fn document(&self, _map: &mut Map) {}
}

/// What a picture shows of a test as a whole.
#[derive(Clone, Debug)]
pub enum Chart {
    /// A bar for each kind, with its name, to be compared.
    Bars(Vec<(String, Summary)>),
    /// A curve over the size of the payload, in bytes.
    Sizes(Vec<(u64, Summary)>),
    /// The parts of this name, one after the other on one axis of time.
    Phases(&'static [&'static str]),
}

/// One form of report. Every method does nothing unless the form has a use for it.
///
/// # Errors
/// Each method fails if the form cannot be written, and says what was tried.
#[allow(clippy::missing_errors_doc, reason = "the trait says it for all of its methods")]
#[allow(unused_variables, reason = "the names are for those who implement it")]
pub trait Reporter: Send {
    /// All clients are connected. Whether a server of this protocol is there shows the first
    /// answer, and a person reads this `line` only then.
    fn connected(&mut self, line: &str) -> io::Result<()> {
        Ok(())
    }

    /// The address and port that is measured, once it is known.
    fn peer(&mut self, peer: SocketAddr) -> io::Result<()> {
        Ok(())
    }

    /// A test begins.
    fn begin(&mut self, test: &Test) -> io::Result<()> {
        Ok(())
    }

    /// Something was measured.
    fn sample(&mut self, source: Source, sample: &Sample) -> io::Result<()> {
        Ok(())
    }

    /// Something happened on the way: a line for a person, and the fields of an event
    /// for a program.
    fn note(&mut self, test: &Test, line: &str, event: &Map) -> io::Result<()> {
        Ok(())
    }

    /// A test is over.
    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        Ok(())
    }

    /// The results of a test beside those of an earlier run: lines for a person, and an
    /// object for each series.
    fn compared(&mut self, lines: &[String], series: &[Map]) -> io::Result<()> {
        Ok(())
    }

    /// All tests are over.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A test, as far as the forms need to know it. They decide by this data, never by the
/// name.
#[derive(Clone, Debug)]
pub struct Test {
    /// The name of the test.
    pub name: &'static str,
    /// What a person reads first.
    pub title: Title,
    /// What a sample is: a `ping`, a `call`.
    pub unit: &'static str,
    /// How many clients run concurrently.
    pub clients: usize,
    /// How many pings a client sends, if that is known.
    pub count: Option<u64>,
    /// The part of the test whose pings a person sees one by one, if there is one.
    pub shown: Option<&'static str>,
    /// When the test is done. `None` if what is shown meanwhile says how far it is.
    pub goal: Option<Goal>,
    /// Whether to say what the measurement cannot see.
    pub unseen: bool,
}

/// The first line of a test.
#[derive(Clone, Debug)]
pub enum Title {
    /// Shown when the test begins; the figures follow on lines of their own.
    Above(String),
    /// Shown when the test is over, in front of the figures in brief.
    Before(String),
}

/// When a test is done.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// After so many pings of all clients.
    Pings(u64),
    /// After so many bytes of all clients.
    Bytes(u64),
    /// After this time.
    Time(Duration),
    /// After this time, in which bytes are counted.
    BytesFor(Duration),
}

/// Where a sample comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The test.
    pub test: &'a Test,
    /// Which of its concurrent clients, from 1.
    pub client: usize,
    /// Which part of the test; empty if it has no parts.
    pub part: &'a str,
}

/// What a test has measured.
#[derive(Clone)]
pub struct Results<'a> {
    /// The result of each client.
    pub clients: Vec<&'a dyn Report>,
    /// Those of all clients, as one.
    pub total: &'a dyn Report,
    /// What they were measured in, unless the test never began.
    pub environment: Option<&'a Environment>,
    /// When the clients were served, if that is known.
    pub waits: Option<&'a Waits>,
    /// Whether the user ended the test early.
    pub interrupted: bool,
}

/// When the clients of a test were served. A server that serves one after the other lets
/// the others wait, and their round-trip times do not show that.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    /// From the first start to the last end.
    pub elapsed: Duration,
    /// Of each client that has connected for this test, the time from the start of
    /// connecting to the first answer.
    pub first_answers: Vec<Option<Duration>>,
}

impl Waits {
    /// The first answer of one client, by its index.
    #[must_use]
    pub fn first_answer(&self, client: usize) -> Option<Duration> {
        self.first_answers.get(client).copied().flatten()
    }
}

impl<'a> Results<'a> {
    /// The results of each part with its name, or all of them without a name if there
    /// are no parts.
    #[must_use]
    pub fn parts(&self) -> Vec<(Option<String>, Results<'a>)> {
        let total = self.total.parts();
        if total.is_empty() {
            return vec![(None, self.clone())];
        }
        let clients: Vec<_> = self.clients.iter().map(|client| client.parts()).collect();
        let part = |(index, (name, total)): (usize, (String, &'a dyn Report))| {
            let of_client = |parts: &Vec<(String, &'a dyn Report)>| Some(parts.get(index)?.1);
            let clients = clients.iter().filter_map(of_client).collect();
            (Some(name), Results { clients, total, ..*self })
        };
        total.into_iter().enumerate().map(part).collect()
    }

    /// Why the first client that failed did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        // That connections were ended is no reason of its own.
        let failure = || self.clients.iter().find_map(|client| client.failure());
        if self.interrupted {
            Some("interrupted".into())
        } else {
            failure().map(ToString::to_string)
        }
    }

    /// Why the test failed: a line for each part that did.
    #[must_use]
    pub fn failures(&self, test: &Test) -> Vec<String> {
        let line = |(part, results): (Option<String>, Results)| {
            let first = results.failure()?;
            if results.interrupted {
                return None;
            }
            let name = part.map_or(test.name.into(), |part| format!("{}, {part}", test.name));
            let failed = results.clients.iter().filter(|client| client.failure().is_some());
            Some(match (failed.count(), results.clients.len()) {
                (_, 1) => format!("{name} failed: {first}"),
                (failed, clients) => {
                    format!("{name} failed for {failed} of {clients} clients, the first: {first}")
                }
            })
        };
        self.parts().into_iter().filter_map(line).collect()
    }
}
