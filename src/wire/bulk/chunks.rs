//! Data that ends after a time: chunks.
//!
//! When a transfer lasts for a given time, nobody knows beforehand how many bytes it
//! will have. So each piece says how long it is, in decimal on a line before it, and a
//! piece of no length is the end:
//!
//! ```text
//!   4096⏎ ─ 4,096 bytes ─ 4608⏎ ─ 4,608 bytes ─ … ─ 0⏎
//! ```
//!
//! A chunk is a promise: once its length is written, so many bytes have to follow. On a
//! slow line a long chunk is a promise of minutes. So the first chunks are short, and
//! each is a small part of all that was sent before, until it is as long as a fast line
//! needs. If a chunk is a 64th of what was sent in two seconds, its end is 31 ms away.
//!
//! When the time is over, either side may be in the middle of a chunk. Reader and writer
//! are therefore structs that know how far they are, and can go on later.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use super::{WRITE_SIZE, receive, send};
use crate::wire::command::whole_number;

/// The shortest chunk that is sent, in bytes.
const SHORTEST: u64 = 4096;

/// The part of what was sent before that a chunk may be.
const PART: u64 = 64;

/// The longest line before a chunk, in bytes: the 20 digits of 64 bits, and the newline.
const MAX_DIGITS: usize = 21;

/// Writes chunks.
#[derive(Debug, Default)]
pub struct ChunkWriter {
    /// What is still to be written of a length.
    line: Vec<u8>,
    /// Bytes that are still promised of a chunk.
    left: u64,
    /// Bytes that were sent in all.
    sent: u64,
    /// Whether the end mark is the last line.
    ended: bool,
}

impl ChunkWriter {
    /// Writes chunks until `more` returns `false` between two of them, then the end mark.
    /// Reports to `progress` how many bytes of data the writer took. After an error, the
    /// next call goes on where this one stopped.
    ///
    /// # Errors
    /// Those of `writer`.
    pub fn write(
        &mut self,
        writer: &mut impl Write,
        mut more: impl FnMut() -> bool,
        mut progress: impl FnMut(u64),
    ) -> io::Result<()> {
        loop {
            while !self.line.is_empty() {
                match writer.write(&self.line)? {
                    0 => return Err(ErrorKind::WriteZero.into()),
                    written => drop(self.line.drain(..written)),
                }
            }
            if self.ended {
                return Ok(());
            }
            let ChunkWriter { left, sent, .. } = self;
            send(writer, *left, |bytes| {
                *left -= bytes;
                *sent += bytes;
                progress(bytes);
            })?;
            self.ended = !more();
            if !self.ended {
                self.left = (self.sent / PART).clamp(SHORTEST, WRITE_SIZE as u64);
            }
            self.line = format!("{}\n", self.left).into_bytes();
        }
    }
}

/// Reads chunks.
#[derive(Debug, Default)]
pub struct ChunkReader {
    /// What has arrived of a length.
    line: Vec<u8>,
    /// Bytes that are still to come of a chunk.
    left: u64,
}

impl ChunkReader {
    /// Reads chunks up to the end mark, and reports to `progress` how many bytes of data
    /// arrived. After an error, the next call goes on where this one stopped.
    ///
    /// ```
    /// use roundtrip::wire::bulk::chunks::ChunkReader;
    ///
    /// let mut arrived = 0;
    /// ChunkReader::default().read(&mut &b"3\nabc2\nde0\n"[..], |bytes| arrived += bytes)?;
    /// assert_eq!(arrived, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `reader`; `UnexpectedEof` when it ends before the end mark; `InvalidData`
    /// when the length of a chunk is no number.
    pub fn read(
        &mut self,
        reader: &mut impl BufRead,
        mut progress: impl FnMut(u64),
    ) -> io::Result<()> {
        loop {
            let ChunkReader { line, left } = self;
            receive(reader, *left, |bytes| {
                *left -= bytes;
                progress(bytes);
            })?;
            let room = (MAX_DIGITS - line.len()) as u64;
            reader.by_ref().take(room).read_until(b'\n', line)?;
            let Some(digits) = line.strip_suffix(b"\n") else {
                let what = "the connection was closed, or lost its step, between two chunks";
                return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
            };
            *left = whole_number(digits)?;
            line.clear();
            if *left == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(chunks: usize) -> (Vec<u8>, u64) {
        let (mut wire, mut rounds, mut sent) = (Vec::new(), 0..chunks, 0);
        ChunkWriter::default()
            .write(&mut wire, || rounds.next().is_some(), |bytes| sent += bytes)
            .unwrap();
        (wire, sent)
    }

    #[test]
    fn chunks_end_where_they_say() {
        for chunks in [0, 1, 3, 100] {
            let (mut wire, sent) = written(chunks);
            wire.extend_from_slice(b"DONE");
            let (mut reader, mut arrived) = (&wire[..], 0);
            ChunkReader::default().read(&mut reader, |bytes| arrived += bytes).unwrap();
            assert_eq!((arrived, reader), (sent, &b"DONE"[..]));
        }
        for broken in ["", "3", "3\nab", "3\nabc", "x\n", "-1\n", "\n", "99999999999999999999999\n"]
        {
            let read = ChunkReader::default().read(&mut broken.as_bytes(), |_| {});
            assert!(read.is_err(), "{broken:?}");
        }
    }

    #[test]
    fn chunks_grow_with_what_was_sent() {
        let (wire, sent) = written(1000);
        assert!(wire.starts_with(b"4096\n") && sent > PART * WRITE_SIZE as u64, "{sent}");
    }

    /// Takes and gives one byte, and fails at every second call.
    struct Stutter<T>(T, bool);

    impl<T> Stutter<T> {
        fn fails(&mut self) -> io::Result<()> {
            self.1 = !self.1;
            if self.1 { Err(ErrorKind::TimedOut.into()) } else { Ok(()) }
        }
    }

    impl Write for Stutter<Vec<u8>> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.fails()?;
            self.0.write(&bytes[..bytes.len().min(1)])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Stutter<&[u8]> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.fails()?;
            let length = bytes.len().min(1);
            self.0.read(&mut bytes[..length])
        }
    }

    #[test]
    fn what_stopped_in_the_middle_goes_on_there() {
        let (mut writer, mut rounds) = (ChunkWriter::default(), 0..2);
        let mut wire = Stutter(Vec::new(), false);
        while let Err(error) = writer.write(&mut wire, || rounds.next().is_some(), |_| {}) {
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        assert_eq!(wire.0.len(), written(2).0.len());
        let (mut reader, mut arrived) = (ChunkReader::default(), 0);
        let mut wire = io::BufReader::with_capacity(1, Stutter(&wire.0[..], false));
        while let Err(error) = reader.read(&mut wire, |bytes| arrived += bytes) {
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        assert_eq!(arrived, 2 * SHORTEST);
    }
}
