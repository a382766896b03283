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

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options};
use roundtrip::log::Log;
use roundtrip::measure::{Direction, LagView, Observer, Plan, Sample, bandwidth, lag, latency};

use roundtrip::server::Config;
use roundtrip::stats::Recorder;
use roundtrip::udp::server::{Impairments, bind_with_tcp};
use roundtrip::udp::{Udp, UdpClient, udp};
use roundtrip::wire::command::Amount;
use roundtrip::wire::command::more::LagPlan;

fn main() -> io::Result<()> {
    #[cfg(unix)]
    if let [_, role, argument] = &std::env::args().collect::<Vec<_>>()[..] {
        return call::play(role, argument);
    }
    match std::env::args().nth(1).as_deref() {
        Some("--serve") => serve(false),
        Some("--serve-spinning") => serve(true),
        Some("--minimal") => minimal(),
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

fn roundtrip_p50(port: u16, count: u64, spin: bool) -> io::Result<f64> {
    ping_p50(
        Client::connect_with("127.0.0.1", port, &Options { spin, ..Options::default() })?,
        count,
    )
}

fn ping_p50(mut client: Client, count: u64) -> io::Result<f64> {
    let plan = Plan { count, interval: Duration::ZERO, warmup: count / 10, ..Plan::default() };
    let p50 = p50(|observe| latency(&mut client, &plan, observe).failure);
    client.quit()?;
    p50
}

/// The median of the round-trip times that an observer is told of. Exact, as sockperf's
/// is: the library's own percentiles may be 0.8% too high.
fn p50(measure: impl FnOnce(Observer) -> Option<io::Error>) -> io::Result<f64> {
    let mut rtts = Vec::new();
    let failure = measure(&mut |sample| {
        if let Sample::Ping { rtt, .. } = sample {
            rtts.push(rtt.as_secs_f64() * 1e6);
        }
    });
    failure.map_or(Ok(()), Err)?;
    median(&mut rtts).ok_or_else(|| io::Error::other("no answers"))
}

fn udp_p50(port: u16, plan: &Plan) -> io::Result<f64> {
    let client = UdpClient::connect("127.0.0.1", port, &Options::default())?;
    p50(|observe| udp(&client, plan, observe).latency.failure)
}

fn udp_percent(port: u16, plan: &Plan, count: fn(&Udp) -> u64) -> io::Result<f64> {
    let measured =
        udp(&UdpClient::connect("127.0.0.1", port, &Options::default())?, plan, &mut |_| {});
    let counted = Duration::from_secs(count(&measured)).as_secs_f64();
    measured
        .latency
        .failure
        .map_or(Ok(counted * 100.0 / Duration::from_secs(plan.count).as_secs_f64()), Err)
}

fn late_sends(measured: &Udp) -> u64 {
    let late = measured
        .latency
        .scheduling_delay
        .histogram()
        .ranges()
        .filter(|(nanoseconds, _)| *nanoseconds.start() > 10_000);
    late.map(|(_, count)| count).sum()
}

fn irtt_p50(port: u16, seconds: &str) -> io::Result<f64> {
    let duration = format!("{seconds}s");
    let output = Command::new("irtt")
        .args([
            "client",
            "-i",
            "10ms",
            "-d",
            &duration,
            "-Q",
            "-o",
            "-",
            &format!("127.0.0.1:{port}"),
        ])
        .output()?;
    let output = String::from_utf8_lossy(&output.stdout);
    let rtt = output
        .split("\"stats\"")
        .nth(1)
        .and_then(|stats| stats.split("\"rtt\"").nth(1))
        .unwrap_or_default();
    number_after(rtt, "\"median\":").map(|nanoseconds| nanoseconds / 1e3)
}

fn lag_p50(port: u16, count: u64) -> io::Result<f64> {
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let plan = LagPlan { count: count / 10 + count, interval: Duration::ZERO };
    let p50 = p50(|observe| {
        let mut counted = |view, sample| match sample {
            Sample::Ping { number, .. } if view == LagView::RoundTrip && number > count / 10 => {
                observe(sample);
            }
            _ => {}
        };
        lag(&mut client, plan, &mut counted).server.failure
    });
    client.quit()?;
    p50
}

fn roundtrip_rate(port: u16, direction: Direction, bytes: u64) -> io::Result<f64> {
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let transfer = bandwidth(&mut client, direction, Amount::Bytes(bytes), &mut |_| {});
    let rate = transfer.bits_per_second().unwrap_or_default();
    transfer.failure.map_or(Ok(()), Err)?;
    client.quit()?;
    Ok(rate / 1e9)
}

fn minimal_p50(port: u16, count: u64) -> io::Result<f64> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    bare_p50(stream, count)
}

/// The least that a round trip can consist of: no protocol, no checks.
fn bare_p50(mut stream: impl Read + Write, count: u64) -> io::Result<f64> {
    let mut rtts = Vec::new();
    let mut buffer = [0; 64];
    for number in 0..count / 10 + count {
        let start = Instant::now();
        stream.write_all(b"PING\n")?;
        let _ = stream.read(&mut buffer)?;
        let rtt = start.elapsed();
        if number >= count / 10 {
            rtts.push(rtt.as_secs_f64() * 1e6);
        }
    }
    median(&mut rtts).ok_or_else(|| io::Error::other("no answers"))
}

/// The other side of it.
fn minimal() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; 64];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..length])?;
        }
    }
    Ok(())
}

