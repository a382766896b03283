//! Connections, each for one ping: how many in a second, and what each of them took.

use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

use super::Report;
use super::figures::{put, put_series, whole};
use super::latency::rows;
use super::table::table;
use super::warnings;
use crate::json::Map;
use crate::measure::{Connect, Latency};
use crate::units::{count, ms, nanoseconds, significant, time};

impl Report for Connect {
    fn lines(&self) -> Vec<String> {
        let Connect { connections, connect, pings, .. } = self;
        let rate =
            self.elapsed().zip(self.per_second()).map_or(String::new(), |(elapsed, rate)| {
                format!(" in {}, {} a second", time(elapsed), significant(rate))
            });
        iter::once(count(*connections, "connection") + &rate)
            .chain(table(&[&[("connect", connect)], &rows(pings)[..]].concat()))
            .collect()
    }

    fn brief(&self) -> String {
        let p50 = self.pings.rtt.summary().map(|rtt| format!(", rtt p50 {} ms", ms(rtt.p50)));
        count(self.connections, "connection") + &p50.unwrap_or_default()
    }

    fn fields(&self, map: &mut Map) {
        map.insert("connections", self.connections);
        put(map, "connections_per_second", self.per_second().map(whole));
        put(map, "elapsed_ns", self.elapsed().map(nanoseconds));
        put_series(map, "connect_ns", &self.connect);
        put_series(map, "rtt_ns", &self.pings.rtt);
        put_series(map, "due_ns", &self.pings.due);
        put_series(map, "scheduling_delay_ns", &self.pings.scheduling_delay);
    }

    fn warnings(&self) -> Vec<String> {
        warnings::latency(&self.pings)
    }

    fn axis(&self, _: &str) -> &'static str {
        "time from connecting to the first answer"
    }

    fn first_answer(&self) -> Option<Duration> {
        self.first_answer
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn pings(&self) -> Option<&Latency> {
        Some(&self.pings)
    }
}
