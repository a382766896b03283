//! Round-trip times over the size of the payload.

use std::fmt::Write;

use super::axis::{Axis, DURATIONS, apart};
use super::canvas::{Canvas, Ink, Pen};
use super::panel::{
    ABOVE, BELOW, Drawn, GRID, HEIGHT, LABEL, LABELS, LEADER, PLOT, UNDER, empty, nanoseconds,
    value_axis,
};
use crate::stats::Summary;
use crate::units::{float, size};

/// A little in from both edges, so that a dot there is whole.
const CURVE: (f64, f64) = (PLOT.0 + 8.0, PLOT.1 - 8.0);

const LINE: Pen = Pen { ink: Ink::Blue, width: 1.6, more: "stroke-linejoin=\"round\"" };
const DOTS: Pen = Pen { ink: Ink::Blue, width: 5.0, more: "stroke-linecap=\"round\"" };
const EDGE: Pen = Pen { ink: Ink::Blue, width: 1.0, more: "stroke-opacity=\"0.45\"" };

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas, top: f64, rows: &[(u64, Summary)]) -> Drawn {
    let (Some((first, smallest)), Some((last, largest))) = (rows.first(), rows.last()) else {
        return empty(canvas, top, "no answers");
    };
    let (upper, lower) = (top + ABOVE, top + ABOVE + HEIGHT);
    let min = rows.iter().map(|(_, summary)| nanoseconds(summary.min)).fold(f64::MAX, f64::min);
    let max = rows.iter().map(|(_, summary)| nanoseconds(summary.p99)).fold(1.0, f64::max);
    let axis = Axis::logarithmic(DURATIONS, (min, max), (lower, upper));
    value_axis(canvas, upper, &axis, "round-trip time", &[PLOT]);
    let sizes = Axis::sizes((float(*first), float(*last)), CURVE);
    for (x, text) in sizes.ticks() {
        canvas.stroke(GRID, &format!("M{x:.1} {upper}V{}", lower + 4.0));
        canvas.text((x, lower + 17.0), UNDER, &text);
    }
    let title = sizes.title("payload of a ping");
    canvas.text((f64::midpoint(PLOT.0, PLOT.1), lower + 34.0), UNDER, &title);

    // The band runs along p99 and comes back along the smallest samples.
    let (mut there, mut back) = (String::new(), String::new());
    let (mut line, mut dots) = (String::new(), String::new());
    for (bytes, Summary { min, p50, p99, .. }) in rows {
        let x = sizes.place(float(*bytes));
        let [min, p50, p99] = [min, p50, p99].map(|value| axis.place(nanoseconds(*value)));
        let _ = write!(there, "{}{x:.1} {p99:.1}", to(&there));
        back.insert_str(0, &format!("L{x:.1} {min:.1}"));
        let _ = write!(line, "{}{x:.1} {p50:.1}", to(&line));
        let _ = write!(dots, "M{x:.1} {p50:.1}h0");
    }
    let band = format!("{there}{back}z");
    canvas.shade(Ink::Blue, &band);
    canvas.stroke(EDGE, &band);
    canvas.stroke(LINE, &line);
    canvas.stroke(DOTS, &dots);

    let marks = [("p99", largest.p99), ("p50", largest.p50), ("min", largest.min)];
    let wanted = marks.map(|(_, value)| axis.place(nanoseconds(value)));
    let places = apart(&wanted, 16.0, (upper, lower));
    for (((name, value), from), label) in marks.into_iter().zip(wanted).zip(places) {
        let start = CURVE.1 + 4.0;
        canvas
            .stroke(LEADER, &format!("M{start} {from:.1}H{}L{} {label:.1}", PLOT.1, LABELS - 4.0));
        let text = format!("{name} {}", axis.value(nanoseconds(value)));
        canvas.text((LABELS, label + 4.0), LABEL, &text);
    }
    let p50 = |bytes: u64, summary: &Summary| {
        format!("{}: p50 {}", size(bytes), axis.value(nanoseconds(summary.p50)))
    };
    let said = format!("{}, {}", p50(*first, smallest), p50(*last, largest));
    Drawn { height: ABOVE + HEIGHT + BELOW, said }
}

/// How a path goes on: the first point of it is moved to.
fn to(path: &str) -> char {
    if path.is_empty() { 'M' } else { 'L' }
}
