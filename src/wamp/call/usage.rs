//! What the processes of a call use of the processors.
//!
//! A call takes time in three programs, and in the kernel for each of them. A program
//! that waits uses none, so the load and the round-trip time are different figures: a
//! transport may be as fast as another one and cost twice the work. Each wait is a
//! context switch, in which the system gives the processor to another thread.
//!
//! Linux counts the time in ticks of 10 ms. Of a short measurement the figures are
//! coarse; the mean of many calls is right.

use std::fs::{read_dir, read_to_string};
use std::time::Duration;

use crate::measure::environment::cpu_time;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The time in its own code.
    pub user: Duration,
    /// The time that the kernel worked for it.
    pub system: Duration,
    /// How often one of its threads left its processor, to wait or for another thread.
    pub switches: u64,
}

/// What the three processes have used while calls were made; `None` for a process of
/// another program, and where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The router, if the measurement has started it.
    pub router: Option<Usage>,
    /// The caller, or several in one process.
    pub caller: Option<Usage>,
    /// The callee, or several in one process.
    pub callee: Option<Usage>,
}

impl Usage {
    /// What a process has used since its start.
    #[must_use]
    pub fn of(process: u32) -> Option<Self> {
        let (user, system) = cpu_time(&process.to_string())?;
        let threads = read_dir(format!("/proc/{process}/task")).ok()?;
        let status = threads.map_while(|thread| Some(thread.ok()?.path().join("status")));
        let switches = status.filter_map(|path| switches(&read_to_string(path).ok()?)).sum();
        Some(Usage { user, system, switches })
    }

    /// What was used since `before`.
    #[must_use]
    pub fn since(self, before: Usage) -> Self {
        Usage {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
            switches: self.switches.saturating_sub(before.switches),
        }
    }
}

impl Used {
    /// The three processes with their names.
    #[must_use]
    pub fn each(&self) -> [(&'static str, Option<Usage>); 3] {
        [("router", self.router), ("caller", self.caller), ("callee", self.callee)]
    }

    /// Adds what the same processes have used at another time.
    pub(super) fn add(&mut self, other: &Used) {
        add(&mut self.router, other.router);
        add(&mut self.caller, other.caller);
        add(&mut self.callee, other.callee);
    }

    /// The context switches of all the processes that are known; `None` if none is.
    #[must_use]
    pub fn switches(&self) -> Option<u64> {
        let known = || self.each().into_iter().filter_map(|(_, usage)| usage);
        known().next().map(|_| known().map(|usage| usage.switches).sum())
    }
}

/// Adds what a process has used, if it is known, to what it used before.
pub(super) fn add(sum: &mut Option<Usage>, more: Option<Usage>) {
    let Some(more) = more else { return };
    let Usage { user, system, switches } = sum.unwrap_or_default();
    *sum = Some(Usage {
        user: user + more.user,
        system: system + more.system,
        switches: switches + more.switches,
    });
}

/// The context switches of the calling thread.
pub(super) fn switches_of_this_thread() -> Option<u64> {
    switches(&read_to_string("/proc/thread-self/status").ok()?)
}

/// Both kinds of context switches (`man proc_pid_status`): a thread waits, or another
/// one gets its processor.
fn switches(status: &str) -> Option<u64> {
    let kinds = ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"];
    let number = |line: &str| {
        kinds.iter().find_map(|kind| line.strip_prefix(kind)).and_then(|n| n.trim().parse().ok())
    };
    status.lines().filter_map(number).reduce(|one: u64, other| one + other)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Instant;

    #[test]
    fn a_process_that_works_uses_time_and_one_that_waits_is_switched() {
        let usage = || Usage::of(std::process::id()).unwrap();
        let (before, begin) = (usage(), Instant::now());
        while usage().since(before).user + usage().since(before).system < Duration::from_millis(50)
        {
            assert!(begin.elapsed() < Duration::from_secs(60), "no time is counted");
        }
        let before = switches_of_this_thread().unwrap();
        for _ in 0..10 {
            thread::sleep(Duration::from_micros(1));
        }
        assert!(switches_of_this_thread().unwrap() >= before + 10);
    }

    #[test]
    fn both_kinds_of_switches_count() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n";
        assert_eq!((switches(status), switches("Name:\tx\n")), (Some(42), None));
        let known = Usage { switches: 5, ..Usage::default() };
        let used = Used { caller: Some(known), callee: Some(known), router: None };
        assert_eq!((used.switches(), Used::default().switches()), (Some(10), None));
    }
}
