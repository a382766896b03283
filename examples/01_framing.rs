//! Lesson 1: a `read` does not return a message.
//!
//! Run it with `cargo run --example 01_framing`. Then read `src/wire/framing.rs`.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use roundtrip::wire::framing::Framing;

const MESSAGES: usize = 1000;

fn main() -> io::Result<()> {
    println!(
        "One side writes {MESSAGES} messages, PING 0 to PING {}, one call each.",
        MESSAGES - 1
    );

    // The naive reader takes whatever one `read` returns for a message.
    let mut stream = sender()?;
    let mut buffer = [0; 1024];
    let (mut reads, mut right) = (0, 0);
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        if buffer[..length].trim_ascii() == format!("PING {right}").as_bytes() {
            right += 1;
        }
        reads += 1;
    }
    println!(
        "naive:  {reads} reads; {right} of them returned the message that was due, alone and whole."
    );
    println!("        It can look fine as long as both sides take turns. Nothing guarantees it.");

    // The message ends where its newline is, however many reads that takes.
    let mut reader = BufReader::new(sender()?);
    let mut line = Vec::new();
    let mut right = 0;
    while let Some(message) = Framing::Line.receive(&mut reader, &mut line)? {
        if message == format!("PING {right}").as_bytes() {
            right += 1;
        }
    }
    println!("framed: {right} of {MESSAGES} messages, each alone and whole.");
    assert_eq!(right, MESSAGES);
    Ok(())
}

/// A connection whose other end writes all messages, each in a call of its own and as
/// fast as it can.
fn sender() -> io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    let (mut other_end, _) = listener.accept()?;
    other_end.set_nodelay(true)?;
    thread::spawn(move || {
        (0..MESSAGES)
            .try_for_each(|number| other_end.write_all(format!("PING {number}\n").as_bytes()))
    });
    Ok(stream)
}
