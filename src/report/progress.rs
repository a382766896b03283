//! How far a test is, on a terminal, while the test takes longer than half a second.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Goal, Reporter, Results, Source, Test};
use crate::measure::Sample;
use crate::units::{float, rate, size};

/// The form of a line that is drawn on standard error again and again, and is gone when
/// the test is over. It is for terminals alone.
#[derive(Default)]
pub struct Progress {
    done: Arc<AtomicU64>,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

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
        let done = Arc::clone(&self.done);
        let (name, unit) = (test.name, test.unit);
        let (stop, stopped) = channel();
        let draw = move || {
            let start = Instant::now();
            let mut pause = FIRST;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                pause = EACH;
                let line = line(name, unit, goal, done.load(Ordering::Relaxed), start.elapsed());
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

fn line(name: &str, unit: &str, goal: Goal, done: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let per_second = float(done) / seconds;
    let of_time = |time: Duration| seconds / time.as_secs_f64();
    let rate = rate(per_second * 8.0);
    let (part, so_far) = match goal {
        Goal::Pings(all) => {
            // Of a lag, the figures of the server come in addition to the echoes.
            let done = done.min(all);
            (float(done) / float(all), format!("{done} of {all} {unit}s, {per_second:.0}/s"))
        }
        Goal::Bytes(all) => {
            (float(done) / float(all), format!("{} of {}, {rate}", size(done), size(all)))
        }
        Goal::Time(all) => (of_time(all), format!("{seconds:.1} s of {all:?}")),
        Goal::BytesFor(all) => {
            (of_time(all), format!("{} in {seconds:.1} s of {all:?}, {rate}", size(done)))
        }
    };
    let part = part.clamp(0.0, 1.0);
    let left = if part > 0.0 {
        format!(", {:.0} s left", seconds / part - seconds)
    } else {
        String::new()
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 20 characters"
    )]
    let filled = (part * 20.0) as usize;
    let bar = "#".repeat(filled) + &"-".repeat(20 - filled);
    format!("{name} [{bar}] {:3.0}%  {so_far}{left}", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is_and_what_is_left() {
        let after = |goal, done| line("latency", "ping", goal, done, Duration::from_secs(2));
        assert_eq!(
            after(Goal::Pings(100), 25),
            "latency [#####---------------]  25%  25 of 100 pings, 12/s, 6 s left"
        );
        let whole = after(Goal::Pings(10), 20);
        assert!(whole.contains("100%  10 of 10 pings"), "{whole}");
        let none = after(Goal::Bytes(10), 0);
        assert!(none.ends_with("  0%  0 B of 10 B, 0 bit/s"), "{none}");
    }
}
