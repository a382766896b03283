//! Sizes and durations, as people write and read them.
//!
//! Sizes are binary (1 KiB is 1,024 bytes), rates are decimal (1 Mbit/s is 1,000,000
//! bits a second), and the unit is always named: a figure that is 1,024-based under a
//! decimal name will be quoted wrongly.

mod parse;
mod print;

use std::time::Duration;

pub use parse::{UnitError, parse_duration, parse_rate, parse_size, whole_number};
pub use print::{count, ms, rate, rate_unit, significant, size, time, utc};

/// Bytes in one MiB.
pub const MIB: u64 = 1 << 20;

/// Units and their length in bytes, the largest first.
const SIZES: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", MIB), ("KiB", 1 << 10), ("B", 1)];

/// Converts a duration to whole nanoseconds. 64 bits hold 584 years; a longer duration
/// becomes `u64::MAX`.
///
/// ```
/// assert_eq!(roundtrip::units::nanoseconds(std::time::Duration::from_micros(5)), 5_000);
/// ```
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Converts a count to a float, for rates and for display.
#[allow(
    clippy::cast_precision_loss,
    reason = "exact up to 2^53, which is 9 PB, or 104 days in nanoseconds"
)]
#[must_use]
pub fn float(count: u64) -> f64 {
    count as f64
}
