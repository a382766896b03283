//! Clocks around conversations: what is measured, and from when to when.
//!
//! ```text
//!   latency     before the request is written ──▶ the whole answer has been read
//!   download    before the request is written ──▶ the last byte has been read
//!   upload      the server is ready           ──▶ its word that the last byte has arrived has been read
//! ```
//!
//! Everything here returns plain data and prints nothing; [`report`](crate::report) does that. A measurement that fails half-way returns
//! what it has measured until then, and why it ended.

mod bandwidth;
mod latency;
mod together;

use std::io;

pub use bandwidth::{Bandwidth, Direction, bandwidth};
pub use latency::{Latency, Plan, latency};
pub use together::together;

/// What all measurements have in common: they can fail, and those of several clients add up.
pub trait Outcome: Sized {
    /// A measurement that never began, or of which nothing is known.
    fn failed(error: io::Error) -> Self;

    /// Why it ended early, if it did.
    fn failure(&self) -> Option<&io::Error>;

    /// Those of several clients that began together, as one.
    fn total(all: &[Self]) -> Self;
}
