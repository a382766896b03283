//! A network with known figures, made of threads, between a client and a server.
//!
//! ```text
//!   read ─▶ compute when the chunk is due at the far end ─▶ queue ─▶ wait ─▶ write
//! ```
//!
//! The due time of a chunk depends on when it arrived and on the chunks before it,
//! never on how long a sleep took. So delays of the relay itself do not add up, and it
//! never delivers early.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a chunk: 1.3 ms at 100 Mbit/s.
const CHUNK: usize = 16 * 1024;

/// Bytes of the longest request or answer, and more.
const REQUEST: usize = 500;

/// One direction of the link. All connections share it.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// How long every byte travels.
    pub delay: Duration,
    /// The rate of the link.
    pub bits_per_second: u64,
    /// How long the queue in front of the link may become.
    pub queue: Duration,
    /// When the link stalls, counted from its first byte, and for how long.
    pub stall: Option<(Duration, Duration)>,
    /// The number of bytes after which a connection is closed.
    pub cut: u64,
}

/// A link without delay, rate limit or fault.
impl Default for Line {
    fn default() -> Self {
        let queue = Duration::from_millis(20);
        Line { delay: Duration::ZERO, bits_per_second: u64::MAX, queue, stall: None, cut: u64::MAX }
    }
}

/// A relay that runs until the test program ends.
pub struct Relay {
    pub port: u16,
    /// From the clients to the server.
    pub up: Arc<Shared>,
    pub down: Arc<Shared>,
}

/// Starts a relay to this port of this machine.
pub fn relay(server: u16, up: Line, down: Line) -> Relay {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let [up, down] = [up, down]
        .map(|line| Arc::new(Shared { line, state: Mutex::default(), carried: Mutex::default() }));
    let relay = Relay { port, up: Arc::clone(&up), down: Arc::clone(&down) };
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            for (line, from, to) in [(&up, &client, &server), (&down, &server, &client)] {
                carry(Arc::clone(line), from.try_clone().unwrap(), to.try_clone().unwrap());
            }
        }
    });
    relay
}

fn carry(line: Arc<Shared>, from: TcpStream, mut to: TcpStream) {
    to.set_nodelay(true).unwrap();
    let (queue, queued) = channel::<(Instant, Vec<u8>)>();
    let shared = Arc::clone(&line);
    thread::spawn(move || {
        let _ = queued.iter().try_for_each(|(due, chunk)| {
            sleep_until(due);
            let written = to.write_all(&chunk);
            if chunk.len() > REQUEST {
                let mut carried = shared.carried.lock().unwrap();
                carried.bytes += u32::try_from(chunk.len()).unwrap();
                carried.last = Some(Instant::now());
            }
            written
        });
        let _ = to.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let (mut from, mut chunk) = (from.take(line.line.cut), vec![0; CHUNK]);
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            let (due, room) = line.enter(length);
            if queue.send((due, chunk[..length].to_vec())).is_err() {
                break;
            }
            sleep_until(room);
        }
    });
}

/// One direction, at work.
pub struct Shared {
    line: Line,
    /// When the first byte arrived, and when the last byte will have left the queue.
    state: Mutex<Option<(Instant, Instant)>>,
    carried: Mutex<Carried>,
}

/// The data that was carried: chunks that are too long for a request or an answer.
#[derive(Default)]
struct Carried {
    bytes: u32,
    /// When the first one came.
    first: Option<Instant>,
    /// When the last one was delivered.
    last: Option<Instant>,
}

impl Shared {
    /// The rate at which data was carried, in bits per second. It is what the line
    /// promises, or less: a busy machine delivers late.
    pub fn rate(&self) -> f64 {
        let carried = self.carried.lock().unwrap();
        let time = carried.last.zip(carried.first).map(|(last, first)| last - first);
        f64::from(carried.bytes) * 8.0 / time.expect("data was carried").as_secs_f64()
    }

    /// Adds a chunk that arrives now. Returns when its last bit is due at the far end,
    /// and when the queue has room again.
    fn enter(&self, bytes: usize) -> (Instant, Instant) {
        let Line { delay, bits_per_second, queue, stall, .. } = self.line;
        let mut state = self.state.lock().unwrap();
        let now = Instant::now();
        if bytes > REQUEST {
            self.carried.lock().unwrap().first.get_or_insert(now);
        }
        let (first, busy_until) = state.unwrap_or((now, now));
        let bits = bytes as u64 * 8;
        let left =
            busy_until.max(now) + Duration::from_nanos(bits * 1_000_000_000 / bits_per_second);
        *state = Some((first, left));
        let mut due = left + delay;
        if let Some((after, length)) = stall
            && (first + after..first + after + length).contains(&due)
        {
            due = first + after + length;
        }
        (due, left.checked_sub(queue).unwrap_or(now))
    }
}

fn sleep_until(due: Instant) {
    thread::sleep(due.saturating_duration_since(Instant::now()));
}
