//! Results as a picture, for who sees at a glance what a table hides.
//!
//! ```text
//!   RTT │      ╷              │▏            max
//!       │  ╷   │      ╷       │▎            p99      the same axis for both:
//!       │  │ ╷ │ ╷  ╷ │ ╷     │██▌          p90      left when, right how many
//!       │  ╵ ╵ ╵ ╵  ╵ ╵ ╵     │███████▋     p50
//!       └─────────────────    └──────────
//!         time                  answers
//! ```
//!
//! - **A bar from the smallest to the largest.** Where one pixel holds a thousand
//!   pings, a curve through their means shows none of them: a stall of 200 ms, once in
//!   that pixel, lifts the curve by 0.2 ms. The bar reaches up to it. Where there is
//!   but one ping it is a dot, and no line joins the dots: nobody knows what is between
//!   two pings.
//! - **The distribution beside it.** A bar does not say whether half of the pings were
//!   slow, or one. The histogram does, and on the same axis one finds in time what
//!   sticks out of it. What is too small to be seen is drawn larger than it is, for one
//!   slow answer in a million is what is looked for.
//! - **A stroke at the lower edge for each without an answer.** It has no time that
//!   could be drawn, and must not be missing all the same.
//! - **Linear from zero wherever possible,** so that twice as high is twice as slow. If
//!   the largest is more than 20 times the median, that would leave the usual ones a
//!   flat line at the bottom, and the axis is logarithmic. It says which it is.
//! - **A rate is drawn in steps,** each the bytes of a column over its time. A column
//!   holds several pieces: with one or two in each, the rate would seem to jump by half
//!   whenever one comes a little late.
//! - **What is compared are lengths** that begin at the same line: a bar for each way
//!   that calls went, always on a linear axis from zero.
//!
//! The file stands alone: no script, no font, no image, and colours that follow the
//! reader's choice of light or dark.

mod axis;
mod calls;
mod canvas;
mod rtt;
mod throughput;

use std::fmt::Write;
use std::time::Duration;

use self::axis::{Axis, TIMES};
use self::canvas::{Canvas, Ink, Pen, Type, clipped};
use super::timeline::{Rate, Timeline};
use crate::stats::{Recorder, Summary};
use crate::units::{self, float};

/// One chart of a picture.
#[derive(Clone, Copy, Debug)]
pub enum Panel<'a> {
    /// Round-trip times over time, and their distribution.
    Rtt {
        /// The heading.
        name: &'a str,
        /// When each was measured.
        timeline: &'a Timeline,
        /// The same samples, for their distribution.
        recorder: &'a Recorder,
        /// When those were sent that have no answer in time.
        unanswered: &'a Timeline,
    },
    /// Rates over time, of one transfer or of several at once.
    Throughput {
        /// The heading.
        name: &'a str,
        /// Each transfer's name, for the legend, and what went through when. The legend
        /// has room for six.
        series: &'a [(&'a str, &'a Rate)],
    },
    /// Round-trip times of calls, a bar for each way that they went.
    Calls {
        /// The heading.
        name: &'a str,
        /// Each way's name and figures.
        rows: &'a [(String, Summary)],
    },
}

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 20.0;
/// From where to where a plot has the whole width.
const PLOT: (f64, f64) = (84.0, 790.0);
/// Where the labels beside it begin.
const LABELS: f64 = 812.0;

const HEADER: f64 = 76.0;
const HEIGHT: f64 = 200.0;
/// From a panel's top to its plot, and from there to the next panel.
const ABOVE: f64 = 44.0;
const BELOW: f64 = 60.0;

const TITLE: Type = Type { ink: Ink::Text, size: 20, bold: true, anchor: "start" };
const HEADING: Type = Type { size: 14, ..TITLE };
const LABEL: Type = Type { size: 12, bold: false, ..TITLE };
const SUBTITLE: Type = Type { ink: Ink::Faint, size: 13, ..LABEL };
const NOTE: Type = Type { ink: Ink::Faint, size: 11, ..LABEL };
const BESIDE: Type = Type { anchor: "end", ..NOTE };
const UNDER: Type = Type { anchor: "middle", ..NOTE };

const GRID: Pen = Pen { ink: Ink::Grid, width: 1.0, more: "" };
/// From what is marked to its label.
const LEADER: Pen = Pen { ink: Ink::Faint, ..GRID };

/// What a panel has become: how high it is, and what is to be seen in words.
struct Drawn {
    height: f64,
    said: String,
}

