//! Statistics: many samples in, a few figures out.
//!
//! Nothing here reads a clock. These modules are given durations, so each formula can
//! be tested on numbers whose answer is known.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | [`summary`] | the figures, their formulas, and why a mean alone misleads |
//! | [`recorder`] | the figures of a growing series, without keeping the samples |
//! | [`histogram`] | percentiles in constant memory, with a known error |

pub mod histogram;
pub mod recorder;
pub mod summary;

pub use histogram::Histogram;
pub use recorder::Recorder;
pub use summary::Summary;
