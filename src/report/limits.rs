//! Limits for monitoring: which figures of a test are not to pass which value.
//!
//! A limit is written as a name, `>` or `<`, and a value: `p99>5ms`, `loss>1%`,
//! `rate<100Mbit`. It names what is wrong, so it is passed when it holds. A figure that is
//! not known passes no limit: a test that failed says so itself.
//!
//! | name | figure | value |
//! | --- | --- | --- |
//! | `p50`, `p90`, `p99`, `max`, `mean` | of `rtt_ns` | a duration |
//! | `connect` | `p50` of `connect_ns` | a duration |
//! | `loss` | pings without an answer, of those that were sent | a percentage |
//! | `rate` | `bits_per_second`, of each direction | a rate |
//!
//! The figures are those of all clients together, as the [document](super::json) has them.
//! A test with several parts, such as `loaded`, passes a limit if one of its parts does.

use std::str::FromStr;

use super::Results;
use crate::json::{Map, Value};
use crate::units::{float, nanoseconds, parse_duration, parse_rate, rate, significant, time};

/// Tests whose figures have round-trip times, and those that have losses besides.
const RTT: &[&str] = &["latency", "connect", "loaded", "sweep", "udp", "lag", "call"];
const LOSS: &[&str] = &["latency", "loaded", "sweep", "udp", "lag", "call"];
const RATE: &[&str] = &["download", "upload", "bidirectional", "loaded"];

/// One limit.
///
/// ```
/// use roundtrip::report::limits::Limit;
///
/// let limit: Limit = "p99>5ms".parse()?;
/// assert!(limit.is_for("latency") && !limit.is_for("download"));
/// assert!("p99>5".parse::<Limit>().unwrap_err().contains("did you mean 5s?"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// As it was written.
    text: String,
    figure: Figure,
    above: bool,
    /// In nanoseconds, percent or bits per second.
    value: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Figure {
    /// A field of `rtt_ns`.
    Rtt(String),
    Connect,
    Loss,
    Rate,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no limit; write p50, p90, p99, max, mean, connect, loss or rate, \
                 then > or <, and a value, such as p99>5ms, loss>1% or rate<100Mbit"
            )
        };
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (name, value) = (&text[..at], &text[at + 1..]);
        let figure = match name {
            "p50" | "p90" | "p99" | "max" | "mean" => Figure::Rtt(name.into()),
            "connect" => Figure::Connect,
            "loss" => Figure::Loss,
            "rate" => Figure::Rate,
            _ => return Err(wrong()),
        };
        let value = match figure {
            Figure::Rtt(_) | Figure::Connect => {
                parse_duration(value).map(|time| float(nanoseconds(time)))
            }
            Figure::Rate => parse_rate(value).map(float),
            Figure::Loss => {
                return percent(text, value).map(|value| Limit::new(text, figure, value));
            }
        };
        let value = value.map_err(|error| format!("{text}: {error}"))?;
        Ok(Limit::new(text, figure, value))
    }
}

fn percent(text: &str, value: &str) -> Result<f64, String> {
    let plain = |number: &&str| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = value.strip_suffix('%').filter(plain).and_then(|number| number.parse().ok());
    number.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(|| {
        format!("{text}: {value:?} is not a percentage; write a number from 0 to 100, such as 1%")
    })
}

impl Limit {
    fn new(text: &str, figure: Figure, value: f64) -> Self {
        Limit { text: text.into(), figure, above: text.contains('>'), value }
    }

