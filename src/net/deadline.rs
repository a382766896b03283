//! One time limit for many calls.
//!
//! A timeout of each `read` is no limit for a whole message: a peer that sends one byte
//! just before each timeout passes keeps its reader for hours. A deadline is one point
//! in time, and every call gets what is left until then.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// A time limit that several calls share.
///
/// ```
/// use roundtrip::net::Deadline;
/// use std::time::Duration;
///
/// let mut deadline = Deadline::new("not done within", Duration::from_millis(1));
/// assert!(deadline.left()? <= Duration::from_millis(1));
/// std::thread::sleep(Duration::from_millis(2));
/// assert_eq!(deadline.left().unwrap_err().to_string(), "not done within 1ms");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    what: &'static str,
    time: Duration,
    started: Option<Instant>,
}

impl Deadline {
    /// A deadline that starts to run when [`left`](Self::left) is called for the first time.
    /// Most messages lie in the reader's buffer when they are looked for, and cost no look
    /// at the clock. `what` begins the error: `what 10s`.
    #[must_use]
    pub fn new(what: &'static str, time: Duration) -> Self {
        Deadline { what, time, started: None }
    }

    /// A deadline that runs already.
    #[must_use]
    pub fn running(what: &'static str, time: Duration) -> Self {
        Deadline { what, time, started: Some(Instant::now()) }
    }

    /// The time that is left, which is never zero.
    ///
    /// # Errors
    /// `TimedOut` when the deadline has passed.
    pub fn left(&mut self) -> io::Result<Duration> {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        match self.time.saturating_sub(now.duration_since(started)) {
            Duration::ZERO => Err(self.passed()),
            left => Ok(left),
        }
    }

    /// The error of a call that took longer.
    #[must_use]
    pub fn passed(&self) -> io::Error {
        io::Error::new(ErrorKind::TimedOut, format!("{} {:?}", self.what, self.time))
    }
}
