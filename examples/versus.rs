//! How fast is it, beside others? `cargo run --release --example versus`
//!
//! Every contender runs against the same loopback, its server in a process of its own,
//! in turn with the others, for several rounds: what disturbs the machine disturbs all
//! of them. A table shows medians and their ratio to its first line. What is not
//! installed is said to be missing. `--short` makes the rounds few and brief, to try
//! the program, not to quote it. `--calls` is the part about calls alone.

#[cfg(unix)]
#[path = "versus/call.rs"]
mod call;
#[path = "versus/others.rs"]
mod others;
#[path = "versus/ours.rs"]
mod ours;

use std::io;
use std::time::Duration;

use roundtrip::measure::{Direction, Plan};
use roundtrip::udp::Udp;

use others::{Peer, figure, iperf3_rate, irtt_p50, qperf_mean, sockperf_p50};
use ours::{lag_p50, late_sends, minimal_p50, recording_cost};
use ours::{roundtrip_p50, roundtrip_rate, udp_p50, udp_percent};

fn main() -> io::Result<()> {
    #[cfg(unix)]
    if let [_, role, argument] = &std::env::args().collect::<Vec<_>>()[..] {
        return call::play(role, argument);
    }
    match std::env::args().nth(1).as_deref() {
        Some("--serve") => ours::serve(false),
        Some("--serve-spinning") => ours::serve(true),
        Some("--minimal") => ours::minimal(),
        #[cfg(unix)]
        Some("--calls") => call::compare(15, 5_000),
        Some("--short") => compare(&Scale { rounds: 1, bytes: 64 << 20, seconds: 1, pings: 500 }),
        _ => compare(&Scale { rounds: 7, bytes: 8 << 30, seconds: 2, pings: 50_000 }),
    }
}

struct Scale {
    rounds: usize,
    bytes: u64,
    seconds: u64,
    pings: u64,
}

/// A name, and how to get one figure.
type Contender<'a> = (String, Box<dyn FnMut() -> io::Result<f64> + 'a>);

fn compare(&Scale { rounds, bytes, seconds, pings }: &Scale) -> io::Result<()> {
    let ours = Peer::ours(&["--serve"])?;
    let minimal = Peer::ours(&["--minimal"])?;
    let (port, seconds) = (ours.port, seconds.to_string());
    let seconds = seconds.as_str();

    println!(
        "latency over TCP, p50 of round trips in µs, median of {rounds} rounds (less is better)"
    );
    let sockperf = Peer::installed("sockperf", &["server", "--tcp", "-i", "127.0.0.1", "-p"]);
    let qperf = Peer::installed("qperf", &["-lp"]);
    let mut contenders: Vec<Contender> = vec![
        ("roundtrip".into(), Box::new(|| roundtrip_p50(port, pings, false))),
        ("minimal: one write, one read".into(), Box::new(|| minimal_p50(minimal.port, pings))),
    ];
    if let Some(peer) = &sockperf {
        contenders
            .push(("sockperf --full-rtt".into(), Box::new(|| sockperf_p50(peer.port, seconds))));
    }
    if let Some(peer) = &qperf {
        contenders.push((
            "qperf tcp_lat × 2 (a mean)".into(),
            Box::new(|| qperf_mean(peer.port, seconds)),
        ));
    }
    table(&mut contenders, rounds);
    drop(contenders);

    println!("\nthe same, with --spin on both sides");
    let spinning = Peer::ours(&["--serve-spinning"])?;
    let sleeping: Contender = ("roundtrip".into(), Box::new(|| roundtrip_p50(port, pings, false)));
    let spin: Contender =
        ("roundtrip --spin".into(), Box::new(|| roundtrip_p50(spinning.port, pings, true)));
    table(&mut [sleeping, spin], rounds);
    drop(spinning);

    println!("\nthe same, measured by the client and by the server");
    let client: Contender =
        ("latency: the client's clock".into(), Box::new(|| roundtrip_p50(port, pings, false)));
    let server: Contender = ("lag: the server's clock".into(), Box::new(|| lag_p50(port, pings)));
    table(&mut [client, server], rounds);

    compare_udp(rounds, ours.port, pings, seconds)?;

    println!(
        "\nbulk over one TCP connection in Gbit/s, median of {rounds} rounds (more is better)"
    );
    let iperf3 = Peer::installed("iperf3", &["--server", "--port"]);
    let mut contenders: Vec<Contender> = Vec::new();
    if let Some(peer) = &iperf3 {
        contenders.push((
            "iperf3, default (-l 128K)".into(),
            Box::new(|| iperf3_rate(peer.port, seconds, &[])),
        ));
        for length in ["256K", "1M"] {
            let run = move || iperf3_rate(peer.port, seconds, &["-l", length]);
            contenders.push((format!("iperf3 -l {length}"), Box::new(run)));
        }
    }
    for direction in [Direction::Download, Direction::Upload] {
        let run = move || roundtrip_rate(port, direction, bytes);
        contenders.push((format!("roundtrip, {}", direction.name()), Box::new(run)));
    }
    table(&mut contenders, rounds);
    drop(contenders);

    println!("\nrecording one sample in ns, median of {rounds} rounds (less is better)");
    table(&mut [("stats::Recorder".into(), Box::new(|| Ok(recording_cost(pings * 100))))], rounds);

    #[cfg(unix)]
    call::compare(2 * rounds + 1, pings / 10)?;
    Ok(())
}

