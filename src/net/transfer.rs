//! The two ways in which a bulk transfer can end: after so many bytes, or after so much
//! time. The same for either side.
//!
//! In both directions at once, one connection has two threads: one writes while the
//! other reads. Taking turns in one thread would not be two-way traffic, and could
//! stand still: both sides writing, both buffers full, and nobody reading.

use std::io::{self, BufReader, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::net::{Stream, receive_within};
use crate::wire::bulk;
use crate::wire::command::{Amount, Received};

/// Writes so much, and tells `progress` of each piece that the writer took.
///
/// # Errors
/// Those of `writer`.
pub fn send(writer: &mut impl Write, amount: Amount, progress: impl FnMut(u64)) -> io::Result<()> {
    match amount {
        Amount::Bytes(bytes) => bulk::send(writer, bytes, progress),
        Amount::Time(duration) => {
            let start = Instant::now();
            bulk::chunks::send_chunks(writer, || start.elapsed() < duration, progress)
        }
    }
}

/// Reads so much, tells `progress` of each piece that arrived, and says how long it
/// took until the last byte had.
///
/// # Errors
/// Those of `reader`, and when it ends before the amount does.
pub fn receive(
    reader: &mut BufReader<Stream>,
    amount: Amount,
    mut progress: impl FnMut(u64),
) -> io::Result<Received> {
    let start = Instant::now();
    let (mut bytes, mut duration) = (0, Duration::ZERO);
    let arrived = |piece| {
        bytes += piece;
        duration = start.elapsed();
        progress(piece);
    };
    match amount {
        Amount::Bytes(wanted) => bulk::receive(reader, wanted, arrived)?,
        Amount::Time(time) => {
            // What was handed over in time may arrive later, but a peer that never
            // stops is not waited for: it has as long again as it might have been
            // silent.
            let patience = reader.get_ref().timeout();
            receive_within(time.saturating_add(patience), reader, |reader| {
                bulk::chunks::receive_chunks(reader, arrived)
            })?;
        }
    }
    Ok(Received { bytes, duration })
}

/// Does both at the same time.
///
/// # Errors
/// Those of either; then the connection is ended, so that the other does not wait in
/// vain.
pub fn both(
    reader: &mut BufReader<Stream>,
    amount: Amount,
    sent: impl FnMut(u64) + Send,
    received: impl FnMut(u64),
) -> io::Result<Received> {
    let mut writer = reader.get_ref().clone();
    thread::scope(|scope| {
        let sender = thread::Builder::new().spawn_scoped(scope, move || {
            send(&mut writer, amount, sent).inspect_err(|_| writer.abort())
        })?;
        let received = receive(reader, amount, received).inspect_err(|_| reader.get_ref().abort());
        match sender.join() {
            Ok(sent) => sent.and(received),
            Err(_) => Err(io::Error::other("the sender panicked")),
        }
    })
}
