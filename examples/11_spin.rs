//! Lesson 11: most of a round trip on loopback is waking up.
//!
//! A thread that waits in `read` sleeps and has to be woken, often on another processor
//! that sleeps as well. One that asks again and again has not, but it takes a free
//! processor for each side. Run it with `cargo run --release --example 11_spin`, and
//! once more with `taskset -c 0` in front, which leaves it one. Then read `src/net.rs`,
//! "Spinning".

use std::io;
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options};
use roundtrip::measure::{Plan, latency};
use roundtrip::server::{Config, Server};
use roundtrip::session::Settings;
use roundtrip::stats::Summary;
use roundtrip::units::ms;

fn main() -> io::Result<()> {
    let time = Duration::from_millis(if std::env::args().any(|flag| flag == "--short") {
        150
    } else {
        1000
    });
    println!("server   client       pings    p50 ms   processors in use");
    let mut results = Vec::new();
    for (server_spins, client_spins) in [(false, false), (false, true), (true, false), (true, true)]
    {
        let session = Settings { spin: server_spins, ..Settings::default() };
        let server = Server::bind(Config { session, ..Config::default() })?.start()?;
        let options = Options { spin: client_spins, ..Options::default() };
        let mut client = Client::connect_with("127.0.0.1", server.address().port(), &options)?;
        let plan = Plan { time: Some(time), interval: Duration::ZERO, ..Plan::default() };
        let (start, before) = (Instant::now(), processor_time());
        let rtts = latency(&mut client, &plan, &mut |_| {}).rtt;
        let elapsed = start.elapsed();
        let used = processor_time().zip(before).and_then(|(now, before)| now.checked_sub(before));
        client.quit()?;
        let Some(Summary { count, p50, .. }) = rtts.summary() else {
            return Err(io::Error::other("no ping was answered"));
        };
        let [server, client] =
            [server_spins, client_spins].map(|spins| if spins { "spins" } else { "sleeps" });
        let used = used.map(|used| used.div_duration_f64(elapsed));
        let used = used.map_or_else(|| "unknown".into(), |used| format!("{used:.1}"));
        println!("{server:<8} {client:<8} {count:>9} {:>9} {used:>9}", ms(p50));
        results.push((count, p50));
    }
    // The median does not show how long two that spin wait for a processor. How many
    // pings there were does.
    match results[..] {
        [(pings, p50), .., (more, shorter)] if more > pings && shorter * 2 < p50 => {
            let gone = (1.0 - shorter.div_duration_f64(p50)) * 100.0;
            println!("When both spin, {gone:.0}% of the round trip is gone: that was waking up.");
            println!(
                "The price is in the last column: each side that spins takes a processor while it waits."
            );
        }
        _ => {
            println!(
                "Not most of it here: each side needs a processor that nothing else wants. Without, two that"
            );
            println!(
                "sleep may share one in turns, which is quick; two that spin may keep each other waiting."
            );
        }
    }
    Ok(())
}

/// User and system time of this process: fields 14 and 15, in hundredths of a second
/// (see `man proc_pid_stat`). `None` where there is no such file.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
