//! Bandwidth: how many bytes arrive in how much time?
//!
//! The common mistake is to stop the clock when the last `write` has returned. At that
//! moment, megabytes can still be in a buffer of the sender's system:
//! `examples/04_bandwidth.rs` measures how far off that is. So a download ends when the
//! last byte has been read. An upload ends when the server's report is here that it has
//! read the last byte. The report takes one way's delay, so transfer enough that it
//! does not matter.
//!
//! Another mistake is to start the clock too late. A short download arrives together
//! with the server's `READY`, before any clock runs, or within one round trip of it: all
//! of it was on its way when the clock started. Then the rate is not known, and none
//! is given.
//!
//! A transfer for a given time is counted by its receiver, and ends when the receiver's
//! clock says so: see [`timed`](crate::net::timed).
//!
//! With [bare framing](crate::wire::framing) a download contains the pause that our
//! server makes behind its `READY`.

use std::io;
use std::time::{Duration, Instant};

use super::{Direction, Measurement, Observer, Sample, environment};
use crate::client::{Asked, Client};
use crate::units::float;
use crate::wire::command::{Amount, Received};

/// What one bulk transfer has measured.
#[derive(Debug, Default)]
pub struct Bandwidth {
    /// How many bytes arrived, if that is known. If an upload breaks off, only the server
    /// knows.
    pub bytes: Option<u64>,
    /// The time until the last byte arrived. It is not known when all of them arrived
    /// within one round trip.
    pub duration: Option<Duration>,
    /// When the transfer began.
    pub start: Option<Instant>,
    /// An upload as the server reports it.
    pub server: Option<Received>,
    /// How much of one processor this side's thread used, where the system tells. Near 1,
    /// this program was the bottleneck.
    pub cpu: Option<f64>,
    /// Why the transfer ended early.
    pub failure: Option<io::Error>,
}

impl Bandwidth {
    /// Goodput: bits of payload that arrived, over the time until the last one did. Without
    /// a time there is no rate.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<f64> {
        let (bytes, duration) = (self.bytes.filter(|&bytes| bytes > 0)?, self.duration?);
        (!duration.is_zero()).then(|| float(bytes) * 8.0 / duration.as_secs_f64())
    }

    /// Several transfers as one, from when the first began to when the last ended.
    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Bandwidth> + Clone) -> Self {
        let start = all.clone().filter_map(|one| one.start).min();
        let end = all.clone().filter_map(|one| Some(one.start? + one.duration?)).max();
        Bandwidth {
            bytes: all.clone().filter_map(|one| one.bytes).reduce(u64::saturating_add),
            duration: end.zip(start).map(|(end, start)| end - start),
            start,
            cpu: all.filter_map(|one| one.cpu).reduce(f64::max),
            ..Bandwidth::default()
        }
    }
}

impl Measurement for Bandwidth {
    fn failed(error: io::Error) -> Self {
        Bandwidth { failure: Some(error), ..Bandwidth::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        Bandwidth::sum(all.iter())
    }
}

/// Transfers this much in one direction, and hands each piece to the observer.
///
/// ```
/// use roundtrip::measure::{Direction, bandwidth};
/// use roundtrip::wire::command::Amount;
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let port = server.address().port();
/// # let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
/// let amount = Amount::Bytes(10 << 20);
/// let upload = bandwidth(&mut client, Direction::Upload, amount, &mut |_| {});
/// assert_eq!(upload.bytes, Some(10 << 20));
/// println!("{:.0} bit/s", upload.bits_per_second().unwrap());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn bandwidth(
    client: &mut Client,
    direction: Direction,
    amount: Amount,
    observe: Observer,
) -> Bandwidth {
    let cpu = environment::CpuClock::start();
    let measured = match direction {
        Direction::Download => download(client, amount, observe),
        Direction::Upload => upload(client, amount, observe),
    };
    let mut measured = measured.unwrap_or_else(Bandwidth::failed);
    measured.cpu = cpu.and_then(|cpu| cpu.used());
    measured
}

fn download(client: &mut Client, amount: Amount, observe: Observer) -> io::Result<Bandwidth> {
    let download = client.download(amount)?;
    let asked = download.asked();
    let ready = asked.ready;
    // Counted here, so that it is known also when the transfer breaks off.
    let (mut bytes, mut last) = (0, Duration::ZERO);
    let received = download.receive(|piece| {
        bytes += piece;
        last = ready.elapsed();
        observe(Sample::Piece { direction: Direction::Download, at: last, bytes: piece });
    });
    let time = received.as_ref().map_or(last, |received| received.duration.max(last));
    Ok(Bandwidth {
        bytes: Some(bytes),
        duration: Some(time).filter(|&time| asked.tells_rate(bytes, time)),
        start: Some(ready),
        failure: received.err(),
        ..Bandwidth::default()
    })
}

fn upload(client: &mut Client, amount: Amount, observe: Observer) -> io::Result<Bandwidth> {
    let upload = client.upload(amount)?;
    let Asked { ready, .. } = upload.asked();
    let mut sent = 0;
    let done = upload.send(|piece| {
        sent += piece;
        let at = ready.elapsed();
        observe(Sample::Piece { direction: Direction::Upload, at, bytes: piece });
    });
    let took = ready.elapsed();
    let measured = Bandwidth { start: Some(ready), ..Bandwidth::default() };
    Ok(match (done, amount) {
        (Ok(server), Amount::Bytes(_)) => {
            Bandwidth { bytes: Some(sent), duration: Some(took), server, ..measured }
        }
        // The receiver's clock and count.
        (Ok(server), Amount::Time(_)) => Bandwidth {
            bytes: server.map(|server| server.bytes),
            duration: server.map(|server| server.duration),
            server,
            ..measured
        },
        (Err(error), _) => {
            let what = format!("{error} (after {sent} bytes were handed to the system)");
            Bandwidth { failure: Some(io::Error::new(error.kind(), what)), ..measured }
        }
    })
}
