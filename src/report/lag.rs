//! Lag, with the figures of both sides: the server's round-trip times and the client's
//! turnaround times.

use super::figures::put_series;
use super::latency::rows;
use super::table::table;
use super::{Report, warnings};
use crate::json::Map;
use crate::measure::{Lag, Latency};
use crate::units::count;

impl Report for Lag {
    fn lines(&self) -> Vec<String> {
        let turnaround = ("turnaround", &self.turnaround);
        if self.server.sent == 0 {
            let echoed = count(self.turnaround.count(), "ping");
            let known = format!("{echoed} echoed; what the server measured is not known");
            return [known].into_iter().chain(table(&[turnaround])).collect();
        }
        let first = self.server.lines().into_iter().take(1);
        let rows = [&rows(&self.server)[..], &[turnaround]].concat();
        let mut lines: Vec<String> = first.chain(table(&rows)).collect();
        if self.protocol_errors > 0 {
            lines.push(format!(
                "{} lines were no echo of a ping, says the server",
                self.protocol_errors
            ));
        }
        lines
    }

    fn brief(&self) -> String {
        if self.server.sent == 0 { self.lines().swap_remove(0) } else { self.server.brief() }
    }

    fn fields(&self, map: &mut Map) {
        if self.server.sent > 0 {
            self.server.fields(map);
            map.insert("protocol_errors", self.protocol_errors);
        }
        map.insert("echoed", self.turnaround.count());
        put_series(map, "turnaround_ns", &self.turnaround);
    }

    fn warnings(&self) -> Vec<String> {
        warnings::lag(&self.server)
    }

    fn axis(&self, part: &str) -> &'static str {
        if part == "turnaround" { "turnaround time" } else { "round-trip time" }
    }

    fn pings(&self) -> Option<&Latency> {
        Some(&self.server)
    }
}
