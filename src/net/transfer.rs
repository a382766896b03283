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

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::socket::Stream;
use super::watch::Watch;
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
/// holds the time until the last byte had.
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
/// Those of either direction. The connection is ended then, so that the other direction
/// does not wait in vain.
pub fn both<S: Send, R>(
    reader: &mut BufReader<Stream>,
    send: impl FnOnce(&Stream, Watch) -> io::Result<S> + Send,
    receive: impl FnOnce(&mut BufReader<Stream>, Watch) -> io::Result<R>,
) -> io::Result<(S, R)> {
    let (stream, watch) = (reader.get_ref().clone(), Watch::new(reader.get_ref().timeout()));
    let other = watch.other_direction();
    thread::scope(|scope| {
        let sender = thread::Builder::new()
            .spawn_scoped(scope, || send(&stream, other).inspect_err(|_| stream.abort()))?;
        let received = receive(reader, watch).inspect_err(|_| reader.get_ref().abort());
        match sender.join() {
            Ok(outcome) => Ok((outcome?, received?)),
            Err(_) => Err(io::Error::other("the sender panicked")),
        }
    })
}

/// A connection that is read during a transfer. If there is an end in time, it is as if
/// the connection ended then.
pub(super) struct Input<'a> {
    reader: &'a mut BufReader<Stream>,
    watch: Watch,
    timeout: Duration,
    end: Option<Instant>,
    /// Whether the end has come.
    pub over: bool,
}

impl<'a> Input<'a> {
    pub fn new(reader: &'a mut BufReader<Stream>, watch: Watch, end: Option<Instant>) -> Self {
        let timeout = reader.get_ref().timeout();
        Input { reader, watch, timeout, end, over: false }
    }

    /// Calls `io`, in slices of time between which somebody looks at the clock.
    fn wait(
        &mut self,
        mut io: impl FnMut(&mut BufReader<Stream>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            if self.end.is_some_and(|end| Instant::now() >= end) {
                self.over = true;
                return Ok(0);
            }
            self.reader.get_mut().set_read_timeout(self.watch.slice(self.end))?;
            match io(self.reader) {
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    self.watch.moved(0, "nothing arrived")?;
                }
                Ok(bytes) => {
                    self.watch.moved(bytes as u64, "nothing arrived")?;
                    return Ok(bytes);
                }
                error => return error,
            }
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(|reader| reader.read(buffer))
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.reader.buffer().is_empty() && self.wait(|reader| Ok(reader.fill_buf()?.len()))? == 0
        {
            return Ok(&[]);
        }
        Ok(self.reader.buffer())
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

impl Drop for Input<'_> {
    fn drop(&mut self) {
        // The timeout was accepted before, when the connection was made.
        let _ = self.reader.get_mut().set_read_timeout(self.timeout);
    }
}

/// A connection that is written during a transfer. If there is an end in time, it takes
/// nothing after that.
pub(super) struct Output<'a> {
    stream: &'a Stream,
    watch: Watch,
    slice: Duration,
    end: Option<Instant>,
    /// Whether the end has come.
    pub over: bool,
}

impl<'a> Output<'a> {
    pub fn new(stream: &'a Stream, watch: Watch, end: Option<Instant>) -> io::Result<Self> {
        let slice = watch.slice(end);
        stream.set_offer_timeout(slice)?;
        Ok(Output { stream, watch, slice, end, over: false })
    }
}

impl Write for Output<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            if self.end.is_some_and(|end| Instant::now() >= end) {
                self.over = true;
                return Err(ErrorKind::TimedOut.into());
            }
            let slice = self.watch.slice(self.end);
            if slice != self.slice {
                self.stream.set_offer_timeout(slice)?;
                self.slice = slice;
            }
            let written = self.stream.offer(buffer)?;
            self.watch.moved(written as u64, "the peer took nothing")?;
            if written > 0 {
                return Ok(written);
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Output<'_> {
    fn drop(&mut self) {
        let _ = self.stream.set_offer_timeout(self.stream.timeout());
    }
}
