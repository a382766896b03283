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
//! | [`compare`] | two runs: what differs, and whether it may be chance |
//! | [`thinned`] | some samples of a series, spread over all of it |

pub mod compare;
pub mod histogram;
pub mod recorder;
pub mod summary;
pub mod thinned;

pub use histogram::Histogram;
pub use recorder::Recorder;
pub use summary::Summary;
pub use thinned::Thinned;
