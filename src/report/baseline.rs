//! An earlier run beside this one: what differs, and whether it may be chance.
//!
//! The earlier run is a [table](super::csv) that was kept. Of each series of round-trip
//! times, p50, p90 and p99 are compared; of each transfer, the mean rate of its full
//! tenths of a second. (Those of an upload count what was handed to the system: in
//! transfers of several seconds, its buffers matter little.) [`stats::compare`](crate::stats::compare) explains the intervals.
//!
//! A person reads
//!
//! ```text
//!   compared with old.csv: 2000 round trips before, 2000 now
//!               before       now    change  95% confidence interval
//!     p50 ms     0.081     0.085    +0.004     +0.001 … +0.006        slower
//!     p90 ms     0.120     0.119    -0.001     -0.010 … +0.009        may be chance
//! ```
//!
//! and the JSON document has a list `baseline` with an object for each series (in the
//! stream, an event `baseline` for each, too):
//!
//! | field | meaning |
//! | --- | --- |
//! | `test`, `part`, `direction` | the series, as in the table; without `part` or `direction` where it has none |
//! | `found` | whether the earlier run has the series. If not, the rest is absent |
//! | `count_before`, `count` | round-trip times, or full tenths of a second |
//! | `rtt_p50_ns`, `rtt_p90_ns`, `rtt_p99_ns`, `bits_per_second` | what differs |
//!
//! Each of the last four is an object with `before`, `now`, `difference` (now minus
//! before), and `low` and `high`, between which the true difference lies with 95%
//! confidence, and `may_be_chance`. With too few samples, the last three are absent.

mod read;

use std::collections::BTreeMap;

pub use read::read;

use super::figures::{FEW, VERY_FEW, put, whole};
use super::{Source, Test};
use crate::json::{Map, Value};
use crate::measure::Sample;
use crate::stats::Thinned;
use crate::stats::compare::{Change, Estimate};
use crate::units::{float, nanoseconds};

/// The most samples of a series that are compared; of a longer one, an even selection.
const MOST: usize = 100_000;

/// A tenth of a second, in nanoseconds.
const TENTH: u64 = 100_000_000;

/// The most tenths of a second that are compared: a day of them.
const MOST_TENTHS: u64 = 864_000;

const PERCENTS: [(&str, f64); 3] = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0)];

/// All series of a run.
#[derive(Clone, Debug, Default)]
struct Run(Vec<Series>);

/// Round-trip times in nanoseconds, or the bytes of each tenth of a second, of all
/// clients.
#[derive(Clone, Debug, Default)]
struct Series {
    test: String,
    part: String,
    /// Empty unless the series is a transfer.
    direction: &'static str,
    rtts: Thinned<MOST>,
    tenths: BTreeMap<u64, u64>,
}

/// An earlier run, and what is known of this one.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    name: String,
    before: Run,
    now: Run,
}

/// A series of this run, and what has changed in it.
struct Compared {
    test: String,
    part: String,
    direction: &'static str,
    /// How many samples the series had before and has now; `None` if the earlier run
    /// has no such series.
    counts: Option<(u64, u64)>,
    /// The name of each figure, and its change.
    changes: Vec<(&'static str, Change)>,
}

impl Baseline {
    /// Keeps a sample of this run.
    pub fn record(&mut self, Source { test, part, .. }: Source, sample: &Sample) {
        match *sample {
            Sample::Ping { rtt, .. } => {
                self.now.series(test.name, part, "").rtts.record(nanoseconds(rtt));
            }
            Sample::Piece { direction, at, bytes } => {
                let tenth = nanoseconds(at) / TENTH;
                self.now.series(test.name, part, direction.name()).piece(tenth, bytes);
            }
            Sample::Outcome { .. } => {}
        }
    }

