//! Lag, with both sides' figures side by side: the server's round-trip times and the
//! client's turn-round times.

use super::json::{self, Fields};
use super::text::{self, Lines};
use crate::json::Map;
use crate::measure::Lag;

impl Lines for Lag {
    fn lines(&self) -> Vec<String> {
        let turn_round = text::rtt("turn-round", &self.turn_round);
        let echoed = self.turn_round.count();
        if self.server.sent == 0 {
            let told = format!("{echoed} pings echoed; what the server measured is not known");
            return [told].into_iter().chain(turn_round).collect();
        }
        let mut lines = self.server.lines();
        // Beside the round trip.
        lines.splice(2.min(lines.len())..2.min(lines.len()), turn_round);
        if self.faults > 0 {
            lines.push(format!("{} lines were no echo of a ping, says the server", self.faults));
        }
        lines
    }
}

impl Fields for Lag {
    fn fields(&self, map: &mut Map) {
        if self.server.sent > 0 {
            self.server.fields(map);
            map.insert("faults", self.faults);
        }
        map.insert("echoed", self.turn_round.count());
        json::put(map, "turn_round_ns", self.turn_round.summary().as_ref().map(json::summary));
    }
}
