//! Lesson 12: over UDP, the next datagram need not be the answer.
//!
//! You learn why each ping needs a number. A network may lose an answer, deliver it
//! twice, or deliver it too late. A client that takes the next datagram for its answer
//! is soon one answer behind. It then reports round trips that never happened, and too
//! few losses.
//!
//! Run it with `cargo run --release --example 12_udp`. A bad network loses 10 of 100
//! answers, doubles 5, and delays 5 for longer than the client waits.
//!
//! The library does it in `src/udp/`: `datagram.rs` puts the number into the ping,
//! `entries.rs` keeps an entry for each ping, `measure.rs` sends, and `server/` answers.

use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::Options;
use roundtrip::measure::Plan;
use roundtrip::stats::Recorder;
use roundtrip::udp::{UdpClient, udp};
use roundtrip::units::ms;

const COUNT: u64 = 100;
const TIMEOUT: Duration = Duration::from_millis(20);
const TAKES: Duration = Duration::from_millis(5);

fn main() -> io::Result<()> {
    println!("{COUNT} pings. An answer takes {TAKES:?}, and the client waits for {TIMEOUT:?}.");
    let names = ["answered", "late", "lost", "duplicates"];
    row("", &names.map(String::from), "min", "p50 ms");
    row("what the network does", &[85, 5, 10, 5], "5.000", "5.000");

    let (rtts, lost, wrong) = naive(bad_network()?)?;
    show("naive: send, receive", [rtts.count(), 0, lost, 0], &rtts);

    let options = Options { timeout: TIMEOUT, ..Options::default() };
    let client = UdpClient::connect("127.0.0.1", bad_network()?, &options)?;
    let interval = Duration::from_millis(10);
    let plan = Plan { count: COUNT, interval, warmup: 0, ..Plan::default() };
    let measured = udp(&client, &plan, &mut |_| {});
    let (rtts, truth) = (&measured.latency.rtt, measured.lost());
    show(
        "udp::measure: by number",
        [rtts.count(), measured.late, truth, measured.duplicates],
        rtts,
    );

    println!(
        "The naive client saw {lost} of {truth} losses, and took {wrong} answers to other pings"
    );
    println!("for its own. A duplicate or a late answer puts it one answer behind: it then");
    println!("takes no time at all to receive, and the next loss goes unnoticed.");
    Ok(())
}

fn row(how: &str, counts: &[impl std::fmt::Display; 4], min: &str, p50: &str) {
    let [answered, late, lost, twice] = counts;
    println!("  {how:<24} {answered:>8} {late:>5} {lost:>5} {twice:>11} {min:>8} {p50:>8}");
}

fn show(how: &str, counts: [u64; 4], rtts: &Recorder) {
    if let Some(rtt) = rtts.summary() {
        row(how, &counts, &ms(rtt.min), &ms(rtt.p50));
    }
}

/// What most people write first. Returns the round-trip times, the number of timeouts,
/// and the number of answers that a look at their number would have shown to be wrong.
fn naive(port: u16) -> io::Result<(Recorder, u64, u64)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let (mut rtts, mut lost, mut wrong) = (Recorder::default(), 0, 0);
    let mut answer = [0; 100];
    for number in 1..=COUNT {
        let ping = format!("PING {number} 0");
        let start = Instant::now();
        socket.send(ping.as_bytes())?;
        match socket.recv(&mut answer) {
            Ok(length) => {
                rtts.record(start.elapsed());
                wrong += u64::from(answer[..length] != *ping.as_bytes());
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                lost += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok((rtts, lost, wrong))
}

/// Starts a server whose answers meet a bad network. Of each twenty answers, one comes
/// twice, one comes far too late, and two are lost.
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

// Try:
// 1. Predict: the naive row, if no answer comes twice. Then change `(2, TAKES)` to `(1,
//    TAKES)`, and run.
// 2. Change: let the naive client ignore an answer with another number, and wait for
//    the rest of its timeout. Which columns are right now, and which are not?
// 3. Write: a client that sends a ping again if no answer came (retransmission). When
//    must it not record a round-trip time?
//
// Read:
// * Stevens, Fenner and Rudoff, "UNIX Network Programming", volume 1, section 22.5:
//   "Adding Reliability to a UDP Application".
// * RFC 6298 section 3: Karn's algorithm, which answers exercise 3.
