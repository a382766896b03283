//! Clocks around conversations: what is measured, and from when to when.
//!
//! ```text
//!   latency     before the request is written ──▶ the whole answer has been read
//!   download    the server is ready           ──▶ the last byte has been read
//!   upload      the server is ready           ──▶ its word that the last byte has arrived has been read
//!   lag         the ping has been read        ──▶ its echo has been written; the round trip is the server's to time
//!   status      before the question is written ─▶ the whole answer has been read
//!   call        before the call is encoded    ──▶ its result has been decoded
//! ```
//!
//! Everything here returns plain data and prints nothing; [`report`](crate::report)
//! does that. A measurement that fails half-way returns what it has measured until
//! then, and why it ended. While it runs it tells an [`Observer`] of every single
//! [`Sample`], so that what is measured can be shown and kept elsewhere, and nothing
//! here grows with time.

pub mod asked;
pub mod bandwidth;
pub mod environment;
pub mod lag;
pub mod latency;
pub mod loaded;
pub mod paced;
pub mod pings;
pub mod status;
pub mod sweep;
pub mod together;

use std::io;
use std::time::Duration;

pub use asked::Asked;
pub use bandwidth::{Bandwidth, Bidirectional, Direction, bandwidth, bidirectional};
pub use lag::{Lag, LagObserver, LagView, lag, lag_unasked};
pub use latency::latency;
pub use loaded::{Loaded, Phase, loaded};
pub use pings::{Latency, Plan};
pub use status::{Status, StatusError, StatusStep, ask_status, ping_server};
pub use sweep::{Row, Sweep, sweep};
pub use together::together;

/// Is told of each sample while a measurement runs, from whichever thread took it.
pub type Observer<'a> = &'a (dyn Fn(Sample) + Sync);

/// One thing that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A ping was answered.
    Ping {
        /// Its number, from 1.
        number: u64,
        /// When it was sent, since the series began.
        at: Duration,
        /// From when it was sent to its answer.
        rtt: Duration,
        /// From when it was due to its answer, where there is a schedule.
        due: Option<Duration>,
    },
    /// Something else became of a ping over UDP.
    Missed {
        /// Its number, from 1.
        number: u64,
        /// When it was sent, since the series began.
        at: Duration,
        /// From when it was sent to this answer, if it is one.
        rtt: Option<Duration>,
        /// What became of it.
        mishap: Mishap,
    },
    /// A piece of a bulk transfer went through: arrived here, or was taken by the
    /// system on its way out.
    Piece {
        /// Which way.
        direction: Direction,
        /// When, since the transfer began.
        at: Duration,
        /// How many bytes.
        bytes: u64,
    },
}

/// What becomes of a ping over UDP that is not simply answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The timeout has passed without an answer; there may still be one.
    Overdue,
    /// The answer came after the timeout.
    Late,
    /// There was no answer.
    Lost,
    /// The answer came once more.
    Duplicate,
}

/// What all measurements have in common: they can fail, and those of several clients
/// add up.
pub trait Outcome: Sized {
    /// A measurement that never began, or of which nothing is known.
    fn failed(error: io::Error) -> Self;

    /// Why it ended early, if it did.
    fn failure(&self) -> Option<&io::Error>;

    /// Those of several clients that were at work together, as one.
    fn total(all: &[Self]) -> Self;
}
