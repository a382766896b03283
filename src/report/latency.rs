//! A series of pings.

use std::iter;

use super::Report;
use super::figures::{percent, put_series, series};
use super::warnings;
use crate::json::Map;
use crate::measure::Latency;
use crate::stats::Summary;
use crate::units::ms;

impl Report for Latency {
    fn lines(&self) -> Vec<String> {
        let more = self.rtt.summary().map(|summary| more("rtt", &summary));
        let due = series("due", &self.due);
        iter::once(loss(self)).chain(series("rtt", &self.rtt)).chain(more).chain(due).collect()
    }

    fn fields(&self, map: &mut Map) {
        map.insert("sent", self.sent);
        map.insert("received", self.rtt.count());
        put_series(map, "rtt_ns", &self.rtt);
        put_series(map, "due_ns", &self.due);
        put_series(map, "scheduling_delay_ns", &self.scheduling_delay);
    }

    fn warnings(&self) -> Vec<String> {
        warnings::latency(self)
    }

    fn pings(&self) -> Option<&Latency> {
        Some(self)
    }
}

/// How many pings came back: `10 sent, 10 received, 0% lost`.
fn loss(Latency { sent, rtt, .. }: &Latency) -> String {
    let (sent, received) = (*sent, rtt.count());
    let lost = percent(sent.saturating_sub(received), sent);
    format!("{sent} sent, {received} received, {lost}% lost")
}

/// The other percentiles, and the jitter.
pub(super) fn more(name: &str, summary: &Summary) -> String {
    let (and, jitter) = summary
        .jitter
        .map_or(("", String::new()), |jitter| ("/jitter", format!("/{}", ms(jitter))));
    let values = [summary.p90, summary.p95, summary.p99_9].map(ms).join("/");
    format!("{name} p90/p95/p99.9{and} = {values}{jitter} ms")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn pings(sent: u64, received: u64) -> Latency {
        let rtt =
            iter::repeat_n(Duration::from_millis(1), usize::try_from(received).unwrap()).collect();
        Latency { sent, rtt, ..Latency::default() }
    }

    #[test]
    fn loss_is_never_rounded_away() {
        assert_eq!(loss(&pings(10, 10)), "10 sent, 10 received, 0% lost");
        assert_eq!(loss(&pings(3, 2)), "3 sent, 2 received, 33.3% lost");
        assert_eq!(loss(&pings(100_000, 99_999)), "100000 sent, 99999 received, 0.1% lost");
        assert_eq!(loss(&pings(1_000_000, 1)), "1000000 sent, 1 received, 99.9% lost");
        assert_eq!(loss(&pings(1, 0)), "1 sent, 0 received, 100% lost");
        assert_eq!(loss(&pings(0, 0)), "0 sent, 0 received, 0% lost");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        assert_eq!(pings(1, 0).lines().len(), 1);
        let one = pings(1, 1).lines();
        assert_eq!(one[1], "rtt min/mean/p50/p99/max = 1.000/1.000/1.000/1.000/1.000 ms");
        assert_eq!(one[2], "rtt p90/p95/p99.9 = 1.000/1.000/1.000 ms");
        let two = pings(2, 2).lines();
        assert_eq!(
            two[1],
            "rtt min/mean/p50/p99/max/stddev = 1.000/1.000/1.000/1.000/1.000/0.000 ms"
        );
    }
}
