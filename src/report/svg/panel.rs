//! What all panels of a picture share: their measures, their types, and the axes.

use std::time::Duration;

use super::axis::{Axis, TIMES};
use super::canvas::{Canvas, Ink, Pen, Type};
use crate::units::{self, float};

pub(super) const WIDTH: f64 = 960.0;
pub(super) const MARGIN: f64 = 20.0;
/// The left and the right edge of a plot that has the whole width.
pub(super) const PLOT: (f64, f64) = (84.0, 790.0);
/// The left edge of the labels beside a plot.
pub(super) const LABELS: f64 = 812.0;

pub(super) const HEADER: f64 = 76.0;
pub(super) const HEIGHT: f64 = 200.0;
/// The space above the plot of a panel, and below.
pub(super) const ABOVE: f64 = 44.0;
pub(super) const BELOW: f64 = 60.0;

pub(super) const TITLE: Type = Type { ink: Ink::Text, size: 20, bold: true, anchor: "start" };
pub(super) const HEADING: Type = Type { size: 14, ..TITLE };
pub(super) const LABEL: Type = Type { size: 12, bold: false, ..TITLE };
pub(super) const SUBTITLE: Type = Type { ink: Ink::Faint, size: 13, ..LABEL };
pub(super) const NOTE: Type = Type { ink: Ink::Faint, size: 11, ..LABEL };
pub(super) const BESIDE: Type = Type { anchor: "end", ..NOTE };
pub(super) const UNDER: Type = Type { anchor: "middle", ..NOTE };

pub(super) const GRID: Pen = Pen { ink: Ink::Grid, width: 1.0, more: "" };
/// The line from a mark to its label.
pub(super) const LEADER: Pen = Pen { ink: Ink::Faint, ..GRID };

/// A panel that was drawn: its height, and what it shows in words.
pub(super) struct Drawn {
    pub(super) height: f64,
    pub(super) said: String,
}

/// Draws the lines across the plots, and their labels.
pub(super) fn value_axis(
    canvas: &mut Canvas,
    upper: f64,
    axis: &Axis,
    what: &str,
    plots: &[(f64, f64)],
) {
    for (y, text) in axis.ticks() {
        for (left, right) in plots {
            canvas.stroke(GRID, &format!("M{left} {y:.1}H{right}"));
        }
        canvas.text((PLOT.0 - 8.0, y + 4.0), BESIDE, &text);
    }
    canvas.text((MARGIN, upper - 12.0), NOTE, &axis.title(what));
}

/// Draws the time axis below a plot, and returns it.
pub(super) fn time_axis(
    canvas: &mut Canvas,
    (upper, lower): (f64, f64),
    end: Duration,
    (left, right): (f64, f64),
) -> Axis {
    // A single sample has a time, but no span to scale by.
    let end = if end.is_zero() { Duration::from_secs(1) } else { end };
    // A little in from both ends, so that a dot there is whole.
    let axis = Axis::linear(TIMES, nanoseconds(end), 8.0, (left + 6.0, right - 6.0));
    for (x, text) in axis.ticks() {
        canvas.stroke(GRID, &format!("M{x:.1} {upper}V{}", lower + 4.0));
        canvas.text((x, lower + 17.0), UNDER, &text);
    }
    canvas.text(
        (f64::midpoint(left, right), lower + 34.0),
        UNDER,
        &format!("time in {}", axis.unit()),
    );
    axis
}

/// Draws the reason why there is no plot.
pub(super) fn empty(canvas: &mut Canvas, top: f64, why: &str) -> Drawn {
    canvas.text((MARGIN, top + 38.0), SUBTITLE, why);
    Drawn { height: 66.0, said: why.into() }
}

pub(super) fn nanoseconds(duration: Duration) -> f64 {
    float(units::nanoseconds(duration))
}
