//! Transfers that last for a given time.
//!
//! The receiver's clock decides. When the time is over, its count is the result. What
//! still lies in the systems' buffers then is not waited for: at 64 kbit/s, a send buffer
//! of 87 KB takes eleven seconds, and `std` cannot make it smaller. After that, [`drain`]
//! gives the rest one second. If that is not enough, the two sides have lost their
//! step, and the connection cannot be used any more.
//!
//! TCP delivers in order. A segment that was lost holds back all that arrived behind it,
//! until it has been retransmitted and has waited in the queue once more. A count that
//! is taken meanwhile misses data that the line has carried. So if less has arrived than
//! at the best rate before, and there were pauses, the receiver waits until it has
//! caught up, for less than a second, and its time ends then.
//!
//! The time that counts ends with the last byte: on a slow line the next piece is half
//! here. But a silence at the end that is longer than any before it is the line's, and
//! then the whole time counts.

use std::io::{self, BufReader, ErrorKind};
use std::time::{Duration, Instant};

use super::socket::Stream;
use super::watch::Watch;
use super::watched::{Input, Output};
use crate::units::float;
use crate::wire::bulk::chunks::{ChunkReader, ChunkWriter};
use crate::wire::command::Received;

/// How long the rest of a timed transfer may take, after its time.
pub const DRAIN: Duration = Duration::from_secs(1);

/// How long the receiver waits for data that is held back.
const CATCH_UP: Duration = Duration::from_millis(800);

/// A pause between two pieces that a lost segment may be the reason for.
const PAUSE: Duration = Duration::from_millis(20);

/// From this rate on, in bytes per second, a busy processor is the likelier reason for a
/// pause: 100 Mbit/s.
const FAST: f64 = 12.5e6;

/// What was received in a given time.
#[derive(Debug)]
pub struct Arrived {
    /// How much it was, and in what time.
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
    let (start, mut rest, mut pace) = (Instant::now(), ChunkReader::default(), Pace::default());
    let mut input = Input::new(reader, watch, Some(start + time));
    let ended = loop {
        let read = rest.read(&mut input, |bytes| {
            pace.arrived(bytes, start.elapsed());
            progress(bytes);
        });
        match read {
            Ok(()) => break Some(start.elapsed()),
            Err(error) if !input.over => return Err(error),
            Err(_) if start.elapsed() < time + CATCH_UP && pace.is_behind() => {
                input.go_on_until(Instant::now() + PAUSE);
            }
            Err(_) => break None,
        }
    };
    let mut received = pace.received;
    if ended.is_none() && time.saturating_sub(received.duration) > pace.longest_pause {
        received.duration = time;
    }
    Ok(Arrived { received, ended, rest })
}

/// What has arrived, and how fast.
#[derive(Debug)]
struct Pace {
    received: Received,
    /// The first pieces: on many lines they arrive faster than the rest.
    first: Received,
    /// The highest rate since then, in bytes per second.
    best: f64,
    longest_pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let received = Received { bytes: 0, duration: Duration::ZERO };
        Pace { received, first: received, best: 0.0, longest_pause: Duration::ZERO }
    }
}

impl Pace {
    /// The first bytes do not count.
    const FIRST: u64 = 4096;

    fn arrived(&mut self, bytes: u64, at: Duration) {
        let pause = at.saturating_sub(self.received.duration);
        self.longest_pause = self.longest_pause.max(pause);
        self.received = Received { bytes: self.received.bytes + bytes, duration: at };
        if self.first.bytes < Self::FIRST {
            self.first = self.received;
        }
        // A rate needs some time.
        if at > self.first.duration + PAUSE * 10 {
            self.best = self.best.max(self.rate());
        }
    }

    fn rate(&self) -> f64 {
        let time = self.received.duration.saturating_sub(self.first.duration);
        float(self.received.bytes - self.first.bytes) / time.as_secs_f64().max(1e-9)
    }

    fn is_behind(&self) -> bool {
        let can_be_lost = self.longest_pause >= PAUSE && self.best < FAST;
        can_be_lost && self.rate() < self.best * 0.99
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_is_held_back_is_noticed_until_it_is_here() {
        let second = |pace: &mut Pace, second: u64, bytes: u64| {
            for tenth in 0..10 {
                let at = Duration::from_millis(second * 1000 + tenth * 100 + 100);
                pace.arrived(bytes / 10, at);
            }
        };
        let mut pace = Pace::default();
        (0..3).for_each(|at| second(&mut pace, at, 50_000));
        assert!(!pace.is_behind());
        // A hole of a second, then half of what was held back, then the rest.
        pace.arrived(25_000, Duration::from_secs(4));
        assert!(pace.is_behind());
        pace.arrived(35_000, Duration::from_millis(4_200));
        assert!(!pace.is_behind());
    }
}