fn compare_udp(rounds: usize, port: u16, pings: u64, seconds: &str) -> io::Result<()> {
    println!("\nlatency over UDP, p50 in µs, median of {rounds} rounds (less is better)");
    let at_once =
        Plan { count: pings, interval: Duration::ZERO, warmup: pings / 10, ..Plan::default() };
    let sockperf = Peer::installed_for_udp("sockperf", &["server", "-i", "127.0.0.1", "-p"], "");
    let mut contenders: Vec<Contender> = Vec::new();
    if let Some(peer) = &sockperf {
        let flags = ["ping-pong", "-i", "127.0.0.1", "--full-rtt", "-t", seconds, "-p"];
        let run = move || figure("sockperf", &flags, peer.port, &[], "percentile 50.000 =");
        contenders.push(("sockperf --full-rtt".into(), Box::new(run)));
    }
    contenders.push(("roundtrip".into(), Box::new(|| udp_p50(port, &at_once))));
    table(&mut contenders, rounds);
    drop(contenders);

    println!("\nthe same, a ping every 10 ms");
    let seconds_long: u64 = seconds.parse().map_err(io::Error::other)?;
    let paced =
        Plan { count: seconds_long * 100, interval: Duration::from_millis(10), ..Plan::default() };
    let irtt = Peer::installed_for_udp("irtt", &["server", "-b"], "127.0.0.1:");
    let mut contenders: Vec<Contender> = Vec::new();
    if let Some(peer) = &irtt {
        contenders.push(("irtt -i 10ms".into(), Box::new(|| irtt_p50(peer.port, seconds))));
    }
    contenders.push(("roundtrip --interval 10ms".into(), Box::new(|| udp_p50(port, &paced))));
    table(&mut contenders, rounds);
    drop(contenders);

    println!(
        "\n10,000 pings a second over UDP: how many of a hundred left more than 10 µs late,\n\
         and how many were lost"
    );
    let count = seconds_long * 10_000;
    let plan = Plan { count, interval: Duration::from_micros(100), ..Plan::default() };
    let late: Contender = ("late".into(), Box::new(|| udp_percent(port, &plan, late_sends)));
    let lost: Contender = ("lost".into(), Box::new(|| udp_percent(port, &plan, Udp::lost)));
    table(&mut [late, lost], rounds);
    Ok(())
}

/// Lets all of them run in turn, then prints their medians.
fn table(contenders: &mut [Contender], rounds: usize) {
    let mut figures = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for ((name, run), figures) in contenders.iter_mut().zip(&mut figures) {
            match run() {
                Ok(figure) => figures.push(figure),
                Err(error) => println!("  {name} failed: {error}"),
            }
        }
    }
    let medians: Vec<Option<f64>> = figures.iter_mut().map(|figures| median(figures)).collect();
    let first = medians.first().copied().flatten();
    for ((name, _), median) in contenders.iter().zip(medians) {
        match (median, first) {
            (Some(median), Some(first)) => {
                println!("  {name:<30} {median:>8.2}   × {:.2}", median / first);
            }
            (Some(median), None) => println!("  {name:<30} {median:>8.2}"),
            (None, _) => println!("  {name:<30}        –"),
        }
    }
}

fn median(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