/// The panels, one below the other, as one SVG document.
///
/// ```
/// use roundtrip::report::svg::{Panel, picture};
/// use roundtrip::report::timeline::Timeline;
/// use roundtrip::stats::Recorder;
/// use std::time::Duration;
///
/// let (mut timeline, mut recorder) = (Timeline::default(), Recorder::default());
/// for n in 0..10 {
///     let rtt = Duration::from_micros(80 + n % 3);
///     timeline.record(Duration::from_millis(100 * n), rtt);
///     recorder.record(rtt);
/// }
/// let unanswered = Timeline::default();
/// let panel = Panel::Rtt { name: "Ping", timeline: &timeline, recorder: &recorder, unanswered: &unanswered };
/// let svg = picture("localhost:5001", "10 pings, 2025-01-01 12:00", &[panel]);
/// assert!(svg.starts_with("<svg ") && svg.contains("p50 81"));
/// ```
#[must_use]
pub fn picture(title: &str, subtitle: &str, panels: &[Panel]) -> String {
    let mut canvas = Canvas::default();
    canvas.text((MARGIN, 36.0), TITLE, &clipped(title, 76));
    canvas.text((MARGIN, 58.0), SUBTITLE, &clipped(subtitle, 130));
    let (mut top, mut description) = (HEADER, format!("{subtitle}."));
    for panel in panels {
        let (name, drawn) = match *panel {
            Panel::Rtt { name, timeline, recorder, unanswered } => {
                (name, rtt::draw(&mut canvas, top, timeline, recorder, unanswered))
            }
            Panel::Throughput { name, series } => {
                (name, throughput::draw(&mut canvas, top, series))
            }
            Panel::Calls { name, rows } => (name, calls::draw(&mut canvas, top, rows)),
        };
        canvas.text((MARGIN, top + 14.0), HEADING, &clipped(name, 100));
        let _ = write!(description, " {name}: {}.", drawn.said);
        top += drawn.height;
    }
    canvas.finish((WIDTH, top), title, &description)
}

/// Draws the lines across the plots, and what they stand for.
fn value_axis(canvas: &mut Canvas, upper: f64, axis: &Axis, what: &str, plots: &[(f64, f64)]) {
    for (y, text) in axis.ticks() {
        for (left, right) in plots {
            canvas.stroke(GRID, &format!("M{left} {y:.1}H{right}"));
        }
        canvas.text((PLOT.0 - 8.0, y + 4.0), BESIDE, &text);
    }
    canvas.text((MARGIN, upper - 12.0), NOTE, &axis.title(what));
}

