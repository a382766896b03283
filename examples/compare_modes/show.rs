//! The table, the picture, and what follows from them.

use std::time::Duration;

use roundtrip::measure::Connect;
use roundtrip::report::svg::{Panel, picture};
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::{ms, significant};

use super::load::CLIENTS;
use super::survive::Survivors;
use super::usage::Usage;
use super::{CRASHES, Measured, OTHERS};

/// Prints a row: a name, and a cell for each mode.
fn row(name: &str, modes: &[Measured], cell: impl Fn(&Measured) -> String) {
    print!("{name:<29}");
    for mode in modes {
        print!("{:>17}", cell(mode));
    }
    println!();
}

/// p50 and p99 of a series.
fn both(series: &Recorder) -> String {
    series
        .summary()
        .map_or("?".into(), |Summary { p50, p99, .. }| format!("{} /{:>7}", short(p50), short(p99)))
}

/// Milliseconds with three digits that mean something: on a busy machine there are many.
fn short(time: Duration) -> String {
    significant(time.as_secs_f64() * 1e3)
}

/// How many in a second, as a whole number.
fn rate(connections: &Connect) -> String {
    connections.per_second().map_or("?".into(), |rate| format!("{rate:.0}"))
}

fn of(clients: usize) -> String {
    if clients == 1 { "1 client".into() } else { format!("{clients} clients") }
}

pub fn table(modes: &[Measured]) {
    row("", modes, |mode| mode.mode.to_string());
    for (index, clients) in CLIENTS.iter().enumerate() {
        let name = format!("connections/s, {}", of(*clients));
        row(&name, modes, |mode| rate(&mode.load.connections[index]));
    }
    for (index, clients) in CLIENTS.iter().enumerate() {
        let name = format!("first answer ms, {}", of(*clients));
        row(&name, modes, |mode| both(&mode.load.connections[index].pings.rtt));
    }
    for (index, clients) in CLIENTS.iter().enumerate() {
        let name = format!("a ping ms, {}", of(*clients));
        row(&name, modes, |mode| both(&mode.load.pings[index].rtt));
    }
    println!("  (p50 / p99: the median, and what 99 of 100 do not exceed; the first ping of a");
    println!("  client waits until the client is served, and counts)");
    row("processor ms of a connection", modes, |mode| mode.load.cpu.map_or("?".into(), ms));
    let used = |mode: &Measured, what: fn(&Usage) -> u64| {
        let used = mode.crashes[0].usage;
        used.map(|(before, now)| what(&now).saturating_sub(what(&before)))
    };
    row("KiB of an open connection", modes, |mode| {
        used(mode, |usage| usage.kibibytes)
            .map_or("?".into(), |used| (used / OTHERS as u64).to_string())
    });
    for (name, what) in [
        ("threads", (|usage| usage.threads) as fn(&Usage) -> u64),
        ("processes", |usage| usage.processes),
    ] {
        row(&format!("{name} for {OTHERS} connections"), modes, |mode| {
            used(mode, what).map_or("?".into(), |used| used.to_string())
        });
    }
    println!("of {OTHERS} others, served while one");
    row("  is idle", modes, |mode| {
        let served = mode.crashes.iter().map(|crash| crash.while_idle);
        served.max().unwrap_or(0).to_string()
    });
    for (index, (how, _)) in CRASHES.iter().enumerate() {
        row(&format!("  {how}"), modes, |mode| {
            let Survivors { after_crash, .. } = mode.crashes[index];
            after_crash.to_string()
        });
    }
}

/// What the table says of time, as bars.
pub fn draw(modes: &[Measured]) -> String {
    let mut panels = Vec::new();
    for (index, clients) in CLIENTS.iter().enumerate() {
        let bars = |series: &dyn Fn(&Measured) -> Option<Summary>| -> Vec<(String, Summary)> {
            let bar = |mode: &Measured| Some((mode.mode.to_string(), series(mode)?));
            modes.iter().filter_map(bar).collect()
        };
        let first = bars(&|mode| mode.load.connections[index].pings.rtt.summary());
        let ping = bars(&|mode| mode.load.pings[index].rtt.summary());
        let of =
            if *clients == 1 { "1 client".into() } else { format!("{clients} clients at once") };
        panels.push((format!("From connect to the first answer, {of}"), "first answer", first));
        panels.push((format!("A ping, {of}"), "ping", ping));
    }
    // What only one client does says little of serving many.
    panels.sort_by_key(|(_, unit, _)| *unit == "ping");
    let panels: Vec<Panel> =
        panels.iter().map(|(name, unit, rows)| Panel::Bars { name, unit, rows }).collect();
    picture(
        "Three ways to serve",
        "sequential, a thread each, a process each; on loopback",
        &panels,
    )
}
