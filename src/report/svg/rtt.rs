//! Round-trip times over time, and beside them their distribution.

use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use super::axis::{Axis, DURATIONS, apart};
use super::canvas::{Canvas, Ink, Pen, Type};
use super::panel::{
    ABOVE, BELOW, BESIDE, Drawn, HEIGHT, LABEL, LABELS, LEADER, PLOT, UNDER, empty, nanoseconds,
    time_axis, value_axis,
};
use crate::report::timeline::Timeline;
use crate::stats::Recorder;
use crate::units::float;

/// The parts of the width for the plot over time and for the distribution.
const TIME: (f64, f64) = (PLOT.0, 610.0);
const SHARES: (f64, f64) = (634.0, PLOT.1);

/// The largest number of bars, with two pixels for each: closer bars would touch.
const BARS: u16 = 260;

/// If there are fewer samples, the dots are larger, and the distribution has fewer
/// rows, since most of them would be empty.
const FEW: u64 = 100;

const MARKED: Type = Type { ink: Ink::Orange, ..BESIDE };

/// Samples over time, behind their medians.
const PALE: Pen =
    Pen { ink: Ink::Blue, width: 1.6, more: "stroke-linecap=\"round\" stroke-opacity=\"0.45\"" };

const ROUND: Pen = Pen { ink: Ink::Blue, width: 1.6, more: "stroke-linecap=\"round\"" };

/// Draws the panel.
pub(super) fn draw(
    canvas: &mut Canvas,
    top: f64,
    what: &str,
    timeline: &Timeline,
    recorder: &Recorder,
    unanswered: &Timeline,
) -> Drawn {
    let Some(summary) = recorder.summary() else { return empty(canvas, top, "no answers") };
    let (upper, lower) = (top + ABOVE, top + ABOVE + HEIGHT);
    let range = (nanoseconds(summary.min), nanoseconds(summary.p50), nanoseconds(summary.max));
    let axis = Axis::fitting(DURATIONS, range, (lower, upper));
    value_axis(canvas, upper, &axis, what, &[TIME, SHARES]);
    let end = timeline.end().max(unanswered.end());
    let time = time_axis(canvas, (upper, lower), end, TIME);
    let from = Start { time: &time, offset: 0.0, ink: Ink::Blue };
    course(canvas, from, &axis, timeline, usize::from(BARS));
    let without = mark(canvas, from, lower, unanswered);
    let bars = distribution(canvas, &axis, lower, recorder);
    let answers = match summary.count {
        1 => "1 answer".into(),
        count => format!("{} answers", grouped(count)),
    };
    let unanswered =
        (without > 0).then(|| format!("{} without an answer in time", grouped(without)));
    if let Some(unanswered) = &unanswered {
        canvas.text((TIME.1, upper - 8.0), MARKED, unanswered);
    }
    canvas.text(
        (f64::midpoint(SHARES.0, SHARES.1), lower + 17.0),
        UNDER,
        &format!("share of {answers}"),
    );

    let marks =
        [("max", summary.max), ("p99", summary.p99), ("p90", summary.p90), ("p50", summary.p50)];
    let wanted = marks.map(|(_, value)| axis.place(nanoseconds(value)));
    let labels = marks.map(|(name, value)| format!("{name} {}", axis.value(nanoseconds(value))));
    for ((from, to), label) in wanted.iter().zip(apart(&wanted, 16.0, (upper, lower))).zip(&labels)
    {
        // Beside the bars that are there, so that no bar is cut in two.
        let beside = bars.iter().filter(|bar| (bar.above - 1.0..=bar.below + 1.0).contains(from));
        let start = beside.map(|bar| bar.end).fold(SHARES.0, f64::max).min(SHARES.1 - 1.0) + 1.0;
        canvas.stroke(
            LEADER,
            &format!("M{start:.1} {from:.1}H{}L{} {to:.1}", SHARES.1, LABELS - 4.0),
        );
        canvas.text((LABELS, to + 4.0), LABEL, label);
    }
    Drawn {
        height: ABOVE + HEIGHT + BELOW,
        said: format!(
            "{answers}, {}{}",
            labels.join(", "),
            unanswered.map_or(String::new(), |unanswered| format!(", {unanswered}"))
        ),
    }
}

/// Where a series begins on the axis of time, in nanoseconds, and its colour.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) time: &'a Axis,
    pub(super) offset: f64,
    pub(super) ink: Ink,
}

