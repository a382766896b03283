//! Lesson 15: a comparison that changes three things at once explains nothing.
//!
//! You learn how to find out which choice makes a difference. Calls through a router
//! are faster over a Unix socket with `RawSocket` and `MessagePack` than over TCP with
//! WebSocket and JSON. That does not mean that JSON is slow: it may be the socket, or
//! the framing. Two transports that differ in one choice alone show its effect.
//!
//! Run it with `cargo run --release --example call_roundtrip`, and once more with
//! `taskset -c 0` in front, so that all processes share one processor.
//!
//! The library does it in `src/wamp/call/`: `compare.rs` measures in turns, `worker.rs`
//! is what its processes do, and `effects.rs` separates the three choices.

use std::process::ExitCode;
use std::time::Duration;

use roundtrip::flags::wrap;
use roundtrip::measure::{self, Measurement, Sample};
use roundtrip::pace::Stop;
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::ms;
use roundtrip::wamp::call::{Comparison, Event, Plan, Transport, effects, measure, report, worker};

/// The first argument of the processes that `measure` starts.
const ROLE: &str = "--role";

fn main() -> ExitCode {
    // The router, the callees and the callers are this very program, which comes here.
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == ROLE).is_some() {
        return worker::play(arguments);
    }
    if cfg!(not(unix)) {
        println!("This lesson compares TCP with Unix sockets, which need Unix.");
        return ExitCode::SUCCESS;
    }
    let (rounds, count) = if arguments.any(|one| one == "--short") { (2, 10) } else { (10, 300) };
    match compare(rounds, count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(rounds: u64, count: u64) -> std::io::Result<()> {
    let plan = Plan {
        calls: measure::Plan { count, interval: Duration::ZERO, ..measure::Plan::default() },
        batch: None,
        callers: 1,
        timeout: Duration::from_secs(10),
        urls: Vec::new(),
        realm: "realm1".into(),
        worker: vec![std::env::current_exe()?.into(), ROLE.into()],
        stop: Stop::default(),
    };
    let mut rtts: Vec<Recorder> = Transport::ALL.iter().map(|_| Recorder::default()).collect();
    // Each round starts new processes, which the system may place better, or worse.
    for _ in 0..rounds {
        let measured = measure(&plan, &mut |event| {
            if let Event::Call { target, sample: Sample::Ping { rtt, .. }, .. } = event {
                rtts[target].record(rtt);
            }
        });
        for call in Comparison::total(&measured).calls {
            call.latency.failure.map_or(Ok(()), Err)?;
        }
    }
    let summaries = Transport::ALL.into_iter().zip(&rtts);
    let all: Vec<(Transport, Summary)> =
        summaries.filter_map(|(transport, rtts)| Some((transport, rtts.summary()?))).collect();

    println!("naive: two transports that differ in everything");
    show(&[all[0], all[7]]);
    println!("Is it the socket, the framing or the serializer? Eight transports can tell:");
    show(&all);
    for line in report::effects(&effects(&all)).iter().flat_map(|line| wrap(line, 80)) {
        println!("{line}");
    }
    Ok(())
}

fn show(measured: &[(Transport, Summary)]) {
    for (transport, Summary { mean, .. }) in measured {
        println!("  {transport:<22} - average round-trip time (ms): {}", ms(*mean));
    }
}

// Try:
// 1. Predict: which of the three choices matters most if all processes share one
//    processor? Then run the lesson with `taskset -c 0` in front.
// 2. Change: give `Plan` a payload of 10,000 bytes. Which effect grows, and why?
// 3. Write: an observer that prints the mean of each batch. Are the first batches
//    slower?
//
// Read:
// * https://github.com/crossbario/crossbar-examples, benchmark/rpc_roundtrip: the two
//   transports that differ in everything, as another router measured them in 2016.
// * R. A. Fisher, "The Design of Experiments", chapter VI: the factorial design.
