//! What to measure.

use std::ffi::OsString;
use std::time::Duration;

use super::transport::{Socket, Target, Transport};
use crate::measure;
use crate::pace::Stop;
use crate::wamp::url::Url;

/// What to measure, and with what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The calls of each caller to each target.
    pub calls: measure::Plan,
    /// Concurrent callers for each target. Each calls a callee of its own.
    pub callers: usize,
    /// How long a caller waits for a result.
    pub timeout: Duration,
    /// The routers to measure; none to start one, and to measure it through every
    /// transport.
    pub urls: Vec<Url>,
    /// The realm of the router.
    pub realm: String,
    /// The command that starts a worker: a program and its first arguments. More
    /// arguments follow, which the program has to pass to
    /// [`worker::play`](super::worker::play).
    pub worker: Vec<OsString>,
    /// Ends the measurement early, between two requests to the callers.
    pub stop: Stop,
}

impl Plan {
    /// What this plan measures: each of its URLs, or else every transport that exists
    /// on this system.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        if self.urls.is_empty() {
            let exists = |transport: &Transport| cfg!(unix) || transport.socket == Socket::Tcp;
            Transport::ALL.into_iter().filter(exists).map(Target::Transport).collect()
        } else {
            self.urls.iter().cloned().map(Target::Url).collect()
        }
    }
}
