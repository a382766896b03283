//! Lesson 16: two programs that write before they read can wait for each other for ever.
//!
//! You learn what flow control does to a conversation. TCP never drops what the reader
//! has not read yet. It stops the writer instead: first the buffers of both systems fill
//! up, and then `write` waits until the other end reads. If the other end does not read
//! because it is waiting in `write`, too, neither of them ever goes on: a deadlock.
//!
//! As long as a message fits in the buffers, the program works, which is why such a
//! mistake lives until the first large message.
//!
//! Run it with `cargo run --release --example 16_deadlock`. Nothing in it waits for ever:
//! a write that makes no progress for 200 ms gives up. The library sends and receives at
//! the same time in `src/measure/bidirectional.rs`, with a thread for each direction.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use roundtrip::client::Client;
use roundtrip::measure::bidirectional;
use roundtrip::server::{Config, Server};
use roundtrip::units::size;
use roundtrip::wire::command::Amount;

const LARGE: usize = 16 << 20; // 16 MiB
const SMALL: usize = 16 << 10; // 16 KiB
const PATIENCE: Duration = Duration::from_millis(200);

/// What one end does. Returns how many bytes it has written, and how many it has read.
type End = fn(TcpStream, usize) -> io::Result<(usize, usize)>;

fn main() -> io::Result<()> {
    println!("Two ends of a connection send each other the same number of bytes.");
    println!("  {:<32} {:>10}  {:>10} {:>10}", "", "each sends", "written", "read");
    show("naive: write all, then read all", SMALL, write_then_read)?;
    show("naive: write all, then read all", LARGE, write_then_read)?;
    show("right: read while writing", LARGE, read_while_writing)?;

    let server = Server::bind(Config::default())?.start()?;
    let port = server.address().port();
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let both = bidirectional(&mut client, Amount::Bytes(LARGE as u64), &|_| {});
    let [written, read] = [both.upload.bytes, both.download.bytes].map(Option::unwrap_or_default);
    row("measure::bidirectional", LARGE, written, read);
    println!("What was written and never read lies in the buffers of the system. Both ends");
    println!("wait for room there, and only a reader makes room.");
    client.quit()
}

/// Lets both ends of a connection do the same, and prints what one of them did.
fn show(how: &str, bytes: usize, end: End) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let one = TcpStream::connect(listener.local_addr()?)?;
    let (other, _) = listener.accept()?;
    for stream in [&one, &other] {
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE * 5))?;
    }
    let other = thread::spawn(move || end(other, bytes));
    let (written, read) = end(one, bytes)?;
    other.join().map_err(|_| io::Error::other("the other end panicked"))??;
    row(how, bytes, written as u64, read as u64);
    Ok(())
}

fn row(how: &str, bytes: usize, written: u64, read: u64) {
    let gave_up = if written < bytes as u64 { "   deadlock" } else { "" };
    let [bytes, written, read] = [bytes as u64, written, read].map(size);
    println!("  {how:<32} {bytes:>10}  {written:>10} {read:>10}{gave_up}");
}

fn write_then_read(mut stream: TcpStream, bytes: usize) -> io::Result<(usize, usize)> {
    let written = write(&mut stream, bytes);
    if written < bytes {
        return Ok((written, 0)); // It would wait for ever.
    }
    Ok((written, read(&mut stream, bytes)?))
}

fn read_while_writing(mut stream: TcpStream, bytes: usize) -> io::Result<(usize, usize)> {
    let mut reader = stream.try_clone()?;
    let reading = thread::spawn(move || read(&mut reader, bytes));
    let written = write(&mut stream, bytes);
    let read = reading.join().map_err(|_| io::Error::other("the reader panicked"))??;
    Ok((written, read))
}

/// Writes until everything is written, or nothing more is taken.
fn write(stream: &mut TcpStream, bytes: usize) -> usize {
    let (piece, mut written) = (vec![b'x'; 64 << 10], 0);
    while written < bytes {
        match stream.write(&piece[..piece.len().min(bytes - written)]) {
            Ok(more) => written += more,
            Err(_) => break,
        }
    }
    written
}

fn read(stream: &mut TcpStream, bytes: usize) -> io::Result<usize> {
    stream.read_exact(&mut vec![0; bytes]).map(|()| bytes)
}

// Try:
// 1. Predict: what is the largest number of bytes for which the naive way works? Search
//    for it by halving. Is it the same each time?
// 2. Change: let one end alone read while it writes. Is that enough?
// 3. Write: a client of `minimal_server` that sends 100,000 times `PING` with a payload
//    of 1,000 bytes before it reads the first answer. What happens, and at which end?
//
// Read:
// * RFC 9293, "Transmission Control Protocol", section 3.8.6 (Managing the Window).
// * Stevens, "UNIX Network Programming", volume 1, section 16.2, which meets the problem
//   in a client that copies in both directions.
