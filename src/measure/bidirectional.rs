//! Bandwidth in both directions at once.
//!
//! Each end waits for the other to finish, so the upload's figures are the server's: from
//! its `READY` to the last byte that arrived there. Its report stands behind the data of
//! the download. On a slow line it may still be on its way a second after the end of a
//! timed transfer; then nothing is known of the upload.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::transfer::later;
use super::{Bandwidth, Direction, Measurement, Sample, SharedObserver};
use crate::client::Client;
use crate::net::timed::DRAIN;
use crate::wire::command::Amount;

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

/// Moves this much in both directions at once, over one connection.
pub fn bidirectional(
    client: &mut Client,
    amount: Amount,
    observe: SharedObserver,
) -> Bidirectional {
    let both = match client.bidirectional(amount) {
        Ok(both) => both,
        Err(error) => return Bidirectional::failed(error),
    };
    let asked = both.asked();
    let ready = asked.ready;
    let (mut bytes, mut last) = (0, Duration::ZERO);
    let piece = |direction, bytes| observe(Sample::Piece { direction, at: ready.elapsed(), bytes });
    let measured = both.run(
        |sent| piece(Direction::Upload, sent),
        |arrived| {
            bytes += arrived;
            last = ready.elapsed();
            piece(Direction::Download, arrived);
        },
    );
    let (server, failure) = match measured {
        Ok((received, server)) => {
            last = last.max(received.duration);
            (server, None)
        }
        Err(error) => (None, Some(error)),
    };
    let start = Some(ready);
    Bidirectional {
        download: Bandwidth {
            bytes: Some(bytes),
            duration: Some(last).filter(|&last| asked.tells_rate(bytes, last)),
            start,
            failure,
            ..Bandwidth::default()
        },
        upload: Bandwidth {
            bytes: server.map(|server| server.bytes),
            duration: server.map(|server| server.duration),
            start,
            server,
            ..Bandwidth::default()
        },
    }
}

/// Moves data in both directions for this time, of which the start is not counted.
///
/// The server reports of the upload once, at its end. So the warm-up is a transfer of its
/// own, and the one that counts follows on the same connection. TCP remembers how fast it
/// may send, since the pause between them is short.
///
/// ```
/// use roundtrip::measure::bidirectional_after;
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let port = server.address().port();
/// # let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
/// let (warmup, time) = (Duration::from_millis(100), Duration::from_millis(300));
/// let both = bidirectional_after(warmup, &mut client, time, &|_| {});
/// assert!(both.download.duration < Some(Duration::from_millis(210)));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn bidirectional_after(
    warmup: Duration,
    client: &mut Client,
    time: Duration,
    observe: SharedObserver,
) -> Bidirectional {
    let begin = Instant::now();
    let start = bidirectional(client, Amount::Time(warmup), observe);
    if let Some(error) = start.download.failure {
        return Bidirectional::failed(error);
    }
    let settled = client.settle(DRAIN);
    let spent = start.download.start.unwrap_or(begin).elapsed();
    let left = time.saturating_sub(spent);
    match settled {
        Ok(()) if !left.is_zero() => {
            bidirectional(client, Amount::Time(left), &|sample| observe(later(sample, spent)))
        }
        Err(error) if error.kind() != ErrorKind::TimedOut => Bidirectional::failed(error),
        _ => Bidirectional::failed(io::Error::new(
            ErrorKind::TimedOut,
            "the data of the warm-up was still on its way; leave out the warm-up, or measure longer",
        )),
    }
}
