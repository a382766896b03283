//! The last lesson: whoever changes three things at once does not learn which of them
//! mattered.
//!
//! Calls through a router, from one process to another, over a Unix socket with
//! `RawSocket` and `MessagePack`, are faster than over TCP with WebSocket and JSON.
//! What does that say about JSON? Nothing. Two callers and two callees measure it both
//! ways. Run it with `cargo run --release --example call_roundtrip`, and once more with
//! `taskset -c 0` in front: the system then cannot place one worker better than
//! another. Then read `src/measure/call.rs`.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use roundtrip::measure::Sample;
use roundtrip::net::Address;
use roundtrip::stats::{Recorder, Summary};
use roundtrip::units::ms;
use roundtrip::wamp::Session;
use roundtrip::wamp::call::{Batch, Caller, Transport, effects, offer_echo, report};
use roundtrip::wamp::router::{Config, Endpoint, Router};
use roundtrip::wamp::url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
const BATCHES: u64 = 10;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // The four workers are this very program, which then gets here.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["callee", url] => callee(&url.parse()?),
        ["caller", url, procedure] => caller(&url.parse()?, procedure),
        _ if cfg!(not(unix)) => {
            println!("This lesson compares TCP with Unix sockets, which need Unix.");
            Ok(())
        }
        ["--short"] => compare(2, 10),
        _ => compare(10, 300),
    }
}

fn compare(rounds: u64, count: u64) -> Outcome<()> {
    let directory = std::env::temp_dir().join(format!("call_roundtrip-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let compared = compare_in(&directory.to_string_lossy(), rounds, count);
    std::fs::remove_dir_all(&directory)?;
    compared
}

fn compare_in(directory: &str, rounds: u64, count: u64) -> Outcome<()> {
    let tcp = || Address::Tcp { host: "127.0.0.1".into(), port: 0 };
    let unix = |name: &str| Address::Unix(format!("{directory}/{name}"));
    let mut listen = vec![Endpoint::websocket(tcp()), Endpoint::rawsocket(tcp())];
    listen.extend([Endpoint::websocket(unix("ws")), Endpoint::rawsocket(unix("rs"))]);
    let router = Router::bind(Config { listen, ..Config::default() })?.start()?;

    // Naive: the two that differ most.
    let all = Transport::ALL;
    show(&measure(router.urls(), &[all[0], all[7]], rounds * count)?);
    println!(
        "Is it the socket, the framing or the serialization? Two figures cannot tell. Eight can:"
    );

    // Two transports at a time, until there have been all. And then again in the
    // reverse order, with other processes: what is started second, the system may place
    // worse, or better.
    let mut measured = all.map(|transport| (transport, Recorder::default())).to_vec();
    for _ in 0..rounds {
        for two in measured.chunks_mut(2) {
            let transports: Vec<Transport> = two.iter().map(|(transport, _)| *transport).collect();
            for ((_, sum), (_, rtts)) in
                two.iter_mut().zip(measure(router.urls(), &transports, count)?)
            {
                sum.merge(&rtts);
            }
        }
        measured.reverse();
    }
    // What one factor does, the other two held.
    for line in report::effects(&effects(&show(&measured))) {
        println!("{line}");
    }
    Ok(())
}

fn show(measured: &[(Transport, Recorder)]) -> Vec<(Transport, Summary)> {
    let summaries =
        measured.iter().filter_map(|(transport, rtts)| Some((*transport, rtts.summary()?)));
    let shown = |(transport, Summary { mean, .. }): &_| {
        println!("  {transport:<23} {} ms a call", ms(*mean));
    };
    summaries.inspect(shown).collect()
}

/// A caller and a callee for each transport; they take turns, so that no transport
/// has the better moment.
fn measure(
    urls: &[Url],
    transports: &[Transport],
    count: u64,
) -> Outcome<Vec<(Transport, Recorder)>> {
    let mut pairs = Vec::new();
    for &transport in transports {
        let url = transport.among(urls).ok_or("the router does not listen there")?.to_string();
        let mut callee = Worker::start(&["callee", &url])?;
        let procedure = callee.line()?;
        pairs.push((
            transport,
            callee,
            Worker::start(&["caller", &url, &procedure])?,
            Recorder::default(),
        ));
    }
    for batch in 0..=BATCHES {
        for (_, _, caller, rtts) in &mut pairs {
            let line = caller.ask(count / BATCHES)?;
            // The first batch is the warm-up.
            for rtt in line.split_whitespace().filter(|_| batch > 0) {
                rtts.record(Duration::from_nanos(rtt.parse()?));
            }
        }
    }
    Ok(pairs.into_iter().map(|(transport, _, _, rtts)| (transport, rtts)).collect())
}

/// Offers a procedure under a name of its own, and says which.
fn callee(url: &Url) -> Outcome<()> {
    let mut session = Session::join(url, "realm1", TIMEOUT)?;
    let procedure = format!("echo.{}", session.id());
    offer_echo(&mut session, &procedure)?;
    println!("{procedure}");
    // It ends with the router, and so with the one who has started it.
    Ok(session.serve()?)
}

/// For each line with a number, makes so many calls, and then says what they took.
fn caller(url: &Url, procedure: &str) -> Outcome<()> {
    let mut caller = Caller::new(Session::join(url, "realm1", TIMEOUT)?, procedure, 0);
    for line in io::stdin().lines() {
        let mut rtts = Vec::new();
        let batch = Batch {
            count: line?.parse()?,
            time: TIMEOUT,
            interval: Duration::ZERO,
            goes_on: false,
        };
        let calls = caller.batch(&batch, &mut |sample| {
            if let Sample::Ping { rtt, .. } = sample {
                rtts.push(rtt.as_nanos().to_string());
            }
        });
        calls.failure.map_or(Ok(()), Err)?;
        println!("{}", rtts.join(" "));
    }
    Ok(())
}

/// One of them, in a process of its own, which ends with this.
struct Worker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    fn start(arguments: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process =
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("no standard output")?;
        Ok(Worker { process, lines: BufReader::new(output).lines() })
    }

    fn line(&mut self) -> Outcome<String> {
        Ok(self.lines.next().ok_or("it has ended, and said why above")??)
    }

    fn ask(&mut self, count: u64) -> Outcome<String> {
        let input = self.process.stdin.as_mut().ok_or("no standard input")?;
        writeln!(input, "{count}")?;
        self.line()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}
