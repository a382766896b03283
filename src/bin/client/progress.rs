//! How far a test is, on a terminal, while it takes longer than half a second.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use roundtrip::units::size;

/// When a test is done.
#[derive(Clone, Copy)]
pub enum Goal {
    Pings(u64),
    Calls(u64),
    Bytes(u64),
    Time(Duration),
    BytesFor(Duration),
}

/// A line on standard error, until this is dropped.
pub struct Progress {
    done: Arc<AtomicU64>,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Draws it only if it is wanted and there is a terminal.
    pub fn start(name: &'static str, goal: Goal, wanted: bool) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&done);
        let (stop, stopped) = channel();
        let draw = move || {
            let start = Instant::now();
            let mut pause = Duration::from_millis(500);
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                pause = Duration::from_millis(100);
                let line = line(name, goal, counted.load(Ordering::Relaxed), start.elapsed());
                // Back to the start of the line, and away with what the last one left
                // behind.
                let _ = write!(io::stderr(), "\r{line}\x1b[K");
            }
            if start.elapsed() >= Duration::from_millis(500) {
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
        };
        let wanted = wanted && io::stderr().is_terminal();
        // Without a thread there is no line, and nothing else is missing.
        let drawing = wanted
            .then(|| thread::Builder::new().spawn(draw).ok())
            .flatten()
            .map(|thread| (stop, thread));
        Progress { done, drawing }
    }

    /// So many more pings or bytes.
    pub fn add(&self, more: u64) {
        self.done.fetch_add(more, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

fn line(name: &str, goal: Goal, done: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "for display")]
    let done_so_far = done as f64;
    #[allow(clippy::cast_precision_loss, reason = "for display")]
    let (part, rate) = match goal {
        Goal::Pings(all) => (
            done_so_far / all as f64,
            format!("{done} of {all} pings, {:.0}/s", done_so_far / seconds),
        ),
        Goal::Calls(all) => (
            done_so_far / all as f64,
            format!("{done} of {all} calls, {:.0}/s", done_so_far / seconds),
        ),
        Goal::Bytes(all) => (
            done_so_far / all as f64,
            format!("{} of {}, {:.0} Mbit/s", size(done), size(all), done_so_far * 8e-6 / seconds),
        ),
        Goal::Time(all) => (seconds / all.as_secs_f64(), format!("{seconds:.1} s of {all:?}")),
        Goal::BytesFor(all) => (
            seconds / all.as_secs_f64(),
            format!(
                "{} in {seconds:.1} s of {all:?}, {:.0} Mbit/s",
                size(done),
                done_so_far * 8e-6 / seconds
            ),
        ),
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
    format!(
        "{name} [{}{}] {:3.0}%  {rate}{left}",
        "#".repeat(filled),
        "-".repeat(20 - filled),
        part * 100.0
    )
}
