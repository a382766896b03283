//! What a server uses, as Linux shows it in `/proc`.

use std::fs::{DirEntry, read_dir, read_to_string};
use std::io;
use std::time::Duration;

/// What a server and its children use.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    /// Processor time, including that of children that have ended.
    pub cpu: Duration,
    /// Memory by proportional share: a page that n processes share counts 1/n in each.
    pub kibibytes: u64,
    /// Threads of the server itself.
    pub threads: u64,
    pub processes: u64,
}

impl Usage {
    /// What a process and its children use now; `None` where there is no `/proc`.
    pub fn of(server: u32) -> Option<Self> {
        let mut usage = Usage { cpu: processor_time(server)?, ..Usage::default() };
        usage.threads = value(&format!("/proc/{server}/status"), "Threads:")?;
        for process in [server].into_iter().chain(children(server)) {
            // A child may end meanwhile.
            let memory = value(&format!("/proc/{process}/smaps_rollup"), "Pss:");
            usage.kibibytes += memory.unwrap_or(0);
            usage.processes += 1;
        }
        Some(usage)
    }
}

/// Fields 14 to 17 of `/proc/PID/stat`, in hundredths of a second.
fn processor_time(process: u32) -> Option<Duration> {
    let stat = read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(4);
    let ticks: u64 = fields.map_while(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 10))
}

fn children(parent: u32) -> Vec<u32> {
    let child = |entry: io::Result<DirEntry>| {
        let path = entry.ok()?.path();
        let stat = read_to_string(path.join("stat")).ok()?;
        let its_parent: u32 = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        path.file_name()?.to_str()?.parse().ok().filter(|_| its_parent == parent)
    };
    read_dir("/proc").map_or(Vec::new(), |entries| entries.filter_map(child).collect())
}

/// The number behind a name in a file such as `/proc/PID/status`.
fn value(file: &str, name: &str) -> Option<u64> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
