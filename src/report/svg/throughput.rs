//! Rates over time.

use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use super::axis::{Axis, RATES, apart};
use super::canvas::{CURVES, Canvas, Pen, Type, clipped};
use super::panel::{
    ABOVE, BELOW, Drawn, HEIGHT, LABEL, LABELS, LEADER, PLOT, empty, nanoseconds, time_axis,
    value_axis,
};
use super::rtt::Start;
use crate::report::timeline::Rate;
use crate::units::float;

/// The pixels of a step of a curve, at least.
const STEP: f64 = 6.0;

/// The average number of pieces in a step. One piece more or less is 6% of the rate.
const PIECES: u64 = 16;

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas, top: f64, series: &[(&str, &Rate)]) -> Drawn {
    let curves: Vec<_> = series.iter().map(|&(_, rate)| steps(rate, PLOT.1 - PLOT.0)).collect();
    let (upper, lower) = (top + ABOVE, top + ABOVE + HEIGHT);
    let Some(axis) = axis(&curves, (lower, upper)) else {
        return empty(canvas, top, "nothing arrived");
    };
    value_axis(canvas, upper, &axis, "rate", &[PLOT]);
    let end = series.iter().map(|(_, rate)| rate.end()).max().unwrap_or_default();
    let time = time_axis(canvas, (upper, lower), end, PLOT);

    let means: Vec<_> = series.iter().map(|(_, rate)| rate.bits_per_second()).collect();
    let wanted: Vec<f64> = means.iter().map(|mean| axis.place(mean.unwrap_or(0.0))).collect();
    let labels = apart(&wanted, 34.0, (upper + 8.0, lower - 8.0));
    let mut said = Vec::new();
    for (index, ((name, _), steps)) in series.iter().zip(curves).enumerate() {
        let (ink, mean, label) = (CURVES[index % CURVES.len()], wanted[index], labels[index]);
        curve(canvas, Start { time: &time, offset: 0.0, ink }, &axis, &steps);
        if means[index].is_some() {
            let dashed = Pen { ink, width: 1.2, more: "stroke-dasharray=\"7 4\"" };
            canvas.stroke(dashed, &format!("M{} {mean:.1}H{}", PLOT.0, PLOT.1));
            canvas.stroke(LEADER, &format!("M{} {mean:.1}L{} {label:.1}", PLOT.1, LABELS - 4.0));
        }
        let text = means[index]
            .map_or("nothing arrived".into(), |mean| format!("mean {}", axis.value(mean)));
        // The name of each curve stands beside its mean, so that no legend is needed.
        let below = if series.len() > 1 {
            canvas.text(
                (LABELS, label - 3.0),
                Type { ink, bold: true, ..LABEL },
                &clipped(name, 18),
            );
            12.0
        } else {
            4.0
        };
        canvas.text((LABELS, label + below), LABEL, &text);
        said.push(format!("{name} {text}"));
    }
    Drawn { height: ABOVE + HEIGHT + BELOW, said: said.join(", ") }
}

/// The steps of a curve: the time of each in nanoseconds, and its bits per second.
pub(super) type Steps = Vec<(Range<f64>, f64)>;

/// The axis of some curves; `None` if nothing arrived in any.
pub(super) fn axis(curves: &[Steps], places: (f64, f64)) -> Option<Axis> {
    let rates = curves.iter().flatten().map(|&(_, rate)| rate);
    let mut rates: Vec<f64> = rates.filter(|&rate| rate > 0.0).collect();
    rates.sort_by(f64::total_cmp);
    let (&min, &max) = (rates.first()?, rates.last()?);
    Some(Axis::fitting(RATES, (min, rates[rates.len() / 2], max), places))
}

/// Draws the steps of a curve.
pub(super) fn curve(canvas: &mut Canvas, from: Start, axis: &Axis, steps: &[(Range<f64>, f64)]) {
    let Start { time, offset, ink } = from;
    let mut path = String::new();
    for (when, rate) in steps {
        let [start, end] = [when.start, when.end].map(|at| time.place(offset + at));
        let to = if path.is_empty() { "M" } else { "L" };
        let _ = write!(path, "{to}{start:.1} {:.1}H{end:.1}", axis.place(*rate));
    }
    canvas.stroke(Pen { ink, width: 1.6, more: "stroke-linejoin=\"round\"" }, &path);
}

/// The steps of the curve of a transfer, in a plot of this width.
pub(super) fn steps(rate: &Rate, width: f64) -> Steps {
    if rate.bits_per_second().is_none() {
        return Vec::new();
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
    let most = (width / STEP).max(1.0) as usize;
    let limit = usize::try_from(rate.pieces() / PIECES).map_or(most, |steps| steps.clamp(1, most));
    let length = |when: &Range<Duration>| when.end.saturating_sub(when.start);
    let mut columns: Vec<_> = rate.columns(limit).collect();
    // The transfer ends within the last column, whose rest may be too short for a rate.
    if let [.., (before, sum), (last, bytes)] = &mut columns[..]
        && length(last) * 2 < length(before)
    {
        before.end = last.end;
        *sum = sum.saturating_add(*bytes);
        columns.pop();
    }
    let step = |(when, bytes): (Range<Duration>, u64)| {
        let rate = float(bytes) * 8.0 / length(&when).as_secs_f64();
        (nanoseconds(when.start)..nanoseconds(when.end), rate)
    };
    columns.into_iter().map(step).collect()
}
