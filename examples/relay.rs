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
//! cargo run --release --example relay -- --delay 20ms --rate 10Mbit
//! cargo run --release --bin client -- --port 5002 --test loaded
//! ```
//!
//! | flag | meaning |
//! | --- | --- |
//! | `--to HOST:PORT` | the server (default 127.0.0.1:5001) |
//! | `--port PORT` | where clients connect (default 5002; 0 lets the system choose) |
//! | `--delay DUR` | how long each byte travels, in each direction (default 0ms) |
//! | `--rate N` | the rate of each direction, such as `10Mbit` or `500kbit` (default: no limit) |
//! | `--queue DUR` | how long the queue before the link may become (default 100ms) |
//!
//! Without a flag it shows itself: a server, two relays, and what a client measures
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
use roundtrip::units::{UnitError, ms, parse_duration, parse_rate, rate};
use roundtrip::wire::command::Amount;

/// One direction of the link, shared by all connections.
#[derive(Clone, Copy, Debug)]
struct Link {
    delay: Duration,
    bits_per_second: u64,
    queue: Duration,
}

const BEST: Link =
    Link { delay: Duration::ZERO, bits_per_second: u64::MAX, queue: Duration::from_millis(100) };

fn main() -> io::Result<()> {
    let (mut link, mut to, mut port) = (BEST, "127.0.0.1:5001".to_string(), 5002);
    let mut arguments = std::env::args().skip(1).filter(|flag| flag != "--short").peekable();
    if arguments.peek().is_none() {
        return show();
    }
    while let Some(flag) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let wrong = |why: UnitError| io::Error::other(format!("{flag} {value}: {why}"));
        let duration = || parse_duration(&value).map_err(wrong);
        match flag.as_str() {
            "--to" => to = value,
            "--port" => port = value.parse::<u16>().map_err(io::Error::other)?,
            "--delay" => link.delay = duration()?,
            "--queue" => link.queue = duration()?,
            "--rate" => link.bits_per_second = parse_rate(&value).map_err(wrong)?,
            _ => return Err(io::Error::other(format!("there is no flag {flag}"))),
        }
    }
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("listening on {}, passing on to {to}", listener.local_addr()?);
    relay(&listener, &to, link);
    Ok(())
}

/// Passes connections on, for ever. One that fails ends no other.
fn relay(listener: &TcpListener, to: &str, link: Link) {
    let links: [Free; 2] = [(); 2].map(|()| Arc::new(Mutex::new(Instant::now())));
    for client in listener.incoming() {
        let ends = client.and_then(|client| Ok((client, TcpStream::connect(to)?)));
        let carried = ends.and_then(|(client, server)| {
            carry(&client, &server, link, &links[0])?;
            carry(&server, &client, link, &links[1])
        });
        let _ = carried.inspect_err(|error| eprintln!("a connection failed: {error}"));
    }
}

/// When one direction of the link will have sent all that is in its queue.
type Free = Arc<Mutex<Instant>>;

/// Starts one direction of a connection.
fn carry(from: &TcpStream, to: &TcpStream, link: Link, free: &Free) -> io::Result<()> {
    let (mut from, mut to, free) = (from.try_clone()?, to.try_clone()?, Arc::clone(free));
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
            let takes = length as u64 * 8_000_000_000 / link.bits_per_second.max(1);
            let Ok(mut free) = free.lock() else { return };
            let sent = (*free).max(Instant::now()) + Duration::from_nanos(takes);
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
    for (name, link) in [
        ("no limits", BEST),
        ("10ms each way", Link { delay: Duration::from_millis(10), ..BEST }),
        ("50 Mbit/s", Link { bits_per_second: 50_000_000, ..BEST }),
    ] {
        let (listener, to) = (TcpListener::bind("127.0.0.1:0")?, server.address().to_string());
        let port = listener.local_addr()?.port();
        thread::spawn(move || relay(&listener, &to, link));
        let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
        let plan = Plan { interval: Duration::ZERO, ..Plan::default() };
        let pings = latency(&mut client, &plan, &mut |_| {});
        let load = bandwidth(&mut client, Direction::Download, Amount::Bytes(4 << 20), &mut |_| {});
        let p50 = pings.rtt.summary().map_or("?".into(), |rtt| ms(rtt.p50));
        let rate = load.bits_per_second().map_or("?".into(), rate);
        println!("relay, {name:<14} p50 of a ping {p50:>8} ms, download {rate}");
        client.quit()?;
    }
    println!("The delay makes each ping 20 ms longer, and the rate limits the download.");
    Ok(())
}
