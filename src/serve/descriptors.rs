//! Descriptors: how many there may be, and a spare one.
//!
//! Each open file and each connection takes a descriptor, and a process may have only
//! so many: 1,024 on many systems, unless somebody raises it (`ulimit -n`). At the
//! limit, `accept` fails, and the connection stays in the system's queue: its client
//! believes to be connected and hears nothing. A server with none left cannot even
//! accept a connection to refuse it. So one descriptor is kept for that. It is closed,
//! the freed number is given to the connection, the client hears why it is not served,
//! and then the number is taken back.

use std::fs::{File, read_to_string};

use crate::net::Stream;
use crate::units::whole_number;

/// Descriptors that a server needs besides those of its connections: standard input,
/// output and error, its sockets, a spare one, and those that exist only while a
/// process is started.
pub const OTHERS: u64 = 16;

/// How many descriptors this process may have, where the system says so.
#[must_use]
pub fn limit() -> Option<u64> {
    // Max open files            1024                 524288               files
    let limits = read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next().and_then(whole_number)
}

/// Whether enough descriptors are left to serve this connection and others. The system
/// gives each new descriptor the lowest free number, so the number says how many there
/// are.
#[cfg(unix)]
pub(super) fn is_room(stream: &Stream) -> bool {
    use std::sync::OnceLock;
    static LIMIT: OnceLock<Option<u64>> = OnceLock::new();
    let number = u64::try_from(stream.descriptor()).unwrap_or(0);
    LIMIT.get_or_init(limit).is_none_or(|limit| number + OTHERS / 2 < limit)
}

#[cfg(not(unix))]
pub(super) fn is_room(_: &Stream) -> bool {
    true
}

/// A descriptor that is kept for a connection that has to be refused.
#[derive(Debug)]
pub(super) struct Spare(Option<File>);

impl Spare {
    pub fn new() -> Self {
        let mut spare = Spare(None);
        spare.take_back();
        spare
    }

    pub fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Frees the descriptor.
    pub fn give(&mut self) {
        self.0 = None;
    }

    /// Takes a descriptor again, if one is free.
    pub fn take_back(&mut self) {
        self.0 = self.0.take().or_else(|| File::open("/dev/null").ok());
    }
}
