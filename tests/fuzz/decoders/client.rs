//! The client of the library, whose server has said everything beforehand.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use roundtrip::client::{Client, Options};
use roundtrip::measure::{
    Direction, Measurement, Plan, Transfer, bidirectional, lag, lag_unasked, latency, sweep,
    transfer,
};
use roundtrip::net::Stream;
use roundtrip::wire::command::Amount;
use roundtrip::wire::command::more::LagPlan;
use roundtrip::wire::framing::Framing;

use super::Decoder;

/// How long the client would wait for more, and there is never more.
const TIMEOUT: Duration = Duration::from_secs(20);

const PONGS: [&str; 2] = ["PONG\nPONG\nPONG\nBYE\n", "PONG x\nPONG xx\nPONG xxxx\nBYE\n"];

const LAG: [&str; 2] = [
    "PING 0\nPING 1\nLAG_DONE {\"count\":2,\"interval_ns\":0,\"sent\":2,\"echoed\":2,\"missing\":0,\
     \"wrong\":0,\"repeated\":0,\"unsent\":0,\"rtt_ns\":{\"count\":2,\"min\":5}}\n\
     LAG_SAMPLES [[0,10,5],[1,20,5]]\nLAG_SAMPLES []\nBYE\n",
    "PING 0\nLAG_DONE {\"count\":2,\"interval_ns\":1000000,\"sent\":1,\"echoed\":1,\"missing\":0,\
     \"wrong\":1,\"repeated\":2,\"unsent\":3}\nLAG_SAMPLES [[0,1000000,70]]\nBYE\n",
];

const BULK: [&str; 5] = [
    "READY\n0123456789BYE\n",
    "READY\n4\n01235\n678900\nDONE:10:1000\nBYE\n",
    "READY\nDONE:10:1000\nBYE\n",
    "READY\nARRIVED:4:500\nARRIVED:10:900\nDONE:10:1000\nBYE\n",
    "READY\n0123456789DONE:10:77\nBYE\n",
];

const BARE: [&str; 3] = ["PONGPONGPONGBYE", "READY0123456789BYE", "READYDONEBYE"];

pub fn all() -> Vec<Decoder> {
    vec![
        Decoder::new("answers to pings", PONGS, pings),
        Decoder::new("answers to lag", LAG, lags),
        Decoder::new("answers to transfers", BULK, |input| {
            (0..4).for_each(|kind| transfers(kind, Amount::Bytes(10), input));
        })
        .each(4),
        // What nobody reads is waited for, up to a second.
        Decoder::new("answers to timed transfers", BULK, |input| {
            transfers(input.len() % 4, Amount::Time(Duration::from_millis(1)), input);
        })
        .each(50),
        Decoder::new("bare answers", BARE, bare),
    ]
}

/// A client, and a server that has said this and is gone.
fn client(answers: &[u8], framing: Framing) -> (Client, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(answers).unwrap();
    theirs.shutdown(std::net::Shutdown::Write).unwrap();
    let stream = Stream::from_unix(ours, TIMEOUT).unwrap();
    let options = Options { framing, ..Options::default() };
    (Client::over(stream, &options).unwrap(), theirs)
}

/// Leaves, whatever the measurement has come to.
fn leave(client: Client, measured: &impl Measurement) {
    if let Some(error) = measured.failure() {
        assert!(error.kind() != std::io::ErrorKind::TimedOut, "{error}");
    }
    let _ = client.quit();
}

fn pings(input: &[u8]) {
    let plan = Plan { count: 2, interval: Duration::ZERO, ..Plan::default() };
    for plan in [plan, Plan { interval: Duration::from_micros(1), ..plan }] {
        let (mut client, _server) = client(input, Framing::Line);
        let measured = latency(&mut client, &plan, &mut |_| {});
        assert!(measured.rtt.count() <= measured.sent);
        leave(client, &measured);
    }
    let (mut client, _server) = client(input, Framing::Line);
    let plan = Plan { count: 1, warmup: 0, ..plan };
    let measured = sweep(&mut client, &plan, &[1, 2, 4], &mut |_, _| {});
    leave(client, &measured);
}

fn lags(input: &[u8]) {
    for interval in [Duration::ZERO, Duration::from_millis(1)] {
        let (mut client, _server) = client(input, Framing::Line);
        let measured = lag(&mut client, LagPlan { count: 2, interval }, &mut |_, _| {});
        assert!(measured.turnaround.count() <= 2);
        leave(client, &measured);
    }
    let (mut client, _server) = client(input, Framing::Line);
    let measured = lag_unasked(&mut client, &mut |_, _| {});
    leave(client, &measured);
}

fn transfers(kind: usize, amount: Amount, input: &[u8]) {
    let (direction, reports) = match kind {
        0 => (Direction::Download, None),
        1 => (Direction::Upload, None),
        2 => (Direction::Upload, Some(Duration::from_millis(1))),
        _ => {
            let (mut client, _server) = client(input, Framing::Line);
            let measured = bidirectional(&mut client, amount, &|_| {});
            return leave(client, &measured);
        }
    };
    let (mut client, _server) = client(input, Framing::Line);
    let plan = Transfer { direction, amount, warmup: Duration::ZERO, reports };
    let measured = transfer(&mut client, &plan, &mut |_| {});
    let _ = measured.bits_per_second();
    leave(client, &measured);
}

fn bare(input: &[u8]) {
    let (mut pinging, _server) = client(input, Framing::Bare);
    let plan = Plan { count: 2, interval: Duration::ZERO, ..Plan::default() };
    let measured = latency(&mut pinging, &plan, &mut |_| {});
    leave(pinging, &measured);
    for direction in [Direction::Download, Direction::Upload] {
        let (mut client, _server) = client(input, Framing::Bare);
        let (amount, warmup) = (Amount::Bytes(10), Duration::ZERO);
        let plan = Transfer { direction, amount, warmup, reports: None };
        let measured = transfer(&mut client, &plan, &mut |_| {});
        leave(client, &measured);
    }
}
