//! Lesson 11: a thread that sleeps must be woken, and a thread that spins needs a
//! processor.
//!
//! You learn what a round trip over loopback consists of. A thread that waits in `read`
//! sleeps, and waking it takes tens of microseconds if another processor has to wake up
//! too. A thread that spins asks again and again instead. It needs no waking, but it
//! keeps a processor busy while it waits. Two threads that spin on one processor wait
//! for each other.
//!
//! Run it with `cargo run --release --example 11_spin`, and once more with `taskset -c
//! 0` in front, which leaves one processor. The last lines explain what this machine
//! showed.
//!
//! The library does it in `src/net/spin.rs`.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options};
use roundtrip::measure::{Plan, latency};
use roundtrip::server::{Config, Server};
use roundtrip::session::Settings;
use roundtrip::stats::Summary;
use roundtrip::units::ms;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let time = Duration::from_millis(if short { 150 } else { 1000 });
    let processors = thread::available_parallelism()?;
    println!("Pings over loopback for {time:?} each, on {processors} processor(s):");
    println!("  server   client       pings    p50 ms   processors in use");
    let sleeps = measure(false, false, time)?;
    measure(false, true, time)?;
    measure(true, false, time)?;
    let spins = measure(true, true, time)?;

    // Two threads that keep each other waiting for a processor can have a short median,
    // and yet few pings. So both figures count.
    let (slow, fast) = (sleeps.p50, spins.p50);
    if fast * 5 < slow * 4 && spins.count > sleeps.count {
        let gone = (1.0 - fast.div_duration_f64(slow)) * 100.0;
        println!("When both spin, {gone:.0}% of the round trip is gone: that was waking up.");
        println!("The price is in the last column: a processor for each side, while it waits.");
    } else {
        println!("Spinning gains little here, or loses: each of the two needs a processor that");
        println!("nothing else uses. Two threads that sleep can take turns on one processor,");
        println!("and then a round trip is short, since no other processor has to wake up.");
    }
    Ok(())
}

/// Measures one combination, and prints a row.
fn measure(server_spins: bool, client_spins: bool, time: Duration) -> io::Result<Summary> {
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
    let summary = rtts.summary().ok_or_else(|| io::Error::other("no ping was answered"))?;
    let [server, client] =
        [server_spins, client_spins].map(|spins| if spins { "spins" } else { "sleeps" });
    let used = used.map(|used| format!("{:.1}", used.div_duration_f64(elapsed)));
    let used = used.unwrap_or_else(|| "unknown".into());
    println!("  {server:<8} {client:<8} {:>9} {:>9} {used:>9}", summary.count, ms(summary.p50));
    Ok(summary)
}

/// The processor time of this process, user and system: fields 14 and 15 of
/// `/proc/self/stat`, in hundredths of a second. `None` where there is no such file.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

// Try:
// 1. Predict: all four rows under `taskset -c 0`. Then run it.
// 2. Change: set the interval to 10 ms. What does a client that spins now pay for each
//    ping?
// 3. Write: a client that spins for 50 µs and then sleeps in `read`. When is that the
//    best of both, and when the worst?
//
// Read:
// * Li, Sharma, Ports and Gribble, "Tales of the Tail: Hardware, OS, and
//   Application-level Sources of Tail Latency" (SoCC 2014).
// * Stevens, Fenner and Rudoff, "UNIX Network Programming", volume 1, section 6.2: five
//   I/O models, from blocking to polling.
