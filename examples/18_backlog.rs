//! Lesson 18: between a client and `accept` there is a queue that no program sees.
//!
//! You learn who waits when a server accepts slowly. The system completes connections by
//! itself and queues them until the program calls `accept`. The length of the queue is
//! the **backlog**; `std` asks for 128. A client in the queue is connected, and waits for
//! its answer. A client that finds the queue full is not even connected: the system drops
//! its request without a word, and the client's system repeats it after a second (RFC
//! 6298 section 2: the first retransmission timeout).
//!
//! Run it with `cargo run --release --example 18_backlog`. The library does it in
//! `src/serve/drain.rs`: it accepts all who wait before it serves the next one.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::measure::concurrently;
use roundtrip::units::ms;

/// Clients that come one after the other, a new one after each pause.
const CLIENTS: u32 = 250;
const PAUSE: Duration = Duration::from_micros(400);
/// What the slow server does for each connection, such as starting a process.
const WORK: Duration = Duration::from_millis(3);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queue.push(stream);
        if queue.len() == 10_000 {
            break;
        }
    }
    println!("A server that never calls `accept`: {} clients are connected,", queue.len());
    println!("and the next one had no answer to its request within 100 ms.");

    println!("{CLIENTS} clients come, one every {PAUSE:?}. The server works {WORK:?} for each:");
    println!("  {:<34} {:>9} {:>9} ms   over half a second", "time to connect", "p50", "max");
    show("naive: accept, work, accept, …", naive)?;
    show("accept at once, work elsewhere", drained)?;
    println!("No client has done anything wrong, and no counter of the server shows the second");
    println!("that some of them waited: it was spent before the server knew of them. Only the");
    println!("system knows. On Linux, `ss -ltn` shows the queue (Recv-Q) and its limit");
    println!("(Send-Q), and `nstat -az TcpExtListenOverflows` counts those who found it full.");
    Ok(())
}

/// Measures how long it takes to connect to a server.
fn show(how: &str, serve: fn(&TcpListener)) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || serve(&listener));
    let start = Instant::now();
    let connected = concurrently((1..=CLIENTS).collect(), |number| {
        thread::sleep((PAUSE * number).saturating_sub(start.elapsed()));
        connect(address)
    });
    let mut sorted = connected.into_iter().map(|time| time?).collect::<io::Result<Vec<_>>>()?;
    sorted.sort();
    let slow = sorted.iter().filter(|time| time.as_millis() >= 500).count();
    let (p50, max) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
    println!("  {how:<34} {:>9} {:>9}      {slow:>4} of {CLIENTS}", ms(p50), ms(max));
    Ok(())
}

fn connect(address: SocketAddr) -> io::Result<Duration> {
    let start = Instant::now();
    TcpStream::connect(address).map(|_| start.elapsed())
}

/// Works for each connection before it accepts the next one.
fn naive(listener: &TcpListener) {
    for stream in listener.incoming() {
        thread::sleep(WORK);
        drop(stream);
    }
}

/// Empties the queue of the system at once. The connections wait in this process instead.
fn drained(listener: &TcpListener) {
    let (queue, queued) = channel();
    thread::spawn(move || {
        for stream in queued {
            thread::sleep(WORK);
            drop(stream);
        }
    });
    // The other thread ends when this one does.
    let _ = listener.incoming().try_for_each(|stream| queue.send(stream));
}

// Try:
// 1. Predict: how long does the last of 400 clients take to connect to the naive server?
//    Each further repetition comes after twice the time (1 s, 2 s, 4 s); Linux since 6.5
//    waits for one second four times first (`tcp_syn_linear_timeouts`).
// 2. Change: let `naive` work for 0.1 ms. How many clients wait for a second now?
// 3. Write: a limit for the queue of `drained`. What should happen to a client that finds
//    it full? (`src/serve/refuse.rs` has one answer.)
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, section 4.5 (listen).
// * The manual page listen(2), and in tcp(7) `tcp_abort_on_overflow` and `somaxconn`.
