//! Results as a picture, which shows at a glance what a table hides.
//!
//! ```text
//!   RTT │      ╷              │▏            max
//!       │  ╷   │      ╷       │▎            p99      both plots have the same axis:
//!       │  │ ╷ │ ╷  ╷ │ ╷     │██▌          p90      when on the left, how many on the
//!       │  ╵ ╵ ╵ ╵  ╵ ╵ ╵     │███████▋     p50      right
//!       └─────────────────    └──────────
//!         time                  answers
//! ```
//!
//! - **A bar reaches from the smallest to the largest sample.** Where one pixel holds a
//!   thousand pings, a curve through their means shows none of them: one stall of 200
//!   ms lifts the curve by 0.2 ms. The bar reaches up to the stall. A single ping is a
//!   dot, and no line joins the dots, since nobody knows what is between two pings.
//! - **The distribution stands beside the bars.** A bar does not show whether half of
//!   the pings were slow, or one. The histogram does, on the same axis. What is too
//!   small to see is drawn larger, since one slow answer in a million may be what
//!   matters.
//! - **A stroke at the lower edge marks each ping without an answer.** It has no
//!   round-trip time to draw, and still must not be missing.
//! - **The axis is linear from zero wherever possible,** so that twice as high is twice
//!   as slow. If the largest sample is more than 20 times the median, a linear axis
//!   would press the usual samples flat against the bottom. Then the axis is
//!   logarithmic, and says so.
//! - **A darker tick in each bar is its median.** It shows whether a high bar is one slow
//!   answer or many.
//! - **Phases stand side by side.** `loaded` has one axis of time and one scale, so that
//!   what the load adds can be seen. `sweep` has one curve over the size of the payload,
//!   with a band from the smallest sample to p99.
//! - **A rate is drawn in steps.** Each step is the bytes of a column over its time,
//!   and a column holds many pieces. With one or two pieces in each, the rate would
//!   jump whenever a piece comes a little late.
//!   The curve of an upload shows when bytes were handed to the system; its mean, when
//!   they arrived.
//! - **Bars compare lengths** that begin at the same line, always on a linear axis from
//!   zero.
//!
//! The file stands alone: it needs no script, font or image, and its colours follow the
//! reader's choice of light or dark.

mod axis;
mod bars;
mod canvas;
mod panel;
mod phases;
mod picture;
mod rtt;
mod sizes;
mod throughput;

pub use phases::Phase;
pub use picture::{Panel, picture};

use std::io::{self, Write};
use std::time::Duration;

use super::timeline::{Rate, Timeline};
use super::{Chart, Reporter, Results, Source, Test, Waits};
use crate::json::{Map, Value};
use crate::measure::{Direction, Sample};
use crate::stats::{Recorder, Summary};
use crate::units::time;

/// The form of a picture, written when all tests are over.
#[derive(Debug)]
pub struct Svg<W> {
    out: W,
    title: String,
    subtitle: String,
    drawings: Vec<Drawing>,
    whole: Vec<Whole>,
    failures: Vec<String>,
}

/// What the panels of one part of a test are drawn from.
#[derive(Debug, Default)]
struct Drawing {
    test: &'static str,
    part: String,
    /// What a sample is.
    what: &'static str,
    timeline: Timeline,
    recorder: Recorder,
    unanswered: Timeline,
    download: Rate,
    upload: Rate,
}

/// A test that is shown as a whole.
#[derive(Debug)]
struct Whole {
    /// The test whose panels it replaces, if it replaces any.
    test: Option<&'static str>,
    name: String,
    unit: &'static str,
    chart: Chart,
}

impl<W: Write> Svg<W> {
    /// Writes to `out`, with this title, and a line below it.
    pub fn new(out: W, title: String, subtitle: String) -> Self {
        Svg { out, title, subtitle, drawings: Vec::new(), whole: Vec::new(), failures: Vec::new() }
    }

    fn drawing(&mut self, Source { test, part, .. }: Source) -> &mut Drawing {
        let known = |drawing: &Drawing| drawing.test == test.name && drawing.part == part;
        let index = self.drawings.iter().position(known).unwrap_or_else(|| {
            let (test, part) = (test.name, part.into());
            self.drawings.push(Drawing { test, part, ..Drawing::default() });
            self.drawings.len() - 1
        });
        &mut self.drawings[index]
    }

    /// The phases of a test that has some.
    fn phases(&self, whole: &Whole) -> Vec<Phase<'_>> {
        let Chart::Phases(parts) = whole.chart else { return Vec::new() };
        let of_part = |part: &&str| {
            let known =
                |drawing: &&Drawing| Some(drawing.test) == whole.test && drawing.part == *part;
            let drawing = self.drawings.iter().find(known)?;
            let Drawing { part: name, timeline, recorder, unanswered, .. } = drawing;
            let rate = drawing.series().first().map(|(_, rate)| *rate);
            Some(Phase { name, timeline, recorder, unanswered, rate })
        };
        parts.iter().filter_map(of_part).collect()
    }
}

impl Drawing {
    fn name(&self) -> String {
        match (self.test, self.part.as_str()) {
            (test, "") => test.to_owned(),
            (test, part) => format!("{test}, {part}"),
        }
    }

