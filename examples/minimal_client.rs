//! The whole idea of a client, on two pages, with `std` alone.
//!
//! Start `minimal_server` or the real `server`, then run
//! `cargo run --release --example minimal_client -- --concurrent 4`.
//!
//! The client measures round-trip times (RTT): it reads the clock, sends `PING`, waits
//! for `PONG` and reads the clock again. Then it moves some MiB in each direction and
//! divides by the time. With `--concurrent N`, N threads do so at the same time,
//! each over a connection of its own.
//!
//! The program works. Each letter marks a weakness, and most of them spoil a figure:
//!
//! * A: every sample is kept, so a long run fills the memory (lesson 09).
//! * B: threads that are started in a loop are not at work at the same time (lesson 07).
//! * C: the first ping is slower than the others, and counts (lesson 02).
//! * D: while it waits for an answer it sends nothing. So a stall of the server counts
//!   as one slow ping, however many users would have met it (lesson 08).
//! * E: the request leaves in several small writes, which can take 40 ms. The clock
//!   starts later, so that no figure shows it (lesson 02).
//! * F: when the last `write` has returned, the data need not have arrived (lesson 04).
//! * G: a server that does not answer holds this client for ever: no timeout
//!   (`src/net/socket.rs`).
//! * H: one slow answer moves the mean. A percentile would reveal it (lesson 05).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{env, thread};

struct Plan {
    address: String,
    count: u32,
    mebibytes: u32,
}

struct Measured {
    rtts: Vec<Duration>, // A
    download: Duration,
    upload: Duration,
}

fn main() -> io::Result<()> {
    let (mut host, mut port) = ("localhost".to_string(), "5001".to_string());
    let (mut count, mut mebibytes, mut clients) = (10, 10, 1);
    let mut arguments = env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match flag.as_str() {
            "--host" => host = value,
            "--port" => port = value,
            "--count" => count = number(&value)?,
            "--size" => mebibytes = number(&value)?,
            "--concurrent" => clients = number(&value)?,
            _ => return Err(io::Error::other(format!("unknown flag: {flag}"))),
        }
    }

    let plan = &Plan { address: format!("{host}:{port}"), count, mebibytes };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(|| measure(plan))).collect(); // B
        for (thread, number) in threads.into_iter().zip(1..) {
            let measured = thread.join().map_err(|_| io::Error::other("a client panicked"))??;
            println!("client {number} of {clients}");
            print_rtts(&measured.rtts);
            print_rate("download", mebibytes, measured.download);
            print_rate("upload", mebibytes, measured.upload);
        }
        Ok(())
    })
}

fn number(value: &str) -> io::Result<u32> {
    value.parse().map_err(|_| io::Error::other(format!("{value:?} is not a whole number")))
}

fn measure(plan: &Plan) -> io::Result<Measured> {
    let mut stream = TcpStream::connect(&plan.address)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let bytes = u64::from(plan.mebibytes) << 20; // times 1,048,576

    let mut rtts = Vec::new();
    for _ in 0..plan.count {
        let start = Instant::now(); // C
        stream.write_all(b"PING\n")?;
        expect(&mut reader, "PONG")?; // D
        rtts.push(start.elapsed());
    }

    writeln!(stream, "BANDWIDTH_DOWNLOAD:{bytes}")?; // E
    expect(&mut reader, "READY")?;
    let start = Instant::now();
    let arrived = io::copy(&mut reader.by_ref().take(bytes), &mut io::sink())?;
    let download = start.elapsed();
    if arrived < bytes {
        return Err(io::Error::other(format!("only {arrived} of {bytes} bytes arrived")));
    }

    writeln!(stream, "BANDWIDTH_UPLOAD:{bytes}")?;
    expect(&mut reader, "READY")?;
    let start = Instant::now();
    io::copy(&mut io::repeat(b'x').take(bytes), &mut stream)?;
    let upload = start.elapsed(); // F
    expect(&mut reader, "DONE")?;

    stream.write_all(b"QUIT\n")?;
    expect(&mut reader, "BYE")?;
    Ok(Measured { rtts, download, upload })
}

/// Reads one line, which has to begin with this word.
fn expect(reader: &mut BufReader<TcpStream>, word: &str) -> io::Result<()> {
    let mut line = String::new();
    reader.by_ref().take(1000).read_line(&mut line)?; // G
    if line.starts_with(word) {
        return Ok(());
    }
    Err(io::Error::other(format!("expected {word}, but the server answered {line:?}")))
}

fn print_rtts(rtts: &[Duration]) {
    let (Some(min), Some(max)) = (rtts.iter().min(), rtts.iter().max()) else { return };
    let count = f64::from(u32::try_from(rtts.len()).unwrap_or(u32::MAX));
    let mean = rtts.iter().sum::<Duration>().as_secs_f64() / count; // H
    let squares: f64 = rtts.iter().map(|rtt| (rtt.as_secs_f64() - mean).powi(2)).sum();
    // The sample standard deviation divides by n - 1, which is zero for one sample.
    let stddev = (squares / (count - 1.0).max(1.0)).sqrt();
    let [min, mean, max, stddev] =
        [min.as_secs_f64(), mean, max.as_secs_f64(), stddev].map(|seconds| seconds * 1000.0);
    println!("  rtt       min {min:.3}  mean {mean:.3}  max {max:.3}  stddev {stddev:.3} ms");
}

fn print_rate(direction: &str, mebibytes: u32, time: Duration) {
    let megabits = f64::from(mebibytes) * 1_048_576.0 * 8.0 / 1e6;
    let rate = megabits / time.as_secs_f64();
    println!("  {direction:<9} {mebibytes} MiB in {:.3} s, {rate:.0} Mbit/s", time.as_secs_f64());
}
