//! Results for a person, line by line.

use std::io::{self, Write};
use std::iter;
use std::time::Duration;

use super::figures::FEW;
use super::latency::rows;
use super::{Report, Reporter, Results, Source, Test, Title, Waits};
use crate::flags::{DETAIL, WIDTH, hanging};
use crate::json::Map;
use crate::measure::environment::Environment;
use crate::measure::{Latency, Outcome, Sample};
use crate::stats::{Recorder, Summary};
use crate::units::{count, float, ms, time};

/// The form for a person.
#[derive(Debug)]
pub struct Text<W> {
    out: W,
    quiet: bool,
    /// Lines that wait for the first answer.
    waiting: Vec<String>,
    /// Whether the first of them says that a server is there.
    connected: bool,
    /// The figure that says most of each test.
    headlines: Vec<String>,
}

impl<W: Write> Text<W> {
    /// Writes to `out`; if `quiet`, the results alone.
    pub fn new(out: W, quiet: bool) -> Self {
        Text { out, quiet, waiting: Vec::new(), connected: false, headlines: Vec::new() }
    }

    /// There was an answer, or the test is over.
    fn answered(&mut self) -> io::Result<()> {
        self.connected = false;
        let broken = self.waiting.drain(..).flat_map(|line| hanging(&line, WIDTH));
        broken.into_iter().try_for_each(|line| writeln!(self.out, "{line}"))
    }

    /// A line of results; what is too long for a terminal is broken between words.
    fn line(&mut self, line: &str) -> io::Result<()> {
        hanging(line, DETAIL).iter().try_for_each(|line| writeln!(self.out, "  {line}"))
    }

    fn detail(&mut self, line: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.line(line) }
    }
}

impl<W: Write + Send> Reporter for Text<W> {
    fn begin(&mut self, test: &Test) -> io::Result<()> {
        if let Title::Above(title) = &test.title {
            self.waiting.push(title.clone());
        }
        if self.connected { Ok(()) } else { self.answered() }
    }

    fn connected(&mut self, line: &str) -> io::Result<()> {
        if !self.quiet {
            self.waiting.push(line.into());
            self.connected = true;
        }
        Ok(())
    }

    fn sample(&mut self, Source { test, part, .. }: Source, sample: &Sample) -> io::Result<()> {
        self.answered()?;
        if self.quiet || test.clients > 1 || test.shown != Some(part) {
            return Ok(());
        }
        match *sample {
            Sample::Ping { number, rtt, .. } => self.detail(&ping(number, test.count, rtt)),
            Sample::Outcome { number, rtt, outcome: kind, .. } => {
                self.detail(&outcome(number, rtt, kind))
            }
            Sample::Piece { .. } => Ok(()),
        }
    }

    fn note(&mut self, _: &Test, line: &str, _: &Map) -> io::Result<()> {
        self.answered()?;
        self.detail(line)
    }

    fn result(&mut self, test: &Test, results: &Results) -> io::Result<()> {
        let Results { total, environment, .. } = *results;
        if self.connected && results.failure().is_some() {
            self.waiting.remove(0);
        }
        self.answered()?;
        let mut lines = total.lines();
        if let Title::Before(title) = &test.title {
            let brief = total.brief();
            hanging(&format!("{title:<9} {brief}"), WIDTH)
                .iter()
                .try_for_each(|line| writeln!(self.out, "{line}"))?;
            lines.retain(|line| *line != brief);
        }
        for (part, Results { clients, waits, .. }) in results.parts() {
            if let Some(part) = part.filter(|_| clients.len() > 1) {
                self.detail(&part)?;
            }
            for (index, result) in clients.iter().enumerate().filter(|_| clients.len() > 1) {
                let first = waits.and_then(|waits| waits.first_answer(index));
                let first = first.filter(|_| result.failure().is_none());
                let first = first.map(|first| format!(", first {} ms", ms(first)));
                let line = client(index, clients.len(), *result) + &first.unwrap_or_default();
                self.detail(&line)?;
                if let Some(failure) = result.failure() {
                    self.detail(&format!("  failed: {failure}"))?;
                }
            }
        }
        for line in lines {
            self.line(&line)?;
        }
        let headline = total.headline().filter(|_| results.failure().is_none());
        self.headlines.extend(headline.map(|figure| format!("{} {figure}", test.name)));
        if let Some(line) = results.waits.filter(|_| test.clients > 1).and_then(waited) {
            self.detail(&line)?;
        }
        let bars = total.pings().map(|pings| distribution(&pings.rtt)).unwrap_or_default();
        if !bars.is_empty() {
            self.detail(&format!("from this time on, so many {}s:", test.unit))?;
        }
        for line in bars {
            self.detail(&line)?;
        }
        match environment.filter(|_| test.unseen) {
            Some(seen) => unseen(seen, total.pings()).iter().try_for_each(|line| self.detail(line)),
            None => Ok(()),
        }
    }

