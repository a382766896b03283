//! Slow, or silent?
//!
//! A peer that stops has to be noticed, and a peer that is slow has to be left alone. A
//! timeout of each call can do neither. On a slow line one `write` of 832 KiB takes
//! minutes, all of them well spent. And a peer that sends one byte before each timeout
//! passes holds its connection for ever. So what counts is the progress of the whole
//! transfer: less than [`SLOWEST`] bytes a second, averaged over the timeout, is
//! silence. That is an eighth of what a line of 64 kbit/s carries.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Fewer bytes in a second than this are silence.
pub const SLOWEST: u64 = 1_000;

/// Watches a transfer for silence. Two watches of one transfer, one for each direction,
/// count their bytes together.
#[derive(Clone, Debug)]
pub struct Watch {
    timeout: Duration,
    moved: Arc<AtomicU64>,
    /// How much had been moved when, four times in each timeout. The first is as old as
    /// the timeout.
    marks: VecDeque<(Instant, u64)>,
    /// When this direction moved something.
    last: Instant,
}

impl Watch {
    /// Starts to watch now. `timeout` is how long silence is tolerated.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        let now = Instant::now();
        Watch { timeout, moved: Arc::default(), marks: VecDeque::from([(now, 0)]), last: now }
    }

    /// A watch for the other direction of this transfer.
    #[must_use]
    pub fn other_direction(&self) -> Self {
        self.clone()
    }

    /// How long one call may wait, before the caller looks at the clock again. The halves
    /// of halves are few values, and the system is told of a new timeout only a few times.
    #[must_use]
    pub fn slice(&self, end: Option<Instant>) -> Duration {
        const SHORTEST: Duration = Duration::from_millis(1);
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let mut slice = self.timeout / 4;
        while left.is_some_and(|left| slice > left) && slice > SHORTEST {
            slice /= 2;
        }
        slice.max(SHORTEST)
    }

    /// Counts bytes that were moved. `silence` begins the error: `nothing arrived`.
    ///
    /// # Errors
    /// `TimedOut` when there were too few bytes for too long.
    pub fn moved(&mut self, bytes: u64, silence: &str) -> io::Result<()> {
        let (now, moved) = (Instant::now(), self.moved.fetch_add(bytes, Ordering::Relaxed) + bytes);
        if bytes > 0 {
            self.last = now;
        }
        if self.marks.back().is_some_and(|(at, _)| now.duration_since(*at) < self.timeout / 4) {
            return Ok(());
        }
        let is_old = |(at, _): &(Instant, u64)| now.duration_since(*at) >= self.timeout;
        while self.marks.get(1).is_some_and(is_old) {
            self.marks.pop_front();
        }
        let few = self.marks.front().filter(|mark| is_old(mark)).map(|(_, before)| moved - before);
        if let Some(few) = few.filter(|&few| self.is_silence(few)) {
            let silent = now.duration_since(self.last) > self.timeout / 2;
            let but = if silent { String::new() } else { format!(", but for {few} bytes") };
            let what = format!("{silence} for {:?}{but}", self.timeout);
            return Err(io::Error::new(ErrorKind::TimedOut, what));
        }
        self.marks.push_back((now, moved));
        Ok(())
    }

    /// Whether so few bytes in the time of the timeout are silence.
    fn is_silence(&self, few: u64) -> bool {
        u128::from(few) * 1000 < u128::from(SLOWEST) * self.timeout.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const TIMEOUT: Duration = Duration::from_millis(20);

    /// Moves so many bytes again and again, until that is silence or the time is over.
    fn ends(watch: &mut Watch, mut other: Option<Watch>, bytes: u64) -> io::Result<()> {
        let start = Instant::now();
        while start.elapsed() < TIMEOUT * 5 {
            if let Some(other) = &mut other {
                other.moved(1_000_000, "the peer took nothing")?;
            }
            watch.moved(bytes, "nothing arrived")?;
            thread::yield_now();
        }
        Ok(())
    }

    #[test]
    fn silence_ends_and_progress_in_either_direction_does_not() {
        let error = ends(&mut Watch::new(TIMEOUT), None, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "nothing arrived for 20ms");
        assert!(ends(&mut Watch::new(TIMEOUT), None, 1_000_000).is_ok());
        let mut one = Watch::new(TIMEOUT);
        let other = one.other_direction();
        assert!(ends(&mut one, Some(other), 0).is_ok());
    }
}
