//! Data that ends after a time: chunks.
//!
//! When a transfer lasts for a given time, nobody knows beforehand how many bytes it
//! will have. So each piece says how long it is, in decimal on a line before it, and a
//! piece of no length is the end:
//!
//! ```text
//!   851968⏎ ─ 851,968 bytes ─ 851968⏎ ─ 851,968 bytes ─ 0⏎
//! ```

use std::io::{self, BufRead, ErrorKind, Read, Write};

use super::{WRITE_SIZE, receive, send};
use crate::wire::command::whole_number;

/// The longest line before a chunk, in bytes: the 20 digits of 64 bits, and the newline.
const MAX_DIGITS: u64 = 21;

/// Writes chunks as long as `more` says so, then the end mark, and tells `progress` of
/// each piece that the writer took.
///
/// # Errors
/// As [`send`].
pub fn send_chunks(
    writer: &mut impl Write,
    mut more: impl FnMut() -> bool,
    mut progress: impl FnMut(u64),
) -> io::Result<()> {
    let chunk = WRITE_SIZE as u64;
    while more() {
        writer.write_all(format!("{chunk}\n").as_bytes())?;
        send(writer, chunk, &mut progress)?;
    }
    writer.write_all(b"0\n")
}

/// Reads chunks up to the end mark, tells `progress` of each piece that arrived, and
/// returns how many bytes there were.
///
/// ```
/// let mut arrived = 0;
/// let bytes = roundtrip::wire::bulk::chunks::receive_chunks(&mut &b"3\nabc2\nde0\n"[..], |piece| arrived += piece)?;
/// assert_eq!((bytes, arrived), (5, 5));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// As [`receive`]; `InvalidData` when the length of a chunk is no number.
pub fn receive_chunks(reader: &mut impl BufRead, mut progress: impl FnMut(u64)) -> io::Result<u64> {
    let (mut total, mut line) = (0_u64, Vec::new());
    loop {
        line.clear();
        reader.by_ref().take(MAX_DIGITS).read_until(b'\n', &mut line)?;
        let Some(digits) = line.strip_suffix(b"\n") else {
            let what = format!("the connection was closed, or lost its step, after {total} bytes");
            return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
        };
        match whole_number(digits)? {
            0 => return Ok(total),
            length => {
                receive(reader, length, &mut progress)?;
                total = total.saturating_add(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_end_where_they_say() {
        for chunks in [0, 1, 3] {
            let (mut wire, mut rounds, mut sent, mut arrived) = (Vec::new(), 0..chunks, 0, 0);
            send_chunks(&mut wire, || rounds.next().is_some(), |piece| sent += piece).unwrap();
            wire.extend_from_slice(b"DONE");
            let mut reader = &wire[..];
            assert_eq!(receive_chunks(&mut reader, |piece| arrived += piece).unwrap(), sent);
            assert_eq!((arrived, reader), (chunks * WRITE_SIZE as u64, &b"DONE"[..]));
        }
        for broken in
            ["", "3", "3\nab", "3\nabc", "x\n", "-1\n", "\n", "99999999999999999999999999\n"]
        {
            assert!(receive_chunks(&mut broken.as_bytes(), |_| {}).is_err(), "{broken:?}");
        }
    }
}
