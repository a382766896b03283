//! The status of a server: a line for each key, or the object as it is.

use std::net::SocketAddr;
use std::time::Duration;

use super::Report;
use super::figures::{put, put_series, series};
use crate::json::{Map, Value};
use crate::measure::Asked;
use crate::units::{ms, size, time, utc};
use crate::wire::command::excerpt;

impl Report for Asked {
    fn lines(&self) -> Vec<String> {
        let Some(answer) = &self.answer else {
            let answered = format!("{} asked, {} answered", self.asked, self.delay.count());
            return [answered].into_iter().chain(series("delay", &self.delay)).collect();
        };
        let width = answer.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0).min(20);
        let line = |(key, value): (&str, &Value)| {
            format!("{:<width$}  {}", excerpt(key.as_bytes()), with_unit(key, value))
        };
        answer.iter().map(line).collect()
    }

    fn brief(&self) -> String {
        match self.delay.summary() {
            Some(delay) => format!("answered in {} ms", ms(delay.max)),
            None => "no answer".into(),
        }
    }

    fn first_answer(&self) -> Option<Duration> {
        self.first_answer
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn fields(&self, map: &mut Map) {
        map.insert("asked", self.asked);
        map.insert("answered", self.delay.count());
        put_series(map, "delay_ns", &self.delay);
        put(map, "status", self.answer.clone());
    }
}

/// A value as text. The figures of every server have units.
fn with_unit(key: &str, value: &Value) -> String {
    let seconds = || value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let known = match key {
        "uptime" | "delay" => seconds().map(time),
        "recvtime" => seconds().map(|since| utc(since.as_secs())),
        "bytes" => value.as_map().map(|bytes| {
            let pair =
                |(name, bytes): (&str, &Value)| Some(format!("{name} {}", size(bytes.as_u64()?)));
            bytes.iter().filter_map(pair).collect::<Vec<_>>().join(", ")
        }),
        _ => None,
    };
    known.map_or_else(|| in_words(value), |known| excerpt(known.as_bytes()))
}

/// A value as text: a string without quotation marks, a map without braces. The text
/// comes from a stranger, so it is cut and escaped.
fn in_words(value: &Value) -> String {
    let pair = |(key, value): (&str, &Value)| format!("{key} {value}");
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Map(map) => map.iter().map(pair).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    excerpt(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_cannot_do_anything_to_a_terminal() {
        let nested = Map::from([("now", 3.into()), ("\x1b[2J", "\x07".into())]);
        let answer = Map::from([
            ("motd", "hi\n\x1b[31m".into()),
            ("connections", nested.into()),
            ("up", 1.5.into()),
        ]);
        let delay = [Duration::from_micros(81)].into_iter().collect();
        let asked = Asked { asked: 1, delay, answer: Some(answer), ..Asked::default() };
        assert_eq!(asked.brief(), "answered in 0.081 ms");
        let lines = asked.lines();
        assert_eq!(lines[0], "motd         hi\\n\\u{1b}[31m");
        assert!(
            lines[1].starts_with("connections  now 3, \\u{1b}[2J ")
                && lines[2] == "up           1.5"
        );
        assert!(lines.iter().all(|line| line.chars().all(|c| !c.is_control())));
    }
}
