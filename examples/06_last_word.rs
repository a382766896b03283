//! Lesson 6: closing a socket can destroy what was sent last.
//!
//! You learn how to end a connection. A socket that is closed while its input has not
//! been read does not end the connection in order. It sends a reset (RFC 1122 section
//! 4.2.2.13): the message that ends a connection at once. The system then discards what
//! it has not sent yet.
//!
//! A connection has two halves, one for each direction, and each can be closed by
//! itself. An orderly end closes both, after all data has been read.
//!
//! Run it with `cargo run --release --example 06_last_word`. The library does it in
//! `Stream::close` (`src/net/socket.rs`).

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use roundtrip::net::Stream;
use roundtrip::units::size;

const ANSWER: usize = 1 << 20; // 1 MiB

/// How long the client is busy before it reads.
const BUSY: Duration = Duration::from_millis(20);

fn main() -> io::Result<()> {
    let rounds = if std::env::args().any(|flag| flag == "--short") { 5 } else { 50 };
    println!(
        "{rounds} servers send {} each and close. Each has one byte of input",
        size(ANSWER as u64)
    );
    println!("that it has not read, and a client that begins to read after {BUSY:?}.");
    for (how, close) in
        [("naive: drop(stream)", drop as fn(Stream)), ("Stream::close()", Stream::close)]
    {
        let arrived: Vec<_> = (0..rounds).map(|_| arrived(close)).collect::<io::Result<_>>()?;
        let whole = arrived.iter().filter(|&&bytes| bytes == ANSWER).count();
        let shortest = arrived.iter().min().map_or(0, |&bytes| bytes as u64);
        println!(
            "  {how:<20} {whole:>3} answers arrived whole; the shortest was {}",
            size(shortest)
        );
    }
    println!("Stream::close() closes the sending half first, and drops the socket when the");
    println!("client has closed the other half. Until then it reads what still comes in.");
    Ok(())
}

/// How many bytes of the answer a client can read when the server closes like this.
fn arrived(close: fn(Stream)) -> io::Result<usize> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(b"!")?;
    let (stream, peer) = listener.accept()?;
    let mut server = Stream::from_tcp(stream, peer, Duration::from_secs(10))?;
    thread::spawn(move || {
        let sent = server.write_all(&vec![b'x'; ANSWER]);
        close(server);
        sent
    });
    thread::sleep(BUSY);
    let mut answer = Vec::new();
    // A reset is an error here. `answer` keeps what arrived before.
    let _ = client.read_to_end(&mut answer);
    Ok(answer.len())
}

// Try:
// 1. Predict: what does the first row show if the client sends nothing? Remove its
//    `write_all` and see.
// 2. Change: let the client begin to read at once. How many answers are whole now?
// 3. Write: a client of `minimal_server` that asks for a download of 1,000,000 bytes,
//    sends `QUIT` and 20,000 bytes more at once, waits for a second, and reads. What
//    arrives?
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, sections 6.6 (shutdown) and 7.5
//   (SO_LINGER).
// * Bert Hubert, "The ultimate SO_LINGER page, or: why is my tcp not reliable" (2009).
