//! Lesson 6: closing a socket can take back what was said last.
//!
//! A server sends 4 MiB and closes, and has one byte of input that it never reads. Run
//! it with `cargo run --release --example 06_last_word`. Then read `Stream::close` in
//! `src/net.rs`.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use roundtrip::net::Stream;
use roundtrip::units::size;
use roundtrip::wire::bulk;

const ANSWER: u64 = 4 << 20;

fn main() -> io::Result<()> {
    let rounds = if std::env::args().any(|flag| flag == "--short") { 5 } else { 50 };
    println!(
        "{rounds} servers each send {} and close; each has one byte of input that it did not read.",
        size(ANSWER)
    );
    for (how, close) in [("drop(stream)", drop as fn(Stream)), ("Stream::close()", Stream::close)] {
        let mut arrived: Vec<u64> =
            (0..rounds).map(|_| arrived(close)).collect::<io::Result<_>>()?;
        arrived.sort_unstable();
        let whole = arrived.iter().filter(|&&bytes| bytes == ANSWER).count();
        println!(
            "  {how:<16} {whole:>3} of {rounds} answers arrived whole; the shortest was {}",
            size(arrived[0])
        );
    }
    println!(
        "Unread input turns the goodbye into a reset, and a reset discards what is still on its way."
    );
    Ok(())
}

/// How much of the answer a client can read when the server closes like this.
fn arrived(close: fn(Stream)) -> io::Result<u64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(b"!")?;
    let mut server = {
        let (stream, peer) = listener.accept()?;
        Stream::from_tcp(stream, peer, Duration::from_secs(10))?
    };
    let server = thread::spawn(move || {
        bulk::send(&mut server, ANSWER, |_| {})?;
        close(server);
        io::Result::Ok(())
    });
    let (mut buffer, mut arrived) = (vec![0; 64 * 1024], 0);
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        arrived += length as u64;
    }
    drop(client);
    server.join().map_err(|_| io::Error::other("the server panicked"))??;
    Ok(arrived)
}
