//! Where does one message end, and where does the next begin?
//!
//! TCP carries a stream of bytes, not messages. What one side writes in one call, the
//! other side may read in two, and what was written in two calls may be read in one:
//!
//! ```text
//!   written      [PING⏎]          [PING⏎]
//!   on the wire   P I N G ⏎ P I N G ⏎
//!   read         [PI]  [NG⏎PING⏎]            as the network pleases
//! ```
//!
//! So a protocol has to mark where its messages end. [`Framing::Line`] marks the end
//! with a newline, and this file is about lines. [`Framing::Bare`] marks nothing: it
//! treats the bytes of each `read` as one message, as nearly every first socket program
//! does. `examples/01_framing.rs` measures how that fails, and the file `bare` beside
//! this one shows what can be done about it.

mod bare;

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::str::FromStr;

/// The longest line in bytes, without its `\r\n`: `PING `, and a payload of 64 KiB.
pub const MAX_LINE: usize = "PING ".len() + 65_536;

/// How messages are told apart on a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// A message ends with `\n`; a `\r` before it is dropped.
    #[default]
    Line,
    /// A message is whatever arrives in one piece, without the white space around it.
    Bare,
}

impl Framing {
    /// Writes the message in `buffer`, and empties the buffer.
    ///
    /// A message leaves in one write, its end mark included. A second small write could
    /// wait until the other side has confirmed the first (Nagle's algorithm), which can
    /// take 40 ms: see `examples/02_latency.rs`.
    ///
    /// # Errors
    /// Those of `writer`.
    pub fn send(self, buffer: &mut Vec<u8>, writer: &mut impl Write) -> io::Result<()> {
        if self == Framing::Line {
            buffer.push(b'\n');
        }
        let sent = writer.write_all(buffer);
        buffer.clear();
        sent
    }

    /// Reads one request into `buffer`. Returns `None` when the peer has ended the
    /// conversation between two requests.
    ///
    /// ```
    /// use roundtrip::wire::framing::Framing;
    ///
    /// let mut stream = &b"PING\r\nQUIT\n"[..];
    /// let mut buffer = Vec::new();
    /// assert_eq!(Framing::Line.receive(&mut stream, &mut buffer)?, Some(&b"PING"[..]));
    /// assert_eq!(Framing::Line.receive(&mut stream, &mut buffer)?, Some(&b"QUIT"[..]));
    /// assert_eq!(Framing::Line.receive(&mut stream, &mut buffer)?, None);
    ///
    /// // Bare framing takes the same bytes, arrived in one piece, for one message.
    /// let mut stream = &b"PING\r\nQUIT\n"[..];
    /// assert_eq!(Framing::Bare.receive(&mut stream, &mut buffer)?, Some(&b"PING\r\nQUIT"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidData` for a line over [`MAX_LINE`], `UnexpectedEof` for a line that breaks
    /// off, and the errors of `reader`.
    pub fn receive<'b>(
        self,
        reader: &mut impl BufRead,
        buffer: &'b mut Vec<u8>,
    ) -> io::Result<Option<&'b [u8]>> {
        let received = match self {
            Framing::Line => read_line(reader, buffer)?,
            Framing::Bare => bare::read_piece(reader, buffer)?,
        };
        Ok(received.then_some(buffer))
    }

    /// Reads one answer into `buffer`. `length` is the number of bytes that the expected
    /// answer has: with bare framing, nothing else tells where it ends.
    ///
    /// # Errors
    /// Those of [`receive`](Framing::receive), and `UnexpectedEof` when the peer has closed
    /// the connection.
    pub fn receive_answer<'b>(
        self,
        length: usize,
        reader: &mut impl BufRead,
        buffer: &'b mut Vec<u8>,
    ) -> io::Result<&'b [u8]> {
        let received = match self {
            Framing::Line => read_line(reader, buffer)?,
            Framing::Bare => bare::read_known(length, reader, buffer)?,
        };
        if received {
            return Ok(buffer);
        }
        Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed"))
    }

    /// Adds a hint to the error of a timeout, if the cause may be that the other end uses
    /// another framing. `received` is what has arrived of the message.
    #[must_use]
    pub fn explain(self, error: io::Error, received: &[u8]) -> io::Error {
        match error.kind() {
            ErrorKind::TimedOut => bare::explain(self == Framing::Line, error, received),
            _ => error,
        }
    }
}

