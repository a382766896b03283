//! Round-trip times over time, and beside them their distribution.

use std::fmt::Write;

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

const ROUND: Pen = Pen { ink: Ink::Blue, width: 1.6, more: "stroke-linecap=\"round\"" };

/// Draws the panel.
pub(super) fn draw(
    canvas: &mut Canvas,
    top: f64,
    timeline: &Timeline,
    recorder: &Recorder,
    unanswered: &Timeline,
) -> Drawn {
    let Some(summary) = recorder.summary() else { return empty(canvas, top, "no answers") };
    let (upper, lower) = (top + ABOVE, top + ABOVE + HEIGHT);
    let range = (nanoseconds(summary.min), nanoseconds(summary.p50), nanoseconds(summary.max));
    let axis = Axis::fitting(DURATIONS, range, (lower, upper));
    value_axis(canvas, upper, &axis, "round-trip time", &[TIME, SHARES]);
    let time = time_axis(canvas, upper, timeline.end().max(unanswered.end()), TIME);
    course(canvas, &time, &axis, timeline, summary.count);
    let without = mark(canvas, &time, lower, unanswered);
    distribution(canvas, &axis, lower, recorder);
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
        canvas.stroke(
            LEADER,
            &format!("M{} {from:.1}H{}L{} {to:.1}", SHARES.0, SHARES.1, LABELS - 4.0),
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

/// Marks the pings without an answer, and returns their number.
fn mark(canvas: &mut Canvas, time: &Axis, bottom: f64, unanswered: &Timeline) -> u64 {
    let (mut strokes, mut count) = (String::new(), 0);
    for (when, spread) in unanswered.columns(usize::from(BARS)) {
        let x = time.place(f64::midpoint(nanoseconds(when.start), nanoseconds(when.end)));
        let _ = write!(strokes, "M{x:.1} {bottom}v-10");
        count += spread.count;
    }
    canvas.stroke(Pen { ink: Ink::Orange, ..ROUND }, &strokes);
    count
}

/// Draws the values over time.
fn course(canvas: &mut Canvas, time: &Axis, axis: &Axis, timeline: &Timeline, count: u64) {
    let (mut dots, mut bars) = (String::new(), String::new());
    // Each of a few samples has a place of its own; many samples share one.
    let limit = if count <= u64::from(BARS) { usize::MAX } else { usize::from(BARS) };
    for (when, spread) in timeline.columns(limit) {
        let x = time.place(f64::midpoint(nanoseconds(when.start), nanoseconds(when.end)));
        let (low, high) =
            (axis.place(nanoseconds(spread.min)), axis.place(nanoseconds(spread.max)));
        let _ = match spread.count {
            // A stroke of no length is a dot, because its ends are round.
            1 => write!(dots, "M{x:.1} {low:.1}h0"),
            _ => write!(bars, "M{x:.1} {low:.1}V{high:.1}"),
        };
    }
    canvas.stroke(ROUND, &bars);
    canvas.stroke(Pen { width: if count < FEW { 5.0 } else { 3.0 }, ..ROUND }, &dots);
}

/// Draws how many values lie where on the axis.
fn distribution(canvas: &mut Canvas, axis: &Axis, bottom: f64, recorder: &Recorder) {
    // The ranges of the histogram do not match the rows of the plot. Each row gets the
    // part of a range that lies in it.
    let count = if recorder.count() < FEW { 25 } else { 50_u8 };
    let height = HEIGHT / f64::from(count);
    let mut rows = vec![0.0; usize::from(count)];
    for (values, samples) in recorder.histogram().ranges() {
        let high = axis.place(float(values.end().saturating_add(1)));
        // Not quite empty, so that a value at the end of the axis lies in the last row.
        let low = axis.place(float(*values.start())).max(high + 0.01);
        for (row, share) in (0..count).zip(&mut rows) {
            let (below, above) =
                (bottom - f64::from(row) * height, bottom - f64::from(row + 1) * height);
            let common = low.min(below) - high.max(above);
            *share += float(samples) * (common / (low - high)).max(0.0);
        }
    }
    let most = rows.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut bars = String::new();
    for (row, share) in (0..count).zip(rows).filter(|&(_, share)| share > 0.0) {
        let (y, length) =
            (bottom - f64::from(row) * height, (share / most * (SHARES.1 - SHARES.0)).max(1.5));
        let _ = write!(bars, "M{} {y:.1}h{length:.1}v-{height}h-{length:.1}z", SHARES.0);
    }
    canvas.fill(Ink::Blue, &bars);
}

/// A count with a comma before each group of three digits.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let comma = |index: usize| index > 0 && (digits.len() - index).is_multiple_of(3);
    digits
        .chars()
        .enumerate()
        .flat_map(|(index, digit)| [comma(index).then_some(','), Some(digit)])
        .flatten()
        .collect()
}