    fn compared(&mut self, lines: &[String], _: &[Map]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// Several tests end with the figures that say most.
    fn end(&mut self) -> io::Result<()> {
        if self.headlines.len() < 2 {
            return Ok(());
        }
        writeln!(self.out, "summary:  {}", self.headlines.join(", "))
    }
}

/// One answered ping: `ping  3/10: 0.250 ms`, or without the number of all where that
/// is not known.
#[must_use]
pub fn ping(number: u64, count: Option<u64>, rtt: Duration) -> String {
    let rtt = ms(rtt);
    let Some(count) = count else { return format!("ping {number}: {rtt} ms") };
    let width = count.to_string().len();
    format!("ping {number:>width$}/{count}: {rtt} ms")
}

/// What else became of a ping: `12 is late`, `12 came after 2104.120 ms`.
fn outcome(number: u64, rtt: Option<Duration>, outcome: Outcome) -> String {
    let after = rtt.map_or(String::new(), |rtt| format!(" after {} ms", ms(rtt)));
    format!("{number} {}{after}", outcome.phrase)
}

/// One of several clients, and its result.
#[must_use]
pub fn client(index: usize, clients: usize, result: &dyn Report) -> String {
    let width = clients.to_string().len();
    format!("client {:>width$}/{clients}: {}", index + 1, result.brief())
}

/// When the clients were served.
fn waited(waits: &Waits) -> Option<String> {
    let first_answers: Recorder = waits.first_answers.iter().flatten().copied().collect();
    let Summary { p50, max, .. } = first_answers.summary()?;
    let (p50, max, all) = (ms(p50), ms(max), time(waits.elapsed));
    Some(format!("first answer after {p50} ms (p50), {max} ms (max); all done in {all}"))
}

/// What the measurement cannot see, as far as it is known.
fn unseen(environment: &Environment, pings: Option<&Latency>) -> Vec<String> {
    let clock = Some(format!("reading the clock takes {} ns", environment.clock.as_nanos()));
    let late = pings.and_then(|pings| pings.scheduling_delay.summary()).map(|late| {
        let last = if late.count < FEW { "max" } else { "p99" };
        format!("pings left {} ms late (p50), {} ms ({last})", ms(late.p50), ms(late.p99))
    });
    let again = environment.retransmitted.filter(|&segments| segments > 0);
    let again =
        again.map(|segments| format!("this host sent {} again", count(segments, "TCP segment")));
    let due = pings.filter(|pings| rows(pings).len() > 1);
    let due = due.map(|_| "due: counted from when each ping should have left".into());
    let known = [clock, late, again, due].into_iter().flatten();
    iter::once("unseen:")
        .chain(iter::repeat("       "))
        .zip(known)
        .map(|(before, what)| format!("{before} {what}"))
        .collect()
}

/// The distribution, drawn with a bar for each of a dozen ranges of equal ratio;
/// nothing for a handful of samples.
#[must_use]
pub fn distribution(series: &Recorder) -> Vec<String> {
    const ROWS: usize = 12;
    const WIDTH: f64 = 40.0;
    let Some(Summary { min, max, .. }) = series.summary().filter(|summary| summary.count >= 20)
    else {
        return Vec::new();
    };
    let low = min.as_secs_f64().max(1e-9);
    let ratio = (max.as_secs_f64() / low).powf(1.0 / 12.0).max(1.02);
    let edges: Vec<f64> =
        iter::successors(Some(low), |edge| Some(edge * ratio)).take(ROWS).collect();
    let mut counts = [0; ROWS];
    for (values, count) in series.histogram().ranges() {
        // The end of a range: rounding must not put the smallest sample below the first
        // edge.
        let seconds = Duration::from_nanos(*values.end()).as_secs_f64();
        let row = edges.partition_point(|&edge| edge <= seconds).saturating_sub(1);
        counts[row] += count;
    }
    let last = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
    let most = counts.iter().copied().max().unwrap_or(1);
    let row = |(edge, &count): (&f64, &u64)| {
        let from = ms(Duration::from_secs_f64(*edge));
        format!("{from:>9} ms {count:>9} {}", bar(float(count) / float(most) * WIDTH))
            .trim_end()
            .to_string()
    };
    edges.iter().zip(&counts[..=last]).map(row).collect()
}

/// A bar of so many characters, to an eighth of one.
fn bar(length: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 40 characters"
    )]
    let eighths = (length * 8.0).ceil() as usize;
    "█".repeat(eighths / 8) + PARTS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_counts_every_sample_once() {
        assert!(distribution(&iter::repeat_n(Duration::from_millis(1), 5).collect()).is_empty());
        for series in [
            (1..=1000).map(Duration::from_micros).collect::<Recorder>(),
            iter::repeat_n(Duration::from_micros(50), 100).collect(),
            (0..50).map(|n| Duration::from_nanos(n * n * n * n)).collect(),
        ] {
            let lines = distribution(&series);
            let total: u64 = lines
                .iter()
                .map(|line| line.split_whitespace().nth(2).unwrap().parse::<u64>().unwrap())
                .sum();
            assert_eq!(total, series.count(), "{lines:#?}");
            assert!(lines.iter().any(|line| line.ends_with(&"█".repeat(40))));
        }
    }
}
