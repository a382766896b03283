//! From many figures, a few.
//!
//! Nothing here reads a clock: it is given durations, so that each formula can be tried on numbers whose answer is known.

mod summary;

pub use summary::Summary;
