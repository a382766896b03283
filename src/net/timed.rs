//! Transfers that last for a given time.
//!
//! The receiver's clock decides. When the time is over, its count is the result. What
//! still lies in the systems' buffers then is not waited for: at 64 kbit/s, a send buffer
//! of 87 KB takes eleven seconds, and `std` cannot make it smaller. After that, [`drain`]
//! gives the rest one second. If that is not enough, the two sides have lost their
//! step, and the connection cannot be used any more.

use std::io::{self, BufReader, ErrorKind};
use std::time::{Duration, Instant};

use super::socket::Stream;
use super::watch::Watch;
use super::watched::{Input, Output};
use crate::wire::bulk::chunks::{ChunkReader, ChunkWriter};
use crate::wire::command::Received;

/// How long the rest of a timed transfer may take, after its time.
pub const DRAIN: Duration = Duration::from_secs(1);

/// What was received in a given time.
#[derive(Debug)]
pub struct Arrived {
    /// How much it was, and when the last byte of it arrived.
    pub received: Received,
    /// Whether the sender ended the transfer before the time was over, and when.
    pub ended: Option<Duration>,
    /// Reads the rest.
    pub rest: ChunkReader,
}

/// Sends for this long, then to the end of the chunk, and the end mark.
///
/// # Errors
/// Those of the connection; `TimedOut` when the peer takes nothing for too long.
pub fn send(
    stream: &Stream,
    watch: Watch,
    time: Duration,
    progress: impl FnMut(u64),
) -> io::Result<()> {
    let start = Instant::now();
    let mut output = Output::new(stream, watch, None)?;
    ChunkWriter::default().write(&mut output, || start.elapsed() < time, progress)
}

/// Sends until `end`, even if that is in the middle of a chunk. The result can write the
/// rest.
///
/// # Errors
/// As [`send`].
pub fn send_until(
    stream: &Stream,
    watch: Watch,
    end: Instant,
    progress: impl FnMut(u64),
) -> io::Result<ChunkWriter> {
    let mut chunks = ChunkWriter::default();
    let mut output = Output::new(stream, watch, Some(end))?;
    match chunks.write(&mut output, || true, progress) {
        Err(error) if !output.over => Err(error),
        _ => Ok(chunks),
    }
}

/// Receives for this long.
///
/// # Errors
/// Those of the connection; `UnexpectedEof` when it is closed before; `TimedOut` when
/// nothing arrives for too long.
pub fn receive(
    reader: &mut BufReader<Stream>,
    watch: Watch,
    time: Duration,
    mut progress: impl FnMut(u64),
) -> io::Result<Arrived> {
    let start = Instant::now();
    let mut received = Received { bytes: 0, duration: Duration::ZERO };
    let (mut input, mut rest) =
        (Input::new(reader, watch, Some(start + time)), ChunkReader::default());
    let read = rest.read(&mut input, |bytes| {
        received.bytes += bytes;
        received.duration = start.elapsed();
        progress(bytes);
    });
    match read {
        Ok(()) => Ok(Arrived { received, ended: Some(start.elapsed()), rest }),
        Err(_) if input.over => Ok(Arrived { received, ended: None, rest }),
        Err(error) => Err(error),
    }
}

/// Reads the rest of a transfer whose time is over, and drops it.
///
/// # Errors
/// Those of the connection; `TimedOut` when it takes longer than `time`.
pub fn drain(
    reader: &mut BufReader<Stream>,
    arrived: &mut Arrived,
    time: Duration,
) -> io::Result<()> {
    if arrived.ended.is_some() {
        return Ok(());
    }
    let watch = Watch::new(reader.get_ref().timeout());
    let mut input = Input::new(reader, watch, Some(Instant::now() + time));
    arrived.rest.read(&mut input, |_| {}).map_err(|error| rest(input.over, time, error))
}

/// Writes the rest of a transfer whose time is over, up to the end mark.
///
/// # Errors
/// Those of the connection; `TimedOut` when it takes longer than `time`.
pub fn finish(stream: &Stream, chunks: &mut ChunkWriter, time: Duration) -> io::Result<()> {
    let watch = Watch::new(stream.timeout());
    let mut output = Output::new(stream, watch, Some(Instant::now() + time))?;
    chunks.write(&mut output, || false, |_| {}).map_err(|error| rest(output.over, time, error))
}

fn rest(over: bool, time: Duration, error: io::Error) -> io::Error {
    if !over {
        return error;
    }
    let what = format!("the rest of a timed transfer takes longer than {time:?}");
    io::Error::new(ErrorKind::TimedOut, what)
}
