//! A log that never makes a connection wait.
//!
//! A server tells its standard output of every connection. Whoever reads that output
//! may stop reading without closing it: a terminal that is paused, a test that took the
//! first line and looks no further. A pipe holds 64 KiB, and the next `write` into it
//! waits for ever, in the middle of somebody's connection. So lines go through a queue
//! of bounded length to a thread that has nothing else to do; when the queue is full,
//! lines are dropped, and how many is said before the next one that is written.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// What each line begins with.
const PREFIX: &str = "[SERVER]";

/// Lines that may wait to be written.
const QUEUE: usize = 4096;

/// Where the lines go. Clones write to the same place; the default one writes nowhere.
#[derive(Clone, Debug, Default)]
pub struct Log(Option<Queue>);

#[derive(Clone, Debug)]
struct Queue {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// A log that writes to `out` in a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn to(mut out: impl Write + Send + 'static) -> io::Result<(Self, Writer)> {
        let (lines, waiting) = sync_channel(QUEUE);
        let (alive, ended) = channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let missing = Arc::clone(&dropped);
        thread::Builder::new().name("log".into()).spawn(move || {
            let _alive: Sender<()> = alive;
            for line in waiting {
                let missing = missing.swap(0, Ordering::Relaxed);
                if missing > 0 {
                    let _ = writeln!(
                        out,
                        "{PREFIX} {missing} lines were dropped: more than could be written"
                    );
                }
                // A reader that went away is no reason to stop serving.
                let _ = writeln!(out, "{line}").and_then(|()| out.flush());
            }
        })?;
        Ok((Log(Some(Queue { lines, dropped })), Writer(ended)))
    }

    /// Adds a line of the server's own.
    pub fn say(&self, text: impl fmt::Display) {
        if self.0.is_some() {
            self.relay(format!("{PREFIX} {text}"));
        }
    }

    /// Adds a line as it is: one that a child process has logged.
    pub fn relay(&self, line: String) {
        if let Some(Queue { lines, dropped }) = &self.0
            && lines.try_send(line).is_err()
        {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The thread that writes, which ends when the last clone of the log is gone.
#[derive(Debug)]
pub struct Writer(Receiver<()>);

impl Writer {
    /// Waits until the last line is written, for `patience` at most: a program must not
    /// outlive its work because nobody reads what it says.
    pub fn finish(self, patience: Duration) {
        // Nothing is ever sent: the wait ends when the thread does.
        let _ = self.0.recv_timeout(patience);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that takes a line only when the test says so.
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
        // All were said without waiting. Now the reader comes back.
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