fn serve(spin: bool) -> io::Result<()> {
    let mut config = Config::default();
    config.session.spin = spin;
    let (server, echo) = bind_with_tcp(&config, Impairments::default())?;
    let _echo = echo.start(Log::default())?;
    println!("{}", server.address().port());
    server.run();
    Ok(())
}

fn sockperf_p50(port: u16, seconds: &str) -> io::Result<f64> {
    let flags = ["ping-pong", "--tcp", "-i", "127.0.0.1", "--full-rtt", "-t", seconds, "-p"];
    figure("sockperf", &flags, port, &[], "percentile 50.000 =")
}

/// It prints half of a round trip, and no percentiles.
fn qperf_mean(port: u16, seconds: &str) -> io::Result<f64> {
    let microseconds =
        figure("qperf", &["127.0.0.1", "-t", seconds, "-lp"], port, &["tcp_lat"], "latency  =");
    microseconds.map(|half| half * 2.0)
}

/// What arrived, as its server counted it.
fn iperf3_rate(port: u16, seconds: &str, flags: &[&str]) -> io::Result<f64> {
    let fixed = ["--client", "127.0.0.1", "--time", seconds, "--json", "--port"];
    let output = run("iperf3", &fixed, port, flags)?;
    let received = output.split("\"sum_received\"").nth(1).unwrap_or_default();
    number_after(received, "\"bits_per_second\":").map(|rate| rate / 1e9)
}

fn figure(program: &str, flags: &[&str], port: u16, more: &[&str], label: &str) -> io::Result<f64> {
    number_after(&run(program, flags, port, more)?, label)
}

fn run(program: &str, flags: &[&str], port: u16, more: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(flags).arg(port.to_string()).args(more).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn number_after(text: &str, label: &str) -> io::Result<f64> {
    let rest = text.split(label).nth(1).unwrap_or_default().trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.e".contains(c)).unwrap_or(rest.len());
    rest[..end].parse().map_err(|_| io::Error::other(format!("no figure after {label:?}")))
}

/// What is recorded varies as round-trip times do, so that the histogram is not touched
/// at a single place.
fn recording_cost(samples: u64) -> f64 {
    let mut recorder = Recorder::default();
    let start = Instant::now();
    for number in 0..samples {
        recorder.record(Duration::from_nanos(50_000 + number.wrapping_mul(0x9E37_79B9) % 65_536));
    }
    let cost = start.elapsed().as_secs_f64() * 1e9;
    assert_eq!(recorder.count(), samples);
    cost / Duration::from_secs(samples).as_secs_f64()
}

/// A server in a process of its own, which ends with this.
struct Peer {
    process: Child,
    port: u16,
}

impl Peer {
    /// This program again.
    fn ours(flags: &[&str]) -> io::Result<Self> {
        let mut process =
            Command::new(std::env::current_exe()?).args(flags).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?)
            .read_line(&mut port)?;
        let port = port.trim().parse().map_err(io::Error::other)?;
        Ok(Peer { process, port })
    }

    /// Another program, whose flags end before the port. If it is not there, that is
    /// said.
    fn installed(program: &str, flags: &[&str]) -> Option<Self> {
        Peer::start(program, flags, "", |port| TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// The same over UDP, and with this before the port.
    fn installed_for_udp(program: &str, flags: &[&str], before_port: &str) -> Option<Self> {
        // Who listens stands in the system's table. To try the port would be to take
        // it, or to send what nobody expects.
        Peer::start(program, flags, before_port, |port| {
            std::fs::read_to_string("/proc/self/net/udp")
                .is_ok_and(|table| table.contains(&format!(":{port:04X} ")))
        })
    }

    fn start(
        program: &str,
        flags: &[&str],
        before_port: &str,
        listens: fn(u16) -> bool,
    ) -> Option<Self> {
        let start = || {
            // It cannot choose a port itself. This one was free a moment ago.
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut command = Command::new(program);
            command
                .args(flags)
                .arg(format!("{before_port}{port}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let peer = Peer { process: command.spawn()?, port };
            let deadline = Instant::now() + Duration::from_secs(5);
            while !listens(port) {
                if Instant::now() > deadline {
                    return Err(io::Error::other("it does not listen"));
                }
            }
            Ok(peer)
        };
        start().inspect_err(|error: &io::Error| println!("  {program} is missing: {error}")).ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}
