//! Results for a person.

use std::io;
use std::time::Duration;

use crate::measure::{Bandwidth, Direction, Latency};
use crate::stats::Summary;
use crate::units::{ms, ratio, size};

/// One answered ping: `  ping  3/10: 0.250 ms`.
#[must_use]
pub fn ping(number: u64, count: u64, rtt: Duration) -> String {
    let width = count.to_string().len();
    format!("  ping {number:>width$}/{count}: {} ms", ms(rtt))
}

/// How many pings came back: `10 sent, 10 received, 0% lost`.
///
/// ```
/// assert_eq!(roundtrip::report::text::loss(3, 2), "3 sent, 2 received, 33.3% lost");
/// ```
#[must_use]
pub fn loss(sent: u64, received: u64) -> String {
    let lost = sent.saturating_sub(received);
    let percent = match lost {
        0 => "0".into(),
        _ if lost == sent => "100".into(),
        // Never rounded to the 0 or the 100 that it is not.
        _ => format!("{:.1}", (ratio(lost, sent) * 100.0).clamp(0.1, 99.9)),
    };
    format!("{sent} sent, {received} received, {percent}% lost")
}

/// The figures of a series in one line, in the manner of `ping`; nothing when there are none.
#[must_use]
pub fn rtt(rtts: &[Duration]) -> Option<String> {
    let Summary { min, mean, p50, p99, max, stddev, .. } = Summary::of(rtts)?;
    let (name, stddev) = stddev.map_or(("", String::new()), |stddev| ("/stddev", format!("/{}", ms(stddev))));
    let values = [min, mean, p50, p99, max].map(ms).join("/");
    Some(format!("rtt min/mean/p50/p99/max{name} = {values}{stddev} ms"))
}

/// A series of pings: what was lost, and how long the rest took.
#[must_use]
pub fn latency(latency: &Latency) -> Vec<String> {
    let loss = loss(latency.sent, latency.rtts.len() as u64);
    std::iter::once(loss).chain(rtt(&latency.rtts)).collect()
}

/// A transfer: `10.00 MiB in 0.1500 s, 559.24 Mbit/s`.
#[must_use]
pub fn bandwidth(bandwidth: &Bandwidth) -> String {
    match bandwidth.bits_per_second() {
        None => "nothing arrived".into(),
        Some(rate) => {
            let (bytes, seconds) = (size(bandwidth.bytes), bandwidth.duration.as_secs_f64());
            format!("{bytes} in {seconds:.4} s, {:.2} Mbit/s", rate / 1e6)
        }
    }
}

/// One of several clients: its result, and why it failed if it did.
#[must_use]
pub fn client(index: usize, clients: usize, result: &str, failure: Option<&io::Error>) -> String {
    let width = clients.to_string().len();
    let failure = failure.map_or(String::new(), |error| format!("; failed: {error}"));
    format!("  client {:>width$}/{clients}: {result}{failure}", index + 1)
}

/// The name of a direction.
#[must_use]
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Download => "download",
        Direction::Upload => "upload",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_never_rounded_away() {
        assert_eq!(loss(10, 10), "10 sent, 10 received, 0% lost");
        assert_eq!(loss(1_000_000, 999_999), "1000000 sent, 999999 received, 0.1% lost");
        assert_eq!(loss(1_000_000, 1), "1000000 sent, 1 received, 99.9% lost");
        assert_eq!(loss(1, 0), "1 sent, 0 received, 100% lost");
        assert_eq!(loss(0, 0), "0 sent, 0 received, 0% lost");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let ms = Duration::from_millis;
        assert_eq!(rtt(&[]), None);
        assert_eq!(rtt(&[ms(1)]).unwrap(), "rtt min/mean/p50/p99/max = 1.000/1.000/1.000/1.000/1.000 ms");
        let two = "rtt min/mean/p50/p99/max/stddev = 1.000/2.000/1.000/3.000/3.000/1.414 ms";
        assert_eq!(rtt(&[ms(1), ms(3)]).unwrap(), two);
    }

    #[test]
    fn rates_are_decimal_and_sizes_binary() {
        let (bytes, duration) = (10 << 20, Duration::from_millis(150));
        let measured = Bandwidth { bytes, duration, ..Bandwidth::default() };
        assert_eq!(bandwidth(&measured), "10.00 MiB in 0.1500 s, 559.24 Mbit/s");
    }
}
