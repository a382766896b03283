//! Data in both directions at once.
//!
//! In both directions at once, one connection has two threads: one writes while the
//! other reads. Taking turns in one thread would not be two-way traffic, and could stand
//! still: both sides writing, both buffers full, and nobody reading.

use std::io::{self, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::no_thread::no_thread;

use super::socket::Stream;
use super::watch::Watch;

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
            .spawn_scoped(scope, || send(&stream, other).map_err(|error| (fail(), error)))
            .map_err(no_thread)?;
        let input = receive(reader, watch).map_err(|error| (fail(), error));
        let output = sending.join().map_err(|_| io::Error::other("the sender panicked"))?;
        match (output, input) {
            (Ok(output), Ok(input)) => Ok((output, input)),
            (Err((_, error)), Ok(_)) | (Err((true, error)), _) | (_, Err((_, error))) => Err(error),
        }
    })
}
