//! Calls as text: the time at each target, and which choice makes the difference.

use std::cmp::Reverse;
use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

use super::compare::Comparison;
use super::effects::{Effect, Effects};
use super::json;
use super::result::Call;
use super::transport::Target;
use crate::flags::DETAIL;
use crate::json::Map;
use crate::report::figures::{self, put, whole};
use crate::report::{Chart, Report};
use crate::stats::Summary;
use crate::units::{float, ms};

impl Report for Comparison {
    fn lines(&self) -> Vec<String> {
        let effects = effects(&self.effects());
        let caution = (!self.own && !effects.is_empty())
            .then(|| "This assumes that all URLs lead to one router.".into());
        let (times, load) = (table(&self.calls), load(&self.calls));
        times.into_iter().chain(load).chain(effects).chain(caution).collect()
    }

    fn fields(&self, _: &mut Map) {}

    fn parts(&self) -> Vec<(String, &dyn Report)> {
        let name = |call: &Call| call.target.as_ref().map_or_else(String::new, ToString::to_string);
        self.calls.iter().map(|call| (name(call), call as &dyn Report)).collect()
    }

    fn chart(&self) -> Option<Chart> {
        let row =
            |call: &Call| Some((call.target.as_ref()?.to_string(), call.latency.rtt.summary()?));
        Some(Chart::Bars(self.calls.iter().filter_map(row).collect()))
    }

    fn peer(&self) -> Option<SocketAddr> {
        match &self.calls[..] {
            [only] => only.peer,
            _ => None,
        }
    }

    fn document(&self, map: &mut Map) {
        if let Some((host, port)) = self.server() {
            map.insert("host", host);
            map.insert("port", u64::from(port));
        }
        map.insert("effects", json::effects(&self.effects()));
    }
}

impl Report for Call {
    fn lines(&self) -> Vec<String> {
        self.latency.lines()
    }

    fn brief(&self) -> String {
        self.latency.brief()
    }

    fn fields(&self, map: &mut Map) {
        match &self.target {
            None => {}
            Some(Target::Url(url)) => map.insert("url", url.to_string()),
            Some(Target::Transport(transport)) => {
                let factors = ["socket", "framing", "serialization"];
                for (factor, name) in factors.into_iter().zip(transport.names()) {
                    map.insert(factor, name);
                }
            }
        }
        self.latency.fields(map);
        put(map, "calls_per_second", self.calls_per_second().map(whole));
        put(map, "cpu", json::cpu(&self.used));
    }
}

/// The name of a target. The three names of a transport are aligned in columns.
fn columns(target: Option<&Target>) -> String {
    match target {
        None => String::new(),
        Some(Target::Url(url)) => url.to_string(),
        Some(Target::Transport(transport)) => {
            let [socket, framing, serialization] = transport.names();
            format!("{socket:<4} {framing:<9} {serialization:<7}")
        }
    }
}

/// The line for a batch that has ended, with the mean of its calls:
/// `tcp  websocket json    batch  1/10: 0.182 ms`. How many batches there are may be
/// unknown.
#[must_use]
pub fn batch(target: &Target, number: u64, batches: Option<u64>, mean: Duration) -> String {
    let batches = batches.map(|batches| batches.to_string()).unwrap_or_default();
    let (width, slash) = (batches.len(), if batches.is_empty() { "" } else { "/" });
    let target = columns(Some(target));
    format!("{target} batch {number:>width$}{slash}{batches}: {} ms", ms(mean))
}

/// The lines of a table: heads and rows, each with its name. If the names leave no room
/// for the figures, as long URLs do, the figures stand below them.
fn lines(rows: &[(String, String)]) -> Vec<String> {
    let widest = |part: fn(&(String, String)) -> &String| {
        rows.iter().map(|row| part(row).chars().count()).max().unwrap_or_default()
    };
    let name = widest(|(name, _)| name);
    let beside = name + widest(|(_, figures)| figures) <= DETAIL;
    let line = |(of, figures): &(String, String)| match beside {
        true => vec![format!("{of:<name$}{figures}").trim_end().into()],
        false if of.is_empty() => vec![format!("  {figures}")],
        false => vec![of.trim_end().into(), format!("  {figures}")],
    };
    rows.iter().flat_map(line).collect()
}

