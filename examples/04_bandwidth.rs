//! Lesson 4: when the last `write` has returned, the data need not have arrived.
//!
//! You learn where the clock of an upload has to stop. `write` copies bytes into a
//! buffer of the system and returns. The system sends them later. To make the true rate
//! known, the receiver here takes 64 KiB every ten milliseconds: at most 52 Mbit/s.
//!
//! The server answers `READY` to the request for an upload, and `DONE` when it has read
//! the last byte.
//!
//! Run it with `cargo run --release --example 04_bandwidth`. The library does it in
//! `src/measure/bandwidth.rs`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Direction, bandwidth};
use roundtrip::units::{float, ms, significant};
use roundtrip::wire::command::Amount;

const BYTES: usize = 2 << 20; // 2 MiB
const PIECE: usize = 64 << 10; // 64 KiB
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    let port = slow_server()?;
    println!("An upload of {BYTES} bytes to a receiver that takes 64 KiB every {PAUSE:?}:");

    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    stream.write_all(format!("BANDWIDTH_UPLOAD:{BYTES}\n").as_bytes())?;
    reader.read_line(&mut line)?; // READY
    let start = Instant::now();
    stream.write_all(&vec![0; BYTES])?;
    show("naive: until the last write returned", start.elapsed());
    reader.read_line(&mut line)?; // DONE: the server has the last byte.
    show("right: until the last byte had arrived", start.elapsed());
    drop((stream, reader));

    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let amount = Amount::Bytes(BYTES as u64);
    let upload = bandwidth(&mut client, Direction::Upload, amount, &mut |_| {});
    show("measure::bandwidth", upload.duration.unwrap_or_default());
    client.quit()
}

fn show(how: &str, duration: Duration) {
    let mbits = significant(float(BYTES as u64) * 8e-6 / duration.as_secs_f64());
    println!("  {how:<38} {:>8} ms  {mbits:>6} Mbit/s", ms(duration));
}

/// Starts a server that takes uploads slowly, and returns its port.
fn slow_server() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || listener.incoming().try_for_each(|stream| serve(stream?)));
    Ok(port)
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut piece) = (String::new(), vec![0; PIECE]);
    reader.read_line(&mut line)?;
    while line.starts_with("BANDWIDTH_UPLOAD") {
        stream.write_all(b"READY\n")?;
        let ready = Instant::now();
        for _ in 0..BYTES / PIECE {
            thread::sleep(PAUSE);
            reader.read_exact(&mut piece)?;
        }
        let done = format!("DONE:{BYTES}:{}\n", ready.elapsed().as_nanos());
        stream.write_all(done.as_bytes())?;
        line.clear();
        reader.read_line(&mut line)?;
    }
    stream.write_all(b"BYE\n")
}

// Try:
// 1. Predict: what do the first two rows show for 64 MiB? Where does the difference go?
// 2. Change: send in a loop of 64 KiB writes and print when each returns. How large are
//    the buffers of the system?
// 3. Write: the same lesson for a download. Which clock can start too late there?
//
// Read:
// * Stevens, "UNIX Network Programming", volume 1, section 2.11 (what the return from
//   `write` means).
// * RFC 6349, "Framework for TCP Throughput Testing".
