//! What a person reads.

use std::time::Duration;

use super::{SIZES, float};

/// A number with the word for what is counted: `1 ping`, `10 pings`.
///
/// ```
/// use roundtrip::units::count;
///
/// assert_eq!([count(1, "ping"), count(0, "ping")], ["1 ping", "0 pings"]);
/// ```
#[must_use]
pub fn count(number: u64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Formats a size in the largest unit that it fills.
///
/// ```
/// use roundtrip::units::size;
///
/// assert_eq!(size(10 << 20), "10.00 MiB");
/// assert_eq!(size(1_536), "1.50 KiB");
/// assert_eq!(size(5), "5 B");
/// ```
#[must_use]
pub fn size(bytes: u64) -> String {
    match SIZES.iter().find(|(_, unit)| *unit <= bytes) {
        Some(&(name, unit)) if unit > 1 => format!("{:.2} {name}", float(bytes) / float(unit)),
        _ => format!("{bytes} B"),
    }
}

/// Formats a duration in milliseconds with three decimals, as round-trip times are
/// read.
///
/// ```
/// assert_eq!(roundtrip::units::ms(std::time::Duration::from_micros(250)), "0.250");
/// ```
#[must_use]
pub fn ms(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1e3)
}

/// A number with three significant digits, however large or small: `0.00570`, `61.9`,
/// `1230`.
///
/// ```
/// use roundtrip::units::significant;
///
/// assert_eq!([5.7, 61.94, 999.6].map(significant), ["5.70", "61.9", "1000"]);
/// assert_eq!([0.0057, 0.0].map(significant), ["0.00570", "0"]);
/// ```
#[must_use]
pub fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    // What is rounded up to the next power of ten has one decimal less.
    let decimals = |number: f64| 2.0 - number.abs().log10().floor();
    let power = 10_f64.powf(decimals(number));
    let rounded = (number * power).round() / power;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few digits")]
    let places = decimals(rounded).max(0.0) as usize;
    format!("{rounded:.places$}")
}

/// A rate with three significant digits, in the unit that fits: `61.9 Gbit/s`. Units of
/// rates are decimal.
///
/// ```
/// use roundtrip::units::rate;
///
/// assert_eq!([61.94e9, 5_700.0, 999_999.0].map(rate), ["61.9 Gbit/s", "5.70 kbit/s", "1.00 Mbit/s"]);
/// ```
#[must_use]
pub fn rate(bits_per_second: f64) -> String {
    let (name, unit) = rate_unit(bits_per_second);
    format!("{} {name}", significant(bits_per_second / unit))
}

/// The name of the unit that fits a rate, and how many bits per second it is.
#[must_use]
pub fn rate_unit(bits_per_second: f64) -> (&'static str, f64) {
    const UNITS: [(&str, f64); 4] =
        [("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3), ("bit/s", 1.0)];
    fitting(bits_per_second, &UNITS)
}

/// A time with three significant digits, in the unit that fits: `1.60 ms`.
///
/// ```
/// use roundtrip::units::time;
/// use std::time::Duration;
///
/// assert_eq!(time(Duration::from_micros(1_600)), "1.60 ms");
/// assert_eq!(time(Duration::from_secs(90)), "90.0 s");
/// ```
#[must_use]
pub fn time(duration: Duration) -> String {
    const UNITS: [(&str, f64); 4] = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];
    let (name, unit) = fitting(duration.as_secs_f64(), &UNITS);
    format!("{} {name}", significant(duration.as_secs_f64() / unit))
}

/// The largest unit in which the rounded number is not below one.
fn fitting(number: f64, units: &[(&'static str, f64); 4]) -> (&'static str, f64) {
    units.iter().copied().find(|(_, unit)| number / unit >= 0.9995).unwrap_or(units[3])
}

/// Formats a time, given in seconds since 1970, as date and time in UTC (RFC 3339).
///
/// ```
/// assert_eq!(roundtrip::units::utc(1_000_000_000), "2001-09-09T01:46:40Z");
/// ```
#[must_use]
pub fn utc(seconds: u64) -> String {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days are counted
    // in eras of 400 years that start on 1 March, so a leap day is the last of its
    // year.
    let (days, time) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) =
        (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
