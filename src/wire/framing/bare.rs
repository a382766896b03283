//! Messages without any mark of their end.
//!
//! The program that this one grew from takes whatever one `recv(1024)` returns for a
//! message, and compares it with the answer that it expects. A request that arrives in
//! two pieces is two errors; two requests that arrive together are one error; and
//! `READY` often arrives in one piece with the data behind it.
//!
//! Two things help. A client that knows how long the answer will be reads just so many
//! bytes. And a server can wait a moment between `READY` and the data
//! (`src/session/text.rs`), which is a bet on the network and on the peer's scheduler.

use std::io::{self, BufRead, Read};

/// The longest message, in bytes: the original programs read with `recv(1024)`.
pub(super) const MAX_PIECE: usize = 1024;

/// Reads one piece into `buffer`, without the white space around it. Returns `false`
/// when there are no more.
pub(super) fn read_piece(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let read = take_piece(reader, buffer)?;
    *buffer = buffer.trim_ascii().to_vec();
    Ok(read > 0)
}

/// Reads an answer of a known length into `buffer`. Returns `false` when the connection
/// ends before.
pub(super) fn read_known(
    length: usize,
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
) -> io::Result<bool> {
    buffer.clear();
    if reader.by_ref().take(length as u64).read_to_end(buffer)? < length {
        return Ok(false);
    }
    // An error is the one answer of unknown length. Its text is what arrives along with
    // it: more cannot be done.
    if length > 0 && b"ERROR:".starts_with(buffer) {
        take_piece(reader, buffer)?;
    }
    Ok(true)
}

/// Appends what one `recv(MAX_PIECE)` would return.
fn take_piece(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let available = reader.fill_buf()?;
    let read = available.len().min(MAX_PIECE);
    buffer.extend_from_slice(&available[..read]);
    reader.consume(read);
    Ok(read)
}

/// Guesses from what has arrived whether the other end speaks the other framing.
pub(super) fn explain(lines: bool, error: io::Error, received: &[u8]) -> io::Error {
    let what = match (lines, received) {
        (true, []) => return error,
        (true, _) => {
            let start = received[..received.len().min(20)].escape_ascii();
            format!(
                "{error}, and \"{start}\" has no newline at its end: a server with --framing bare?"
            )
        }
        (false, _) => format!("{error}: a server with --framing line, waiting for a newline?"),
    };
    io::Error::new(error.kind(), what)
}