/// Draws the axis of time below a plot, and gives it.
fn time_axis(canvas: &mut Canvas, upper: f64, end: Duration, (left, right): (f64, f64)) -> Axis {
    // One sample alone has a time, but there is no end to scale by.
    let end = if end.is_zero() { Duration::from_secs(1) } else { end };
    // A little in from both ends, so that a dot there is whole.
    let axis = Axis::linear(TIMES, nanoseconds(end), 8.0, (left + 6.0, right - 6.0));
    let lower = upper + HEIGHT;
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

/// Says why there is no plot.
fn empty(canvas: &mut Canvas, top: f64, why: &str) -> Drawn {
    canvas.text((MARGIN, top + 38.0), SUBTITLE, why);
    Drawn { height: 66.0, said: why.into() }
}

fn nanoseconds(duration: Duration) -> f64 {
    float(units::nanoseconds(duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pings(samples: impl IntoIterator<Item = (Duration, Duration)>) -> (Timeline, Recorder) {
        let mut both = (Timeline::default(), Recorder::default());
        for (at, rtt) in samples {
            both.0.record(at, rtt);
            both.1.record(rtt);
        }
        both
    }

    fn rate(pieces: impl IntoIterator<Item = (Duration, u64)>) -> Rate {
        let mut rate = Rate::default();
        pieces.into_iter().for_each(|(at, bytes)| rate.record(at, bytes));
        rate
    }

    fn picture_of(samples: impl IntoIterator<Item = (Duration, Duration)>) -> String {
        let (timeline, recorder) = pings(samples);
        checked(picture(
            "t",
            "s",
            &[Panel::Rtt {
                name: "n",
                timeline: &timeline,
                recorder: &recorder,
                unanswered: &Timeline::default(),
            }],
        ))
    }

    fn rates_of(series: &[(&str, &Rate)]) -> String {
        checked(picture("t", "s", &[Panel::Throughput { name: "n", series }]))
    }

    /// That each element is closed in its turn, and that each number is one.
    fn checked(svg: String) -> String {
        let (mut open, mut rest) = (Vec::new(), svg.trim_end());
        while let Some((text, tag)) = rest.split_once('<') {
            assert!(!text.contains('>'), "{text}");
            let (tag, behind) = tag.split_once('>').expect("a tag that ends");
            assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
            let name = tag.split([' ', '/']).next().unwrap();
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if tag.ends_with('/') => assert!(!name.is_empty()),
                None => open.push(name),
            }
            assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
            rest = behind;
        }
        assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest}");
        for entity in svg.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)),
                "{entity}"
            );
        }
        assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
        svg
    }

    #[test]
    fn what_a_person_typed_is_text() {
        let typed = "</text><script>\u{1b}[2J\0\u{ffff}&amp;\"'";
        let (timeline, recorder) = pings([]);
        let rate = rate([(Duration::from_secs(1), 1)]);
        let series = [(typed, &rate), (typed, &rate)];
        let rtt = Panel::Rtt {
            name: typed,
            timeline: &timeline,
            recorder: &recorder,
            unanswered: &timeline,
        };
        let svg = checked(picture(
            typed,
            typed,
            &[rtt, Panel::Throughput { name: typed, series: &series }],
        ));
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;[2J&amp;amp;&quot;'"));
        assert!(!svg.contains("<script") && svg.contains("no answers"));
        assert!(checked(picture("", "", &[])).ends_with("</svg>\n"));
    }

    #[test]
    fn any_samples_make_a_picture() {
        let (zero, second, max) = (Duration::ZERO, Duration::from_secs(1), Duration::MAX);
        assert!(picture_of([]).contains(">no answers<"));
        for rtt in [zero, Duration::from_nanos(1), second, Duration::from_secs(5000), max] {
            let svg = picture_of([(zero, rtt)]);
            assert!(svg.contains("h0") && svg.contains("linear scale"), "{rtt:?}");
            picture_of([(zero, rtt), (second, rtt), (second, rtt)]);
            picture_of([(zero, rtt), (max, zero), (second, max)]);
        }
    }

    #[test]
    fn any_rates_make_a_picture() {
        let (zero, second, max) = (Duration::ZERO, Duration::from_secs(1), Duration::MAX);
        assert!(rates_of(&[]).contains(">nothing arrived<"));
        for pieces in [vec![], vec![(zero, 5)], vec![(second, 0)]] {
            assert!(rates_of(&[("", &rate(pieces))]).contains(">nothing arrived<"));
        }
        for pieces in [
            vec![(second, 1)],
            vec![(second, 125_000_000)],
            vec![(zero, u64::MAX), (second, 1), (max, 1)],
        ] {
            let (some, none) = (rate(pieces), rate([]));
            assert!(rates_of(&[("", &some)]).contains("mean "));
            assert!(rates_of(&[("", &some), ("", &none)]).contains(">nothing arrived<"));
        }
    }

    #[test]
    fn any_calls_make_a_picture() {
        let of = |rows: &[(String, Summary)]| {
            checked(picture("t", "s", &[Panel::Calls { name: "n", rows }]))
        };
        assert!(of(&[]).contains(">no answers<"));
        let row = |name: &str, samples: &[Duration]| {
            (name.to_owned(), samples.iter().copied().collect::<Recorder>().summary().unwrap())
        };
        let (zero, second) = (Duration::ZERO, Duration::from_secs(1));
        for samples in [[zero, zero, zero], [second, second, second], [zero, zero, Duration::MAX]] {
            assert!(of(&[row("tcp <&> json", &samples)]).contains("tcp &lt;&amp;&gt; json"));
        }
        let svg = of(&[row("a", &[second; 3]), row("b", &[second, second, second * 100])]);
        assert!(svg.contains("1 s, p99 100 s") && svg.contains("linear scale"), "{svg}");
    }

    #[test]
    fn one_outlier_makes_the_axis_logarithmic() {
        let usual = (0..99).map(|n| (Duration::from_millis(n), Duration::from_micros(80)));
        let stall = |ms| (Duration::from_millis(99), Duration::from_millis(ms));
        assert!(picture_of(usual.clone().chain([stall(1)])).contains("linear scale"));
        let svg = picture_of(usual.chain([stall(200)]));
        assert!(
            svg.contains("logarithmic scale")
                && svg.contains("p50 80")
                && svg.contains("max 200 ms")
        );
    }

    #[test]
    fn a_long_measurement_makes_no_larger_a_file() {
        let pings = |count| {
            picture_of(
                (0..count).map(|n| (Duration::from_millis(n), Duration::from_micros(n % 97))),
            )
        };
        assert!(pings(100_000).len() < 2 * pings(1_000).len());
    }
}
