//! What the tool cannot see, and what it can find out about that.
//!
//! The measuring program runs on one of the two machines, and competes with everything
//! else there. Reading the clock takes time, a timer fires late, the program itself may
//! be the slow part, and the kernel retransmits segments without notifying anybody. (A
//! segment is what TCP sends in one packet.) No measurement can remove these errors.
//! But they can be measured and reported, too.

use std::time::{Duration, Instant};

use crate::stats::Recorder;

/// The surroundings of a measurement.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// How long it takes to read the clock once. Every round-trip time contains one
    /// such reading.
    pub clock: Duration,
    /// How many TCP segments all programs of this host have retransmitted meanwhile,
    /// where the system tells.
    pub retransmitted: Option<u64>,
}

/// The state before a measurement.
#[derive(Debug)]
pub struct Before(Option<u64>);

impl Before {
    /// Reads the state.
    #[must_use]
    pub fn now() -> Self {
        Before(retransmitted_segments())
    }

    /// What has happened since.
    ///
    /// ```
    /// let before = roundtrip::measure::environment::Before::now();
    /// let environment = before.until_now();
    /// assert!(environment.clock < std::time::Duration::from_millis(1));
    /// ```
    #[must_use]
    pub fn until_now(&self) -> Environment {
        let retransmitted = retransmitted_segments()
            .zip(self.0)
            .map(|(after, before)| after.saturating_sub(before));
        Environment { clock: clock_cost(), retransmitted }
    }
}

/// The median time between two readings that follow each other.
fn clock_cost() -> Duration {
    let mut costs = Recorder::default();
    let mut last = Instant::now();
    for _ in 0..1000 {
        let now = Instant::now();
        costs.record(now - last);
        last = now;
    }
    costs.summary().map_or(Duration::ZERO, |summary| summary.p50)
}

/// `RetransSegs` of RFC 4022. Linux gives it in one line of names and one of numbers.
fn retransmitted_segments() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/self/net/snmp").ok()?;
    let mut lines = counters.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let index = lines.next()?.split(' ').position(|name| name == "RetransSegs")?;
    lines.next()?.split(' ').nth(index)?.parse().ok()
}

/// Measures how much of a processor the calling thread uses.
#[derive(Debug)]
pub struct CpuClock {
    start: Instant,
    used: Duration,
}

impl CpuClock {
    /// Starts to measure; `None` where the system does not tell.
    #[must_use]
    pub fn start() -> Option<Self> {
        Some(CpuClock { start: Instant::now(), used: Self::now()? })
    }

    /// Which part of the time since the start the thread was running: 1 is one whole
    /// processor. `None` if the time is too short for ticks of 10 ms.
    #[must_use]
    pub fn used(&self) -> Option<f64> {
        let seconds = self.start.elapsed().as_secs_f64();
        let used = Self::now()?.saturating_sub(self.used);
        (seconds > 0.2 && !used.is_zero()).then(|| used.as_secs_f64() / seconds)
    }

    fn now() -> Option<Duration> {
        cpu_time("thread-self").map(|(user, system)| user + system)
    }
}

/// The time that a process has worked, and that the kernel has worked for it; `None`
/// where the system does not tell. The process is named as in `/proc`: by its number,
/// or as `self` or `thread-self`.
pub(crate) fn cpu_time(process: &str) -> Option<(Duration, Duration)> {
    // Linux shows programs ticks of the same length on every machine (`USER_HZ`).
    const TICK: Duration = Duration::from_millis(10);
    // User and system time are the 14th and the 15th field (`man proc_pid_stat`). The
    // second field, the name, may contain spaces.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut time = || Some(TICK.saturating_mul(fields.next()?.parse().ok()?));
    Some((time()?, time()?))
}
