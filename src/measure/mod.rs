//! Clocks around conversations: what is measured, and from when to when.
//!
//! ```text
//!   latency    before the request is written ──▶ the whole answer has been read
//!   download   the server is ready           ──▶ the last byte has been read
//!   upload     the server is ready           ──▶ its report that all arrived has been read
//!   connect    before the connection is begun ──▶ the first answer has been read
//!   lag        a ping has been read          ──▶ its echo has been written
//!   status     before the question is sent   ──▶ the whole answer has been read
//! ```
//!
//! Every measurement returns plain data, and prints nothing: [`report`](crate::report)
//! does that. A measurement that fails half-way returns what it has measured until
//! then, and why it ended ([`Measurement`]). While it runs, it hands every single
//! [`Sample`] to an [`Observer`], so that a program can show it or keep it, and no
//! memory here grows with time.

pub mod bandwidth;
pub mod bidirectional;
pub mod concurrently;
pub mod connect;
pub mod direction;
pub mod environment;
pub mod lag;
pub mod latency;
pub mod loaded;
pub mod outcome;
pub mod paced;
pub mod pings;
pub mod status;
pub mod sweep;
pub mod transfer;

use std::io;
use std::time::Duration;

pub use bandwidth::{Bandwidth, bandwidth};
pub use bidirectional::{Bidirectional, bidirectional, bidirectional_after};
pub use concurrently::concurrently;
pub use connect::{Connect, connect};
pub use direction::Direction;
pub use lag::{Lag, LagObserver, LagView, lag, lag_unasked};
pub use latency::latency;
pub use loaded::{Load, Loaded, Phase, loaded};
pub use outcome::Outcome;
pub use pings::{Latency, Plan};
pub use status::{Asked, Connected, Status, StatusError, StatusStep, ask_status, ping_server};
pub use sweep::{Row, Sweep, sweep};
pub use transfer::{Transfer, transfer};

/// Receives each sample while a measurement runs.
pub type Observer<'a> = &'a mut dyn FnMut(Sample);

/// Receives the samples of a measurement that takes them in more than one thread.
pub type SharedObserver<'a> = &'a (dyn Fn(Sample) + Sync);

/// One thing that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A ping was answered.
    Ping {
        /// The number of the ping, from 1.
        number: u64,
        /// When the ping was sent, since the series began.
        at: Duration,
        /// The round-trip time: from when the ping was sent to its answer.
        rtt: Duration,
        /// From when the ping was due to its answer, where there is a schedule.
        due: Option<Duration>,
    },
    /// A ping was lost, late or repeated, in a protocol in which that can happen.
    Outcome {
        /// The number of the ping, from 1.
        number: u64,
        /// When the ping was sent, since the series began.
        at: Duration,
        /// The round-trip time, if an answer has arrived.
        rtt: Option<Duration>,
        /// What became of the ping.
        outcome: Outcome,
    },
    /// A piece of a bulk transfer arrived here, or was handed to the system to be sent.
    Piece {
        /// The direction of the transfer.
        direction: Direction,
        /// When, since the transfer began.
        at: Duration,
        /// The size of the piece.
        bytes: u64,
    },
}

/// What all measurements have in common: they can fail, and those of several clients
/// add up.
pub trait Measurement {
    /// A measurement that has no result but this error.
    fn failed(error: io::Error) -> Self
    where
        Self: Sized;

    /// Why the measurement ended early, if it did.
    fn failure(&self) -> Option<&io::Error>;

    /// The measurements of several clients that were at work at once, as one.
    fn total(all: &[Self]) -> Self
    where
        Self: Sized;
}
