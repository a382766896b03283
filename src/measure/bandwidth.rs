//! Bandwidth: how many bytes arrive in how much time?
//!
//! The common mistake is to stop the clock when the last `write` has returned. That says when the *sender's system* had taken the last byte,
//! megabytes of it still in a buffer, some not yet on the wire. `examples/04_bandwidth.rs` measures how far off that is. So a download ends
//! when the last byte has been read, and an upload when the server's word that it has read the last byte is here.
//!
//! Both figures contain one round trip besides the data. Transfer enough that it does not matter, or read the figure as what it is: the time
//! that moving so many bytes takes.

use std::io;
use std::time::{Duration, Instant};

use super::Outcome;
use crate::client::Client;
use crate::units::ratio;
use crate::wire::command::Received;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the server to the client.
    Download,
    /// From the client to the server.
    Upload,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Bandwidth {
    /// How many bytes arrived. An upload that breaks off has none: how many did is known to the server alone.
    pub bytes: u64,
    /// Until the last of them did.
    pub duration: Duration,
    /// An upload as the server saw it, if it says so.
    pub server: Option<Received>,
    /// Why the transfer ended early.
    pub failure: Option<io::Error>,
}

impl Bandwidth {
    /// Goodput: bits of payload that arrived, over the time until the last one did. What did not arrive has no rate.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<f64> {
        let known = self.bytes > 0 && !self.duration.is_zero();
        known.then(|| ratio(self.bytes, 1) * 8.0 / self.duration.as_secs_f64())
    }
}

impl Outcome for Bandwidth {
    fn failed(error: io::Error) -> Self {
        Bandwidth { failure: Some(error), ..Bandwidth::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        all.iter().fold(Bandwidth::default(), |mut total, one| {
            total.bytes += one.bytes;
            total.duration = total.duration.max(one.duration);
            total
        })
    }
}

/// Moves `bytes` bytes in one direction.
///
/// ```
/// use roundtrip::measure::{Direction, bandwidth};
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let upload = bandwidth(&mut client, Direction::Upload, 1 << 20);
/// assert_eq!(upload.bytes, 1 << 20);
/// println!("{:.0} bit/s", upload.bits_per_second().unwrap());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn bandwidth(client: &mut Client, direction: Direction, bytes: u64) -> Bandwidth {
    match direction {
        Direction::Download => download(client, bytes),
        Direction::Upload => upload(client, bytes),
    }
}

fn download(client: &mut Client, bytes: u64) -> Bandwidth {
    let start = Instant::now();
    let (mut arrived, mut last) = (0, Duration::ZERO);
    let received = client.download(bytes).and_then(|download| {
        download.receive(|piece| {
            arrived += piece;
            last = start.elapsed();
        })
    });
    Bandwidth { bytes: arrived, duration: last, server: None, failure: received.err() }
}

fn upload(client: &mut Client, bytes: u64) -> Bandwidth {
    let upload = match client.upload(bytes) {
        Ok(upload) => upload,
        Err(error) => return Bandwidth::failed(error),
    };
    let start = Instant::now();
    let mut sent = 0;
    match upload.send(|piece| sent += piece) {
        Ok(server) => Bandwidth { bytes, duration: start.elapsed(), server, failure: None },
        Err(error) => {
            let what = format!("{error} (after {sent} of {bytes} bytes were handed to the system)");
            Bandwidth::failed(io::Error::new(error.kind(), what))
        }
    }
}
