//! From many figures, a few.
//!
//! Nothing here reads a clock: it is given durations, so that each formula can be tried
//! on numbers whose answer is known.

pub mod histogram;
pub mod jitter;
pub mod one_way;
pub mod recorder;
pub mod summary;

pub use histogram::Histogram;
pub use jitter::Jitter;
pub use one_way::{Exchange, OneWay, OneWaySummary};
pub use recorder::Recorder;
pub use summary::Summary;
