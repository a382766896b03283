//! Lesson 10: a link that answers fast when idle can be slow when full.
//!
//! You learn why a latency test and a bandwidth test, one after the other, miss the
//! delay that users feel. A full link has a queue in front of it, and a ping waits in
//! the queue behind the data ("bufferbloat").
//!
//! Run it with `cargo run --release --example 10_loaded`. A relay plays the link: 400
//! Mbit/s in each direction, with a queue of 100 ms for downloads and of 2 ms for
//! uploads. The table has a column RPM, round trips per minute: how many round trips
//! fit into a minute, one after the other, if each takes the median.
//!
//! The library does it in `src/measure/loaded.rs`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{
    Bandwidth, Direction, Latency, Load, Loaded, Plan, bandwidth, latency, loaded,
};
use roundtrip::server::{Config, Server};
use roundtrip::units::ms;
use roundtrip::wire::command::Amount;

/// 400 Mbit/s are 50 million bytes a second. A full piece takes 0.33 ms.
const NANOSECONDS_PER_BYTE: u64 = 20;
const PIECE: usize = 16 * 1024;

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let [phase, interval] = if short { [60, 2] } else { [1000, 5] }.map(Duration::from_millis);
    let server = Server::bind(Config::default())?.start()?;
    let port = relay(server.address())?;
    let connect = || Client::connect("127.0.0.1", port, Duration::from_secs(10));
    let (mut pinging, mut loading) = (connect()?, connect()?);
    println!("{:<24} {:>8} {:>8} ms {:>9} {:>8}", "", "p50", "max", "RPM", "Mbit/s");

    let plan = Plan { time: Some(phase), interval, ..Plan::default() };
    let alone = latency(&mut pinging, &plan, &mut |_| {});
    let load = bandwidth(&mut loading, Direction::Download, Amount::Time(phase), &mut |_| {});
    loading.quit()?;
    show("naive: one, then other", &alone, Some(&load));

    let three = Load { time: phase * 3, ..Load::default() };
    let Loaded { idle, download, upload } =
        loaded(&mut pinging, &connect, &plan, &three, &|_, _| {});
    show("loaded: idle", &idle, None);
    let full = show("        during download", &download.0, Some(&download.1));
    show("        during upload", &upload.0, Some(&upload.1));
    println!("The naive figures look perfect. During a download an answer takes {full} ms:");
    println!("that is the queue. The shorter queue of the uploads carries as much data.");
    pinging.quit()
}

/// Prints a row, and returns the median in ms.
fn show(what: &str, pings: &Latency, load: Option<&Bandwidth>) -> String {
    let Some(rtt) = pings.rtt.summary() else { return "?".into() };
    let rpm = 60.0 / rtt.p50.as_secs_f64();
    let rate = load.and_then(Bandwidth::bits_per_second);
    let rate = rate.map_or(String::new(), |rate| format!("{:.1}", rate / 1e6));
    println!("{what:<24} {:>8} {:>8}    {rpm:>9.0} {rate:>8}", ms(rtt.p50), ms(rtt.max));
    ms(rtt.p50)
}

/// A piece of data, where it goes, and when it has passed the link.
type Piece = (Instant, Arc<TcpStream>, Vec<u8>);

/// One direction of the link.
struct Link {
    /// When everything in the queue will have passed.
    free: Mutex<Instant>,
    queue: mpsc::Sender<Piece>,
    longest_queue: Duration,
}

impl Link {
    fn new(longest_queue: Duration) -> Arc<Self> {
        let (queue, queued) = mpsc::channel::<Piece>();
        thread::spawn(move || {
            for (leaves, to, bytes) in queued {
                thread::sleep(leaves.saturating_duration_since(Instant::now()));
                // If this fails, the connection is gone.
                let _ = (&*to).write_all(&bytes);
            }
        });
        Arc::new(Link { free: Mutex::new(Instant::now()), queue, longest_queue })
    }

    /// Puts a piece into the queue, and waits while the queue is too long.
    fn put(&self, to: &Arc<TcpStream>, bytes: &[u8]) {
        let Ok(mut free) = self.free.lock() else { return };
        let takes = Duration::from_nanos(bytes.len() as u64 * NANOSECONDS_PER_BYTE);
        *free = (*free).max(Instant::now()) + takes;
        let leaves = *free;
        let _ = self.queue.send((leaves, Arc::clone(to), bytes.to_vec()));
        drop(free);
        let queue = leaves.saturating_duration_since(Instant::now());
        thread::sleep(queue.saturating_sub(self.longest_queue));
    }
}

/// Starts a relay to the server. All connections share the link's two directions.
fn relay(server: SocketAddr) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let [down, up] = [100, 2].map(|longest| Link::new(Duration::from_millis(longest)));
    thread::spawn(move || -> io::Result<()> {
        for client in listener.incoming() {
            let (client, server) = (Arc::new(client?), Arc::new(TcpStream::connect(server)?));
            for (from, to, link) in [(&client, &server, &up), (&server, &client, &down)] {
                to.set_nodelay(true)?;
                let (from, to, link) = (Arc::clone(from), Arc::clone(to), Arc::clone(link));
                thread::spawn(move || {
                    let mut buffer = vec![0; PIECE];
                    while let Ok(length @ 1..) = (&*from).read(&mut buffer) {
                        link.put(&to, &buffer[..length]);
                    }
                });
            }
        }
        Ok(())
    });
    Ok(port)
}

// Try:
// 1. Predict: p50 during the download, if the link has half the rate and its queue
//    still holds 5 MB. Then change `NANOSECONDS_PER_BYTE` and the queue's 100 ms, and
//    run.
// 2. Change: give each connection a queue of its own in front of the one link, which
//    takes a piece from each in turn. What happens to the pings? (Routers with fair
//    queueing do this.)
// 3. Write: a relay for UDP that drops what does not fit into its queue. Why does TCP
//    need that signal, and why can this relay not give it?
//
// Read:
// * Gettys and Nichols, "Bufferbloat: Dark Buffers in the Internet" (ACM Queue 9,
//   2011).
// * RFC 8290, "The Flow Queue CoDel Packet Scheduler"; for RPM, the IETF draft
//   "Responsiveness under Working Conditions" (draft-ietf-ippm-responsiveness).
