//! From values to places: scales, round ticks, and labels that keep clear of each
//! other.

use std::iter::successors;

/// Names of units, smallest first, and the size of each.
pub(super) type Units = &'static [(&'static str, f64)];

/// The units of what is measured, in nanoseconds.
pub(super) const DURATIONS: Units = &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];

/// The units of the time that passes meanwhile, in nanoseconds.
pub(super) const TIMES: Units =
    &[("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 6e10), ("h", 3.6e12)];

/// The units of rates, in bits per second.
pub(super) const RATES: Units = &[("kbit/s", 1e3), ("Mbit/s", 1e6), ("Gbit/s", 1e9)];

/// The units of sizes, in bytes.
const SIZES: Units = &[("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0)];

/// If the largest value is so many times the usual one, a linear axis presses all
/// others flat against its bottom.
const SPOILT: f64 = 20.0;

/// The most labels of a logarithmic axis; more would be too close to each other.
const MOST: usize = 12;

/// How far the top of a linear axis is above the largest value.
const HEADROOM: f64 = 1.02;

/// The place of each value.
pub(super) struct Axis {
    units: Units,
    /// The one unit of all labels. A logarithmic axis has none: each label has the one
    /// that suits it.
    unit: Option<(&'static str, f64)>,
    values: (f64, f64),
    places: (f64, f64),
    ticks: Vec<f64>,
}

impl Axis {
    /// An axis from zero to exactly `max`, with about so many ticks.
    pub(super) fn linear(units: Units, max: f64, about: f64, places: (f64, f64)) -> Self {
        let (unit, max, step) = round(units, max, about);
        let ticks = successors(Some(0.0), |tick| Some(tick + step))
            .take_while(|&tick| tick <= max)
            .collect();
        Axis { units, unit: Some(unit), values: (0.0, max), places, ticks }
    }

    /// An axis that ends at a round value: linear from zero, or logarithmic if `max` is
    /// far beyond the usual value.
    pub(super) fn fitting(
        units: Units,
        (min, usual, max): (f64, f64, f64),
        places: (f64, f64),
    ) -> Self {
        if max <= SPOILT * usual.max(1.0) {
            let (_, max, step) = round(units, max * HEADROOM, 5.0);
            return Axis::linear(units, (max / step).ceil() * step, 5.0, places);
        }
        Axis::logarithmic(units, (min, max), places)
    }

    /// A logarithmic axis that ends at round values.
    pub(super) fn logarithmic(units: Units, (min, max): (f64, f64), places: (f64, f64)) -> Self {
        let max = max.max(2.0 * min.max(1.0));
        let mut ticks = between(ladder(1.0), min, max);
        if ticks.len() > MOST {
            ticks = between(decades(1.0), min, max);
        }
        let values = (ticks.first().copied().unwrap_or(1.0), ticks.last().copied().unwrap_or(max));
        let ticks = ticks.iter().copied().step_by(ticks.len().div_ceil(MOST)).collect();
        Axis { units, unit: None, values, places, ticks }
    }

    /// A logarithmic axis of sizes in bytes, with ticks at powers of two.
    pub(super) fn sizes((min, max): (f64, f64), places: (f64, f64)) -> Self {
        let (min, max) = (min.max(1.0), max.max(min * 2.0).max(2.0));
        let powers = |step: f64| successors(Some(1.0), move |power| Some(power * step));
        let within = |step: f64| -> Vec<f64> {
            powers(step)
                .skip_while(|&power| power < min)
                .take_while(|&power| power <= max)
                .collect()
        };
        let steps = [2.0, 4.0, 16.0, 256.0].map(within);
        let ticks = steps.into_iter().find(|ticks| ticks.len() <= MOST).unwrap_or_default();
        Axis { units: SIZES, unit: None, values: (min, max), places, ticks }
    }

    /// The place of a value. A value beyond an end of the axis is at that end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let value = value.clamp(low, high);
        let share = match self.unit {
            Some(_) => value / high,
            None => (value / low).ln() / (high / low).ln(),
        };
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// The round values along the axis: the place and the label of each.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().map(|&value| {
            let text = match self.unit {
                None => self.value(value),
                // Steps below one are tenths.
                Some((_, unit)) if self.ticks.get(1).is_some_and(|&step| step < unit) => {
                    format!("{:.1}", value / unit)
                }
                Some((_, unit)) => format!("{:.0}", value / unit),
            };
            (self.place(value), text)
        })
    }

    /// A value with three digits and its unit.
    pub(super) fn value(&self, value: f64) -> String {
        // Far beyond the end of a linear axis, its unit would have many digits.
        let given = self.unit.filter(|(_, unit)| value < unit * 999.5);
        let (name, unit) = given.unwrap_or_else(|| unit(self.units, value));
        let value = value / unit;
        // What is rounded to 100 has three digits already.
        let decimals = [99.95, 9.995, 0.9995].iter().filter(|&&limit| value < limit).count();
        let digits = format!("{value:.decimals$}");
        let digits =
            if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
        format!("{digits} {name}")
    }

    /// The title of the axis: what it shows, its unit and its scale.
    pub(super) fn title(&self, what: &str) -> String {
        match self.unit {
            Some((unit, _)) => format!("{what} in {unit}, linear scale"),
            None => format!("{what}, logarithmic scale"),
        }
    }

    /// The unit of a linear axis.
    pub(super) fn unit(&self) -> &'static str {
        self.unit.map_or("", |(name, _)| name)
    }
}

/// Moves labels apart: from the places that are `wanted` to places in the same order,
/// at least `gap` from each other, between `first` and `last` as far as there is room.
pub(super) fn apart(wanted: &[f64], gap: f64, (first, last): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&one, &other| wanted[one].total_cmp(&wanted[other]));
    let mut places = wanted.to_vec();
    let mut free = first;
    for &index in &order {
        places[index] = places[index].max(free);
        free = places[index] + gap;
    }
    // Labels that were moved over the end are moved back, and move the others.
    let mut free = last;
    for &index in order.iter().rev() {
        places[index] = places[index].min(free);
        free = places[index] - gap;
    }
    places
}