/// Reads a line into `line`, without its end. Returns `false` when there are no more.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    // `read_until` alone would take memory for as long a line as a stranger sends.
    let limit = MAX_LINE + "\r\n".len();
    let read = reader.by_ref().take(limit as u64).read_until(b'\n', line)?;
    let ended = line.pop_if(|last| *last == b'\n').is_some();
    if ended {
        line.pop_if(|last| *last == b'\r');
    }
    // The line has its end, but is too long; or it has no end within the limit.
    if line.len() > MAX_LINE || !ended && read == limit {
        return Err(io::Error::new(ErrorKind::InvalidData, "line too long"));
    }
    if !ended && read > 0 {
        let what = "line without a newline at its end";
        return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
    }
    Ok(ended)
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Framing::Line => "line",
            Framing::Bare => "bare",
        })
    }
}

impl FromStr for Framing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "line" => Ok(Framing::Line),
            "bare" => Ok(Framing::Bare),
            _ => Err(format!("{text:?} is no framing; choose line or bare")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// Delivers its bytes in pieces of the given length, as a network may.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0
                .take(length as u64)
                .read(&mut buffer[..length])
                .inspect(|&read| self.0 = &self.0[read..])
        }
    }

    fn lines(bytes: &[u8], piece: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut reader = BufReader::new(Pieces(bytes, piece));
        let (mut buffer, mut lines) = (Vec::new(), Vec::new());
        while let Some(line) = Framing::Line.receive(&mut reader, &mut buffer)? {
            lines.push(line.to_vec());
        }
        Ok(lines)
    }

    #[test]
    fn lines_do_not_depend_on_how_they_arrive() {
        for piece in 1..20 {
            assert_eq!(
                lines(b"PING\nPING a b\r\n\nQUIT\n", piece).unwrap(),
                [&b"PING"[..], b"PING a b", b"", b"QUIT"]
            );
        }
    }

    #[test]
    fn the_longest_line_passes_and_one_byte_more_does_not() {
        for end in [&b"\n"[..], b"\r\n"] {
            let mut bytes = vec![b'x'; MAX_LINE];
            bytes.extend_from_slice(end);
            assert_eq!(lines(&bytes, 8192).unwrap()[0].len(), MAX_LINE);
            bytes.insert(0, b'x');
            let error = lines(&bytes, 8192).unwrap_err();
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (ErrorKind::InvalidData, "line too long")
            );
        }
    }

    #[test]
    fn an_endless_line_is_read_no_further_than_the_limit() {
        let mut endless = BufReader::new(io::repeat(b'x'));
        let mut buffer = Vec::new();
        assert!(Framing::Line.receive(&mut endless, &mut buffer).is_err());
        assert!(buffer.len() <= MAX_LINE + 2);
    }

    #[test]
    fn a_line_that_breaks_off_is_an_error() {
        assert_eq!(lines(b"PING\nPI", 3).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_bare_answer_ends_at_its_known_length_however_it_arrives() {
        for piece in 1..12 {
            let mut reader = BufReader::new(Pieces(b"READYxxxx", piece));
            let mut buffer = Vec::new();
            assert_eq!(
                Framing::Bare.receive_answer(5, &mut reader, &mut buffer).unwrap(),
                b"READY"
            );
            let mut data = Vec::new();
            reader.read_to_end(&mut data).unwrap();
            assert_eq!(data, b"xxxx");
        }
    }

    #[test]
    fn a_bare_error_is_read_whole_when_it_comes_in_one_piece() {
        for expected in ["PONG", "READY", "DONE", "BYE"] {
            let mut reader = &b"ERROR:server full"[..];
            let mut buffer = Vec::new();
            let answer =
                Framing::Bare.receive_answer(expected.len(), &mut reader, &mut buffer).unwrap();
            assert_eq!(answer, b"ERROR:server full");
        }
    }

    #[test]
    fn a_bare_answer_cut_short_is_an_error() {
        for bytes in [&b""[..], b"REA"] {
            let error =
                Framing::Bare.receive_answer(5, &mut &bytes[..], &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn a_bare_request_is_at_most_one_recv_long() {
        let mut reader = BufReader::new(Pieces(&[b'x'; 1500], 1500));
        let mut buffer = Vec::new();
        assert_eq!(
            Framing::Bare.receive(&mut reader, &mut buffer).unwrap().unwrap().len(),
            bare::MAX_PIECE
        );
        assert_eq!(
            Framing::Bare.receive(&mut reader, &mut buffer).unwrap().unwrap().len(),
            1500 - bare::MAX_PIECE
        );
    }
}
