//! When a transfer was asked for, and whether it was long enough to be measured.

use std::time::{Duration, Instant};

/// When a transfer was asked for, and when the server was ready.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// When the request was sent.
    pub at: Instant,
    /// When `READY` had been received: here the clock of the transfer starts.
    pub ready: Instant,
    /// The shortest round trip that is known of this connection.
    pub round_trip: Duration,
}

/// No system sends more than this before the first acknowledgement of its first data: ten
/// segments (RFC 6928), or a little more on links with long frames.
const FIRST_FLIGHT: u64 = 64 * 1024;

impl Asked {
    /// Whether a download that took so long can tell a rate. What arrives within a round
    /// trip was on its way when the clock started. That is the time to `READY`, which can
    /// hold more than the round trip. But what is too long for a first flight needs more
    /// than one, so the shortest round trip is enough for it.
    #[must_use]
    pub fn tells_rate(&self, bytes: u64, time: Duration) -> bool {
        let round_trip = if bytes <= FIRST_FLIGHT { self.ready - self.at } else { self.round_trip };
        time > round_trip
    }
}
