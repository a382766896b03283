//! Round-trip times by message size, a row for each size.

use super::figures::{columns, p99, put, rates, whole};
use super::{Chart, Report};
use crate::json::{Map, Value};
use crate::measure::{Row, Sweep};
use crate::stats::Summary;
use crate::units::ms;

impl Report for Sweep {
    fn lines(&self) -> Vec<String> {
        let (unit, rates) = rates(&self.rows.iter().map(Row::bits_per_second).collect::<Vec<_>>());
        let row = |(row, rate): (&Row, String)| {
            let summary = row.latency.rtt.summary()?;
            let Summary { count, min, p50, max, .. } = summary;
            let ([min, p50, max], p99) = ([min, p50, max].map(ms), p99(&summary));
            Some(columns(&[row.payload.to_string(), count.to_string(), min, p50, p99, max, rate]))
        };
        let heads = columns(&["payload B", "pings", "min", "p50", "p99", "max ms", unit]);
        [heads].into_iter().chain(self.rows.iter().zip(rates).filter_map(row)).collect()
    }

    fn brief(&self) -> String {
        let row =
            |row: &Row| Some(format!("{} B {}", row.payload, ms(row.latency.rtt.summary()?.p50)));
        let ends = [self.rows.first(), self.rows.last()].into_iter().flatten().filter_map(row);
        format!("p50 {} ms", ends.collect::<Vec<_>>().join(" … "))
    }

    fn fields(&self, map: &mut Map) {
        let row = |row: &Row| {
            let mut size = Map::default();
            size.insert("payload_bytes", row.payload as u64);
            row.latency.fields(&mut size);
            put(&mut size, "bits_per_second", row.bits_per_second().map(whole));
            Value::Map(size)
        };
        map.insert("sizes", self.rows.iter().map(row).collect::<Vec<_>>());
    }

    fn chart(&self) -> Option<Chart> {
        let row = |row: &Row| Some((row.payload as u64, row.latency.rtt.summary()?));
        Some(Chart::Sizes(self.rows.iter().filter_map(row).collect()))
    }
}
