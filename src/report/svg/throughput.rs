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
use crate::report::timeline::Rate;
use crate::units::float;

/// The largest number of steps of a curve, with six pixels for each.
const STEPS: usize = 120;

/// The average number of pieces in a step. One piece more or less is 6% of the rate.
const PIECES: u64 = 16;

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas, top: f64, series: &[(&str, &Rate)]) -> Drawn {
    let curves: Vec<_> = series.iter().map(|&(_, rate)| steps(rate)).collect();
    let mut rates: Vec<f64> =
        curves.iter().flatten().map(|&(_, rate)| rate).filter(|&rate| rate > 0.0).collect();
    rates.sort_by(f64::total_cmp);
    let (Some(&min), Some(&max)) = (rates.first(), rates.last()) else {
        return empty(canvas, top, "nothing arrived");
    };
    let (upper, lower) = (top + ABOVE, top + ABOVE + HEIGHT);
    let axis = Axis::fitting(RATES, (min, rates[rates.len() / 2], max), (lower, upper));
    value_axis(canvas, upper, &axis, "rate", &[PLOT]);
    let end = series.iter().map(|(_, rate)| rate.end()).max().unwrap_or_default();
    let time = time_axis(canvas, upper, end, PLOT);

    let means: Vec<_> = series.iter().map(|(_, rate)| rate.bits_per_second()).collect();
    let wanted: Vec<f64> = means.iter().map(|mean| axis.place(mean.unwrap_or(0.0))).collect();
    let labels = apart(&wanted, 34.0, (upper + 8.0, lower - 8.0));
    let mut said = Vec::new();
    for (index, ((name, _), steps)) in series.iter().zip(curves).enumerate() {
        let (ink, mean, label) = (CURVES[index % CURVES.len()], wanted[index], labels[index]);
        let mut curve = String::new();
        for (when, rate) in steps {
            let (start, y, end) = (time.place(when.start), axis.place(rate), time.place(when.end));
            let _ = write!(
                curve,
                "{}{start:.1} {y:.1}H{end:.1}",
                if curve.is_empty() { "M" } else { "L" }
            );
        }
        canvas.stroke(Pen { ink, width: 1.6, more: "stroke-linejoin=\"round\"" }, &curve);
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
fn steps(rate: &Rate) -> Vec<(Range<f64>, f64)> {
    if rate.bits_per_second().is_none() {
        return Vec::new();
    }
    let limit =
        usize::try_from(rate.pieces() / PIECES).map_or(STEPS, |steps| steps.clamp(1, STEPS));
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
