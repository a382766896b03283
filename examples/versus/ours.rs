//! One figure of this program's own clients each, and the least that they could be.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options};
use roundtrip::log::Log;
use roundtrip::measure::{Direction, LagView, Observer, Plan, Sample, bandwidth, lag, latency};
use roundtrip::server::Config;
use roundtrip::stats::Recorder;
use roundtrip::udp::server::{Impairments, bind_with_tcp};
use roundtrip::udp::{Udp, UdpClient, udp};
use roundtrip::wire::command::Amount;
use roundtrip::wire::command::more::LagPlan;

use super::median;

pub fn roundtrip_p50(port: u16, count: u64, spin: bool) -> io::Result<f64> {
    ping_p50(
        Client::connect_with("127.0.0.1", port, &Options { spin, ..Options::default() })?,
        count,
    )
}

pub fn ping_p50(mut client: Client, count: u64) -> io::Result<f64> {
    let plan = Plan { count, interval: Duration::ZERO, warmup: count / 10, ..Plan::default() };
    let p50 = p50(|observe| latency(&mut client, &plan, observe).failure);
    client.quit()?;
    p50
}

/// The median of the round-trip times that an observer is told of. Exact, as sockperf's
/// is: the library's own percentiles may be 0.8% too high.
pub fn p50(measure: impl FnOnce(Observer) -> Option<io::Error>) -> io::Result<f64> {
    let mut rtts = Vec::new();
    let failure = measure(&mut |sample| {
        if let Sample::Ping { rtt, .. } = sample {
            rtts.push(rtt.as_secs_f64() * 1e6);
        }
    });
    failure.map_or(Ok(()), Err)?;
    median(&mut rtts).ok_or_else(|| io::Error::other("no answers"))
}

pub fn udp_p50(port: u16, plan: &Plan) -> io::Result<f64> {
    let client = UdpClient::connect("127.0.0.1", port, &Options::default())?;
    p50(|observe| udp(&client, plan, observe).latency.failure)
}

pub fn udp_percent(port: u16, plan: &Plan, count: fn(&Udp) -> u64) -> io::Result<f64> {
    let measured =
        udp(&UdpClient::connect("127.0.0.1", port, &Options::default())?, plan, &mut |_| {});
    let counted = Duration::from_secs(count(&measured)).as_secs_f64();
    measured
        .latency
        .failure
        .map_or(Ok(counted * 100.0 / Duration::from_secs(plan.count).as_secs_f64()), Err)
}

pub fn late_sends(measured: &Udp) -> u64 {
    let late = measured
        .latency
        .scheduling_delay
        .histogram()
        .ranges()
        .filter(|(nanoseconds, _)| *nanoseconds.start() > 10_000);
    late.map(|(_, count)| count).sum()
}

pub fn lag_p50(port: u16, count: u64) -> io::Result<f64> {
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let plan = LagPlan { count: count / 10 + count, interval: Duration::ZERO };
    let p50 = p50(|observe| {
        let mut counted = |view, sample| match sample {
            Sample::Ping { number, .. } if view == LagView::RoundTrip && number > count / 10 => {
                observe(sample);
            }
            _ => {}
        };
        lag(&mut client, plan, &mut counted).server.failure
    });
    client.quit()?;
    p50
}

pub fn roundtrip_rate(port: u16, direction: Direction, bytes: u64) -> io::Result<f64> {
    let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(10))?;
    let transfer = bandwidth(&mut client, direction, Amount::Bytes(bytes), &mut |_| {});
    let rate = transfer.bits_per_second().unwrap_or_default();
    transfer.failure.map_or(Ok(()), Err)?;
    client.quit()?;
    Ok(rate / 1e9)
}

pub fn minimal_p50(port: u16, count: u64) -> io::Result<f64> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    bare_p50(stream, count)
}

/// The least that a round trip can consist of: no protocol, no checks.
pub fn bare_p50(mut stream: impl Read + Write, count: u64) -> io::Result<f64> {
    let mut rtts = Vec::new();
    let mut buffer = [0; 64];
    for number in 0..count / 10 + count {
        let start = Instant::now();
        stream.write_all(b"PING\n")?;
        let _ = stream.read(&mut buffer)?;
        let rtt = start.elapsed();
        if number >= count / 10 {
            rtts.push(rtt.as_secs_f64() * 1e6);
        }
    }
    median(&mut rtts).ok_or_else(|| io::Error::other("no answers"))
}

/// The other side of it.
pub fn minimal() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; 64];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..length])?;
        }
    }
    Ok(())
}

pub fn serve(spin: bool) -> io::Result<()> {
    let mut config = Config::default();
    config.session.spin = spin;
    let (server, echo) = bind_with_tcp(&config, Impairments::default())?;
    let _echo = echo.start(Log::default())?;
    println!("{}", server.address().port());
    server.run();
    Ok(())
}

/// What is recorded varies as round-trip times do, so that the histogram is not touched
/// at a single place.
pub fn recording_cost(samples: u64) -> f64 {
    let mut recorder = Recorder::default();
    let start = Instant::now();
    for number in 0..samples {
        recorder.record(Duration::from_nanos(50_000 + number.wrapping_mul(0x9E37_79B9) % 65_536));
    }
    let cost = start.elapsed().as_secs_f64() * 1e9;
    assert_eq!(recorder.count(), samples);
    cost / Duration::from_secs(samples).as_secs_f64()
}
