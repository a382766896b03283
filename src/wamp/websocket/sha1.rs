//! A hash function from the inside: SHA-1, RFC 3174.
//!
//! A hash function makes twenty bytes of a message of any length, and it should be hard
//! to find another message with the same twenty bytes. SHA-1 works a block at a time:
//! it mixes each block into a state of five words. The state after the last block is
//! the hash.
//!
//! ```text
//!   message   ─ 64 bytes ─┬─ 64 bytes ─┬─ rest 80 00 … 00 length ─┐   padded, section 4
//!                         ▼            ▼                          ▼
//!   67452301 … ─────▶  compress ─▶  compress  ─ … ─────▶      compress ─▶ 20 bytes
//! ```
//!
//! This program uses SHA-1 for one thing: the answer to the request for a
//! [WebSocket](super), which proves that the server has understood the request. SHA-1
//! is no longer safe for signatures: in 2017 two files with the same hash were
//! published (Stevens and others, "The first collision for full SHA-1").

/// The bytes of a block (RFC 3174 section 4).
const BLOCK: usize = 64;

/// The state before the first block (RFC 3174 section 6.1).
const START: [u32; 5] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];

/// The hash of a message.
///
/// ```
/// use roundtrip::wamp::websocket::sha1::sha1;
///
/// assert_eq!(sha1(b"abc")[..4], [0xA9, 0x99, 0x3E, 0x36]);
/// ```
#[must_use]
pub fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state = START;
    let (blocks, rest) = message.as_chunks();
    for block in blocks {
        compress(&mut state, block);
    }

    // Section 4: a one bit, zeros, and the length in bits, so that different messages
    // stay different.
    let mut last = rest.to_vec();
    last.push(0x80);
    last.resize((last.len() + size_of::<u64>()).next_multiple_of(BLOCK) - size_of::<u64>(), 0);
    last.extend_from_slice(&(message.len() as u64).wrapping_mul(8).to_be_bytes());
    for block in last.as_chunks().0 {
        compress(&mut state, block);
    }

    let mut hash = [0; 20];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

/// Mixes one block into the state (RFC 3174 section 6.1, with the functions and
/// constants of section 5).
#[allow(clippy::many_single_char_names, reason = "the names in the RFC")]
fn compress(state: &mut [u32; 5], block: &[u8; BLOCK]) {
    // Sixteen words from the block, and 64 more, each made of four words before it.
    let mut words = [0; 80];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for t in 16..80 {
        words[t] = (words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotate_left(1);
    }

    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (t, word) in words.into_iter().enumerate() {
        let (f, k) = match t {
            0..20 => ((b & c) | (!b & d), 0x5A82_7999),
            20..40 => (b ^ c ^ d, 0x6ED9_EBA1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC),
            _ => (b ^ c ^ d, 0xCA62_C1D6u32),
        };
        let next =
            a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(word).wrapping_add(k);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (word, mixed) in state.iter_mut().zip([a, b, c, d, e]) {
        *word = word.wrapping_add(mixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(message: &[u8]) -> String {
        sha1(message).map(|byte| format!("{byte:02x}")).concat()
    }

    #[test]
    fn the_examples_of_the_standards() {
        // RFC 3174 section 7.3 and FIPS 180-2 appendix A; the empty message is in
        // NIST's test vectors.
        assert_eq!(hexadecimal(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hexadecimal(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hexadecimal(two_blocks), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
        assert_eq!(hexadecimal(&vec![b'a'; 1_000_000]), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
        let ten_blocks = "01234567".repeat(80);
        assert_eq!(hexadecimal(ten_blocks.as_bytes()), "dea356a2cddd90c7a7ecedc5ebb563934f460452");
    }

    #[test]
    fn the_padding_fits_every_length() {
        // Lengths around one block and two, where the padding needs a block of its own.
        // Python's hashlib gives the same hash of all hashes.
        let hashes: Vec<u8> = (0..=130).flat_map(|length| sha1(&vec![b'x'; length])).collect();
        assert_eq!(hexadecimal(&hashes), "c8aae94427ef2bc2653160a5197170068f5fc9fd");
    }
}
