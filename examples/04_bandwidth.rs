//! Lesson 4: when the last `write` has returned, nothing need have arrived.
//!
//! A receiver here takes 64 KiB every ten milliseconds, so the truth is known: about 50
//! Mbit/s. Run it with `cargo run --release --example 04_bandwidth`. Then read
//! `src/measure/bandwidth.rs`.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Client;
use roundtrip::measure::{Bandwidth, Direction, bandwidth};
use roundtrip::report::text::Lines;
use roundtrip::units::size;
use roundtrip::wire::command::{Amount, Request};
use roundtrip::wire::framing::Framing;

const BYTES: u64 = 2 << 20;
const PIECE: usize = 64 * 1024;
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    let port = slow_server()?;
    println!("{} to a receiver that takes {} every {PAUSE:?}:", size(BYTES), size(PIECE as u64));

    // The naive clock, as in the program that this one grew from.
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port))?);
    writeln!(stream.get_mut(), "BANDWIDTH_UPLOAD:{BYTES}")?;
    Framing::Line.receive(&mut stream, &mut Vec::new())?;
    let start = Instant::now();
    roundtrip::wire::bulk::send(stream.get_mut(), BYTES, |_| {})?;
    show("until the last write returned", start.elapsed());
    Framing::Line.receive(&mut stream, &mut Vec::new())?;
    show("until the server had the last byte", start.elapsed());
    drop(stream);

    // The library stops its clock there.
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    show(
        "measure::bandwidth",
        bandwidth(&mut client, Direction::Upload, Amount::Bytes(BYTES), &mut |_| {}).duration,
    );
    client.quit()
}

fn show(how: &str, duration: Duration) {
    let upload = Bandwidth { bytes: BYTES, duration, ..Bandwidth::default() };
    println!("  {how:<35} {}", upload.lines().concat());
}

/// Takes uploads, slowly.
fn slow_server() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || listener.incoming().try_for_each(|stream| serve(stream?)));
    Ok(port)
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut request, mut piece) = (Vec::new(), vec![0; PIECE]);
    while let Some(message) = Framing::Line.receive(&mut reader, &mut request)? {
        let Ok(Request::Upload(Amount::Bytes(bytes))) = Request::parse(message) else {
            return writeln!(reader.get_mut(), "BYE");
        };
        writeln!(reader.get_mut(), "READY")?;
        let ready = Instant::now();
        for _ in 0..bytes / PIECE as u64 {
            thread::sleep(PAUSE);
            reader.read_exact(&mut piece)?;
        }
        writeln!(reader.get_mut(), "DONE:{bytes}:{}", ready.elapsed().as_nanos())?;
    }
    Ok(())
}
