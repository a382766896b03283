//! The effects of the three choices and the end of a batch as JSON.

use super::effects::{Effect, Effects};
use super::transport::Target;
use crate::json::Map;
use crate::report::figures::{put, whole};
use crate::stats::Recorder;
use crate::units::nanoseconds;

/// The object `effects` of the document.
#[must_use]
pub fn effects(effects: &Effects) -> Map {
    let one = |effect: Effect| {
        let mut map = Map::default();
        map.insert("from", effect.from);
        map.insert("to", effect.to);
        map.insert("pairs", effect.pairs);
        map.insert("mean_ns", effect.mean.ns);
        map.insert("mean_ratio_permille", whole(effect.mean.ratio * 1e3));
        put(&mut map, "mean_error_ns", effect.error.map(nanoseconds));
        map.insert("p50_ns", effect.p50.ns);
        map.insert("p50_ratio_permille", whole(effect.p50.ratio * 1e3));
        map
    };
    effects.iter().map(|(factor, effect)| (factor, one(effect).into())).collect()
}

/// The event `batch` of the stream: a batch of calls has ended.
#[must_use]
pub fn batch(target: &Target, number: u64, batches: u64, calls: &Recorder) -> Map {
    let mut map = Map::default();
    map.insert("event", "batch");
    map.insert("part", target.to_string());
    map.insert("batch", number);
    map.insert("batches", batches);
    map.insert("calls", calls.count());
    put(&mut map, "mean_ns", calls.summary().map(|summary| nanoseconds(summary.mean)));
    map
}
