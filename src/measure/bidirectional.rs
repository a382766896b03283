//! Bandwidth in both directions at once.
//!
//! Each end waits for the other to finish, so the upload's figures are the server's: from
//! its `READY` to the last byte that arrived there. Its report stands behind the data of
//! the download. On a slow line it may still be on its way a second after the end of a
//! timed transfer; then nothing is known of the upload.

use std::io;
use std::time::Duration;

use super::{Bandwidth, Direction, Measurement, Sample, SharedObserver};
use crate::client::Client;
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
        Ok((_, server)) => (server, None),
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
