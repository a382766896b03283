//! How fast is it, beside others? `cargo run --release --example versus`
//!
//! Every contender runs against the same loopback, each with its server in a process of its own, in turn, for several
//! rounds: what disturbs the machine disturbs all of them. The table shows medians, and their ratio to the first line
//! of each table. What is not installed is said to be missing. `--short` makes the rounds few and brief, to try the
//! program, not to quote it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Direction, Plan, bandwidth, latency};
use roundtrip::report::text;
use roundtrip::server::{Config, Server};
use roundtrip::stats::Recorder;
use roundtrip::wire::command::Amount;

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("--serve") => serve(),
        Some("--minimal") => minimal(),
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

fn compare(scale: &Scale) -> io::Result<()> {
    let ours = Peer::start("--serve")?;
    let minimal = Peer::start("--minimal")?;
    let (port, pings) = (ours.port, scale.pings);
    println!("latency, p50 of {pings} round trips over TCP, median of {} rounds, in µs (less is better)", scale.rounds);
    let mut contenders: Vec<Contender> = vec![
        ("minimal: one write, one read".into(), Box::new(|| minimal_p50(minimal.port, pings))),
        ("roundtrip".into(), Box::new(|| roundtrip_p50(port, pings))),
    ];
    table(&mut contenders, scale.rounds);

    println!("\nbulk, one TCP connection, median of {} rounds, in Gbit/s (more is better)", scale.rounds);
    let iperf3 = Iperf3::start();
    let mut contenders: Vec<Contender> = Vec::new();
    if let Ok(iperf3) = &iperf3 {
        contenders.push(("iperf3, default (-l 128K)".into(), Box::new(|| iperf3.run(scale.seconds, &[]))));
        for length in ["256K", "1M"] {
            let run = move || iperf3.run(scale.seconds, &["-l", length]);
            contenders.push((format!("iperf3 -l {length}"), Box::new(run)));
        }
    }
    for direction in [Direction::Download, Direction::Upload] {
        let run = move || roundtrip_rate(port, direction, scale.bytes);
        contenders.push((format!("roundtrip, {}", text::direction(direction)), Box::new(run)));
    }
    table(&mut contenders, scale.rounds);
    if let Err(error) = &iperf3 {
        println!("  iperf3 is missing: {error}");
    }
    Ok(())
}

/// A name, and how to get one figure.
type Contender<'a> = (String, Box<dyn FnMut() -> io::Result<f64> + 'a>);

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
            (Some(median), Some(first)) => println!("  {name:<30} {median:>8.2}   × {:.2}", median / first),
            (Some(median), None) => println!("  {name:<30} {median:>8.2}"),
            (None, _) => println!("  {name:<30}        –"),
        }
    }
}

fn median(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

fn roundtrip_p50(port: u16, count: u64) -> io::Result<f64> {
    let mut client = connect(port)?;
    let plan = Plan { count, interval: Duration::ZERO, warmup: count / 10, ..Plan::default() };
    let pings = latency(&mut client, &plan, &|_| {});
    pings.failure.map_or(Ok(()), Err)?;
    client.quit()?;
    Ok(p50(&pings.rtt))
}

fn roundtrip_rate(port: u16, direction: Direction, bytes: u64) -> io::Result<f64> {
    let mut client = connect(port)?;
    let transfer = bandwidth(&mut client, direction, Amount::Bytes(bytes), &|_| {});
    let rate = transfer.bits_per_second().unwrap_or_default();
    transfer.failure.map_or(Ok(()), Err)?;
    client.quit()?;
    Ok(rate / 1e9)
}

fn connect(port: u16) -> io::Result<Client> {
    Client::connect("127.0.0.1", port, Duration::from_secs(10))
}

fn p50(rtts: &Recorder) -> f64 {
    rtts.summary().map_or(f64::NAN, |summary| summary.p50.as_secs_f64() * 1e6)
}

/// The least that a round trip can consist of: no protocol, no checks, no deadline.
fn minimal_p50(port: u16, count: u64) -> io::Result<f64> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    let mut rtts = Recorder::default();
    let mut buffer = [0; 64];
    for number in 0..count / 10 + count {
        let start = Instant::now();
        stream.write_all(b"PING\n")?;
        let _ = stream.read(&mut buffer)?;
        if number >= count / 10 {
            rtts.record(start.elapsed());
        }
    }
    Ok(p50(&rtts))
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

fn serve() -> io::Result<()> {
    let server = Server::bind(Config::default())?;
    println!("{}", server.address().port());
    server.run();
    Ok(())
}

/// This program again, as a server; it ends with its owner.
struct Peer {
    process: Child,
    port: u16,
}

impl Peer {
    fn start(flag: &str) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?).arg(flag).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut port)?;
        let port = port.trim().parse().map_err(io::Error::other)?;
        Ok(Peer { process, port })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// A running `iperf3 -s`.
struct Iperf3(Peer);

impl Iperf3 {
    fn start() -> io::Result<Self> {
        // It cannot choose a port itself. This one was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("iperf3");
        command.args(["--server", "--forceflush", "--port", &port.to_string()]).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let iperf3 = Iperf3(Peer { process, port });
        let mut lines = BufReader::new(output).lines();
        lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("listening")));
        // It would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(iperf3)
    }

    fn run(&self, seconds: u64, flags: &[&str]) -> io::Result<f64> {
        let (port, seconds) = (self.0.port.to_string(), seconds.to_string());
        let mut command = Command::new("iperf3");
        let output = command.args(["-c", "127.0.0.1", "-p", &port, "-t", &seconds, "--json"]).args(flags).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        // What arrived, as its server counted it.
        let figure = text.split("\"sum_received\"").nth(1).and_then(|rest| {
            let number = rest.split("\"bits_per_second\":").nth(1)?.split([',', '}']).next()?;
            number.trim().parse::<f64>().ok()
        });
        figure.map(|rate| rate / 1e9).ok_or_else(|| io::Error::other("iperf3 gave no figure"))
    }
}