    /// Takes over the rates that were measured: those of the part, of the direction, or
    /// of the test.
    fn measured(&mut self, fields: &Map) {
        let part = fields.get(&self.part).and_then(Value::as_map);
        for (direction, rate) in [("download", &mut self.download), ("upload", &mut self.upload)] {
            let of_direction = fields.get(direction).and_then(Value::as_map);
            let found = part.or(of_direction).unwrap_or(fields).get("bits_per_second");
            if let Some(measured) = found.and_then(Value::as_f64) {
                rate.measured(measured);
            }
        }
    }

    /// The transfers in which bytes were moved.
    fn series(&self) -> Vec<(&'static str, &Rate)> {
        let both = [("download", &self.download), ("upload", &self.upload)];
        both.into_iter().filter(|(_, rate)| rate.bytes() > 0).collect()
    }
}

/// A bar for each client, or one for all of them if they are many.
fn first_answers(waits: &Waits) -> Vec<(String, Summary)> {
    const MOST: usize = 20;
    let known =
        (1..).zip(&waits.first_answers).filter_map(|(number, first)| Some((number, (*first)?)));
    let series: Vec<(String, Recorder)> = if waits.first_answers.len() > MOST {
        vec![("all clients".into(), known.map(|(_, first)| first).collect())]
    } else {
        known
            .map(|(number, first)| (format!("client {number}"), [first].into_iter().collect()))
            .collect()
    };
    let row = |(name, series): (String, Recorder)| Some((name, series.summary()?));
    series.into_iter().filter_map(row).collect()
}

impl<W: Write + Send> Reporter for Svg<W> {
    fn sample(&mut self, source: Source, sample: &Sample) -> io::Result<()> {
        let drawing = self.drawing(source);
        match *sample {
            Sample::Ping { at, rtt, .. } => {
                drawing.timeline.record(at, rtt);
                drawing.recorder.record(rtt);
            }
            Sample::Outcome { at, outcome, .. } if outcome.settled => {
                drawing.unanswered.record(at, Duration::ZERO);
            }
            Sample::Outcome { .. } => {}
            Sample::Piece { direction: Direction::Download, at, bytes } => {
                drawing.download.record(at, bytes);
            }
            Sample::Piece { direction: Direction::Upload, at, bytes } => {
                drawing.upload.record(at, bytes);
            }
        }
        Ok(())
    }

    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        self.whole.extend(results.waits.filter(|_| test.clients > 1).map(|waits| {
            let name = format!(
                "{}: how long each client waited for its first answer; all were done after {}",
                test.name,
                time(waits.elapsed)
            );
            let chart = Chart::Bars(first_answers(waits));
            Whole { test: None, name, unit: "first answer", chart }
        }));
        self.failures.extend(results.failures(test));
        let mut fields = Map::default();
        results.total.fields(&mut fields);
        for drawing in self.drawings.iter_mut().filter(|drawing| drawing.test == test.name) {
            drawing.what = results.total.axis(&drawing.part);
            drawing.measured(&fields);
        }
        if let Some(chart) = results.total.chart() {
            if !matches!(chart, Chart::Phases(_)) {
                // What the samples took is compared, and not when they were taken.
                self.drawings.retain(|drawing| drawing.test != test.name);
            }
            let name = test.name.into();
            self.whole.push(Whole { test: Some(test.name), name, unit: test.unit, chart });
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let series: Vec<Vec<(&str, &Rate)>> = self.drawings.iter().map(Drawing::series).collect();
        let names: Vec<String> = self.drawings.iter().map(Drawing::name).collect();
        let phases: Vec<Vec<Phase>> = self.whole.iter().map(|whole| self.phases(whole)).collect();
        let shown_whole = |test| self.whole.iter().any(|whole| whole.test == Some(test));
        let mut panels = Vec::new();
        if !self.failures.is_empty() {
            panels.push(Panel::Failures { name: "failed", lines: &self.failures });
        }
        for ((drawing, name), series) in self.drawings.iter().zip(&names).zip(&series) {
            if shown_whole(drawing.test) {
                continue;
            }
            let Drawing { what, timeline, recorder, unanswered, .. } = drawing;
            if recorder.count() > 0 {
                panels.push(Panel::Rtt { name, what, timeline, recorder, unanswered });
            }
            if !series.is_empty() {
                panels.push(Panel::Throughput { name, series });
            }
        }
        panels.extend(self.whole.iter().zip(&phases).filter_map(|(whole, phases)| {
            let Whole { name, unit, chart, .. } = whole;
            match chart {
                Chart::Bars(rows) => (!rows.is_empty()).then_some(Panel::Bars { name, unit, rows }),
                Chart::Sizes(rows) => (!rows.is_empty()).then_some(Panel::Sizes { name, rows }),
                Chart::Phases(_) => (!phases.is_empty()).then_some(Panel::Phases { name, phases }),
            }
        }));
        let picture = picture(&self.title, &self.subtitle, &panels);
        let written = self.out.write_all(picture.as_bytes()).and_then(|()| self.out.flush());
        written.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write the picture: {error}"))
        })
    }
}
