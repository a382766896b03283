//! Lesson 10: a line that is fast when idle can be slow when full.
//!
//! A relay here is the line: 400 Mbit/s each way, with room for 100 ms of data in the
//! queue down, and for 2 ms in the one up. Run it with `cargo run --release --example
//! 10_loaded`. Then read `src/measure/loaded.rs`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Direction, Plan, bandwidth, latency, loaded};
use roundtrip::report::text::Lines;
use roundtrip::server::{Config, Server};
use roundtrip::stats::Summary;
use roundtrip::units::ms;
use roundtrip::wire::command::Amount;

/// 50 million bytes in a second. A full piece takes 0.33 ms.
const NANOSECONDS_PER_BYTE: u64 = 20;
const PIECE: usize = 16 * 1024;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let [phase, interval] = if short { [60, 2] } else { [1000, 5] }.map(Duration::from_millis);
    let server = Server::bind(Config::default())?.start()?;
    let port = relay(server.address())?;
    let connect = || Client::connect("127.0.0.1", port, Duration::from_secs(10));
    let (mut pinging, mut loading) = (connect()?, connect()?);

    // Naive: first the one test, then the other.
    let plan = Plan { time: Some(phase), interval, ..Plan::default() };
    if let Some(Summary { p50, max, .. }) = latency(&mut pinging, &plan, &mut |_| {}).rtt.summary()
    {
        println!("naive: latency alone:  p50 {} ms, max {} ms", ms(p50), ms(max));
    }
    let alone = bandwidth(&mut loading, Direction::Download, Amount::Time(phase), &mut |_| {});
    println!("       download alone: {}", alone.lines().concat());

    println!("measure::loaded:");
    for line in loaded(&mut pinging, &mut loading, &plan, phase * 3, &|_, _| {}).lines() {
        println!("  {line}");
    }
    pinging.quit()?;
    loading.quit()
}

/// One direction: when it has taken all that is queued, the queue, and how long that
/// may become.
struct Line {
    free: Mutex<Instant>,
    queue: mpsc::Sender<(Instant, Arc<TcpStream>, Vec<u8>)>,
    room: Duration,
}

impl Line {
    fn new(room: Duration) -> Arc<Self> {
        let (queue, queued) = mpsc::channel::<(Instant, Arc<TcpStream>, Vec<u8>)>();
        thread::spawn(move || {
            for (leaves, to, bytes) in queued {
                thread::sleep(leaves.saturating_duration_since(Instant::now()));
                // If it cannot be delivered, its connection is gone.
                let _ = (&*to).write_all(&bytes);
            }
        });
        Arc::new(Line { free: Mutex::new(Instant::now()), queue, room })
    }

    /// Puts a piece in the queue, and waits until that is no longer than it may be.
    fn put(&self, to: &Arc<TcpStream>, bytes: &[u8]) {
        let Ok(mut free) = self.free.lock() else { return };
        let leaves = (*free).max(Instant::now())
            + Duration::from_nanos(bytes.len() as u64 * NANOSECONDS_PER_BYTE);
        *free = leaves;
        let _ = self.queue.send((leaves, Arc::clone(to), bytes.to_vec()));
        drop(free);
        thread::sleep(leaves.saturating_duration_since(Instant::now()).saturating_sub(self.room));
    }
}

/// All connections share the two lines.
fn relay(server: SocketAddr) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let [down, up] = [100, 2].map(|room| Line::new(Duration::from_millis(room)));
    thread::spawn(move || -> io::Result<()> {
        for client in listener.incoming() {
            let (client, server) = (Arc::new(client?), Arc::new(TcpStream::connect(server)?));
            for (from, to, line) in [(&client, &server, &up), (&server, &client, &down)] {
                to.set_nodelay(true)?;
                let (from, to, line) = (Arc::clone(from), Arc::clone(to), Arc::clone(line));
                thread::spawn(move || {
                    let mut buffer = vec![0; PIECE];
                    while let Ok(length @ 1..) = (&*from).read(&mut buffer) {
                        line.put(&to, &buffer[..length]);
                    }
                });
            }
        }
        Ok(())
    });
    Ok(port)
}
