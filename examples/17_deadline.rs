//! Lesson 17: a timeout for each read limits nothing.
//!
//! You learn the difference between a timeout and a deadline. A read timeout is the
//! longest time without a byte, and each byte starts it anew. A server that sends one
//! byte now and then keeps its client for as long as it likes, and the timeout never
//! passes. (Clients do the same to servers; that attack is called Slowloris.) A deadline
//! is a moment. It is fixed before the first read, and each read may take what is left.
//!
//! Run it with `cargo run --release --example 17_deadline`. The library does it in
//! `src/net/deadline.rs`, and `src/net/receive.rs` sets a deadline for each message.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::net::{Deadline, Stream};
use roundtrip::units::ms;

/// How long an answer may take, by the client's will.
const LIMIT: Duration = Duration::from_millis(100);
/// The answer of the server, one byte after each pause.
const ANSWER: &[u8] = b"PONG, but one byte at a time, very slow\n";

fn main() -> io::Result<()> {
    let short = std::env::args().any(|flag| flag == "--short");
    let pause = Duration::from_millis(if short { 10 } else { 50 });
    let address = slow_server(pause)?;
    println!("A server sends {} bytes, one every {pause:?}.", ANSWER.len());
    println!("A client wants the answer within {LIMIT:?}, and stops after that:");

    let naive = TcpStream::connect(address)?;
    naive.set_read_timeout(Some(LIMIT))?;
    show("naive: a timeout for each read", naive);

    let mut stream = Stream::dial(address, LIMIT)?;
    stream.set_deadline(Some(Deadline::running("no whole answer within", LIMIT)));
    show("net::Deadline: for all reads", stream);

    // By hand: before each read, what is left becomes its timeout.
    let right = ByHand { stream: TcpStream::connect(address)?, end: Instant::now() + LIMIT };
    show("the same by hand", right);
    println!("Each byte starts a timeout anew. A deadline is fixed before the first one.");
    Ok(())
}

fn show(how: &str, stream: impl io::Read) {
    let (start, mut answer) = (Instant::now(), Vec::new());
    let result = BufReader::with_capacity(1, stream).read_until(b'\n', &mut answer);
    let (took, bytes) = (ms(start.elapsed()), answer.len());
    let end = result.map_or_else(|error| error.kind().to_string(), |_| "the whole answer".into());
    println!("  {how:<30} {took:>8} ms, {bytes:>2} bytes: {end}");
}

struct ByHand {
    stream: TcpStream,
    end: Instant,
}

impl io::Read for ByHand {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into()); // A timeout of zero is an error.
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

/// Starts a server that answers each connection a byte at a time.
fn slow_server(pause: Duration) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                // If this fails, the client has left.
                let _ = ANSWER.iter().try_for_each(|byte| {
                    thread::sleep(pause);
                    stream.write_all(&[*byte])
                });
            });
        }
    });
    Ok(address)
}

// Try:
// 1. Predict: how long can a server keep the naive client with an answer of 65,541 bytes
//    and a timeout of 10 s? That is the longest line that `src/wire/framing.rs` accepts.
// 2. Change: let the server send the first byte after 200 ms, and then everything. Which
//    rows change?
// 3. Write: a client that reads until it is told to stop by another thread. Which call
//    ends a `read` from outside? (`src/net/socket.rs` has it.)
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, section 14.2 (Socket Timeouts).
// * Nathaniel J. Smith, "Timeouts and cancellation for humans" (2018).
