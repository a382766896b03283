//! A bulk transfer on a connection.
//!
//! The loops of [`bulk`] know nothing of time. Here they run on a connection that is
//! [watched](super::watch) for silence, so that a slow transfer may take as long as it
//! needs, and a peer that has stopped is noticed. The file [`timed`](super::timed) adds
//! transfers that last for a given time.
//!
//! In both directions at once, one connection has two threads: one writes while the
//! other reads. Taking turns in one thread would not be two-way traffic, and could stand
//! still: both sides writing, both buffers full, and nobody reading.

use std::io::{self, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
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
    bulk::send(&mut Output::new(stream, watch, None)?, bytes, progress)
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

/// Sends and receives at the same time, with two watches that count together.
///
/// # Errors
/// Those of the direction that fails first. The connection is ended then, so that the
/// other direction does not wait in vain.
pub fn both<S: Send, R>(
    reader: &mut BufReader<Stream>,
    send: impl FnOnce(&Stream, Watch) -> io::Result<S> + Send,
    receive: impl FnOnce(&mut BufReader<Stream>, Watch) -> io::Result<R>,
) -> io::Result<(S, R)> {
    let (stream, watch) = (reader.get_ref().clone(), Watch::new(reader.get_ref().timeout()));
    let (other, failed) = (watch.other_direction(), AtomicBool::new(false));
    // Returns whether this is the first failure.
    let fail = || {
        let first = !failed.swap(true, Ordering::Relaxed);
        stream.abort();
        first
    };
    thread::scope(|scope| {
        let sending = thread::Builder::new()
            .spawn_scoped(scope, || send(&stream, other).map_err(|error| (fail(), error)))?;
        let input = receive(reader, watch).map_err(|error| (fail(), error));
        let output = sending.join().map_err(|_| io::Error::other("the sender panicked"))?;
        match (output, input) {
            (Ok(output), Ok(input)) => Ok((output, input)),
            (Err((_, error)), Ok(_)) | (Err((true, error)), _) | (_, Err((_, error))) => Err(error),
        }
    })
}
