//! Bulk transfers, in one direction or in both at once.

use super::Report;
use super::figures::{put, whole};
use super::warnings;
use crate::json::Map;
use crate::measure::{Bandwidth, Bidirectional};
use crate::units::{nanoseconds, rate, size, time};

impl Report for Bandwidth {
    fn lines(&self) -> Vec<String> {
        let incomplete = if self.failure.is_some() { ", incomplete" } else { "" };
        let moved = match (self.bytes, self.duration.zip(self.bits_per_second())) {
            (None, _) => "unknown".into(),
            (Some(0), _) => "nothing arrived".into(),
            (Some(bytes), None) => format!("{}, too quick to tell a rate", size(bytes)),
            (Some(bytes), Some((duration, bits_per_second))) => {
                format!("{} in {}, {}", size(bytes), time(duration), rate(bits_per_second))
            }
        };
        vec![format!("{moved}{incomplete}")]
    }

    fn headline(&self) -> Option<String> {
        self.bits_per_second().map(rate)
    }

    fn fields(&self, map: &mut Map) {
        put(map, "bytes", self.bytes);
        put(map, "duration_ns", self.duration.map(nanoseconds));
        put(map, "bits_per_second", self.bits_per_second().map(whole));
        put(map, "server_duration_ns", self.server.map(|server| nanoseconds(server.duration)));
        put(map, "cpu_percent", self.cpu.map(|cpu| whole(cpu * 100.0)));
    }

    fn warnings(&self) -> Vec<String> {
        warnings::bandwidth(self)
    }
}

impl Report for Bidirectional {
    fn warnings(&self) -> Vec<String> {
        warnings::bidirectional(self)
    }

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
        let (bytes, duration) = (Some(10 << 20), Some(Duration::from_millis(150)));
        let measured = Bandwidth { bytes, duration, ..Bandwidth::default() };
        assert_eq!(measured.lines(), ["10.00 MiB in 150 ms, 559 Mbit/s"]);
        assert_eq!(Bandwidth { duration: None, ..measured }.bits_per_second(), None);
        assert_eq!(Bandwidth::default().lines(), ["unknown"]);
    }
}
