//! From many figures, a few.
//!
//! Nothing here reads a clock: it is given durations, so that each formula can be tried
//! on numbers whose answer is known.

pub mod histogram;
pub mod recorder;
pub mod summary;

pub use histogram::Histogram;
pub use recorder::Recorder;
pub use summary::Summary;