    /// Compares all series of a test that is over: lines for a person, and an object for
    /// each series.
    #[must_use]
    pub fn compare(&self, test: &Test) -> (Vec<String>, Vec<Map>) {
        let now = self.now.0.iter().filter(|series| series.test == test.name);
        let compared = now.map(|now| {
            let Series { test, part, direction, .. } = now;
            let before = self.before.0.iter().find(|series| series.is(test, part, direction));
            let (counts, changes) = match before {
                Some(before) if direction.is_empty() => before.rtts_until(now),
                Some(before) => before.rates_until(now),
                None => (None, Vec::new()),
            };
            Compared { test: test.clone(), part: part.clone(), direction, counts, changes }
        });
        let (lines, objects): (Vec<_>, Vec<_>) =
            compared.map(|series| (series.lines(&self.name), series.fields())).unzip();
        (lines.concat(), objects)
    }
}

impl Run {
    /// The series of this name, which is made if there is none.
    fn series(&mut self, test: &str, part: &str, direction: &'static str) -> &mut Series {
        let known = self.0.iter().position(|series| series.is(test, part, direction));
        let index = known.unwrap_or_else(|| {
            let (test, part) = (test.into(), part.into());
            self.0.push(Series { test, part, direction, ..Series::default() });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}

/// How many samples there were before and are now, and what has changed.
type Changes = (Option<(u64, u64)>, Vec<(&'static str, Change)>);

impl Series {
    fn is(&self, test: &str, part: &str, direction: &str) -> bool {
        self.test == test && self.part == part && self.direction == direction
    }

    fn piece(&mut self, tenth: u64, bytes: u64) {
        let sum = self.tenths.entry(tenth).or_default();
        *sum = sum.saturating_add(bytes);
    }

    /// The rates in all tenths of a second but the last one, which is not full. A tenth
    /// in which nothing moved has no line in the table, and still is one.
    fn rates(&self) -> Vec<f64> {
        let last = self.tenths.last_key_value().map_or(0, |(&last, _)| last);
        let bytes = |tenth| self.tenths.get(&tenth).copied().unwrap_or(0);
        (0..last.min(MOST_TENTHS)).map(|tenth| float(bytes(tenth)) * 80.0).collect()
    }

    fn rates_until(&self, now: &Series) -> Changes {
        let rates = [self, now].map(Series::rates);
        let [before, after] = rates.each_ref().map(|rates| Estimate::mean(rates));
        let change = before.zip(after).map(|(before, now)| ("rate", before.until(now)));
        let counts = rates.map(|rates| rates.len() as u64);
        (Some(counts.into()), change.into_iter().collect())
    }

    fn rtts_until(&self, now: &Series) -> Changes {
        let [before, after] = [self, now]
            .map(|series| series.rtts.kept().iter().map(|&rtt| float(rtt)).collect::<Vec<_>>());
        let change = |(name, percent)| {
            let before = Estimate::percentile(&before, percent)?;
            Some((name, before.until(Estimate::percentile(&after, percent)?)))
        };
        let counts = (self.rtts.count(), now.rtts.count());
        (Some(counts), PERCENTS.into_iter().filter_map(change).collect())
    }
}

impl Compared {
    /// The series as an object.
    fn fields(&self) -> Map {
        let Compared { test, part, direction, .. } = self;
        let mut map = Map::from([("test", test.as_str().into())]);
        put(&mut map, "part", (!part.is_empty()).then_some(part.as_str()));
        put(&mut map, "direction", (!direction.is_empty()).then_some(*direction));
        map.insert("found", self.counts.is_some());
        put(&mut map, "count_before", self.counts.map(|(before, _)| before));
        put(&mut map, "count", self.counts.map(|(_, now)| now));
        for (name, change) in &self.changes {
            let name = match *name {
                "rate" => "bits_per_second".into(),
                percentile => format!("rtt_{percentile}_ns"),
            };
            let mut figure = Map::default();
            figure.insert("before", whole(change.before));
            figure.insert("now", whole(change.now));
            figure.insert("difference", signed(change.difference()));
            put(&mut figure, "low", change.limits.map(|(low, _)| signed(low)));
            put(&mut figure, "high", change.limits.map(|(_, high)| signed(high)));
            put(&mut figure, "may_be_chance", change.may_be_chance());
            map.insert(name, figure);
        }
        map
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let name = [self.part.as_str(), self.direction];
        let name: Vec<&str> =
            name.into_iter().filter(|word| !word.is_empty()).chain([""]).collect();
        let name = name.join(", ");
        let Some((before, now)) = self.counts else {
            return vec![format!("{name}compared with {file}: it has no such series")];
        };
        let what = if self.direction.is_empty() { "round trips" } else { "tenths of a second" };
        let title = format!("{name}compared with {file}: {before} {what} before, {now} now");
        if self.changes.is_empty() {
            return vec![
                title,
                "  too short to compare: let both run for longer, with --time".into(),
            ];
        }
        let heads = format!(
            "  {:<6} {:>9} {:>9} {:>9}  95% confidence interval",
            "", "before", "now", "change"
        );
        // A percentile of fewer samples is one of the largest.
        let few = |name| match name {
            "p90" => VERY_FEW,
            "p99" => FEW,
            _ => 0,
        };
        let shown = self.changes.iter().filter(|(name, _)| before.min(now) >= few(*name));
        let rows = shown.map(|(name, change)| row(name, change));
        [title, heads].into_iter().chain(rows).collect()
    }
}

/// A line of the table.
fn row(name: &str, change: &Change) -> String {
    // Nanoseconds as milliseconds, bits as megabits.
    let rate = name == "rate";
    let (name, decimals) = if rate { ("Mbit/s".into(), 1) } else { (format!("{name} ms"), 3) };
    let figure = |value: f64| format!("{:.decimals$}", value / 1e6);
    let signed = |value: f64| format!("{:+.decimals$}", value / 1e6);
    let limits = change
        .limits
        .map_or(String::new(), |(low, high)| format!("{:>9} … {}", signed(low), signed(high)));
    let verdict = match change.may_be_chance() {
        None => "too few to tell",
        Some(true) => "may be chance",
        Some(false) if rate == (change.difference() > 0.0) => "faster",
        Some(false) => "slower",
    };
    let (before, now) = (figure(change.before), figure(change.now));
    let difference = signed(change.difference());
    format!("  {name:<6} {before:>9} {now:>9} {difference:>9}  {limits:<21}  {verdict}")
}

/// A difference as a whole number.
#[allow(clippy::cast_possible_truncation, reason = "a cast saturates")]
fn signed(difference: f64) -> Value {
    (difference.round() as i64).into()
}
