//! Lag, with the figures of both sides: the server's round-trip times and the client's
//! turnaround times.

use super::figures::{put_series, series};
use super::{Report, warnings};
use crate::json::Map;
use crate::measure::{Lag, Latency};

impl Report for Lag {
    fn lines(&self) -> Vec<String> {
        let turnaround = series("turnaround", &self.turn_round);
        let echoed = self.turn_round.count();
        if self.server.sent == 0 {
            let known = format!("{echoed} pings echoed; what the server measured is not known");
            return [known].into_iter().chain(turnaround).collect();
        }
        let mut lines = self.server.lines();
        // Below the round-trip time.
        lines.splice(2.min(lines.len())..2.min(lines.len()), turnaround);
        if self.faults > 0 {
            lines.push(format!("{} lines were no echo of a ping, says the server", self.faults));
        }
        lines
    }

    fn fields(&self, map: &mut Map) {
        if self.server.sent > 0 {
            self.server.fields(map);
            map.insert("faults", self.faults);
        }
        map.insert("echoed", self.turn_round.count());
        put_series(map, "turn_round_ns", &self.turn_round);
    }

    fn warnings(&self) -> Vec<String> {
        warnings::lag(&self.server)
    }

    fn pings(&self) -> Option<&Latency> {
        Some(&self.server)
    }
}
