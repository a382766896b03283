//! How do exactly n bytes get across?
//!
//! A bulk transfer is two loops: one side calls [`send`], the other side calls
//! [`receive`]. What is worth studying is the size of the pieces. Each `write` and each
//! `read` is a system call that copies, and the two sides work at the same time only
//! while there is something in the socket buffers between them:
//!
//! ```text
//!   write 832 KiB ──▶ [ socket buffers ] ──▶ read 256 KiB
//!   few calls, buffers kept full             bytes leave while others still arrive
//! ```
//!
//! With both at 128 KiB, writer and reader move in lock-step, each asleep while the
//! other works, at half the rate. The two sizes were measured: on loopback every write
//! from 704 to 960 KiB did as well, and 1 MiB did a third worse. Change the two
//! constants and run `cargo run --release --example versus` to see others.
//!
//! A transfer for a given time has no number of bytes that both sides know beforehand:
//! see [`chunks`].

pub mod chunks;

use std::io::{self, ErrorKind, Read, Write};
use std::sync::LazyLock;

/// Bytes handed to one `write`.
pub const WRITE_SIZE: usize = 832 * 1024;

/// Bytes asked of one `read`.
pub const READ_SIZE: usize = 256 * 1024;

/// What is sent: pseudo-random bytes, so that a link that compresses does not look
/// faster than it is.
static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut noise = vec![0; WRITE_SIZE];
    // Marsaglia, "Xorshift RNGs" (2003), the 64-bit generator with shifts 13, 7, 17.
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for eight in noise.chunks_exact_mut(size_of::<u64>()) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        eight.copy_from_slice(&state.to_le_bytes());
    }
    noise
});

/// Makes the bytes to be sent, once, so that the first transfer's time does not include
/// it.
pub fn prepare() {
    LazyLock::force(&NOISE);
}

/// Writes exactly `bytes` bytes, and reports to `progress` the size of each piece that
/// the writer took.
///
/// That the last piece was taken does not say that it has *arrived*: only the receiver
/// knows.
///
/// # Errors
/// Those of `writer`; `WriteZero` when it takes nothing any more.
pub fn send(writer: &mut impl Write, bytes: u64, mut progress: impl FnMut(u64)) -> io::Result<()> {
    let mut left = bytes;
    while left > 0 {
        match writer.write(&NOISE[..piece(left, WRITE_SIZE)]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                left -= written as u64;
                progress(written as u64);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads exactly `bytes` bytes, and reports to `progress` the size of each piece.
///
/// ```
/// let mut arrived = 0;
/// roundtrip::wire::bulk::receive(&mut &b"four of these bytes"[..], 4, |piece| arrived += piece)?;
/// assert_eq!(arrived, 4);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `reader`; `UnexpectedEof`, with how many bytes there were, when it ends
/// before.
pub fn receive(
    reader: &mut impl Read,
    bytes: u64,
    mut progress: impl FnMut(u64),
) -> io::Result<()> {
    let mut buffer = vec![0; piece(bytes, READ_SIZE)];
    let mut left = bytes;
    while left > 0 {
        let wanted = piece(left, READ_SIZE);
        match reader.read(&mut buffer[..wanted]) {
            Ok(0) => {
                let arrived = bytes - left;
                let what = format!("the connection was closed after {arrived} of {bytes} bytes");
                return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
            }
            Ok(read) => {
                left -= read as u64;
                progress(read as u64);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The length of the next piece. The cast cannot cut: it is at most `size`.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the smaller of the two fits in a usize, since size does"
)]
fn piece(left: u64, size: usize) -> usize {
    left.min(size as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_so_many_bytes_are_sent_and_received() {
        for bytes in [0, 1, 7, READ_SIZE as u64, WRITE_SIZE as u64 + 1, 3_000_000] {
            let (mut wire, mut sent, mut arrived) = (Vec::new(), 0, 0);
            send(&mut wire, bytes, |piece| sent += piece).unwrap();
            assert_eq!((wire.len() as u64, sent), (bytes, bytes));
            wire.extend_from_slice(b"BYE");
            let mut reader = &wire[..];
            receive(&mut reader, bytes, |piece| arrived += piece).unwrap();
            assert_eq!((arrived, reader), (bytes, &b"BYE"[..]));
        }
    }

    #[test]
    fn a_transfer_cut_short_says_how_much_there_was() {
        let mut arrived = 0;
        let error = receive(&mut &[0; 1000][..], 1001, |piece| arrived += piece).unwrap_err();
        assert_eq!((error.kind(), arrived), (ErrorKind::UnexpectedEof, 1000));
        assert!(error.to_string().contains("1000 of 1001"), "{error}");
    }

    #[test]
    fn what_is_sent_does_not_compress() {
        let mut counts = [0u32; 256];
        NOISE.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
        let total = f64::from(counts.iter().sum::<u32>());
        let entropy: f64 =
            counts.iter().map(|&count| f64::from(count) / total).map(|p| -p * p.log2()).sum();
        assert!(entropy > 7.99, "{entropy} bits a byte");
        assert!(NOISE.chunks(8).zip(NOISE.chunks(8).skip(1)).all(|(a, b)| a != b));
    }
}
