//! What happened since the last line: a line, or an event, for each interval of a test.
//!
//! A long run that says nothing until it is over looks dead, and hides when something
//! changed. The intervals are of the clock, not of the samples: during a stall a line says
//! that nothing came.
//!
//! In the [stream](super::stream), an `interval` event has `test`, `client`, `part`,
//! `start_ns` and `end_ns` since the test began, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `sent`, `received`, `lost` | pings whose end became known in the interval, and how they ended: `sent` is the sum of the others. A ping on its way counts when it is answered, or given up. So the sums over all intervals are those of the result |
//! | `rtt_ns` | their round-trip times: a summary; absent if there are none |
//! | `direction`, `bytes`, `bits_per_second` | of a transfer: what was moved in the interval |

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::figures::{percent, put_series, whole};
use super::{Goal, Reporter, Results, Source, Test};
use crate::json::{Map, Value};
use crate::measure::{Direction, Sample};
use crate::no_thread::no_thread;
use crate::pace::Stop;
use crate::stats::Recorder;
use crate::units::{count, float, ms, nanoseconds, rate, size, utc};

/// An interval that ends when the test should end waits for so long for the test to be
/// over. If not, what is reported at the end, such as the last bytes of an upload, would be
/// in an interval of a few milliseconds, and its rate would be absurd.
const GRACE: Duration = Duration::from_millis(100);

/// The form of a line or an event for each interval.
pub struct Every<W> {
    shared: Arc<Mutex<Shared<W>>>,
    interval: Duration,
    ticking: Option<(Stop, JoinHandle<()>)>,
}

struct Shared<W> {
    out: W,
    /// Whether events are written, for a program.
    events: bool,
    name: &'static str,
    unit: &'static str,
    start: Instant,
    /// When the interval began, since the start.
    since: Duration,
    /// How many pings of each client have ended.
    ended: BTreeMap<usize, u64>,
    /// What there was in this interval, of each client, part and direction that there was
    /// anything of before. Pings have no direction.
    series: BTreeMap<(usize, String, Option<Direction>), Interval>,
    failure: Option<io::Error>,
}

#[derive(Default)]
struct Interval {
    rtt: Recorder,
    lost: u64,
    bytes: u64,
}

impl<W: Write + Send + 'static> Every<W> {
    /// Writes to `out` after each `interval`: events if a program reads them, else lines.
    pub fn new(out: W, interval: Duration, events: bool) -> Self {
        let (start, since) = (Instant::now(), Duration::ZERO);
        let (name, unit, failure) = ("", "", None);
        let (ended, series) = (BTreeMap::new(), BTreeMap::new());
        let shared = Shared { out, events, name, unit, start, since, ended, series, failure };
        Every { shared: Arc::new(Mutex::new(shared)), interval, ticking: None }
    }

    fn stop(&mut self) {
        if let Some((stop, thread)) = self.ticking.take() {
            stop.stop();
            let _ = thread.join();
        }
    }
}

impl<W: Write + Send + 'static> Reporter for Every<W> {
    fn begin(&mut self, test: &Test) -> io::Result<()> {
        let start = Instant::now();
        {
            let mut shared = lock(&self.shared);
            (shared.name, shared.unit) = (test.name, test.unit);
            (shared.start, shared.since) = (start, Duration::ZERO);
            shared.series.clear();
            shared.ended.clear();
        }
        let (shared, interval, stop) = (Arc::clone(&self.shared), self.interval, Stop::default());
        let stopped = stop.clone();
        let goal = test.goal;
        let tick = move || {
            let mut end = interval;
            let pause =
                |end: Duration| (end + grace(goal, end, interval)).saturating_sub(start.elapsed());
            while !stopped.wait(pause(end)) {
                let mut shared = lock(&shared);
                let written = shared.write(end);
                shared.failure = shared.failure.take().or(written.err());
                end += interval;
            }
        };
        let thread = thread::Builder::new().spawn(tick).map_err(no_thread)?;
        self.ticking = Some((stop, thread));
        Ok(())
    }

    fn sample(&mut self, source: Source, sample: &Sample) -> io::Result<()> {
        let mut shared = lock(&self.shared);
        let direction = match sample {
            Sample::Piece { direction, .. } => Some(*direction),
            _ => None,
        };
        let key = (source.client, source.part.to_owned(), direction);
        let interval = shared.series.entry(key).or_default();
        let mut ended = 0;
        match *sample {
            Sample::Ping { rtt, .. } => {
                interval.rtt.record(rtt);
                ended = 1;
            }
            Sample::Outcome { outcome, .. } => {
                ended = outcome.settled.into();
                interval.lost += ended;
            }
            Sample::Piece { bytes, .. } => interval.bytes += bytes,
        }
        *shared.ended.entry(source.client).or_default() += ended;
        shared.failure.take().map_or(Ok(()), Err)
    }

    fn result(&mut self, _: &Test, results: &Results) -> io::Result<()> {
        self.stop();
        let mut shared = lock(&self.shared);
        shared.give_up(results);
        // If the last interval is shorter and there was nothing in it, it is of no interest.
        let end = shared.start.elapsed();
        let some = |one: &Interval| one.rtt.count() + one.lost + one.bytes > 0;
        if shared.series.values().any(some) || end.saturating_sub(shared.since) >= self.interval {
            shared.write(end)?;
        }
        shared.failure.take().map_or(Ok(()), Err)
    }

    fn end(&mut self) -> io::Result<()> {
        self.stop();
        Ok(())
    }
}

