//! Lesson 19: a fixed number of workers, and no worker at all.
//!
//! You learn three more ways to serve, after Stevens' chapter 30, and what they cost. The
//! ways of lesson 3 start a thread or a process for each connection. A pool starts them
//! before: all of its workers wait in `accept` on the same listener, and the system gives
//! each connection to one of them. That saves the starting, and sets a limit: the client
//! that is one too many waits, however idle the others are. A loop of non-blocking reads
//! needs no worker at all. It asks each connection in turn whether something has come,
//! and so it never rests.
//!
//! Run it with `cargo run --release --example 19_pools`, or with the name of one way
//! behind `--`, such as `pool-of-threads`. The library has no pool: `src/serve/limits.rs`
//! limits the connections, and says so to the client who is one too many.

#[cfg(unix)]
#[path = "pools/processes.rs"]
mod processes;

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options};
use roundtrip::measure::{Connect, Measurement, Plan, concurrently, connect};
use roundtrip::units::ms;

const WORKERS: usize = 4;

/// A way to serve. It is called in a thread of its own.
type Way = (&'static str, fn(&TcpListener) -> io::Result<()>);

/// The last way never rests, and would disturb the others.
const WAYS: &[Way] = &[
    ("sequential", accept_for_ever),
    ("thread", |listener| listener.incoming().try_for_each(|stream| start(stream?, session))),
    #[cfg(unix)]
    ("process", processes::each),
    ("pool-of-threads", |listener| {
        (0..WORKERS).try_for_each(|_| start(listener.try_clone()?, accept_for_ever))
    }),
    #[cfg(unix)]
    ("pool-of-processes", processes::pool),
    ("non-blocking", never_wait),
];

fn main() -> io::Result<()> {
    let argument = std::env::args().nth(1).unwrap_or_default();
    #[cfg(unix)]
    if let Some(served) = processes::part(&argument) {
        return served;
    }
    let time = Duration::from_millis(if argument == "--short" { 150 } else { 1000 });
    println!("{WORKERS} clients that come and go, and then {WORKERS} that stay and are silent:");
    println!("  {:<18} {:>13} {:>13}   one more client", "", "connections/s", "answer, p50");
    let chosen = |name: &str| argument.is_empty() || argument == "--short" || argument == name;
    for (name, way) in WAYS.iter().filter(|(name, _)| chosen(name)) {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        start(listener, *way)?;
        let plan = Plan { time: Some(time), interval: Duration::ZERO, ..Plan::default() };
        let measured = concurrently(vec![(); WORKERS], |()| {
            connect("127.0.0.1", port, &Options::default(), &plan, &mut |_| {})
        });
        let total = Connect::total(&measured.into_iter().collect::<io::Result<Vec<_>>>()?);
        let rate = total.per_second().unwrap_or_default();
        let p50 = total.pings.rtt.summary().map_or("?".into(), |rtt| ms(rtt.p50));
        let silent = (0..WORKERS).map(|_| TcpStream::connect(("127.0.0.1", port)));
        let _silent = silent.collect::<io::Result<Vec<_>>>()?;
        let mut another = Client::connect("127.0.0.1", port, Duration::from_millis(500))?;
        let another = another.ping(None).map_or("waits", |()| "is served");
        println!("  {name:<18} {rate:>13.0} {p50:>10} ms   {another}");
    }
    println!("A pool begins sooner, and is full when all of its workers listen to somebody.");
    // The loop still runs, and nobody is connected to it.
    if chosen("non-blocking")
        && let Some(before) = processor_time()
    {
        let (start, mut used) = (Instant::now(), Duration::ZERO);
        while used < ENOUGH {
            thread::sleep(Duration::from_millis(10));
            used = processor_time().map_or(ENOUGH, |now| now.saturating_sub(before));
        }
        let used = used.div_duration_f64(start.elapsed());
        println!("The loop serves all, and never rests: {used:.2} processors while nobody asks.");
    }
    Ok(())
}

/// The processor time that is enough to tell: it is counted in hundredths of a second.
const ENOUGH: Duration = Duration::from_millis(300);

/// The processor time of this process: fields 14 and 15 of `/proc/self/stat`, in
/// hundredths of a second. `None` where there is no such file.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
    Some(Duration::from_millis(
        fields.map_while(|field| field.parse::<u64>().ok()).sum::<u64>() * 10,
    ))
}

/// Starts a thread for a connection or for a listener.
fn start<T: Send + 'static>(socket: T, work: fn(&T) -> io::Result<()>) -> io::Result<()> {
    thread::Builder::new().spawn(move || work(&socket)).map(drop)
}

/// A sequential server, and what each worker of a pool does.
fn accept_for_ever(listener: &TcpListener) -> io::Result<()> {
    loop {
        // A client that breaks its connection ends no worker.
        let _ = session(&listener.accept()?.0);
    }
}

fn session(mut stream: &TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    lines.try_for_each(|line| stream.write_all(answer(line?.as_bytes())))
}

fn answer(request: &[u8]) -> &'static [u8] {
    if request.starts_with(b"QUIT") { b"BYE\n" } else { b"PONG\n" }
}

/// Asks the listener and each connection in turn, and waits for none of them.
fn never_wait(listener: &TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut connections: Vec<TcpStream> = Vec::new();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true)?;
            connections.push(stream);
        }
        connections.retain_mut(|stream| {
            let mut request = [0; 16]; // Lesson 1: this takes a read for a message.
            match stream.read(&mut request) {
                Ok(0) => false,
                Ok(_) => stream.write_all(answer(&request)).is_ok(),
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            }
        });
    }
}

// Try:
// 1. Predict: which rows change with 5 workers in each pool? With 100?
// 2. Change: let `never_wait` sleep for a millisecond when nothing has come. What does
//    that do to the two columns, and what does `top` show before and after?
// 3. Write: a pool that grows when all of its workers are busy, and shrinks again. How do
//    you find out that they are?
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, chapter 30: sections 30.6 (preforked),
//   30.11 (prethreaded) and 16.2 (non-blocking reads).
// * Welsh, Culler and Brewer, "SEDA: An Architecture for Well-Conditioned, Scalable
//   Internet Services" (SOSP 2001).
