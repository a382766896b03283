//! Waiting until the system has again what it could not give.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::log::Log;

/// How long to wait when the system has no free descriptor, thread or process. Open
/// connections will end and free some. Trying again at once would only slow them.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a reason that lasts is logged. A limit may be too low for any connection,
/// and a line for each pause would fill a disk.
const LOGGED: Duration = Duration::from_secs(10);

/// The pauses of an accept loop.
pub(super) struct Pause {
    log: Log,
    /// The reason that was logged last, and when.
    last: Option<(String, Instant)>,
}

impl Pause {
    pub fn new(log: &Log) -> Self {
        Pause { log: log.clone(), last: None }
    }

    /// Waits after this error, and logs the error unless it has just been logged.
    pub fn after(&mut self, what: &str, error: &io::Error) {
        let why = format!("{what}: {error}");
        let known = |(last, at): &(String, Instant)| *last == why && at.elapsed() < LOGGED;
        if !self.last.as_ref().is_some_and(known) {
            self.log.say(format_args!("{why}; trying again in {PAUSE:?}"));
            self.last = Some((why, Instant::now()));
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{PipeWriter, Read};

    use super::*;

    #[test]
    fn a_reason_that_lasts_is_logged_once() {
        let (mut logged, out): (_, PipeWriter) = io::pipe().unwrap();
        let (log, writer) = Log::to(out).unwrap();
        let mut pause = Pause::new(&log);
        for what in ["accept", "accept", "accept", "serve", "accept"] {
            pause.after(what, &io::Error::other("no descriptor"));
        }
        drop((log, pause));
        writer.finish(Duration::from_secs(60));
        let mut text = String::new();
        logged.read_to_string(&mut text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[0], "[SERVER] accept: no descriptor; trying again in 100ms");
    }
}
