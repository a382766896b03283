//! Lesson 0: what a socket is, for someone who has never opened one.
//!
//! You learn the five calls of every TCP program (bind, connect, accept, write, read),
//! and two answers that most people expect to be different:
//!
//! * `connect` succeeds although the server has not accepted yet. The system does that
//!   by itself, and keeps the connection for the server.
//! * `read` returns 0 when the other end has closed. That is not "nothing yet": `read`
//!   waits for the first byte, however long that takes.
//!
//! A program calls the system for all of this. A **socket** is the program's end of a
//! connection, or its place to listen. An **address** names a machine, and a **port** is
//! a number that tells the programs of one machine apart. `127.0.0.1` is this machine
//! itself, so the lesson needs no network.
//!
//! Run it with `cargo run --example 00_socket`. The library does it in
//! `src/net/listener.rs` and `src/net/socket.rs`.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

fn main() -> io::Result<()> {
    // A listener is the server's place. Port 0 means: any port that is free.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    println!("bind       port 0 was asked for, and the system gave {}", address.port());
    match TcpListener::bind(address) {
        Ok(_) => println!("           a second listener has the port, too"),
        Err(error) => println!("           refused to a second listener: {error}"),
    }

    // As a rule the client is another program. Here one program is both.
    let start = Instant::now();
    let mut client = TcpStream::connect(address)?;
    println!("connect    done after {:?}, and nobody has called `accept`", start.elapsed());
    println!("           this end has port {}", client.local_addr()?.port());
    client.write_all(b"hello")?;
    println!("write      5 bytes, which the system took, and nobody has read");

    // Each connection has a socket of its own, with the port of the listener.
    let (mut server, peer) = listener.accept()?;
    let here = server.local_addr()?.port();
    println!("accept     a connection from port {} to port {here}", peer.port());
    let mut buffer = [0; 100];
    let length = server.read(&mut buffer)?;
    println!("read       {length} bytes: {:?}", String::from_utf8_lossy(&buffer[..length]));

    // Nothing is there now, so `read` waits.
    let pause = Duration::from_millis(100);
    let sender = thread::spawn(move || -> io::Result<()> {
        thread::sleep(pause);
        client.write_all(b"again") // The client is dropped here, which closes it.
    });
    let start = Instant::now();
    let length = server.read(&mut buffer)?;
    println!("read       {length} bytes, after {} ms of waiting", start.elapsed().as_millis());
    sender.join().map_err(|_| io::Error::other("the client panicked"))??;

    let length = server.read(&mut buffer)?;
    println!("read       {length} bytes: the client has closed, and no more will ever come");
    let (start, mut reads) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_millis(10) && server.read(&mut buffer)? == 0 {
        reads += 1; // naive: 0 is taken for "nothing yet", and asked again.
    }
    println!("           naive: a loop that asks again was told so {reads} times in 10 ms");

    drop(listener);
    match TcpStream::connect(address) {
        Ok(_) => println!("connect    done, although nobody listens"),
        Err(error) => println!("connect    to the port without its listener: {error}"),
    }
    Ok(())
}

// Try:
// 1. Predict: in which order do the lines come if `accept` stands before `connect`?
//    Change it and see. (Ctrl-C ends a program that waits.)
// 2. Change: write `hello` twice before `accept`. How many bytes does the first `read`
//    return? Lesson 1 is about that.
// 3. Write: two programs, one that listens on port 5001 and prints what it reads, and
//    one that connects and sends its first argument. Start the second one first.
//
// Read:
// * "Beej's Guide to Network Programming", chapters 2 (What is a socket?) and 5 (System
//   Calls or Bust).
// * "The Rust Programming Language", section 21.1 (Building a Single-Threaded Web
//   Server).
