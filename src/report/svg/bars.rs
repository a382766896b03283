//! Durations of several kinds, a bar for each kind.

use std::fmt::Write;

use super::axis::{Axis, DURATIONS};
use super::canvas::{Canvas, Ink, Pen, clipped};
use super::panel::{
    ABOVE, BELOW, BESIDE, Drawn, GRID, LABEL, LABELS, MARGIN, NOTE, PLOT, UNDER, empty, nanoseconds,
};
use crate::stats::Summary;

/// The names of the kinds need more room than figures do.
const BARS: (f64, f64) = (190.0, PLOT.1);
const ROW: f64 = 26.0;
const THICKNESS: f64 = 12.0;

/// No whisker is longer than so many times the longest bar. A longer one would make all
/// bars too short to compare.
const LONGEST: f64 = 3.0;

const WHISKER: Pen = Pen { ink: Ink::Text, width: 1.2, more: "" };

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas, top: f64, unit: &str, rows: &[(String, Summary)]) -> Drawn {
    let largest = |figure: fn(&Summary) -> std::time::Duration| {
        rows.iter().map(|(_, summary)| nanoseconds(figure(summary))).fold(0.0, f64::max)
    };
    let (p50, p99) = (largest(|summary| summary.p50), largest(|summary| summary.p99));
    if rows.is_empty() {
        return empty(canvas, top, "no answers");
    }
    let (upper, mut y) = (top + ABOVE, top + ABOVE);
    let axis = Axis::linear(DURATIONS, (p99 * 1.02).min(p50 * LONGEST), 8.0, BARS);
    #[allow(clippy::cast_precision_loss, reason = "a handful of rows")]
    let lower = upper + ROW * rows.len() as f64;
    for (x, text) in axis.ticks() {
        canvas.stroke(GRID, &format!("M{x:.1} {upper}V{}", lower + 4.0));
        canvas.text((x, lower + 17.0), UNDER, &text);
    }
    canvas.text(
        (MARGIN, upper - 12.0),
        NOTE,
        &format!("the bar is the median of a {unit}, the line beside it goes on to p99"),
    );
    canvas.text(
        (f64::midpoint(BARS.0, BARS.1), lower + 34.0),
        UNDER,
        &axis.title(&format!("time of a {unit}")),
    );
    let (mut bars, mut whiskers, mut said) = (String::new(), String::new(), Vec::new());
    for (name, Summary { p50, p99, .. }) in rows {
        let (p50, p99) = (nanoseconds(*p50), nanoseconds(*p99));
        let (middle, bar, whisker) = (y + ROW / 2.0, axis.place(p50), axis.place(p99));
        let (left, above) = (BARS.0, middle - THICKNESS / 2.0);
        let _ = write!(bars, "M{left} {above:.1}H{bar:.1}v{THICKNESS}H{left}z");
        // An arrowhead where a whisker leaves the axis, since its end is beyond.
        let end = if whisker < BARS.1 {
            format!("M{whisker:.1} {:.1}v8", middle - 4.0)
        } else {
            format!("M{:.1} {:.1}l6 4l-6 4", whisker - 6.0, middle - 4.0)
        };
        let _ = write!(whiskers, "M{bar:.1} {middle:.1}H{whisker:.1}{end}");
        canvas.text((left - 8.0, middle + 4.0), BESIDE, &clipped(name, 28));
        let label = format!("{}, p99 {}", axis.value(p50), axis.value(p99));
        canvas.text((LABELS, middle + 4.0), LABEL, &label);
        said.push(format!("{name} p50 {label}"));
        y += ROW;
    }
    canvas.fill(Ink::Blue, &bars);
    canvas.stroke(WHISKER, &whiskers);
    Drawn { height: ABOVE + (lower - upper) + BELOW, said: said.join("; ") }
}
