//! What the forms of report need to know of each test: its title, and when it is done.

use std::io::{self, IsTerminal};
use std::time::Duration;

use roundtrip::json::Map;
use roundtrip::report::{self, Goal, Title};
use roundtrip::units::{count, nanoseconds, size};
use roundtrip::wire::command::Amount;

use crate::flags::{Format, Options, Test, means};

/// With a shorter interval, nobody reads a line for each ping.
const READABLE: Duration = Duration::from_millis(50);

/// What the forms of report need to know of a test.
pub fn describe(options: &Options, test: Test) -> report::Test {
    let Options { plan, clients, .. } = options;
    let (name, each) = (test.name(), each(options));
    let at_once = each.trim_start_matches(" each");
    let for_a_person = options.format == Format::Text;
    let above = |what: String| Title::Above(format!("{name}: {what}"));
    let pings = |each: u64| Goal::Pings(each.saturating_mul(*clients as u64));
    let until = |count: Option<u64>| match (plan.time, count) {
        (None, Some(count)) => pings(count),
        (time, _) => Goal::Time(time.unwrap_or_default()),
    };
    let (amount, bytes) = match options.amount {
        Amount::Bytes(bytes) => (size(bytes), Goal::Bytes(bytes.saturating_mul(*clients as u64))),
        Amount::Time(time) => (format!("{time:?}"), Goal::BytesFor(time)),
    };
    let not_counted = match options.slow_start {
        Duration::ZERO => String::new(),
        start => format!(", the first {start:?} not counted"),
    };
    let this = report::Test {
        name,
        title: above(format!("{}{each}{}", in_words(options, "ping"), warmup(plan.warmup))),
        unit: "ping",
        clients: *clients,
        count: plan.pings(),
        shown: None,
        goal: Some(until(plan.pings())),
        unseen: true,
    };
    // More lines in a second than anybody reads, where a line can say how far it is.
    let on_terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
    let often = on_terminal && plan.interval < READABLE && plan.pings().is_none_or(|all| all > 20);
    match test {
        // The pings themselves show how far it is, if they are shown.
        Test::Latency | Test::Udp => report::Test {
            // The lines of each interval take their place, or how far it is.
            shown: Some("").filter(|_| options.every.is_none() && !often),
            goal: this.goal.filter(|_| !for_a_person || *clients > 1 || often),
            ..this
        },
        Test::Bulk(_) => {
            let title = match clients {
                1 => Title::Before(format!("{name}{not_counted}:")),
                _ => above(amount + &each + &not_counted),
            };
            let unseen = options.tests.len() == 1;
            report::Test { title, goal: Some(bytes), unseen, ..this }
        }
        Test::Connect => {
            let connections = in_words(options, "connection");
            let title = above(format!("{connections}, a ping on each{at_once}"));
            report::Test { title, unit: "connection", ..this }
        }
        Test::Bidirectional => {
            let title = above(format!("{amount} each way{each}{not_counted}"));
            report::Test { title, goal: Some(bytes), ..this }
        }
        Test::Loaded => {
            let time = options.loaded.1.time;
            let what = "idle, then with a download, then with an upload";
            let what = format!("{time:?}, {what}{not_counted}{each}");
            report::Test { title: above(what), goal: Some(Goal::Time(time)), ..this }
        }
        Test::Sweep => {
            let sizes = options.sizes.len();
            let title = above(match plan.time {
                None => format!("{sizes} sizes, {} of each{at_once}", count(plan.count, "ping")),
                Some(time) => format!("{sizes} sizes share {time:?}{at_once}"),
            });
            let goal = until(Some(plan.count.saturating_mul(sizes as u64)));
            report::Test { title, goal: Some(goal), ..this }
        }
        Test::Lag => {
            let all = options.lag.count;
            let title = above(format!("{} from the server{each}", count(all, "ping")));
            let shown = Some("rtt").filter(|_| options.every.is_none());
            let goal = Some(pings(all));
            report::Test { title, shown, goal, count: Some(all), ..this }
        }
        Test::Status => {
            let title = Title::Before(format!("status of {}:", options.address()));
            report::Test { title, goal: Some(pings(1)), unseen: false, ..this }
        }
        Test::Call => {
            let targets = options.calls().targets().len();
            let title = above(format!("{} to each target{at_once}", in_words(options, "call")));
            let goal = match plan.time {
                Some(time) => {
                    Goal::Time(time.saturating_mul(u32::try_from(targets).unwrap_or(u32::MAX)))
                }
                None => pings(plan.count.saturating_mul(targets as u64)),
            };
            // Each batch shows how far it is, if it is shown.
            report::Test { title, unit: "call", goal: Some(goal).filter(|_| !for_a_person), ..this }
        }
    }
}

/// Names the pings that are sent and not counted.
fn warmup(pings: u64) -> String {
    if pings == 0 { String::new() } else { format!(" (after {pings} to warm up)") }
}

fn each(options: &Options) -> String {
    match options.clients {
        1 => String::new(),
        clients => format!(" each, {clients} clients at once"),
    }
}

fn in_words(options: &Options, what: &str) -> String {
    match options.plan.time {
        None => count(options.plan.count, what),
        Some(time) => format!("{what}s for {time:?}"),
    }
}

/// What was asked for, as far as it means something to the tests.
pub fn plan(options: &Options) -> Map {
    let Options { plan, amount, tests, timeout, .. } = options;
    let means = |flag| tests.iter().any(|test| means(flag, test.name()));
    let mut map = Map::new();
    let mut put = |name: &str, means: bool, value: u64| {
        if means {
            map.insert(name, value);
        }
    };
    let time = if tests == &[Test::Loaded] { Some(options.loaded.1.time) } else { plan.time };
    let interval = if tests == &[Test::Loaded] { options.loaded.0.interval } else { plan.interval };
    put("count", means("count") && time.is_none(), plan.count);
    put("time_ns", means("time") && time.is_some(), nanoseconds(time.unwrap_or_default()));
    if let Amount::Bytes(bytes) = *amount {
        put("bytes", means("size"), bytes);
    }
    put("interval_ns", means("interval"), nanoseconds(interval));
    let pings = tests.iter().any(|test| test.pings());
    put("warmup", pings && means("warmup"), plan.warmup);
    let slow_start = options.slow_start;
    put("warmup_ns", !slow_start.is_zero(), nanoseconds(slow_start));
    put("payload_bytes", means("payload"), plan.payload as u64);
    put("clients", true, options.clients as u64);
    put("timeout_ns", true, nanoseconds(*timeout));
    map
}
