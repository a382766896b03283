//! Calls, and what each of the three choices does to them.

use super::{Call, Effects, Target};
use crate::json::Map;
use crate::report::json::{Fields, put, whole};
use crate::stats::Recorder;
use crate::units::nanoseconds;

impl Fields for Call {
    fn fields(&self, map: &mut Map) {
        match &self.target {
            None => {}
            Some(Target::Url(url)) => map.insert("url", url.to_string()),
            Some(Target::Transport(transport)) => {
                for (factor, name) in
                    ["socket", "framing", "serialization"].into_iter().zip(transport.names())
                {
                    map.insert(factor, name);
                }
            }
        }
        self.latency.fields(map);
        put(map, "calls_per_second", self.calls_per_second().map(whole));
    }
}

/// The `effects` of the document.
#[must_use]
pub fn effects(effects: &Effects) -> Map {
    let one = |effect: crate::wamp::call::Effect| {
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

/// An event of the stream: a batch has ended.
#[must_use]
pub fn batch(target: &Target, number: u64, batches: u64, calls: &Recorder) -> Map {
    let mut map = Map::default();
    map.insert("event", "batch");
    map.insert("test", "call");
    map.insert("part", target.to_string());
    map.insert("batch", number);
    map.insert("batches", batches);
    map.insert("calls", calls.count());
    put(&mut map, "mean_ns", calls.summary().map(|summary| nanoseconds(summary.mean)));
    map
}
