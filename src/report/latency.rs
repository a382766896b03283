//! A series of pings.

use std::iter;
use std::time::Duration;

use super::Report;
use super::figures::{percent, put_series};
use super::table::table;
use super::warnings;
use crate::json::Map;
use crate::measure::Latency;
use crate::stats::Recorder;
use crate::units::ms;

impl Report for Latency {
    fn lines(&self) -> Vec<String> {
        iter::once(loss(self)).chain(table(&rows(self))).collect()
    }

    fn brief(&self) -> String {
        let p50 = self.rtt.summary().map(|rtt| format!("rtt p50 {} ms", ms(rtt.p50)));
        iter::once(loss(self)).chain(p50).collect::<Vec<_>>().join(", ")
    }

    fn headline(&self) -> Option<String> {
        Some(format!("p50 {} ms", ms(self.rtt.summary()?.p50)))
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

/// The series of a table. The times from when each ping was due are shown where they
/// differ: pings that left on time have been due when they were sent.
pub(super) fn rows(latency: &Latency) -> Vec<(&'static str, &Recorder)> {
    let mut rows = vec![("rtt", &latency.rtt)];
    let figures = |series: &Recorder| series.summary().map(|all| [all.mean, all.p50, all.max]);
    if let Some((rtt, due)) = figures(&latency.rtt).zip(figures(&latency.due)) {
        let differs = |(rtt, due): (&Duration, &Duration)| *due > *rtt + *rtt / 10;
        if rtt.iter().zip(&due).any(differs) {
            rows.push(("due", &latency.due));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(one[2], "rtt   1.000  1.000  1.000  1.000");
        let two = pings(2, 2).lines();
        assert_eq!(two[2], "rtt   1.000  1.000  1.000  1.000  0.000  0.000");
        assert_eq!(two.len(), 3);
    }

    #[test]
    fn times_from_when_pings_were_due_are_shown_where_they_differ() {
        let late = |ms| {
            let due = [Duration::from_micros(ms)].into_iter().collect();
            Latency { due, ..pings(1, 1) }.lines().len()
        };
        assert_eq!([1_000, 1_050, 2_000].map(late), [3, 3, 4]);
    }
}
