//! The panels of a picture, one below the other.

use std::fmt::Write;

use super::canvas::{Canvas, Ink, Type, clipped};
use super::panel::{Drawn, HEADER, HEADING, MARGIN, SUBTITLE, TITLE, WIDTH};
use super::phases::Phase;
use super::{bars, phases, rtt, sizes, throughput};
use crate::report::timeline::{Rate, Timeline};
use crate::stats::{Recorder, Summary};

/// What an empty picture says.
const NOTHING: &str = "Nothing was measured: the run failed.";

const FAILURE: Type = Type { ink: Ink::Orange, ..SUBTITLE };

/// One chart of a picture.
#[derive(Clone, Copy, Debug)]
pub enum Panel<'a> {
    /// Round-trip times over time, and their distribution.
    Rtt {
        /// The heading.
        name: &'a str,
        /// What a sample is, for the title of its axis.
        what: &'a str,
        /// When each was measured.
        timeline: &'a Timeline,
        /// The samples of the timeline, for their distribution.
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
    /// What failed, and why.
    Failures {
        /// The heading.
        name: &'a str,
        /// A line for each failure.
        lines: &'a [String],
    },
    /// Round-trip times and rates in phases, one after the other.
    Phases {
        /// The heading.
        name: &'a str,
        /// The phases, in the order of time.
        phases: &'a [Phase<'a>],
    },
    /// Round-trip times over the size of the payload.
    Sizes {
        /// The heading.
        name: &'a str,
        /// Bytes of payload, rising, and the figures of their pings.
        rows: &'a [(u64, Summary)],
    },
    /// Durations of several kinds, a bar for each kind, to be compared.
    Bars {
        /// The heading.
        name: &'a str,
        /// What is measured, such as a `call`.
        unit: &'a str,
        /// The name of each kind, and its figures.
        rows: &'a [(String, Summary)],
    },
}

/// The panels, one below the other, as one SVG document. Without a panel, the
/// picture says that the run failed.
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
/// let (name, unanswered) = ("Ping", &Timeline::default());
/// let (timeline, recorder) = (&timeline, &recorder);
/// let panel = Panel::Rtt { name, what: "round-trip time", timeline, recorder, unanswered };
/// let svg = picture("localhost:5001", "10 pings, 2025-01-01 12:00", &[panel]);
/// assert!(svg.starts_with("<svg ") && svg.contains("p50 81"));
/// ```
#[must_use]
pub fn picture(title: &str, subtitle: &str, panels: &[Panel]) -> String {
    let mut canvas = Canvas::default();
    canvas.text((MARGIN, 36.0), TITLE, &clipped(title, 76));
    canvas.text((MARGIN, 58.0), SUBTITLE, &clipped(subtitle, 130));
    let (mut top, mut description) = (HEADER, format!("{subtitle}."));
    if panels.is_empty() {
        top += failures(&mut canvas, top, &[NOTHING.into()]).height;
    }
    for panel in panels {
        let (name, drawn) = match *panel {
            Panel::Rtt { name, what, timeline, recorder, unanswered } => {
                (name, rtt::draw(&mut canvas, top, what, timeline, recorder, unanswered))
            }
            Panel::Failures { name, lines } => (name, failures(&mut canvas, top + 20.0, lines)),
            Panel::Phases { name, phases } => (name, phases::draw(&mut canvas, top, phases)),
            Panel::Sizes { name, rows } => (name, sizes::draw(&mut canvas, top, rows)),
            Panel::Throughput { name, series } => {
                (name, throughput::draw(&mut canvas, top, series))
            }
            Panel::Bars { name, unit, rows } => (name, bars::draw(&mut canvas, top, unit, rows)),
        };
        canvas.text((MARGIN, top + 14.0), HEADING, &clipped(name, 100));
        let _ = write!(description, " {name}: {}.", drawn.said);
        top += drawn.height;
    }
    canvas.finish((WIDTH, top), title, &description)
}

/// Writes what failed.
fn failures(canvas: &mut Canvas, top: f64, lines: &[String]) -> Drawn {
    let mut y = top + 14.0;
    for line in lines {
        canvas.text((MARGIN, y), FAILURE, &clipped(line, 130));
        y += 22.0;
    }
    Drawn { height: y - top + 20.0, said: lines.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

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
                what: "round-trip time",
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
            what: typed,
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
        let empty = checked(picture("", "", &[]));
        assert!(empty.ends_with("</svg>\n") && empty.contains(">Nothing was measured: "));
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
            checked(picture("t", "s", &[Panel::Bars { name: "n", unit: "call", rows }]))
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
    fn any_sizes_make_a_picture() {
        let of = |rows: &[(u64, Summary)]| {
            checked(picture("t", "s", &[Panel::Sizes { name: "n", rows }]))
        };
        assert!(of(&[]).contains(">no answers<"));
        let (zero, second, max) = (Duration::ZERO, Duration::from_secs(1), Duration::MAX);
        for (bytes, samples) in
            [(0, [zero; 3]), (1, [second; 3]), (65_536, [zero, second, max]), (u64::MAX, [max; 3])]
        {
            let summary = samples.iter().copied().collect::<Recorder>().summary().unwrap();
            of(&[(bytes, summary)]);
            let svg = of(&[(1, summary), (7, summary), (bytes.max(7), summary)]);
            assert!(svg.contains("payload of a ping, logarithmic scale"), "{svg}");
        }
    }

    #[test]
    fn any_phases_make_a_picture() {
        let of =
            |phases: &[Phase]| checked(picture("t", "s", &[Panel::Phases { name: "n", phases }]));
        assert!(of(&[]).contains(">no answers<"));
        let (zero, second, max) = (Duration::ZERO, Duration::from_secs(1), Duration::MAX);
        let (none, nothing) = (Timeline::default(), rate([]));
        for samples in [vec![], vec![(zero, zero)], vec![(second, second), (max, max)]] {
            let (timeline, recorder) = pings(samples);
            for bytes in [rate([]), rate([(zero, 5)]), rate([(second, 5), (max, u64::MAX)])] {
                let phase = Phase {
                    name: "a & b",
                    timeline: &timeline,
                    recorder: &recorder,
                    unanswered: &timeline,
                    rate: Some(&bytes),
                };
                of(&[phase]);
                of(&[phase, Phase { unanswered: &none, rate: Some(&nothing), ..phase }, phase]);
            }
        }
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
