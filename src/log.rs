//! A log that never makes a connection wait.
//!
//! A server writes a line about every connection to its standard output. The program
//! that reads that output may stop reading without closing it: a paused terminal, or a
//! script that needed only the first line. A pipe holds 64 KiB, and the next `write`
//! into a full pipe blocks, in the middle of serving somebody. So lines go through a
//! bounded queue to a thread that does nothing but write them. When the queue is full,
//! lines are dropped, and the next line that is written is preceded by how many.
//!
//! ```text
//!   session ─┐
//!   session ─┼─ try_send ─▶ queue of 4,096 lines ─▶ thread "log" ─ write ─▶ standard output
//!   session ─┘     └ full: count a dropped line                      └ may block for ever
//! ```

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use crate::no_thread::no_thread;

/// The start of each line.
const PREFIX: &str = "[SERVER]";

/// The number of lines that can wait to be written.
const QUEUE: usize = 4096;

/// A handle to the queue of lines. All clones feed one queue; `Log::default()` discards
/// every line.
#[derive(Clone, Debug, Default)]
pub struct Log(Option<Queue>);

#[derive(Clone, Debug)]
struct Queue {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// Starts a thread that writes lines to `out`. Use the returned [`Writer`] to wait
    /// for the last line before the program ends.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn to(mut out: impl Write + Send + 'static) -> io::Result<(Self, Writer)> {
        let (lines, queued) = sync_channel(QUEUE);
        let (alive, ended) = channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let unreported = Arc::clone(&dropped);
        thread::Builder::new()
            .name("log".into())
            .spawn(move || {
                let _alive: Sender<()> = alive;
                // Errors are ignored: a closed output is no reason to stop serving.
                for line in queued {
                    let count = unreported.swap(0, Ordering::Relaxed);
                    if count > 0 {
                        let what = "lines were dropped: more than could be written";
                        let _ = writeln!(out, "{PREFIX} {count} {what}");
                    }
                    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
                }
            })
            .map_err(no_thread)?;
        Ok((Log(Some(Queue { lines, dropped })), Writer(ended)))
    }

    /// Logs a line of this process, with the prefix `[SERVER]`.
    pub fn say(&self, text: impl fmt::Display) {
        if self.0.is_some() {
            self.relay(format!("{PREFIX} {text}"));
        }
    }

    /// Logs a line unchanged: one that a child process has logged, prefix included.
    pub fn relay(&self, line: String) {
        if let Some(Queue { lines, dropped }) = &self.0
            && lines.try_send(line).is_err()
        {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The writing thread. It ends when the last clone of its [`Log`] is dropped and the
/// queue is empty.
#[derive(Debug)]
pub struct Writer(Receiver<()>);

impl Writer {
    /// Waits until the last line is written, but no longer than `patience`: a program
    /// should end even if nobody reads its output.
    pub fn finish(self, patience: Duration) {
        // Nothing is ever sent. When the thread ends it drops its sender, and the wait
        // ends.
        let _ = self.0.recv_timeout(patience);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that accepts one write for each message from the test.
    struct Stalled(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stopped_reading_stops_nobody() {
        let (go, stalled) = channel();
        let (written, output) = channel();
        let (log, writer) = Log::to(Stalled(stalled, written)).unwrap();
        let lines = QUEUE + 1000;
        (0..lines).for_each(|number| log.say(number));
        // All were logged without blocking. Now the output accepts everything.
        drop((go, log));
        writer.finish(Duration::from_secs(60));
        let output = String::from_utf8(output.into_iter().flatten().collect()).unwrap();
        let dropped: usize = output
            .lines()
            .filter_map(|line| {
                line.strip_prefix("[SERVER] ")?
                    .strip_suffix(" lines were dropped: more than could be written")
            })
            .map(|number| number.parse::<usize>().unwrap())
            .sum();
        let kept = output.lines().filter(|line| !line.contains("dropped")).count();
        assert!(
            kept >= QUEUE && dropped >= 998 && kept + dropped == lines,
            "{kept} kept, {dropped} dropped"
        );
    }
}
