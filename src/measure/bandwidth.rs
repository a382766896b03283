//! Bandwidth: how many bytes arrive in how much time?
//!
//! The common mistake is to stop the clock when the last `write` has returned. That
//! says when the *sender's system* had taken the last byte, megabytes of it still in a
//! buffer, some not yet on the wire. `examples/04_bandwidth.rs` measures how far off
//! that is. So a download ends when the last byte has been read, and an upload when the
//! server's word that it has read the last byte is here: one round trip later, so
//! transfer enough that it does not matter.
//!
//! A transfer for a given time lasts longer than that where the line is slow: what the
//! sender has handed over by then still has to arrive, and is waited for and counted.
//!
//! With [bare framing](crate::wire::framing) a download contains the pause that our
//! server makes behind its `READY`.
//!
//! In both directions at once, each end is waiting for the other to finish, so an
//! upload's time is taken from the server: from its `READY` to the last byte that
//! arrived there.

use std::io;
use std::time::{Duration, Instant};

use super::{Measurement, Observer, Sample, SharedObserver, environment};
use crate::client::Client;
use crate::units::float;
use crate::wire::command::{Amount, Received};

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the server to the client.
    Download,
    /// From the client to the server.
    Upload,
}

impl Direction {
    /// `download` or `upload`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Direction::Download => "download",
            Direction::Upload => "upload",
        }
    }
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Bandwidth {
    /// How many bytes arrived. An upload that breaks off has none: how many did is
    /// known to the server alone.
    pub bytes: u64,
    /// Until the last of them did.
    pub duration: Duration,
    /// When it began.
    pub start: Option<Instant>,
    /// An upload as the server saw it, if it says so.
    pub server: Option<Received>,
    /// How much of one processor this side's thread used, where the system tells: near
    /// 1, it was the bottleneck.
    pub cpu: Option<f64>,
    /// Why the transfer ended early.
    pub failure: Option<io::Error>,
}

impl Bandwidth {
    /// Goodput: bits of payload that arrived, over the time until the last one did.
    /// What did not arrive has no rate.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<f64> {
        let known = self.bytes > 0 && !self.duration.is_zero();
        known.then(|| float(self.bytes) * 8.0 / self.duration.as_secs_f64())
    }

    /// Several as one, from when the first began to when the last ended.
    pub(super) fn sum<'a>(all: impl Iterator<Item = &'a Bandwidth> + Clone) -> Self {
        let start = all.clone().filter_map(|one| one.start).min();
        let end = all.clone().filter_map(|one| Some(one.start? + one.duration)).max();
        let duration = end.zip(start).map_or(Duration::ZERO, |(end, start)| end - start);
        let cpu = all.clone().filter_map(|one| one.cpu).reduce(f64::max);
        Bandwidth {
            bytes: all.map(|one| one.bytes).sum(),
            duration,
            start,
            cpu,
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

/// Moves so much in one direction.
///
/// ```
/// use roundtrip::measure::{Direction, bandwidth};
/// use roundtrip::wire::command::Amount;
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let upload = bandwidth(&mut client, Direction::Upload, Amount::Bytes(1 << 20), &mut |_| {});
/// assert_eq!(upload.bytes, 1 << 20);
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
    let mut transfer = match direction {
        Direction::Download => download(client, amount, observe),
        Direction::Upload => upload(client, amount, observe),
    };
    transfer.cpu = cpu.and_then(|cpu| cpu.used());
    transfer
}

fn download(client: &mut Client, amount: Amount, observe: Observer) -> Bandwidth {
    let download = match client.download(amount) {
        Ok(download) => download,
        Err(error) => return Bandwidth::failed(error),
    };
    let start = Instant::now();
    let (mut bytes, mut duration) = (0, Duration::ZERO);
    let received = download.receive(|piece| {
        bytes += piece;
        duration = start.elapsed();
        observe(Sample::Piece { direction: Direction::Download, at: duration, bytes: piece });
    });
    Bandwidth {
        bytes,
        duration,
        start: Some(start),
        failure: received.err(),
        ..Bandwidth::default()
    }
}

fn upload(client: &mut Client, amount: Amount, observe: Observer) -> Bandwidth {
    let upload = match client.upload(amount) {
        Ok(upload) => upload,
        Err(error) => return Bandwidth::failed(error),
    };
    let start = Instant::now();
    let mut sent = 0;
    let done = upload.send(|piece| {
        sent += piece;
        observe(Sample::Piece { direction: Direction::Upload, at: start.elapsed(), bytes: piece });
    });
    match done {
        Ok(server) => Bandwidth {
            bytes: sent,
            duration: start.elapsed(),
            start: Some(start),
            server,
            ..Bandwidth::default()
        },
        Err(error) => {
            let what = format!("{error} (after {sent} bytes were handed to the system)");
            Bandwidth::failed(io::Error::new(error.kind(), what))
        }
    }
}

/// Both directions at once.
#[derive(Debug, Default)]
pub struct Bidirectional {
    /// From the server.
    pub download: Bandwidth,
    /// To the server.
    pub upload: Bandwidth,
}

impl Measurement for Bidirectional {
    fn failed(error: io::Error) -> Self {
        Bidirectional { download: Bandwidth::failed(error), upload: Bandwidth::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.download.failure()
    }

    fn total(all: &[Self]) -> Self {
        Bidirectional {
            download: Bandwidth::sum(all.iter().map(|one| &one.download)),
            upload: Bandwidth::sum(all.iter().map(|one| &one.upload)),
        }
    }
}

/// Moves so much in both directions at once, over one connection.
pub fn bidirectional(
    client: &mut Client,
    amount: Amount,
    observe: SharedObserver,
) -> Bidirectional {
    let both = match client.bidirectional(amount) {
        Ok(both) => both,
        Err(error) => return Bidirectional::failed(error),
    };
    let start = Instant::now();
    let (mut bytes, mut duration) = (0, Duration::ZERO);
    let piece = |direction, bytes| observe(Sample::Piece { direction, at: start.elapsed(), bytes });
    let outcome = both.run(
        |sent| piece(Direction::Upload, sent),
        |arrived| {
            bytes += arrived;
            duration = start.elapsed();
            piece(Direction::Download, arrived);
        },
    );
    let start = Some(start);
    let mut measured = Bidirectional {
        download: Bandwidth { bytes, duration, start, ..Bandwidth::default() },
        upload: Bandwidth { start, ..Bandwidth::default() },
    };
    match outcome {
        Ok((_, server)) => {
            let Received { bytes, duration } =
                server.unwrap_or(Received { bytes: 0, duration: Duration::ZERO });
            measured.upload = Bandwidth { bytes, duration, server, ..measured.upload };
        }
        Err(error) => measured.download.failure = Some(error),
    }
    measured
}
