//! Lesson 1: one `read` does not return one message.
//!
//! You learn why a protocol has to mark where each message ends. A TCP connection
//! carries a stream of bytes in each direction. It keeps their order, and forgets where
//! one `write` ended and the next began.
//!
//! Run it with `cargo run --release --example 01_framing`. The library does it in
//! `src/wire/framing.rs`.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use roundtrip::wire::framing::Framing;

const MESSAGES: usize = 1000;

fn main() -> io::Result<()> {
    println!("{MESSAGES} messages, PING 0 to PING 999, with one `write` each.\n");
    println!("The naive reader takes each `read` for one message. It finds:");
    println!("  the sender      one whole  several  cut   such as");
    for (sender, burst) in [("waits after 1", 1), ("waits after 5", 5), ("never waits", 1000)] {
        let ([whole, several, cut], example) = naive(connect_to_sender(burst)?)?;
        println!("  {sender:<15} {whole:>9} {several:>8} {cut:>4}   {example:.36}");
    }

    println!("\nThe framed reader takes each line for one message. It finds:");
    let mut reader = BufReader::new(connect_to_sender(1000)?);
    let (mut line, mut right) = (Vec::new(), 0);
    while let Some(message) = Framing::Line.receive(&mut reader, &mut line)? {
        if message == format!("PING {right}").as_bytes() {
            right += 1;
        }
        Framing::Line.send(&mut line, reader.get_mut())?; // The echo.
    }
    println!("  never waits     {right:>9}");
    Ok(())
}

/// Echoes all that comes. Counts the reads that returned one whole message, several
/// whole messages, and a message that is cut. Returns the counts, and one example of
/// the worst kind.
fn naive(mut stream: TcpStream) -> io::Result<([usize; 3], String)> {
    let mut buffer = [0; 64]; // The longest message has 9 bytes.
    let (mut counts, mut worst) = ([0; 3], (0, String::new()));
    let mut begins_whole = true;
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok((counts, worst.1)); // The sender has closed the connection.
        }
        let bytes = &buffer[..length];
        let messages = bytes.split_inclusive(|&byte| byte == b'\n').count();
        let ends_whole = bytes.ends_with(b"\n");
        let kind = match (begins_whole && ends_whole, messages) {
            (true, 1) => 0,
            (true, _) => 1,
            (false, _) => 2,
        };
        counts[kind] += 1;
        worst = worst.max((kind, bytes.escape_ascii().to_string()));
        begins_whole = ends_whole;
        stream.write_all(bytes)?;
    }
}

/// Connects to a thread that sends all messages, `burst` of them at a time. After each
/// burst the thread waits until all of it has come back.
///
/// A listener waits for connections at an address. Here it is `127.0.0.1`, which is
/// this machine (loopback), and a port that the system chooses, because 0 is asked for.
/// `connect` opens a connection to it, and `accept` returns the other end.
fn connect_to_sender(burst: usize) -> io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    let (mut sender, _) = listener.accept()?;
    thread::spawn(move || -> io::Result<()> {
        for first in (0..MESSAGES).step_by(burst) {
            let mut echo = Vec::new();
            for number in first..first + burst {
                let message = format!("PING {number}\n");
                sender.write_all(message.as_bytes())?;
                // As long as what was sent; `read_exact` overwrites it.
                echo.extend(message.bytes());
            }
            sender.read_exact(&mut echo)?;
        }
        Ok(())
    });
    Ok(stream)
}

// The naive reader is right as long as one message at a time is on its way. This is
// luck: it depends on what the sender does, and on a network that cuts nothing.
//
// Try:
// 1. Predict: what changes in each row with a buffer of 9 bytes? Of 64 KiB?
// 2. Change: let each message have 60,000 bytes, and the buffer 64 KiB, with the first
//    sender alone. Is the naive reader right if the sender waits after each?
// 3. Write: a framing that sends the length of each message before it.
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, section 3.9 (readn, readline).
// * "Beej's Guide to Network Programming", section 7.6 (Son of Data Encapsulation).
