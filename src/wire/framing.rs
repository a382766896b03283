//! Where does one message end and the next begin?
//!
//! TCP carries a stream of bytes, not messages. What one side writes in one call, the
//! other may read in two, and what was written in two calls may be read in one:
//!
//! ```text
//!   written      [PING⏎]          [PING⏎]
//!   on the wire   P I N G ⏎ P I N G ⏎
//!   read         [PI]  [NG⏎PING⏎]                  as the network pleases
//! ```
//!
//! So a protocol has to mark where its messages end. [`Framing::Line`] does it with a
//! newline. [`Framing::Bare`] does not do it at all: it takes whatever one `read`
//! returns for a message, as the program did that this one grew from, and as nearly
//! every first socket program does. It works as long as each side waits for the other,
//! each message is small and the network is kind; it is here so that the two can be
//! compared (`examples/01_framing.rs` measures how it fails) and so that the old
//! programs can still be talked to.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::str::FromStr;

use super::command::MAX_PAYLOAD;

/// The longest line, without its `\r\n`: a ping with the largest payload.
pub const MAX_LINE: usize = "PING ".len() + MAX_PAYLOAD;

/// The longest bare message: the original programs read with `recv(1024)`.
pub const MAX_PIECE: usize = 1024;

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
    /// Writes the message in `buffer` and empties the buffer.
    ///
    /// A message leaves in one write, its end mark included. In two writes, the second
    /// would wait for the acknowledgement of the first (Nagle's algorithm, RFC 896),
    /// which the other side may delay by 40 ms and more (RFC 1122 section 4.2.3.2).
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

    /// Reads one request into `buffer`; `None` when the peer has ended the conversation
    /// between two requests.
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
    /// `InvalidData` for a line over [`MAX_LINE`], `UnexpectedEof` for one that breaks
    /// off, and those of `reader`.
    pub fn receive<'b>(
        self,
        reader: &mut impl BufRead,
        buffer: &'b mut Vec<u8>,
    ) -> io::Result<Option<&'b [u8]>> {
        let received = match self {
            Framing::Line => read_line(reader, buffer)?,
            Framing::Bare => read_piece(reader, buffer)?,
        };
        Ok(received.then_some(buffer))
    }

    /// Reads one answer into `buffer`, where `length` bytes are expected if all is
    /// well.
    ///
    /// A line ends where it ends. A bare answer is told from what follows it by its
    /// known length alone: `READY` and the first bytes of a download often arrive in
    /// one piece.
    ///
    /// # Errors
    /// As [`receive`](Framing::receive), and `UnexpectedEof` when the peer has closed
    /// the connection.
    pub fn receive_answer<'b>(
        self,
        length: usize,
        reader: &mut impl BufRead,
        buffer: &'b mut Vec<u8>,
    ) -> io::Result<&'b [u8]> {
        match self {
            Framing::Line => match read_line(reader, buffer) {
                Ok(true) => Ok(buffer),
                Ok(false) => Err(closed()),
                Err(error) if error.kind() == ErrorKind::TimedOut && !buffer.is_empty() => {
                    Err(unended(&error, buffer))
                }
                Err(error) => Err(error),
            },
            Framing::Bare => {
                read_known(length, reader, buffer)?;
                Ok(buffer)
            }
        }
    }
}

/// Reads a line into `line`, without its end; `false` when there is none any more.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let limit = MAX_LINE + "\r\n".len();
    let read = reader.by_ref().take(limit as u64).read_until(b'\n', line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
        return if line.len() > MAX_LINE { Err(too_long()) } else { Ok(true) };
    }
    match read {
        0 => Ok(false),
        _ if read < limit => {
            Err(io::Error::new(ErrorKind::UnexpectedEof, "line without a newline at its end"))
        }
        _ => Err(too_long()),
    }
}

/// What a server says that ends no line is most likely another dialect.
fn unended(error: &io::Error, line: &[u8]) -> io::Error {
    let start = line[..line.len().min(20)].escape_ascii();
    let what = format!(
        "{error}, and \"{start}\" has no newline at its end: a server with --framing bare?"
    );
    io::Error::new(error.kind(), what)
}

fn closed() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed")
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "line too long")
}

fn read_piece(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let read = take_piece(reader, buffer)?;
    *buffer = buffer.trim_ascii().to_vec();
    Ok(read > 0)
}

fn read_known(length: usize, reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    if reader.by_ref().take(length as u64).read_to_end(buffer)? < length {
        return Err(closed());
    }
    // An error is the one answer of unknown length. Its text is what comes along with
    // it: all that can be done.
    if length > 0 && b"ERROR:".starts_with(buffer) {
        take_piece(reader, buffer)?;
    }
    Ok(())
}

/// Appends what one `recv(MAX_PIECE)` would return.
fn take_piece(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let available = reader.fill_buf()?;
    let read = available.len().min(MAX_PIECE);
    buffer.extend_from_slice(&available[..read]);
    reader.consume(read);
    Ok(read)
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
            MAX_PIECE
        );
        assert_eq!(
            Framing::Bare.receive(&mut reader, &mut buffer).unwrap().unwrap().len(),
            1500 - MAX_PIECE
        );
    }
}
