//! Writing the pings of one series.

use std::hash::{BuildHasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::datagram::{Damage, Ping, Stamps};
use crate::units::nanoseconds;

/// When a ping was due, and when it was sent.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub due: Option<Instant>,
    /// The send time that the ping holds. The system call takes a moment, so this time
    /// is earlier by that moment.
    pub written_ns: u64,
    pub at: Instant,
}

/// Writes the pings of one series.
#[derive(Clone)]
pub(super) struct Pings {
    series: u32,
    /// One moment by two clocks: the monotonic clock, which runs evenly, and the wall
    /// clock in nanoseconds since 1970, which other machines have, too.
    epoch: (Instant, u64),
    payload: usize,
    datagram: Vec<u8>,
}

impl Pings {
    /// Chooses a random number for the series.
    pub fn new(payload: usize) -> Self {
        let random = RandomState::new().hash_one(0).to_be_bytes();
        let series = u32::from_be_bytes([random[0], random[1], random[2], random[3]]);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = (Instant::now(), nanoseconds(since_1970));
        Pings { series, epoch, payload, datagram: Vec::new() }
    }

    /// Writes the ping with this number into the buffer, and returns its send time.
    pub fn write(&mut self, sequence: u64) -> u64 {
        let ping = self.ping(sequence, self.clock(Instant::now()));
        ping.encode(self.payload, &mut self.datagram);
        ping.sent_ns
    }

    /// The ping that was written last.
    pub fn datagram(&self) -> &[u8] {
        &self.datagram
    }

    /// The ping with this number and send time.
    fn ping(&self, sequence: u64, sent_ns: u64) -> Ping {
        Ping { sequence, sent_ns, series: self.series }
    }

    /// Converts a moment to nanoseconds since 1970.
    pub fn clock(&self, at: Instant) -> u64 {
        let (instant, since_1970) = self.epoch;
        since_1970.saturating_add(nanoseconds(at.saturating_duration_since(instant)))
    }

    /// Checks whether a datagram is the answer to the ping with this number and send
    /// time. `scratch` is overwritten.
    pub fn check(
        &self,
        sequence: u64,
        sent_ns: u64,
        datagram: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Result<Option<Stamps>, Damage> {
        self.ping(sequence, sent_ns).check(self.payload, datagram, scratch)
    }
}
