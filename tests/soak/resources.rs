//! What a process takes of the system, as `/proc` tells.

use std::fmt;
use std::fs;

use crate::support::children;

/// What a server has to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub children: usize,
    pub threads: usize,
    pub descriptors: usize,
}

impl Held {
    pub fn of(process: u32) -> Self {
        Held {
            children: children(process).len(),
            threads: usize::try_from(status(process, "Threads:")).unwrap(),
            descriptors: descriptors(process),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Held { children, threads, descriptors } = self;
        write!(f, "{children:>3} children {threads:>3} threads {descriptors:>3} descriptors")
    }
}

/// The memory of a process in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// All that is in memory, the program's own pages included.
    pub resident: u64,
    /// The part that no file holds: heap and stacks.
    pub private: u64,
}

impl Memory {
    pub fn of(process: u32) -> Self {
        Memory { resident: status(process, "VmRSS:"), private: status(process, "RssAnon:") }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6} KiB resident {:>6} KiB private", self.resident, self.private)
    }
}

pub fn descriptors(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// A figure of `/proc/PID/status`.
fn status(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// The processes that were started with this environment variable.
pub fn started_with(name: &str, value: &str) -> Vec<String> {
    let wanted = format!("{name}={value}");
    let command = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.ok()?.path();
        let environment = fs::read(path.join("environ")).ok()?;
        let ours = environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes());
        let line = fs::read_to_string(path.join("cmdline")).ok()?;
        ours.then(|| format!("{}: {}", path.display(), line.replace('\0', " ")))
    };
    fs::read_dir("/proc").unwrap().filter_map(command).collect()
}
