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
//! - **A rate is drawn in steps.** Each step is the bytes of a column over its time,
//!   and a column holds many pieces. With one or two pieces in each, the rate would
//!   jump whenever a piece comes a little late.
//! - **Bars compare lengths** that begin at the same line, always on a linear axis from
//!   zero.
//!
//! The file stands alone: it needs no script, font or image, and its colours follow the
//! reader's choice of light or dark.

mod axis;
mod bars;
mod canvas;
mod panel;
mod picture;
mod rtt;
mod throughput;

pub use picture::{Panel, picture};

use std::io::{self, Write};
use std::time::Duration;

use super::timeline::{Rate, Timeline};
use super::{Reporter, Results, Source, Test, Waits};
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
    bars: Vec<Bars>,
}

/// What the panels of one part of a test are drawn from.
#[derive(Debug, Default)]
struct Drawing {
    test: &'static str,
    part: String,
    timeline: Timeline,
    recorder: Recorder,
    unanswered: Timeline,
    download: Rate,
    upload: Rate,
}

#[derive(Debug)]
struct Bars {
    name: String,
    unit: &'static str,
    rows: Vec<(String, Summary)>,
}

impl<W: Write> Svg<W> {
    /// Writes to `out`, with this title, and a line below it.
    pub fn new(out: W, title: String, subtitle: String) -> Self {
        Svg { out, title, subtitle, drawings: Vec::new(), bars: Vec::new() }
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
        self.bars.extend(results.waits.filter(|_| test.clients > 1).and_then(|waits| {
            let name = format!(
                "{}: how long each client waited for its first answer; all were done after {}",
                test.name,
                time(waits.elapsed)
            );
            let rows = first_answers(waits);
            (!rows.is_empty()).then_some(Bars { name, unit: "first answer", rows })
        }));
        if let Some(rows) = results.total.bars() {
            // What the samples took is compared, and not when they were taken.
            self.drawings.retain(|drawing| drawing.test != test.name);
            self.bars.push(Bars { name: test.name.into(), unit: test.unit, rows });
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        let series: Vec<Vec<(&str, &Rate)>> = self
            .drawings
            .iter()
            .map(|drawing| {
                let both = [("download", &drawing.download), ("upload", &drawing.upload)];
                both.into_iter().filter(|(_, rate)| rate.bytes() > 0).collect()
            })
            .collect();
        let name = |drawing: &Drawing| match (drawing.test, drawing.part.as_str()) {
            (test, "") => test.to_owned(),
            (test, part) => format!("{test}, {part}"),
        };
        let names: Vec<String> = self.drawings.iter().map(name).collect();
        let mut panels = Vec::new();
        for ((drawing, name), series) in self.drawings.iter().zip(&names).zip(&series) {
            let Drawing { timeline, recorder, unanswered, .. } = drawing;
            if recorder.count() > 0 {
                panels.push(Panel::Rtt { name, timeline, recorder, unanswered });
            }
            if !series.is_empty() {
                panels.push(Panel::Throughput { name, series });
            }
        }
        panels.extend(self.bars.iter().map(|Bars { name, unit, rows }| Panel::Bars {
            name,
            unit,
            rows,
        }));
        let picture = picture(&self.title, &self.subtitle, &panels);
        self.out.write_all(picture.as_bytes()).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write the picture: {error}"))
        })
    }
}
