//! Lag, with the figures of both sides: the server's round-trip times and the client's
//! turnaround times.

use super::figures::{put_series, series};
use super::{Report, warnings};
use crate::json::Map;
use crate::measure::{Lag, Latency};

impl Report for Lag {
    fn lines(&self) -> Vec<String> {
        let turnaround = series("turnaround", &self.turnaround);
        let echoed = self.turnaround.count();
        if self.server.sent == 0 {
            let known = format!("{echoed} pings echoed; what the server measured is not known");
            return [known].into_iter().chain(turnaround).collect();
        }
        let mut lines = self.server.lines();
        // Below the round-trip time.
        lines.splice(2.min(lines.len())..2.min(lines.len()), turnaround);
        if self.protocol_errors > 0 {
            lines.push(format!(
                "{} lines were no echo of a ping, says the server",
                self.protocol_errors
            ));
        }
        lines
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
