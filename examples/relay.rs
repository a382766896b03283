//! A distant or narrow link, made of threads: a program for the labs.
//!
//! It stands between a client and a server, and passes on what they send, later and no
//! faster than the link allows:
//!
//! ```text
//!   client ──▶ relay :5002 ── queue ──▶ rate ──▶ delay ──▶ server :5001
//! ```
//!
//! ```sh
//! cargo run --release --bin server
//! cargo run --release --example relay -- --to 127.0.0.1:5001 --delay 20ms --rate 10Mbit
//! cargo run --release --bin client -- --port 5002 --test loaded
//! ```
//!
//! | flag | meaning |
//! | --- | --- |
//! | `--to HOST:PORT` | the server |
//! | `--port PORT` | where clients connect (default 5002; 0 lets the system choose) |
//! | `--delay DUR` | how long each byte travels, in each direction (default 0ms) |
//! | `--rate N` | the rate of each direction, such as `10Mbit` or `500kbit` (default: no limit) |
//! | `--queue DUR` | how long the queue before the link may become (default 100ms) |
//!
//! Without `--to` it shows itself: a server, two relays, and what a client measures
//! through them. It carries TCP, and so it loses nothing: TCP has to believe that its
//! segments arrive once the relay has taken them. Loss is for the `server`'s `--loss`
//! (UDP), or for `tc` ([the labs](../roundtrip/labs/index.html) show how).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Direction, Plan, bandwidth, latency};
use roundtrip::server::{Config, Server};
use roundtrip::units::{ms, parse_duration, rate};
use roundtrip::wire::command::Amount;

/// One direction of the link, shared by all connections.
#[derive(Clone, Copy, Debug)]
struct Link {
    delay: Duration,
    /// How long one byte occupies the link.
    per_byte: Duration,
    queue: Duration,
}

fn main() -> io::Result<()> {
    let mut link = Link { delay: Duration::ZERO, per_byte: Duration::ZERO, queue: ms_of(100) };
    let (mut to, mut port) = (None, 5002);
    let mut arguments = std::env::args().skip(1).filter(|flag| flag != "--short");
    while let Some(flag) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let wrong = |why: &str| io::Error::other(format!("{flag} {value}: {why}"));
        let duration = || parse_duration(&value).map_err(|error| wrong(&error.to_string()));
        match flag.as_str() {
            "--to" => to = Some(value),
            "--port" => port = value.parse::<u16>().map_err(|_| wrong("no port"))?,
            "--delay" => link.delay = duration()?,
            "--queue" => link.queue = duration()?,
            "--rate" => link.per_byte = per_byte(&value).ok_or_else(|| wrong("no rate"))?,
            _ => return Err(wrong("no such flag")),
        }
    }
    let Some(to) = to else { return show() };
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("listening on {}, passing on to {to}", listener.local_addr()?);
    relay(&listener, &to, link);
    Ok(())
}

/// Reads `10Mbit` as the time of a byte.
fn per_byte(rate: &str) -> Option<Duration> {
    let units = [("kbit", 1e3), ("Mbit", 1e6), ("Gbit", 1e9)];
    let (number, unit) =
        units.iter().find_map(|(name, unit)| Some((rate.strip_suffix(name)?, unit)))?;
    let bits = number.parse::<f64>().ok()? * unit;
    Duration::try_from_secs_f64(8.0 / bits).ok().filter(|_| bits > 0.0)
}

fn ms_of(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Passes connections on, for ever. One that fails ends no other.
fn relay(listener: &TcpListener, to: &str, link: Link) {
    let links = [(); 2].map(|()| Arc::new(Mutex::new(Instant::now())));
    for client in listener.incoming() {
        let ends = client.and_then(|client| Ok((client, TcpStream::connect(to)?)));
        let carried = ends.and_then(|(client, server)| {
            carry(client.try_clone()?, server.try_clone()?, link, Arc::clone(&links[0]))?;
            carry(server, client, link, Arc::clone(&links[1]))
        });
        if let Err(error) = carried {
            eprintln!("a connection failed: {error}");
        }
    }
}

/// Starts one direction of a connection. `free` is when the link will have sent all that
/// is in its queue.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    link: Link,
    free: Arc<Mutex<Instant>>,
) -> io::Result<()> {
    to.set_nodelay(true)?;
    let (queue, queued) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        // When this fails, the other end has left.
        let _ = queued.iter().try_for_each(|(due, piece)| {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            to.write_all(&piece)
        });
        let _ = to.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        // A piece is small, so that others can pass between two of them.
        let mut piece = [0; 8 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            let Ok(mut free) = free.lock() else { return };
            let sent = (*free).max(Instant::now()) + link.per_byte * length.try_into().unwrap_or(0);
            *free = sent;
            drop(free);
            if queue.send((sent + link.delay, piece[..length].to_vec())).is_err() {
                return;
            }
            // The sender waits while the queue is full.
            let ahead = sent.saturating_duration_since(Instant::now());
            thread::sleep(ahead.saturating_sub(link.queue));
        }
    });
    Ok(())
}

/// Shows what a client measures through a distant link, and through a narrow one.
fn show() -> io::Result<()> {
    let server = Server::bind(Config::default())?.start()?;
    let near = Link { delay: Duration::ZERO, per_byte: Duration::ZERO, queue: ms_of(100) };
    let per_byte = per_byte("50Mbit").unwrap_or_default();
    for (name, link) in [
        ("no limits", near),
        ("10ms each way", Link { delay: ms_of(10), ..near }),
        ("50 Mbit/s", Link { per_byte, ..near }),
    ] {
        let (listener, to) = (TcpListener::bind("127.0.0.1:0")?, server.address().to_string());
        let port = listener.local_addr()?.port();
        thread::spawn(move || relay(&listener, &to, link));
        let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
        let plan = Plan { interval: Duration::ZERO, ..Plan::default() };
        let pings = latency(&mut client, &plan, &mut |_| {});
        let load = bandwidth(&mut client, Direction::Download, Amount::Bytes(1 << 20), &mut |_| {});
        let p50 = pings.rtt.summary().map_or("?".into(), |rtt| ms(rtt.p50));
        let rate = load.bits_per_second().map_or("?".into(), rate);
        println!("relay, {name:<14} p50 of a ping {p50:>8} ms, download {rate}");
        client.quit()?;
    }
    println!("A delay alone costs a ping twice its length. A rate alone costs the bytes.");
    Ok(())
}
