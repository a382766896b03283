//! How far a test is, on a terminal, while the test takes longer than half a second.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Goal, Reporter, Results, Source, Test};
use crate::measure::Sample;
use crate::units::{float, ms, nanoseconds, rate};

/// The form of a line that is drawn on standard error again and again, and is gone when
/// the test is over. It is for terminals alone.
#[derive(Default)]
pub struct Progress {
    done: Arc<AtomicU64>,
    /// The last round-trip time, in nanoseconds; 0 if there is none yet.
    last: Arc<AtomicU64>,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

/// No line is longer, so that none is broken on a terminal of 40 columns: what is broken
/// cannot be removed any more.
const WIDTH: usize = 39;

/// Rates are those of the last second.
const RECENT: usize = 10;

/// Nothing is drawn for so long, and then so often.
const FIRST: Duration = Duration::from_millis(500);
const EACH: Duration = Duration::from_millis(100);

impl Progress {
    fn stop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Reporter for Progress {
    fn begin(&mut self, test: &Test) -> io::Result<()> {
        let Some(goal) = test.goal else { return Ok(()) };
        self.done.store(0, Ordering::Relaxed);
        self.last.store(0, Ordering::Relaxed);
        let (done, last) = (Arc::clone(&self.done), Arc::clone(&self.last));
        let name = test.name;
        let (stop, stopped) = channel();
        let draw = move || {
            let (start, mut before) = (Instant::now(), VecDeque::from([(Duration::ZERO, 0)]));
            let mut pause = FIRST;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                pause = EACH;
                let (now, done) = (start.elapsed(), done.load(Ordering::Relaxed));
                let (at, was) = before.front().copied().unwrap_or_default();
                let recent = float(done.saturating_sub(was)) / now.saturating_sub(at).as_secs_f64();
                before.push_back((now, done));
                if before.len() > RECENT {
                    before.pop_front();
                }
                let rtt = Duration::from_nanos(last.load(Ordering::Relaxed));
                let line = line(name, goal, &Figures { done, recent, rtt, elapsed: now });
                // Back to the start of the line, and remove what the last one left
                // behind. That nobody sees it is no reason to stop measuring.
                let _ = write!(io::stderr(), "\r{line}\x1b[K");
            }
            if pause == EACH {
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
        };
        // Without a thread there is no line, and nothing else is missing.
        self.drawing = thread::Builder::new().spawn(draw).ok().map(|thread| (stop, thread));
        Ok(())
    }

    fn sample(&mut self, _: Source, sample: &Sample) -> io::Result<()> {
        if let Sample::Ping { rtt, .. } = *sample {
            self.last.store(nanoseconds(rtt), Ordering::Relaxed);
        }
        let more = match *sample {
            Sample::Ping { .. } => 1,
            Sample::Outcome { outcome, .. } => outcome.settled.into(),
            Sample::Piece { bytes, .. } => bytes,
        };
        self.done.fetch_add(more, Ordering::Relaxed);
        Ok(())
    }

    fn result(&mut self, _: &Test, _: &Results) -> io::Result<()> {
        self.stop();
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.stop();
        Ok(())
    }
}

/// What is known while a test runs.
struct Figures {
    /// Pings or bytes.
    done: u64,
    /// Those of each second, lately.
    recent: f64,
    /// The last round-trip time; zero if there is none.
    rtt: Duration,
    elapsed: Duration,
}

fn line(name: &str, goal: Goal, figures: &Figures) -> String {
    let Figures { done, recent, rtt, elapsed } = *figures;
    let seconds = elapsed.as_secs_f64();
    let of_time = |time: Duration| seconds / time.as_secs_f64();
    let part = match goal {
        // Of a lag, the figures of the server come in addition to the echoes.
        Goal::Pings(all) | Goal::Bytes(all) => float(done) / float(all),
        Goal::Time(all) | Goal::BytesFor(all) => of_time(all),
    };
    let part = part.clamp(0.0, 1.0);
    let (rtt, each) = if rtt.is_zero() { ("", "") } else { (&*format!(" {} ms", ms(rtt)), ",") };
    let lately = match goal {
        Goal::Pings(_) => format!("{rtt}{each} {recent:.0}/s"),
        Goal::Time(_) => rtt.into(),
        Goal::Bytes(_) | Goal::BytesFor(_) => format!(" {}", rate(recent * 8.0)),
    };
    let mut line = format!("{name} {:3.0}%{lately}", part * 100.0);
    if part > 0.0 {
        let left = format!(", {:.0} s left", seconds / part - seconds);
        // On a narrow terminal the figures come first.
        if line.len() + left.len() <= WIDTH {
            line += &left;
        }
    }
    line.chars().take(WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Figures = Figures {
        done: 25,
        recent: 12.5,
        rtt: Duration::from_micros(250),
        elapsed: Duration::from_secs(2),
    };

    #[test]
    fn a_line_says_how_far_it_is_and_what_is_left() {
        assert_eq!(
            line("latency", Goal::Pings(100), &NOW),
            "latency  25% 0.250 ms, 12/s, 6 s left"
        );
        let hour = Duration::from_secs(3600);
        assert_eq!(line("loaded", Goal::Time(hour), &NOW), "loaded   0% 0.250 ms, 3598 s left");
        let nothing = Figures { done: 0, recent: 0.0, rtt: Duration::ZERO, ..NOW };
        assert_eq!(line("upload", Goal::Bytes(10), &nothing), "upload   0% 0 bit/s");
        assert!(line("lag", Goal::Pings(10), &NOW).starts_with("lag 100% "));
    }

    #[test]
    fn no_line_is_broken_on_a_narrow_terminal() {
        let much = Figures { done: 1 << 60, recent: 1e12, rtt: Duration::from_secs(999), ..NOW };
        for goal in [Goal::Pings(7), Goal::Bytes(u64::MAX), Goal::Time(Duration::from_secs(90_000))]
        {
            let line = line("bidirectional", goal, &much);
            assert!(line.len() < 40, "{line}");
        }
    }
}