impl<W: Write> Shared<W> {
    /// Counts the pings that nobody waits for any more: those that were on their way when
    /// a connection broke.
    fn give_up(&mut self, results: &Results) {
        if !results.total.parts().is_empty() {
            return;
        }
        for (client, pings) in (1..).zip(&results.clients) {
            let Some(pings) = pings.pings() else { continue };
            let ended = self.ended.get(&client).copied().unwrap_or_default();
            if let Some(lost) = pings.sent.checked_sub(ended).filter(|&lost| lost > 0) {
                self.series.entry((client, String::new(), None)).or_default().lost += lost;
            }
        }
    }

    /// Writes what there was until `end`, and begins the next interval.
    fn write(&mut self, end: Duration) -> io::Result<()> {
        let start = std::mem::replace(&mut self.since, end);
        let written = if self.events { self.events(start, end) } else { self.line(start, end) };
        self.series.values_mut().for_each(|interval| *interval = Interval::default());
        written
    }

    fn events(&mut self, start: Duration, end: Duration) -> io::Result<()> {
        for ((client, part, direction), interval) in &self.series {
            let Interval { rtt, lost, bytes } = interval;
            let mut map = Map::from([("event", "interval".into()), ("test", self.name.into())]);
            map.insert("client", *client as u64);
            if !part.is_empty() {
                map.insert("part", part.as_str());
            }
            map.insert("start_ns", nanoseconds(start));
            map.insert("end_ns", nanoseconds(end));
            if let Some(direction) = direction {
                map.insert("direction", direction.name());
                map.insert("bytes", *bytes);
                map.insert("bits_per_second", whole(per_second(*bytes, end.saturating_sub(start))));
            } else {
                map.insert("sent", rtt.count() + lost);
                map.insert("received", rtt.count());
                map.insert("lost", *lost);
                put_series(&mut map, "rtt_ns", rtt);
            }
            writeln!(self.out, "{}", Value::Map(map))?;
        }
        Ok(())
    }

    fn line(&mut self, start: Duration, end: Duration) -> io::Result<()> {
        let (mut pings, mut moved) = (None, BTreeMap::<Direction, u64>::new());
        // What the server of a lag has measured is known when all is over, and is no more
        // pings than those that were echoed.
        let lag = self.series.keys().any(|(_, part, _)| part == "turnaround");
        for ((_, part, direction), interval) in &self.series {
            if let Some(direction) = direction {
                *moved.entry(*direction).or_default() += interval.bytes;
            } else if !lag || part == "turnaround" {
                let all: &mut Interval = pings.get_or_insert_with(Interval::default);
                all.rtt.merge(&interval.rtt);
                all.lost += interval.lost;
            }
        }
        let mut parts = Vec::new();
        parts.extend(pings.map(|Interval { rtt, lost, .. }| {
            let sent = rtt.count() + lost;
            let what = if lag { "turnaround " } else { "" };
            let times = rtt.summary().map_or(String::new(), |summary| {
                format!(", {what}p50 {} ms, p99 {} ms", ms(summary.p50), ms(summary.p99))
            });
            format!("{}, {}% lost{times}", count(sent, self.unit), percent(lost, sent))
        }));
        // In another phase of a test, data may have gone the other way.
        if moved.values().any(|&bytes| bytes > 0) {
            moved.retain(|_, bytes| *bytes > 0);
        }
        let both = moved.len() > 1;
        parts.extend(moved.into_iter().map(|(direction, bytes)| {
            let name = if both { format!("{} ", direction.name()) } else { String::new() };
            format!("{name}{}, {}", size(bytes), rate(per_second(bytes, end.saturating_sub(start))))
        }));
        let what = if parts.is_empty() { "nothing yet".into() } else { parts.join("; ") };
        writeln!(self.out, "{} {}: {what}", time_of_day(), self.name)
    }
}

/// How long to wait at this end of an interval for the test to be over.
fn grace(goal: Option<Goal>, end: Duration, interval: Duration) -> Duration {
    let Some(Goal::Time(planned) | Goal::BytesFor(planned)) = goal else {
        return Duration::ZERO;
    };
    let is_last = end <= planned && planned.saturating_sub(end) < GRACE;
    if is_last { GRACE.min(interval / 2) } else { Duration::ZERO }
}

fn per_second(bytes: u64, time: Duration) -> f64 {
    float(bytes) * 8.0 / time.as_secs_f64().max(1e-9)
}

/// The time of day in UTC: `15:04:05Z`.
fn time_of_day() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let date_and_time = utc(now.map_or(0, |since| since.as_secs()));
    date_and_time.split_once('T').map_or(String::new(), |(_, time)| time.into())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked meanwhile has left whole lines.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_interval_that_ends_with_the_test_waits_for_its_end() {
        let ms = Duration::from_millis;
        let goal = Some(Goal::BytesFor(ms(2000)));
        let waits = [500, 1500, 1950, 2000, 2500].map(|end| grace(goal, ms(end), ms(500)));
        assert_eq!(waits, [0, 0, 100, 100, 0].map(ms));
        assert_eq!(grace(goal, ms(2000), ms(50)), ms(25));
        assert_eq!(grace(Some(Goal::Bytes(1)), ms(2000), ms(500)), ms(0));
    }
}