/// A table with a line for each target.
#[must_use]
pub fn table(calls: &[Call]) -> Vec<String> {
    let row = |call: &Call| {
        let figures = call.latency.rtt.summary().map(|rtt| {
            let Summary { count, mean, p50, .. } = rtt;
            [count.to_string(), ms(mean), ms(p50), figures::p99(&rtt)]
        });
        let [calls, mean, p50, p99] = figures.unwrap_or_default();
        let rate = call.calls_per_second().map(|rate| format!("{rate:.0}"));
        let failed = call.latency.failure.as_ref().map(|_| "failed".to_owned());
        let last = failed.or(rate).unwrap_or_default();
        (columns(call.target.as_ref()), figures::columns(&[calls, mean, p50, p99, last]))
    };
    let heads = figures::columns(&["calls", "mean", "p50", "p99 ms", "calls/s"]);
    let rows = iter::once((String::new(), heads)).chain(calls.iter().map(row));
    lines(&rows.collect::<Vec<_>>())
}

/// A table of what the processes have used, as far as it is known; no lines if nothing
/// is. 100% is one processor for the whole time of the calls. Several targets have a
/// line each and one for all of them, in which the ticks matter least.
#[must_use]
pub fn load(calls: &[Call]) -> Vec<String> {
    let known = |call: &&Call| call.used.switches().is_some() && call.latency.rtt.count() > 0;
    let mut rows: Vec<(String, String)> = calls.iter().filter(known).map(load_row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    if rows.len() > 1 {
        let mut all = Call::default();
        for call in calls.iter().filter(known) {
            all.latency.add(&call.latency);
            all.duration += call.duration;
            all.used.add(&call.used);
        }
        rows.push(("all".into(), load_row(&all).1));
    }
    let processes = ["router", "caller", "callee"].map(|head| format!("{head:>14}")).concat();
    let each = "   user system".repeat(3);
    let heads = [
        ("CPU, in ticks of 10 ms".into(), format!("{processes}  switches")),
        (String::new(), format!("{each}    a call")),
    ];
    rows.splice(0..0, heads);
    lines(&rows)
}

fn load_row(call: &Call) -> (String, String) {
    let percent = |time: Duration| {
        format!("{:.0}%", 100.0 * time.as_secs_f64() / call.duration.as_secs_f64())
    };
    let figures = call.used.each().map(|(_, usage)| {
        let [user, system] =
            usage.map_or(["-".into(), "-".into()], |usage| [usage.user, usage.system].map(percent));
        format!("{user:>7}{system:>7}")
    });
    let switches = float(call.used.switches().unwrap_or_default());
    let a_call = switches / float(call.latency.rtt.count());
    (columns(call.target.as_ref()), format!("{}{a_call:>10.1}", figures.concat()))
}

/// A line for the effect of each choice, the largest first, and a conclusion; no lines
/// if no transports can be compared.
#[must_use]
pub fn effects(effects: &Effects) -> Vec<String> {
    let mut sorted: Vec<(&str, Effect)> = effects.iter().collect();
    sorted.sort_by_key(|(_, effect)| Reverse(effect.mean.ns.unsigned_abs()));
    sorted.iter().map(|(_, effect)| line(effect)).chain(verdict(&sorted)).collect()
}

/// `unix instead of tcp: 0.012 ms less (8%)`
fn line(effect: &Effect) -> String {
    let Effect { from, to, mean, .. } = effect;
    let more = if mean.ns > 0 { "more" } else { "less" };
    let percent = (mean.ratio - 1.0).abs() * 100.0;
    let doubt = if effect.is_clear() { "" } else { ", which may be chance" };
    format!("{to} instead of {from}: {} ms {more} ({percent:.0}%){doubt}", amount(effect))
}

fn amount(effect: &Effect) -> String {
    ms(Duration::from_nanos(effect.mean.ns.unsigned_abs()))
}

fn verdict(sorted: &[(&str, Effect)]) -> Option<String> {
    let (factor, most) = sorted.first()?;
    if !most.is_clear() {
        let what = "All of this may be chance, such as the placement of the processes: \
                    make more calls, or use one processor (taskset -c 0).";
        return Some(what.into());
    }
    // Two effects cannot be told apart if their difference is within the margins of
    // both.
    let seconds =
        |effect: &Effect| Duration::from_nanos(effect.mean.ns.unsigned_abs()).as_secs_f64();
    let margin = |effect: &Effect| effect.margin().unwrap_or_default().as_secs_f64();
    let rival = sorted.get(1).filter(|(_, next)| {
        next.is_clear() && seconds(most) - seconds(next) < margin(most).hypot(margin(next))
    });
    if let Some((other, _)) = rival {
        return Some(format!(
            "The {factor} and the {other} matter most. They are too close to tell which is larger."
        ));
    }
    let Effect { from, to, mean, .. } = most;
    let does = if mean.ns < 0 { "saves" } else { "costs" };
    Some(format!(
        "The {factor} matters most: {to} instead of {from} {does} {} ms a call.",
        amount(most)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Latency, Measurement};
    use crate::wamp::call::{Difference, Transport, Usage, Used};

    fn effect(from: &'static str, to: &'static str, us: i64, error_us: u64) -> Effect {
        let ratio = if us < 0 { 0.75 } else { 1.25 };
        let difference = Difference { ns: us * 1000, ratio };
        let error = Some(Duration::from_micros(error_us));
        Effect { from, to, pairs: 4, mean: difference, error, p50: difference }
    }

    fn known(socket: i64, framing: i64, serialization: i64) -> Vec<String> {
        effects(&Effects {
            socket: Some(effect("tcp", "unix", socket, 1)),
            framing: Some(effect("websocket", "rawsocket", framing, 1)),
            serialization: Some(effect("json", "msgpack", serialization, 1)),
        })
    }

    #[test]
    fn the_largest_effect_comes_first_and_is_named() {
        let lines = known(-12, 30, -1);
        assert_eq!(lines[0], "rawsocket instead of websocket: 0.030 ms more (25%)");
        assert_eq!(lines[1], "unix instead of tcp: 0.012 ms less (25%)");
        assert_eq!(lines[2], "msgpack instead of json: 0.001 ms less (25%), which may be chance");
        assert_eq!(
            lines[3],
            "The framing matters most: rawsocket instead of websocket costs 0.030 ms a call."
        );
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn an_unclear_effect_allows_no_conclusion() {
        assert!(known(-12, 11, -1)[3].starts_with("The socket and the framing matter most"));
        assert!(known(1, 1, 0)[3].starts_with("All of this may be chance"));
        assert_eq!(effects(&Effects::default()), Vec::<String>::new());
    }

    #[test]
    fn a_table_has_a_line_for_each_target_even_without_answers() {
        let answered = || Call {
            target: Some(Target::Transport(Transport::ALL[0])),
            latency: Latency {
                sent: 3,
                rtt: [1, 2, 3].map(Duration::from_millis).into_iter().collect(),
                ..Latency::default()
            },
            duration: Duration::from_millis(6),
            ..Call::default()
        };
        let failed = |url: &str| Call {
            target: Some(Target::Url(url.parse().unwrap())),
            ..Call::failed(std::io::ErrorKind::ConnectionRefused.into())
        };
        let long = "ws+unix:/tmp/a/very/long/path/of/a/socket";
        let stacked = table(&[answered(), failed(long)]);
        assert!(stacked[0].ends_with("calls/s") && stacked[1].ends_with(" json"), "{stacked:#?}");
        assert!(stacked.iter().all(|line| line.chars().count() <= DETAIL), "{stacked:#?}");
        let url = "rs+unix:/tmp/socket";
        let lines = table(&[answered(), failed(url)]);
        assert_eq!(lines.len(), 3);
        assert!(
            lines[1].starts_with("tcp  websocket json ")
                && lines[1].ends_with("2.007                 500"),
            "{lines:#?}"
        );
        assert!(
            lines[0].ends_with("calls/s") && lines[0].chars().count() == lines[1].chars().count()
        );
        assert!(lines[2].starts_with(url) && lines[2].ends_with(" failed"), "{lines:#?}");
    }

    #[test]
    fn the_load_is_shown_as_far_as_it_is_known() {
        let [ms, rtt] = [Duration::from_millis(1), Duration::from_millis(10)];
        let usage = |switches| Some(Usage { user: ms, system: 2 * ms, switches });
        let measured = |router| Call {
            target: Some(Target::Transport(Transport::ALL[0])),
            peer: None,
            latency: Latency { sent: 1, rtt: [rtt].into_iter().collect(), ..Latency::default() },
            duration: rtt,
            used: Used { router, caller: usage(2), callee: usage(1) },
        };
        let expected = [
            "CPU, in ticks of 10 ms        router        caller        callee  switches",
            "                         user system   user system   user system    a call",
            "tcp  websocket json       10%    20%    10%    20%    10%    20%       7.0",
            "tcp  websocket json         -      -    10%    20%    10%    20%       3.0",
            "all                        5%    10%    10%    20%    10%    20%       5.0",
        ];
        let unknown = Call { used: Used::default(), ..measured(None) };
        assert_eq!(load(&[measured(usage(4)), measured(None), unknown]), expected);
        assert_eq!(load(&[Call::default()]), Vec::<String>::new());
    }

    #[test]
    fn a_batch_is_a_line() {
        let target = Target::Transport(Transport::ALL[0]);
        let line = |batches| batch(&target, 1, batches, Duration::from_micros(182));
        assert_eq!(line(Some(10)), "tcp  websocket json    batch  1/10: 0.182 ms");
        assert_eq!(line(None), "tcp  websocket json    batch 1: 0.182 ms");
    }
}
