//! What the reports of all measurements are made of: figures as words, and as JSON.
//!
//! Within a column a unit never changes, so that figures can be compared by looking
//! down: round-trip times are in milliseconds, rates in one unit that fits them all. What
//! is not known is left out.

use crate::json::{Map, Value};
use crate::stats::{Recorder, Summary};
use crate::units::{float, ms, rate_unit, significant};

/// The figures of a series in one line, in the manner of `ping`; `None` if the series
/// is empty.
///
/// ```
/// use roundtrip::report::figures;
/// use std::time::Duration;
///
/// let series = [1, 2, 3].map(Duration::from_millis).into_iter().collect();
/// let names = "min/mean/p50/p99/max/stddev";
/// let values = "1.000/2.000/2.007/3.000/3.000/1.000";
/// let line = figures::series("rtt", &series).unwrap();
/// assert_eq!(line, format!("rtt {names} = {values} ms"));
/// ```
#[must_use]
pub fn series(name: &str, series: &Recorder) -> Option<String> {
    let Summary { min, mean, p50, p99, max, stddev, .. } = series.summary()?;
    let (deviation, stddev) =
        stddev.map_or(("", String::new()), |stddev| ("/stddev", format!("/{}", ms(stddev))));
    let values = [min, mean, p50, p99, max].map(ms).join("/");
    Some(format!("{name} min/mean/p50/p99/max{deviation} = {values}{stddev} ms"))
}

/// A part of a whole as a percentage, never rounded to the 0 or the 100 that it is not.
///
/// ```
/// use roundtrip::report::figures::percent;
///
/// assert_eq!([percent(0, 9), percent(1, 3), percent(1, 100_000)], ["0", "33.3", "0.1"]);
/// ```
#[must_use]
pub fn percent(part: u64, all: u64) -> String {
    match part {
        0 => "0".into(),
        _ if part == all => "100".into(),
        _ => format!("{:.1}", (float(part) / float(all) * 100.0).clamp(0.1, 99.9)),
    }
}

/// The rates of a column with three significant digits, all in the unit that fits the
/// middle (the geometric mean) of the smallest and the largest, and that unit. A rate
/// that is not known is an empty cell.
///
/// ```
/// use roundtrip::report::figures::rates;
///
/// assert_eq!(rates(&[Some(64e3), None]), ("kbit/s", vec!["64.0".into(), String::new()]));
/// ```
#[must_use]
pub fn rates(bits_per_second: &[Option<f64>]) -> (&'static str, Vec<String>) {
    let known = || bits_per_second.iter().flatten().copied();
    let (largest, smallest) = (known().fold(0.0, f64::max), known().fold(f64::MAX, f64::min));
    let (name, unit) = rate_unit(largest.sqrt() * smallest.sqrt());
    let cell = |rate: &Option<f64>| rate.map_or(String::new(), |rate| significant(rate / unit));
    (name, bits_per_second.iter().map(cell).collect())
}

/// A row of a table.
pub(crate) fn columns<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{:>10}", cell.as_ref())).collect();
    cells.concat().trim_end().into()
}

/// RPM, the number of round trips that fit in a minute one after the other, from the
/// median: the unit of "Responsiveness under Working Conditions" (IETF draft
/// ippm-responsiveness).
#[must_use]
pub fn round_trips_per_minute(series: &Recorder) -> Option<f64> {
    let p50 = series.summary()?.p50.as_secs_f64();
    (p50 > 0.0).then(|| 60.0 / p50)
}

/// The 99th percentile in milliseconds, if there are samples enough for it to say more
/// than the maximum; or else an empty cell.
pub(crate) fn p99(summary: &Summary) -> String {
    if summary.count < FEW { String::new() } else { ms(summary.p99) }
}

/// As [`p99`], the 90th percentile.
pub(super) fn p90(summary: &Summary) -> String {
    if summary.count < VERY_FEW { String::new() } else { ms(summary.p90) }
}

/// Of fewer samples than this, the 99th percentile is the maximum.
pub(super) const FEW: u64 = 100;

/// Of fewer samples than this, the 90th percentile is one of the two largest.
pub(super) const VERY_FEW: u64 = 10;

/// Adds the summary of a series to an object, unless the series is empty.
pub fn put_series(map: &mut Map, name: &str, series: &Recorder) {
    put(map, name, series.summary().as_ref().map(summary));
}

/// A summary as an object, in nanoseconds.
#[must_use]
pub fn summary(summary: &Summary) -> Map {
    summary.nanoseconds().map(|(name, figure)| (name, figure.into())).collect()
}

/// Adds a value to an object, unless it is not known.
pub fn put(map: &mut Map, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(name, value);
    }
}

/// A rate as a whole number.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive, and a cast saturates"
)]
#[must_use]
pub fn whole(rate: f64) -> u64 {
    rate.round() as u64
}
