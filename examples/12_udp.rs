//! Lesson 12: over UDP, the next datagram is not always the answer.
//!
//! A bad network here loses some answers, sends some twice and delays some for longer
//! than the client waits. A client that takes whatever comes next for its answer is
//! soon one answer behind, and never notices. Run it with `cargo run --release
//! --example 12_udp`. Then read `src/wire/datagram.rs` and `src/measure/udp.rs`, and
//! `src/session/echo.rs` for the server's side.

use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Options;
use roundtrip::measure::Plan;
use roundtrip::stats::Recorder;
use roundtrip::udp::UdpClient;
use roundtrip::udp::{Udp, udp};
use roundtrip::units::ms;

const COUNT: u64 = 100;
const TIMEOUT: Duration = Duration::from_millis(20);
const TAKES: Duration = Duration::from_millis(5);

fn main() -> io::Result<()> {
    println!("{COUNT} pings; each answer takes {TAKES:?}, the client waits for {TIMEOUT:?}:");
    println!(
        "  {:<30} {:>8} {:>6} {:>6} {:>11}   {:>8} {:>8} ms",
        "", "answered", "late", "lost", "duplicates", "min", "p50"
    );
    println!(
        "  {:<30} {:>8} {:>6} {:>6} {:>11}   {:>8} {:>8}",
        "what the network does", 85, 5, 10, 5, "5.000", "5.000"
    );

    let (answered, lost, rtts) = naive(bad_network()?)?;
    show("naive: send, receive", [answered, 0, lost, 0], &rtts);

    let options = Options { timeout: TIMEOUT, ..Options::default() };
    let client = UdpClient::connect("127.0.0.1", bad_network()?, &options)?;
    let plan =
        Plan { count: COUNT, interval: Duration::from_millis(10), warmup: 0, ..Plan::default() };
    let measured = udp(&client, &plan, &mut |_| {});
    let Udp { ref latency, late, duplicates, .. } = measured;
    show(
        "udp::measure: each by its number",
        [latency.rtt.count(), late, measured.lost(), duplicates],
        &latency.rtt,
    );
    println!("An answer that takes less than {TAKES:?} here is somebody else's.");
    Ok(())
}

/// What one would write first.
fn naive(port: u16) -> io::Result<(u64, u64, Recorder)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let (mut lost, mut rtts) = (0, Recorder::default());
    for number in 1..=COUNT {
        let start = Instant::now();
        socket.send(format!("PING {number} 0").as_bytes())?;
        match socket.recv(&mut [0; 100]) {
            Ok(_) => rtts.record(start.elapsed()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                lost += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok((rtts.count(), lost, rtts))
}

fn show(how: &str, [answered, late, lost, duplicates]: [u64; 4], rtts: &Recorder) {
    if let Some(summary) = rtts.summary() {
        let (min, p50) = (ms(summary.min), ms(summary.p50));
        println!(
            "  {how:<30} {answered:>8} {late:>6} {lost:>6} {duplicates:>11}   {min:>8} {p50:>8}"
        );
    }
}

/// Of each twenty answers, one comes twice, one comes far too late, and two never come.
fn bad_network() -> io::Result<u16> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let port = socket.local_addr()?.port();
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = [0; 200];
        for number in 1.. {
            let (length, from) = socket.recv_from(&mut buffer)?;
            let (copies, takes) = match number % 20 {
                5 => (2, TAKES),
                10 => (1, TIMEOUT * 3),
                15 | 16 => (0, TAKES),
                _ => (1, TAKES),
            };
            let (datagram, socket) = (buffer[..length].to_vec(), socket.try_clone()?);
            thread::spawn(move || {
                thread::sleep(takes);
                (0..copies).try_for_each(|_| socket.send_to(&datagram, from).map(drop))
            });
        }
        Ok(())
    });
    Ok(port)
}
