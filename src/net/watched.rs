//! A connection during a transfer: its reads and writes are watched.
//!
//! No call waits longer than a slice of the timeout. Between two slices somebody looks at
//! the clock: is the time of the transfer over, has the peer been silent for too long?

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use super::socket::Stream;
use super::watch::Watch;

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

    /// Puts the end off.
    pub fn go_on_until(&mut self, end: Instant) {
        (self.end, self.over) = (Some(end), false);
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
