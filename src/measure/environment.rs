//! What the tool cannot see, and what it can find out about that.
//!
//! Every figure here is taken by a program that runs on one of the two machines and
//! competes for it. Reading the clock takes time, a timer fires late, the program
//! itself may be what is slow, and the kernel sends segments again without telling
//! anybody. None of this can be taken out of a measurement. It can be measured too, and
//! said.

use std::time::{Duration, Instant};

use crate::stats::Recorder;

/// What a measurement took place in.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What one reading of the clock takes. Every round-trip time contains one.
    pub clock: Duration,
    /// TCP segments that this host, all programs together, has sent again meanwhile;
    /// where the system tells.
    pub retransmitted: Option<u64>,
}

/// Notes the state before a measurement.
#[derive(Debug)]
pub struct Before(Option<u64>);

impl Before {
    /// Looks now.
    #[must_use]
    pub fn now() -> Self {
        Before(retransmitted_segments())
    }

    /// What there was in between.
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

/// `RetransSegs` of RFC 4022, as Linux gives it: one line of names, one line of
/// numbers.
fn retransmitted_segments() -> Option<u64> {
    let counters = std::fs::read_to_string("/proc/self/net/snmp").ok()?;
    let mut lines = counters.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let index = lines.next()?.split(' ').position(|name| name == "RetransSegs")?;
    lines.next()?.split(' ').nth(index)?.parse().ok()
}

/// How much of a processor the calling thread uses.
#[derive(Debug)]
pub struct CpuClock {
    start: Instant,
    ticks: u64,
}

impl CpuClock {
    /// Ticks in a second, as Linux counts them for programs on every machine
    /// (`USER_HZ`).
    const HERTZ: f64 = 100.0;

    /// Starts to count; `None` where the system does not tell.
    #[must_use]
    pub fn start() -> Option<Self> {
        Some(CpuClock { start: Instant::now(), ticks: Self::ticks()? })
    }

    /// Which part of the time since the start the thread was at work, once that is long
    /// enough for ticks to tell.
    #[must_use]
    pub fn used(&self) -> Option<f64> {
        let seconds = self.start.elapsed().as_secs_f64();
        let ticks = Self::ticks()?.saturating_sub(self.ticks);
        (seconds > 0.2 && ticks > 0).then(|| crate::units::float(ticks) / Self::HERTZ / seconds)
    }

    /// User and system time, the 14th and 15th field (see `man proc_pid_stat`). The
    /// second one, the name, may hold spaces.
    fn ticks() -> Option<u64> {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
        Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
    }
}
