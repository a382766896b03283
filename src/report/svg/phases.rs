//! Phases one after the other on one axis of time: rates above, round-trip times below.
//! All phases have the same scale, so that what the load adds can be seen.

use std::time::Duration;

use super::axis::{Axis, DURATIONS, apart};
use super::canvas::{CURVES, Canvas, Ink, Pen, Type};
use super::panel::{
    ABOVE, BELOW, BESIDE, Drawn, HEIGHT, LABEL, LABELS, LEADER, PLOT, UNDER, empty, nanoseconds,
    time_axis, value_axis,
};
use super::rtt::{Start, course, grouped, mark};
use super::throughput::{axis as rate_axis, curve, steps};
use crate::report::timeline::{Rate, Timeline};
use crate::stats::{Recorder, Summary};
use crate::units::float;

/// One part of a test.
#[derive(Clone, Copy, Debug)]
pub struct Phase<'a> {
    /// What happens in the phase.
    pub name: &'a str,
    /// When each round-trip time was measured, since the phase began.
    pub timeline: &'a Timeline,
    /// The samples of the timeline.
    pub recorder: &'a Recorder,
    /// When those were sent that have no answer in time.
    pub unanswered: &'a Timeline,
    /// What was transferred meanwhile, if anything was.
    pub rate: Option<&'a Rate>,
}

/// The height of the plot of rates, and the space between it and the next.
const RATES: f64 = 110.0;
const BETWEEN: f64 = 40.0;

/// The pixels of a bar, with the gap beside it.
const BAR: f64 = 2.7;

const BORDER: Pen = Pen { ink: Ink::Faint, width: 1.0, more: "stroke-dasharray=\"2 3\"" };

/// The room for the label of a phase: its name, and its figures below.
const ROOM: f64 = 46.0;

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas, top: f64, phases: &[Phase]) -> Drawn {
    let summaries: Vec<Option<Summary>> =
        phases.iter().map(|phase| phase.recorder.summary()).collect();
    let mut all = Recorder::default();
    for phase in phases {
        all.merge(phase.recorder);
    }
    let Some(Summary { min, p50, max, .. }) = all.summary() else {
        return empty(canvas, top, "no answers");
    };
    let width = (PLOT.1 - PLOT.0) / float(phases.len() as u64);
    let of_phase = |phase: &Phase| phase.rate.map(|rate| steps(rate, width)).unwrap_or_default();
    let curves: Vec<_> = phases.iter().map(of_phase).collect();
    let rates = rate_axis(&curves, (top + ABOVE + RATES, top + ABOVE));
    // Without a rate there is no plot of rates.
    let first = top + ABOVE;
    let upper = if rates.is_some() { first + RATES + BETWEEN } else { first };
    let lower = upper + HEIGHT;
    let usual = [min, p50, max].map(nanoseconds);
    let axis = Axis::fitting(DURATIONS, usual.into(), (lower, upper));
    if let Some(rates) = &rates {
        value_axis(canvas, first, rates, "rate", &[PLOT]);
    }
    value_axis(canvas, upper, &axis, "round-trip time", &[PLOT]);
    let end = |phase: &Phase| {
        let rate = phase.rate.map_or(Duration::ZERO, Rate::end);
        phase.timeline.end().max(phase.unanswered.end()).max(rate)
    };
    let time = time_axis(canvas, (first, lower), phases.iter().map(end).sum(), PLOT);

    let (mut offset, mut said, mut latencies, mut means) =
        (0.0, Vec::new(), Vec::new(), Vec::new());
    for (index, (phase, curved)) in phases.iter().zip(&curves).enumerate() {
        let ink = CURVES[index % CURVES.len()];
        let from = Start { time: &time, offset, ink };
        let (left, right) = (time.place(offset), time.place(offset + nanoseconds(end(phase))));
        if index > 0 {
            canvas.stroke(BORDER, &format!("M{left:.1} {first}V{lower}"));
        }
        let heading = Type { ink, bold: true, size: 12, ..UNDER };
        canvas.text((f64::midpoint(left, right), first - 8.0), heading, phase.name);
        let dashed = Pen { ink, width: 1.2, more: "stroke-dasharray=\"7 4\"" };
        if let (Some(rates), Some(mean)) = (&rates, phase.rate.and_then(Rate::bits_per_second)) {
            curve(canvas, from, rates, curved);
            let y = rates.place(mean);
            canvas.stroke(dashed, &format!("M{left:.1} {y:.1}H{right:.1}"));
            means.push((ink, phase.name, y, format!("mean {}", rates.value(mean))));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
        let bars = ((right - left) / BAR).max(1.0) as usize;
        course(canvas, from, &axis, phase.timeline, bars);
        let without = mark(canvas, from, lower, phase.unanswered);
        if without > 0 {
            let text = format!("{} without an answer", grouped(without));
            canvas.text((right - 4.0, lower - 14.0), Type { ink: Ink::Orange, ..BESIDE }, &text);
        }
        if let Some(Summary { p50, p99, .. }) = summaries[index] {
            let [p50, p99] = [p50, p99].map(nanoseconds);
            let figures = format!("p50 {}", axis.value(p50));
            said.push(format!("{}: {figures}, p99 {}", phase.name, axis.value(p99)));
            canvas.stroke(
                Pen { ink: Ink::Text, ..dashed },
                &format!("M{left:.1} {0:.1}H{right:.1}", axis.place(p50)),
            );
            latencies.push((ink, phase.name, axis.place(p50), figures));
        }
        offset += nanoseconds(end(phase));
    }
    label(canvas, &means, (first, first + RATES));
    label(canvas, &latencies, (upper, lower));
    said.extend(means.iter().map(|(_, name, _, mean)| format!("{name}: {mean}")));
    Drawn { height: lower - top + BELOW, said: said.join("; ") }
}

/// Writes the name and the figure of each phase beside a plot.
fn label(canvas: &mut Canvas, labels: &[(Ink, &str, f64, String)], (upper, lower): (f64, f64)) {
    let wanted: Vec<f64> = labels.iter().map(|&(_, _, y, _)| y).collect();
    let places = apart(&wanted, ROOM - 12.0, (upper + 8.0, lower - 8.0));
    for ((ink, name, from, figure), to) in labels.iter().zip(places) {
        canvas.stroke(LEADER, &format!("M{} {from:.1}L{} {to:.1}", PLOT.1, LABELS - 4.0));
        canvas.text((LABELS, to - 3.0), Type { ink: *ink, bold: true, ..LABEL }, name);
        canvas.text((LABELS, to + 12.0), LABEL, figure);
    }
}