    /// Whether a test of this name has such a figure.
    #[must_use]
    pub fn is_for(&self, test: &str) -> bool {
        let tests = match self.figure {
            Figure::Rtt(_) => RTT,
            Figure::Connect => &["connect"],
            Figure::Loss => LOSS,
            Figure::Rate => RATE,
        };
        tests.contains(&test)
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The figure in an object, if it is known.
    fn of(&self, map: &Map) -> Option<f64> {
        let number = |value: Option<&Value>| value?.as_u64().map(float);
        match &self.figure {
            Figure::Rtt(name) => number(map.get("rtt_ns")?.get(name)),
            Figure::Connect => number(map.get("connect_ns")?.get("p50")),
            Figure::Rate => number(map.get("bits_per_second")),
            Figure::Loss => {
                let sent = number(map.get("sent")).filter(|&sent| sent > 0.0)?;
                let lost = number(map.get("lost"));
                let lost = lost.or_else(|| Some(sent - number(map.get("received"))?))?;
                Some(lost / sent * 100.0)
            }
        }
    }

    /// The line for a figure that passes this limit.
    fn passed(&self, what: &str, map: &Map) -> Option<String> {
        let found = self.of(map)?;
        let holds = if self.above { found > self.value } else { found < self.value };
        let (name, found) = match &self.figure {
            Figure::Rtt(name) => (name.as_str(), duration(found)),
            Figure::Connect => ("connect", duration(found)),
            Figure::Loss => ("loss", format!("{}%", significant(found))),
            Figure::Rate => ("rate", rate(found)),
        };
        holds.then(|| format!("{what}: {name} is {found}, past the limit {}", self.text))
    }
}

fn duration(ns: f64) -> String {
    time(std::time::Duration::from_secs_f64(ns / 1e9))
}

/// A line for each limit that a test of this name passes, in any of its parts.
#[must_use]
pub fn passed(limits: &[Limit], test: &str, results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    for (part, results) in results.parts() {
        let what = part.map_or(test.to_owned(), |part| format!("{test}, {part}"));
        let mut map = Map::default();
        results.total.fields(&mut map);
        for limit in limits.iter().filter(|limit| limit.is_for(test)) {
            lines.extend(limit.passed(&what, &map));
            // The parts that stand in the object of the test itself.
            for (name, part) in map.iter() {
                match part {
                    Value::Map(part) => {
                        lines.extend(limit.passed(&format!("{what}, {name}"), part));
                    }
                    Value::List(parts) if limit.figure != Figure::Rate => {
                        let of = |part: &Value| limit.passed(&size(&what, part), part.as_map()?);
                        lines.extend(parts.iter().filter_map(of));
                    }
                    _ => {}
                }
            }
        }
    }
    lines
}

/// What a row of a sweep is called.
fn size(what: &str, row: &Value) -> String {
    let bytes = row.get("payload_bytes").and_then(Value::as_u64);
    bytes.map_or(what.to_owned(), |bytes| format!("{what}, {bytes} B"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Bandwidth, Bidirectional, Latency};
    use crate::report::Report;
    use std::time::Duration;

    fn check(limit: &str, test: &str, total: &dyn Report) -> Vec<String> {
        let (environment, waits, interrupted) = (None, None, false);
        let results = Results { clients: vec![total], total, environment, waits, interrupted };
        passed(&[limit.parse().unwrap()], test, &results)
    }

    #[test]
    fn a_limit_is_passed_or_not() {
        let rtt = [1, 2, 9].map(Duration::from_millis).into_iter().collect();
        let pings = Latency { sent: 4, rtt, ..Latency::default() };
        let check = |limit| check(limit, "latency", &pings);
        assert_eq!(check("max>8ms"), ["latency: max is 9.00 ms, past the limit max>8ms"]);
        assert_eq!(check("loss>20%"), ["latency: loss is 25.0%, past the limit loss>20%"]);
        assert_eq!(check("mean<1s").len(), 1);
        for none in ["max>9ms", "loss>25%", "p50>8ms", "mean<4ms", "rate<1Gbit", "connect>0"] {
            assert_eq!(check(none), Vec::<String>::new(), "{none}");
        }
    }

    #[test]
    fn each_direction_has_its_rate_and_what_is_unknown_passes_nothing() {
        let (bytes, duration) = (Some(125_000), Some(Duration::from_secs(1)));
        let download = Bandwidth { bytes, duration, ..Bandwidth::default() };
        let both = Bidirectional { download, ..Bidirectional::default() };
        let lines = check("rate<2Mbit", "bidirectional", &both);
        assert_eq!(
            lines,
            ["bidirectional, download: rate is 1.00 Mbit/s, past the limit rate<2Mbit"]
        );
        assert_eq!(check("rate<1Mbit", "bidirectional", &both), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for (text, hint) in [
            ("p98>5ms", "such as p99>5ms"),
            ("p99", "such as p99>5ms"),
            ("p99>5", "did you mean 5s?"),
            ("p99=5ms", "such as p99>5ms"),
            ("loss>1", "such as 1%"),
            ("loss>101%", "such as 1%"),
            ("rate<100", "such as 100Mbit"),
            ("rate<10MiB", "such as 100Mbit"),
        ] {
            let why = text.parse::<Limit>().unwrap_err();
            assert!(why.contains(hint), "{text}: {why}");
        }
    }
}