impl Start<'_> {
    /// The place of the middle of a column.
    fn middle(&self, when: &Range<Duration>) -> f64 {
        let middle = f64::midpoint(nanoseconds(when.start), nanoseconds(when.end));
        self.time.place(self.offset + middle)
    }
}

/// Marks the pings without an answer, and returns their number.
pub(super) fn mark(canvas: &mut Canvas, from: Start, bottom: f64, unanswered: &Timeline) -> u64 {
    let (mut strokes, mut count) = (String::new(), 0);
    for (when, spread) in unanswered.columns(usize::from(BARS)) {
        let x = from.middle(&when);
        let _ = write!(strokes, "M{x:.1} {bottom}v-10");
        count += spread.count;
    }
    canvas.stroke(Pen { ink: Ink::Orange, ..ROUND }, &strokes);
    count
}

/// Draws the values over time, in about so many bars at most.
pub(super) fn course(
    canvas: &mut Canvas,
    from: Start,
    axis: &Axis,
    timeline: &Timeline,
    bars: usize,
) {
    let (mut dots, mut strokes, mut medians) = (String::new(), String::new(), String::new());
    let count: u64 = timeline.columns(1).map(|(_, spread)| spread.count).sum();
    // Each of a few samples has a place of its own; many samples share one.
    let limit = if count <= bars as u64 { usize::MAX } else { bars };
    for (when, spread) in timeline.columns(limit) {
        let x = from.middle(&when);
        let [low, usual, high] =
            [spread.min, spread.p50, spread.max].map(|value| axis.place(nanoseconds(value)));
        if spread.count == 1 {
            // A stroke of no length is a dot, because its ends are round.
            let _ = write!(dots, "M{x:.1} {low:.1}h0");
        } else {
            let _ = write!(strokes, "M{x:.1} {low:.1}V{high:.1}");
            let _ = write!(medians, "M{x:.1} {usual:.1}h0");
        }
    }
    let ink = from.ink;
    let width = if count < FEW { 5.0 } else { 3.0 };
    canvas.stroke(Pen { ink, ..PALE }, &strokes);
    canvas.stroke(Pen { ink, width: 2.4, ..ROUND }, &medians);
    canvas.stroke(Pen { ink, width, ..ROUND }, &dots);
}

/// A bar of the distribution: its upper and its lower edge, and where it ends.
struct Bar {
    above: f64,
    below: f64,
    end: f64,
}

/// Draws how many values lie where on the axis.
fn distribution(canvas: &mut Canvas, axis: &Axis, bottom: f64, recorder: &Recorder) -> Vec<Bar> {
    let count = if recorder.count() < FEW { 25 } else { 50_u8 };
    let height = HEIGHT / f64::from(count);
    let mut rows = vec![0; usize::from(count)];
    for (values, samples) in recorder.histogram().ranges() {
        // A range of the histogram is narrower than a row. It counts in one row as a
        // whole, so that equal samples make one bar and not two.
        let place = axis.place(f64::midpoint(float(*values.start()), float(*values.end())));
        let above = (0..count).take_while(|&row| bottom - f64::from(row + 1) * height > place);
        let row = above.count().min(rows.len() - 1);
        rows[row] += samples;
    }
    let most = float(rows.iter().copied().max().unwrap_or(0).max(1));
    let filled = (0..count).zip(rows).filter(|&(_, samples)| samples > 0);
    let bars: Vec<Bar> = filled
        .map(|(row, samples)| {
            let below = bottom - f64::from(row) * height;
            let length = (float(samples) / most * (SHARES.1 - SHARES.0)).max(1.5);
            Bar { above: below - height, below, end: SHARES.0 + length }
        })
        .collect();
    let path = |Bar { above, below, end }: &Bar| {
        format!("M{} {below:.1}H{end:.1}V{above:.1}H{}z", SHARES.0, SHARES.0)
    };
    canvas.fill(Ink::Blue, &bars.iter().map(path).collect::<Vec<_>>().concat());
    bars
}

/// A count with a comma before each group of three digits.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let comma = |index: usize| index > 0 && (digits.len() - index).is_multiple_of(3);
    digits
        .chars()
        .enumerate()
        .flat_map(|(index, digit)| [comma(index).then_some(','), Some(digit)])
        .flatten()
        .collect()
}
