//! What all sessions of a server share: its settings, and what it counts.

use std::sync::Arc;
use std::time::Duration;

use super::counters::Counters;
use super::hooks::{Hooks, NoHooks};
use crate::json::Map;
use crate::log::Log;
use crate::serve::Budget;
use crate::wire::command::Amount;
use crate::wire::framing::Framing;

/// How many sessions may have a second thread, if nothing else is said. A thread takes
/// four of the 65,530 memory mappings that Linux gives a process, a large buffer takes
/// one, and `std` aborts where one is missing. 12,000 sessions with a buffer, and
/// these, take 64,000.
pub const SECOND_THREADS: u64 = 1_000;

/// The reason for a client that gets no second thread.
pub(super) const NO_SECOND_THREAD: &str =
    "too many sessions have a second thread at the moment; try again later";

/// Sixteen of the longest measurements.
const LAG_MEMORY: u64 = 256 << 20;

/// Settings of every session of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How requests and answers are told apart.
    pub framing: Framing,
    /// The largest bulk transfer, in bytes; a larger request is refused.
    pub max_size: u64,
    /// The longest timed transfer; a longer request is refused.
    pub max_time: Duration,
    /// How long a peer may be silent, or take nothing of what is sent to it.
    pub idle_timeout: Duration,
    /// Whether to wait by [busy-polling](crate::net::spin).
    pub spin: bool,
    /// Data that is part of every [status answer](super::status).
    pub info: Map,
    /// Whether status answers
    /// [repeat the question](super::status#whether-to-repeat-the-question).
    pub writeback: bool,
    /// How many sessions may have a second thread at a time: to send pings when they
    /// are due, or to send while data arrives.
    pub second_threads: Arc<Budget>,
    /// How many bytes the samples of [lag](super::lag) may take in all sessions
    /// together.
    pub lag_memory: Arc<Budget>,
    /// What another program adds to the server.
    pub hooks: Arc<dyn Hooks>,
    /// Where a line is written when a connection begins and when it ends.
    pub log: Log,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            framing: Framing::Line,
            max_size: 100 << 30,
            max_time: Duration::from_secs(3600),
            idle_timeout: Duration::from_secs(60),
            spin: false,
            info: Map::new(),
            writeback: true,
            second_threads: Budget::new(SECOND_THREADS),
            lag_memory: Budget::new(LAG_MEMORY),
            hooks: Arc::new(NoHooks),
            log: Log::default(),
        }
    }
}

impl Settings {
    /// Whether a transfer of this amount is allowed.
    ///
    /// # Errors
    /// The reason why not, for the client.
    pub(super) fn allow(&self, amount: Amount) -> Result<(), String> {
        match amount {
            Amount::Bytes(bytes) if bytes > self.max_size => {
                Err(format!("{bytes} bytes are over the limit of {} bytes", self.max_size))
            }
            Amount::Time(time) if time > self.max_time => {
                Err(format!("{time:?} is over the limit of {:?}", self.max_time))
            }
            Amount::Time(_) if self.framing == Framing::Bare => {
                Err("timed transfers need line framing".into())
            }
            _ => Ok(()),
        }
    }
}

/// What all sessions of a server share.
#[derive(Debug)]
pub struct Shared {
    /// What the server was told to be.
    pub settings: Settings,
    /// What the server counts.
    pub counters: Counters,
}

impl Shared {
    /// The counters of the server and of its hooks, as they are now.
    #[must_use]
    pub fn counted(&self) -> Map {
        self.counters.fields(&self.settings.hooks.counters())
    }
}
