//! Bulk transfers, in one direction or in both at once.

use super::Report;
use super::figures::{mbits, put, whole};
use super::warnings;
use crate::json::Map;
use crate::measure::{Bandwidth, Bidirectional};
use crate::units::{nanoseconds, size};

impl Report for Bandwidth {
    fn lines(&self) -> Vec<String> {
        let incomplete = if self.failure.is_some() { ", incomplete" } else { "" };
        let rate = self.bits_per_second();
        vec![if rate.is_none() {
            format!("nothing arrived{incomplete}")
        } else {
            let (bytes, seconds) = (size(self.bytes), self.duration.as_secs_f64());
            format!("{bytes} in {seconds:.4} s, {} Mbit/s{incomplete}", mbits(rate))
        }]
    }

    fn fields(&self, map: &mut Map) {
        // Of a transfer that never began nothing is known, and an upload that broke off is
        // one: only the server knows how much has arrived.
        if self.start.is_some() {
            map.insert("bytes", self.bytes);
            map.insert("duration_ns", nanoseconds(self.duration));
        }
        put(map, "bits_per_second", self.bits_per_second().map(whole));
        put(map, "server_duration_ns", self.server.map(|server| nanoseconds(server.duration)));
        put(map, "cpu_percent", self.cpu.map(|cpu| whole(cpu * 100.0)));
    }

    fn warnings(&self) -> Vec<String> {
        warnings::bandwidth(self)
    }
}

impl Report for Bidirectional {
    fn lines(&self) -> Vec<String> {
        [("download:", &self.download), ("upload:", &self.upload)]
            .map(|(name, transfer)| format!("{name:<9} {}", transfer.brief()))
            .into()
    }

    fn fields(&self, map: &mut Map) {
        for (name, transfer) in [("download", &self.download), ("upload", &self.upload)] {
            let mut part = Map::default();
            transfer.fields(&mut part);
            map.insert(name, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn rates_are_decimal_and_sizes_binary() {
        let (bytes, duration) = (10 << 20, Duration::from_millis(150));
        let measured = Bandwidth { bytes, duration, ..Bandwidth::default() };
        assert_eq!(measured.lines(), ["10.00 MiB in 0.1500 s, 559.24 Mbit/s"]);
        assert_eq!(Bandwidth::default().lines(), ["nothing arrived"]);
    }
}
