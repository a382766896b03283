//! Being on time: when each ping of a series leaves, and how late this program sent it.
//!
//! A pause of one interval after each ping adds up whatever each ping took: the
//! hundredth ping leaves late by a hundred answers. So a [`Schedule`] computes when
//! each ping is *due* from the start alone, whatever came before.
//!
//! ```text
//!   due       0 ms      10 ms     20 ms     30 ms     40 ms
//!   sent      │         │         │──────▶│ │         │
//!                                  a stall of 8 ms: the scheduling delay of one ping,
//!                                  and the next one is on time again
//! ```
//!
//! A sleep ends late, by tens of microseconds and sometimes by more. So a client asks
//! for a shorter sleep, and spends the rest looking at the clock: [`Wait::Spin`].

mod stop;

use std::hint::spin_loop;
use std::thread;
use std::time::{Duration, Instant};

pub use stop::{Hook, Stop};

/// The pings of a series, one [`Turn`] each. The iterator waits until a ping is due,
/// and the caller sends it.
///
/// ```
/// use roundtrip::pace::Schedule;
/// use std::time::{Duration, Instant};
///
/// let (start, interval) = (Instant::now(), Duration::from_millis(2));
/// for turn in (Schedule { count: 3, ..Schedule::new(start, interval) }) {
///     assert!(turn.due.unwrap() <= Instant::now());
///     println!("ping {} left {:?} after it was due", turn.number, turn.delay);
/// }
/// assert!(start.elapsed() >= 2 * interval); // The first ping is due at once.
/// ```
#[derive(Debug)]
pub struct Schedule {
    /// When the next ping is due.
    pub due: Instant,
    /// From when one ping is due to when the next one is. Without an interval there is
    /// nothing to wait for: each ping leaves as soon as it is asked for.
    pub interval: Duration,
    /// How many pings there are at most.
    pub count: u64,
    /// No ping but the first has its turn after this moment, if there is one.
    pub end: Option<Instant>,
    /// Ends the series early, also during a wait.
    pub stop: Option<Stop>,
    /// How to wait.
    pub wait: Wait,
    /// How many pings have had their turn.
    pub done: u64,
}

/// How to wait until a ping is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Sleep until shortly before, then look at the clock again and again.
    Spin,
    /// Sleep, and be a little late: a server that looked at the clock for each stranger
    /// who asks for pings would have no processor left.
    Sleep,
}

/// The turn of one ping.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The number of the ping, from 1.
    pub number: u64,
    /// When the ping was due, if there is an interval.
    pub due: Option<Instant>,
    /// The scheduling delay: how long ago the ping was due. Zero without an interval.
    pub delay: Duration,
}

/// How much before the due time to stop sleeping: more than most sleeps are late by.
const MARGIN: Duration = Duration::from_micros(200);

impl Schedule {
    /// A series without an end, whose first ping is due at `start`.
    #[must_use]
    pub fn new(start: Instant, interval: Duration) -> Self {
        let (count, wait) = (u64::MAX, Wait::Spin);
        Schedule { due: start, interval, count, end: None, stop: None, wait, done: 0 }
    }

    /// Waits until the next ping is due, and returns how late that was noticed; `None`
    /// when the series was stopped meanwhile.
    fn wait(&self) -> Option<Duration> {
        let margin = if self.wait == Wait::Spin { MARGIN } else { Duration::ZERO };
        let early = self.due.saturating_duration_since(Instant::now()).saturating_sub(margin);
        if !early.is_zero() && !self.sleep(early) {
            return None;
        }
        loop {
            if let Some(delay) = Instant::now().checked_duration_since(self.due) {
                return Some(delay);
            }
            spin_loop();
        }
    }

    /// Returns whether to go on.
    fn sleep(&self, time: Duration) -> bool {
        if let Some(stop) = &self.stop {
            return !stop.wait(time);
        }
        thread::sleep(time);
        true
    }
}

impl Iterator for Schedule {
    type Item = Turn;

    fn next(&mut self) -> Option<Turn> {
        let over = self.done > 0 && self.end.is_some_and(|end| Instant::now() >= end);
        let stopped = self.stop.as_ref().is_some_and(Stop::is_stopped);
        if self.done >= self.count || over || stopped {
            return None;
        }
        let (mut due, mut delay) = (None, Duration::ZERO);
        if !self.interval.is_zero() {
            delay = self.wait()?;
            due = Some(self.due);
            self.due += self.interval;
        }
        self.done += 1;
        Some(Turn { number: self.done, due, delay })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn pings_are_due_by_the_start_alone() {
        let start = Instant::now();
        let interval = Duration::from_millis(1);
        for wait in [Wait::Spin, Wait::Sleep] {
            let schedule = Schedule { count: 4, wait, ..Schedule::new(start, interval) };
            let turns: Vec<Turn> = schedule.collect();
            let due: Vec<Instant> = turns.iter().filter_map(|turn| turn.due).collect();
            assert_eq!(due, [0, 1, 2, 3].map(|n| start + n * interval));
            assert_eq!(turns.iter().map(|turn| turn.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        }
    }

    #[test]
    fn what_was_due_during_a_stall_has_a_scheduling_delay() {
        let stall = Duration::from_millis(50);
        let start = Instant::now().checked_sub(stall).expect("a clock that runs");
        let interval = Duration::from_millis(1);
        let delays: Vec<Duration> = Schedule { count: 3, ..Schedule::new(start, interval) }
            .map(|turn| turn.delay)
            .collect();
        assert!((0..3).zip(delays).all(|(n, delay)| delay + n * interval >= stall));
    }

    #[test]
    fn a_series_ends_on_time_or_when_it_is_stopped() {
        let start = Instant::now();
        let over = Schedule { end: Some(start), ..Schedule::new(start, Duration::ZERO) };
        assert_eq!(over.count(), 1); // Without a ping, nothing is measured.
        let stop = Stop::default();
        let mut stopped = Schedule { stop: Some(stop.clone()), ..Schedule::new(start, HOUR) };
        assert_eq!(stopped.next().map(|turn| turn.number), Some(1));
        let waiting = thread::spawn(move || stopped.next().is_none());
        stop.stop();
        assert!(waiting.join().unwrap());
        assert!(start.elapsed() < HOUR);
    }

    #[test]
    fn without_an_interval_nothing_is_due() {
        let schedule = Schedule::new(Instant::now() + HOUR, Duration::ZERO);
        let turns: Vec<Turn> = schedule.take(5).collect();
        assert!(turns.iter().all(|turn| turn.due.is_none() && turn.delay.is_zero()));
    }
}
