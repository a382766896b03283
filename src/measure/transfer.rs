//! A bulk transfer whose start is not counted, or whose server reports while it runs.
//!
//! TCP begins slowly, and doubles what it sends with each round trip (slow start, RFC
//! 5681). On a long link the first seconds are not what the link can carry. So the start
//! of a transfer for a given time can be left out: the clock and the count begin when the
//! warm-up is over, with what the receiver has by then.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::{Bandwidth, Direction, Measurement, Observer, Sample, bandwidth, environment};
use crate::client::Client;
use crate::wire::command::{Amount, Received};

/// What to transfer, and what to count.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// In which direction.
    pub direction: Direction,
    /// How much.
    pub amount: Amount,
    /// How much of the start is not counted.
    pub warmup: Duration,
    /// How often the server reports what has arrived of an upload; `None` for not at all.
    /// A warm-up of an upload needs such reports.
    pub reports: Option<Duration>,
}

/// Moves data as planned.
///
/// ```
/// use roundtrip::measure::{Direction, Transfer, transfer};
/// use roundtrip::wire::command::Amount;
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let port = server.address().port();
/// # let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
/// let (time, tenth) = (Duration::from_millis(300), Duration::from_millis(100));
/// let (direction, amount) = (Direction::Upload, Amount::Time(time));
/// let plan = Transfer { direction, amount, warmup: tenth, reports: Some(tenth / 4) };
/// let upload = transfer(&mut client, &plan, &mut |_| {});
/// let whole = upload.server.map(|server| server.duration);
/// assert!(upload.bytes > Some(0) && upload.duration <= whole);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn transfer(client: &mut Client, plan: &Transfer, observe: Observer) -> Bandwidth {
    let Transfer { direction, amount, warmup, reports } = *plan;
    match (direction, reports) {
        (Direction::Download, _) if !warmup.is_zero() => {
            let mut start = Received { bytes: 0, duration: Duration::ZERO };
            let mut bytes = 0;
            let measured = bandwidth(client, direction, amount, &mut |sample| {
                if let Sample::Piece { at, bytes: piece, .. } = sample {
                    bytes += piece;
                    if at < warmup {
                        start = Received { bytes, duration: at };
                    }
                }
                observe(sample);
            });
            without(start, measured)
        }
        (Direction::Upload, Some(interval)) => {
            let cpu = environment::CpuClock::start();
            let measured = upload(client, plan, interval, observe);
            let mut measured = measured.unwrap_or_else(Bandwidth::failed);
            measured.cpu = cpu.and_then(|cpu| cpu.used());
            measured
        }
        _ => bandwidth(client, direction, amount, observe),
    }
}

fn upload(
    client: &mut Client,
    plan: &Transfer,
    interval: Duration,
    observe: Observer,
) -> io::Result<Bandwidth> {
    let upload = match client.upload_reported(plan.amount, interval) {
        Ok(upload) => upload,
        // An older server does not know this request, and answers that in an error.
        Err(error) if error.kind() == ErrorKind::InvalidData && plan.warmup.is_zero() => {
            return Ok(bandwidth(client, plan.direction, plan.amount, observe));
        }
        Err(error) => return Err(error),
    };
    let ready = upload.asked().ready;
    let nothing = Received { bytes: 0, duration: Duration::ZERO };
    let (mut start, mut last) = (nothing, None::<Received>);
    let mut report = |report: Received| {
        let before = last.replace(report).map_or(0, |last| last.bytes);
        let bytes = report.bytes - before;
        observe(Sample::Piece { direction: Direction::Upload, at: ready.elapsed(), bytes });
        if report.duration < plan.warmup {
            start = report;
        }
    };
    let done = upload.send(&mut report);
    if let Ok(done) = done {
        report(done);
    }
    let measured = Bandwidth {
        bytes: last.map(|last| last.bytes),
        duration: last.map(|last| last.duration),
        start: Some(ready),
        server: done.as_ref().ok().copied(),
        failure: done.err(),
        ..Bandwidth::default()
    };
    Ok(without(start, measured))
}

/// A sample of a part of a test that began so much later than the test.
pub(super) fn later(sample: Sample, by: Duration) -> Sample {
    match sample {
        Sample::Ping { number, at, rtt, due } => Sample::Ping { number, at: at + by, rtt, due },
        Sample::Outcome { number, at, rtt, outcome } => {
            Sample::Outcome { number, at: at + by, rtt, outcome }
        }
        Sample::Piece { direction, at, bytes } => Sample::Piece { direction, at: at + by, bytes },
    }
}

/// What is left without the start of a transfer.
fn without(start: Received, measured: Bandwidth) -> Bandwidth {
    let bytes = measured.bytes.map(|bytes| bytes.saturating_sub(start.bytes));
    let duration = measured.duration.and_then(|time| time.checked_sub(start.duration));
    let begin = measured.start.map(|begin| begin + start.duration);
    Bandwidth { bytes, duration, start: begin, ..measured }
}
