//! Being on time.
//!
//! A pause of one interval after each ping would add up whatever each ping took: the
//! hundredth would be late by a hundred answers. So ping number *n* is due at `start +
//! n × interval`, whatever came before. And a sleep ends late, by tens of microseconds
//! and sometimes by more, so it is told to end early, and the rest is waited for by
//! looking at the clock.

use std::time::{Duration, Instant};

/// How much before the time to stop sleeping: more than most sleeps are late by.
const MARGIN: Duration = Duration::from_micros(200);

/// Waits until `due`, and returns how late it has become. `sleep` is told how long to
/// sleep, and says whether to go on.
pub fn wait_until(due: Instant, sleep: impl FnOnce(Duration) -> bool) -> Option<Duration> {
    wait_with(MARGIN, due, sleep)
}

/// The same without looking at the clock in between: later, but a server that did that
/// for every stranger who asks for pings would have no core left.
pub fn sleep_until(due: Instant, sleep: impl FnOnce(Duration) -> bool) -> Option<Duration> {
    wait_with(Duration::ZERO, due, sleep)
}

fn wait_with(
    margin: Duration,
    due: Instant,
    sleep: impl FnOnce(Duration) -> bool,
) -> Option<Duration> {
    let early = due.saturating_duration_since(Instant::now()).saturating_sub(margin);
    if !early.is_zero() && !sleep(early) {
        return None;
    }
    loop {
        if let Some(late) = Instant::now().checked_duration_since(due) {
            return Some(late);
        }
        std::hint::spin_loop();
    }
}