/// The unit of a linear axis, its end, and the step from one tick to the next.
fn round(units: Units, max: f64, about: f64) -> ((&'static str, f64), f64, f64) {
    let max = max.max(units[0].1);
    // An axis up to 1.5 ms reads better in microseconds.
    let unit = unit(units, max / 2.0);
    let step = ladder(unit.1 / 10.0).find(|&step| step >= max / about).unwrap_or(max);
    (unit, max, step)
}

/// The largest unit that is not larger than the value, or the smallest unit.
fn unit(units: Units, value: f64) -> (&'static str, f64) {
    // 999.9 µs in three digits are 1 ms.
    units.iter().copied().rev().find(|&(_, unit)| unit * 0.9995 <= value).unwrap_or(units[0])
}

/// Selects from rising numbers those that enclose a range: from the last one that is
/// not above the range to the first one that is not below.
fn between(numbers: impl Iterator<Item = f64>, min: f64, max: f64) -> Vec<f64> {
    let mut enclosing = Vec::new();
    for number in numbers {
        if number <= min {
            enclosing.clear();
        }
        enclosing.push(number);
        if number >= max {
            break;
        }
    }
    enclosing
}

/// 1, 10, 100 and so on times the beginning.
fn decades(first: f64) -> impl Iterator<Item = f64> {
    successors(Some(first), |decade| Some(decade * 10.0))
}

/// 1, 2, 5, 10, 20, 50, 100 and so on times the beginning.
fn ladder(first: f64) -> impl Iterator<Item = f64> {
    decades(first).flat_map(|decade| [decade, 2.0 * decade, 5.0 * decade])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.ticks().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_span_the_values() {
        let axis = |min, usual, max| Axis::fitting(DURATIONS, (min, usual, max), (0.0, 100.0));
        assert_eq!(texts(&axis(1e3, 82e3, 137e3)), ["0", "50", "100", "150"]);
        assert_eq!(texts(&axis(1e3, 2e6, 2.1e6)), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(
            texts(&axis(70e3, 80e3, 3e6)),
            ["50 µs", "100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms"]
        );
        assert_eq!(
            texts(&axis(1e3, 1e4, 1e9)),
            ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"]
        );
        for max in [0.0, 1.0, 3.0, 1e5, 4_398_046_511_103.0, 1.8e19] {
            for usual in [0.0, 1.0, max / 30.0, max] {
                let axis = axis(0.0, usual, max);
                assert!((2..=MOST).contains(&texts(&axis).len()), "{:?}", texts(&axis));
                assert!(axis.values.1 >= max && axis.place(max) > axis.place(0.0) || max == 0.0);
            }
        }
        assert_eq!(
            texts(&Axis::linear(TIMES, 3.7e12, 7.0, (0.0, 100.0))),
            ["0", "10", "20", "30", "40", "50", "60"]
        );
    }

    #[test]
    fn values_have_three_digits() {
        let axis = Axis::fitting(DURATIONS, (1.0, 1.0, 1e9), (0.0, 1.0));
        let values = [7.0, 999.4, 83_210.0, 999_950.0, 1_250_000.0, 200e6, 12.34e9]
            .map(|value| axis.value(value));
        assert_eq!(values, ["7 ns", "999 ns", "83.2 µs", "1 ms", "1.25 ms", "200 ms", "12.3 s"]);
    }

    #[test]
    fn labels_keep_clear_of_each_other() {
        assert_eq!(apart(&[50.0, 10.0], 15.0, (0.0, 100.0)), [50.0, 10.0]);
        assert_eq!(apart(&[98.0, 99.0, 100.0, 5.0], 15.0, (0.0, 100.0)), [70.0, 85.0, 100.0, 5.0]);
        assert_eq!(apart(&[0.0, 0.0], 15.0, (0.0, 100.0)), [0.0, 15.0]);
    }
}
