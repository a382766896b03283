//! A soak test: whatever happens to a server, at the end it takes what it took at first.
//!
//! Servers in each mode serve every test of the client, and faults come in between:
//!
//! ```text
//!   start ──▶ round ──▶ rest ──▶ round ──▶ rest ──▶ … ──▶ end
//!      │    clients and   │                          │
//!      │      faults      └ memory                   │ a newcomer is served,
//!      └── children, threads, descriptors ───────────┘ and nothing lives on
//! ```
//!
//! | variable | meaning |
//! | --- | --- |
//! | `ROUNDTRIP_SOAK=TIME` | go on for this long (usually 10s, and a minute in `.ci/run`) |
//! | `ROUNDTRIP_SOAK_SEED=N` | other choices (usually those of seed 1) |
//!
//! A seed repeats the choices. What happens at the same time is a matter of chance.
//!
//! ```sh
//! RUSTFLAGS="-C overflow-checks=on" ROUNDTRIP_SOAK=1h cargo test --release --test soak -- --nocapture
//! ```

#![cfg(target_os = "linux")]

mod clients;
mod counts;
mod faults;
mod random;
mod resources;
mod strangers;
#[path = "../suite/support.rs"]
#[allow(dead_code, reason = "the suite has more tests, and they need more")]
mod support;
mod target;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::units::parse_duration;

use clients::{Client, Length, tests};
use counts::{Counts, table};
use random::Random;
use resources::{Memory, started_with};
use support::{MODES, eventually};
use target::{MARK, Served, Target};

/// How many rounds a run has, unless they would be longer than [`LONGEST_ROUND`].
const ROUNDS: u32 = 5;

const LONGEST_ROUND: Duration = Duration::from_secs(20);

#[test]
fn a_server_takes_at_the_end_what_it_took_at_the_start() {
    let setting = |name, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.into());
    let length = parse_duration(&setting("ROUNDTRIP_SOAK", "10s")).expect("a time such as 1m");
    let seed = setting("ROUNDTRIP_SOAK_SEED", "1").parse().expect("a number");
    println!("ROUNDTRIP_SOAK={length:?} ROUNDTRIP_SOAK_SEED={seed}");

    let idle = (length / 10).clamp(Duration::from_secs(5), Duration::from_secs(10));
    let mut series = 0..;
    let mut random = || Random::new(seed, series.next().unwrap());
    let mut servers: Vec<Served> = Vec::new();
    for (mode, framing) in MODES.into_iter().flat_map(|mode| [(mode, "line"), (mode, "bare")]) {
        servers.push(Served::start(mode, framing, idle, [random(), random()]));
    }
    // Memory grows with the most connections that there were at once.
    for Served { target, random: [_, random], .. } in &mut servers {
        if target.mode != "sequential" {
            strangers::burst(target, random);
        }
    }
    let (counts, start) = (Counts::default(), Instant::now());
    let round_length = (length / ROUNDS).min(LONGEST_ROUND);
    while start.elapsed() + round_length / 2 < length || servers[0].memory.len() < 3 {
        round(&mut servers, round_length, &counts);
        servers.iter_mut().for_each(Served::rest);
        let private = servers.iter().map(|served| served.memory.last().unwrap().private);
        println!("{:.1?}: {:?} KiB private", start.elapsed(), private.collect::<Vec<_>>());
    }
    println!("{}", table(&servers, &counts));
    assert!(!counts.any("findings"), "there are findings, see above");
    for served in servers {
        served.serves();
        check(&served.target, &served.memory);
        served.end();
    }
    let ours = std::process::id().to_string();
    eventually("nothing of this test lives on", || started_with(MARK, &ours).is_empty());
}

/// Lets clients and faults come to all servers for so long.
fn round(servers: &mut [Served], length: Duration, counts: &Counts) {
    let until = Instant::now() + length;
    // One finding does not keep the next one from being made.
    let repeat = |event: fn(&Target, &mut Random, &Counts), target, random: &mut Random| {
        while Instant::now() < until {
            if catch_unwind(AssertUnwindSafe(|| event(target, random, counts))).is_err() {
                counts.add("findings", "", target);
            }
        }
    };
    thread::scope(|scope| {
        for Served { target, random: [one, other], .. } in servers {
            let target = &*target;
            scope.spawn(move || repeat(measure, target, one));
            scope.spawn(move || repeat(faults::any, target, other));
        }
    });
}

/// Runs a client, which succeeds unless it was disturbed.
fn measure(target: &Target, random: &mut Random, counts: &Counts) {
    let (before, start) = (target.disturbances(), Instant::now());
    let test = random.in_turn(&tests(target));
    let (code, what) = Client::start(test, target, Length::Short, random).end();
    let disturbed = before.is_none() || target.disturbances() != before;
    // A busy machine lets a client wait, and its server takes it for a silent one.
    let slow = start.elapsed() > target.idle;
    match code {
        Some(0) => counts.add("test", test, target),
        Some(1) if disturbed => counts.add("failed", "disturbed", target),
        Some(1) if slow => counts.add("failed", "slow", target),
        _ => panic!("{}: {what}", target.name()),
    }
}

/// How much more private memory there may be at the end than in the middle, in KiB.
///
/// What was freed is not all given back: glibc has up to eight arenas a core, and each
/// keeps what its busiest thread needed. So memory grows at first, then less and less.
/// A leak grows with the number of connections: one of some kibibytes each is found in a
/// minute, and one of some hundred bytes each in an hour.
const GROWTH: u64 = 3 * 1024;

fn check(target: &Target, memory: &[Memory]) {
    let third = memory.len().div_ceil(3);
    let least = |part: &[Memory]| part.iter().map(|memory| memory.private).min().unwrap();
    let end = memory.len() - third;
    let (middle, end) = (least(&memory[end - third..end]), least(&memory[end..]));
    let name = target.name();
    assert!(end <= middle + GROWTH, "{name}: {middle} KiB in the middle, {end} KiB at the end");
}
