//! Reading a known number of bytes, for both framings and their handshakes.

use std::io::{self, ErrorKind, Read};

/// Reads exactly `N` bytes of `what`, such as "a message".
pub fn array<const N: usize>(reader: &mut impl Read, what: &str) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    match reader.read_exact(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(cut_off(what)),
        read => read.map(|()| bytes),
    }
}

/// Reads exactly `length` bytes of a message, and appends them to `buffer`. The buffer
/// grows with what arrives: a length that is only announced costs no memory.
pub fn append(reader: &mut impl Read, length: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.by_ref().take(length).read_to_end(buffer)?;
    if (read as u64) < length { Err(cut_off("a message")) } else { Ok(()) }
}

/// The error of a connection that ended within `what`.
pub fn cut_off(what: &str) -> io::Error {
    let what = format!("the connection was closed in the middle of {what}");
    io::Error::new(ErrorKind::UnexpectedEof, what)
}
