//! A bulk transfer on a connection.
//!
//! The loops of [`bulk`] know nothing of time. Here they run on a connection that is
//! [watched](super::watch) for silence, so that a slow transfer may take as long as it
//! needs, and a peer that has stopped is noticed. The file [`timed`](super::timed) adds
//! transfers that last for a given time.

use std::io::{self, BufReader};
use std::time::{Duration, Instant};

use super::socket::Stream;
use super::watch::Watch;
use super::watched::{Input, Output};
use crate::wire::bulk;
use crate::wire::command::Received;

/// Writes exactly `bytes` bytes, and reports to `progress` how many the system took.
///
/// # Errors
/// Those of the connection; `TimedOut` when the peer takes nothing for too long.
pub fn send(
    stream: &Stream,
    watch: Watch,
    bytes: u64,
    progress: impl FnMut(u64),
) -> io::Result<()> {
    bulk::send(&mut Output::new(stream, watch, None)?, bytes, progress) // None: no end in time
}

/// Reads exactly `bytes` bytes, and reports to `progress` how many arrived. The result
/// holds the time until the last byte had arrived.
///
/// # Errors
/// Those of the connection; `UnexpectedEof` when it ends before; `TimedOut` when nothing
/// arrives for too long.
pub fn receive(
    reader: &mut BufReader<Stream>,
    watch: Watch,
    bytes: u64,
    mut progress: impl FnMut(u64),
) -> io::Result<Received> {
    let (start, mut duration) = (Instant::now(), Duration::ZERO);
    bulk::receive(&mut Input::new(reader, watch, None), bytes, |piece| {
        duration = start.elapsed();
        progress(piece);
    })?;
    Ok(Received { bytes, duration })
}
