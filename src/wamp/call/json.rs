//! The effects of the three choices and the end of a batch as JSON.
//!
//! Each target has an object of its own in `tests`, with the
//! [fields of pings](crate::report::json), where a ping is a call, and
//!
//! | field | meaning |
//! | --- | --- |
//! | `socket`, `framing`, `serialization` | `tcp` or `unix`; `websocket` or `rawsocket`; `json` or `msgpack` |
//! | `url` | instead of these, the router that was given |
//! | `cpu` | what `router`, `caller` and `callee` have used in that time, as far as it is known; concurrent callers share a process |
//! | `calls_per_second` | how many calls were answered, over the time that the batches took |
//!
//! Each of these three has
//!
//! | field | meaning |
//! | --- | --- |
//! | `user_ns`, `system_ns` | the time of its own code, and of the kernel for it; Linux counts in ticks of 10 ms |
//! | `context_switches` | how often one of its threads left its processor |
//!
//! `host` and `port` of the document are those of the first router that listens on TCP.
//! Its `effects` has `socket`, `framing` and `serialization`, as far as they are known:
//!
//! | field | meaning |
//! | --- | --- |
//! | `from`, `to` | a choice, and the choice that replaces it |
//! | `pairs` | how many pairs of transports that differ in nothing else, at most four |
//! | `mean_ns`, `p50_ns` | how much longer means and medians become; negative if they become shorter |
//! | `mean_ratio_permille`, `p50_ratio_permille` | how long they become, in thousandths of before |
//! | `mean_error_ns` | the standard error of `mean_ns` |
//!
//! The stream has the event `call` for each call, and `batch` with `part`, `batch`,
//! `batches` (if it is known), `calls` and `mean_ns`.

use super::effects::{Effect, Effects};
use super::transport::Target;
use super::usage::{Usage, Used};
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

/// The object `cpu` of a target; `None` if nothing is known.
#[must_use]
pub fn cpu(used: &Used) -> Option<Map> {
    let one = |usage: Usage| {
        Map::from([
            ("user_ns", nanoseconds(usage.user).into()),
            ("system_ns", nanoseconds(usage.system).into()),
            ("context_switches", usage.switches.into()),
        ])
    };
    let known =
        used.each().into_iter().filter_map(|(name, usage)| Some((name, one(usage?).into())));
    let cpu: Map = known.collect();
    (!cpu.is_empty()).then_some(cpu)
}

/// The event `batch` of the stream: a batch of calls has ended.
#[must_use]
pub fn batch(target: &Target, number: u64, batches: Option<u64>, calls: &Recorder) -> Map {
    let mut map = Map::default();
    map.insert("event", "batch");
    map.insert("part", target.to_string());
    map.insert("batch", number);
    put(&mut map, "batches", batches);
    map.insert("calls", calls.count());
    put(&mut map, "mean_ns", calls.summary().map(|summary| nanoseconds(summary.mean)));
    map
}
