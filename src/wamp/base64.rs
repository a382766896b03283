//! Bytes as text: Base64, RFC 4648.
//!
//! Three bytes are 24 bits, and so are four digits of six bits each. The 64 digits are
//! characters without a special meaning in text protocols:
//!
//! ```text
//!   bytes        M        a        n
//!   bits     01001101 01100001 01101110
//!   digits   010011 010110 000101 101110
//!              19     22      5     46
//!              T      W       F     u
//! ```
//!
//! If the number of bytes is not a multiple of three, zero bits fill the last digit,
//! and `=` fills the last group: one byte becomes two digits and `==`, two bytes become
//! three digits and `=`.

/// The digits in the order of their values (RFC 4648 section 4).
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes bytes as text.
///
/// ```
/// use roundtrip::wamp::base64;
///
/// assert_eq!(base64::encode(b"foob"), "Zm9vYg==");
/// ```
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3)
            .fold(0, |bits, place| bits << 8 | u32::from(group.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Decodes text; `None` if [`encode`] makes this text of no bytes.
///
/// Decoding is strict where the RFC leaves a choice: line breaks are refused (section
/// 3.1), padding is required (section 3.2), and the bits that fill the last digit must
/// be zero (section 3.5). So each text stands for other bytes.
///
/// ```
/// use roundtrip::wamp::base64;
///
/// assert_eq!(base64::decode("Zm9vYg=="), Some(b"foob".to_vec()));
/// assert_eq!(base64::decode("Zm9vYg"), None);
/// assert_eq!(base64::decode("Zm9vYh=="), None);
/// ```
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0;
        for &digit in group {
            bits = bits << 6 | value(digit)?;
        }
        // Four digits hold three bytes, three digits hold two and some spare bits, two
        // digits hold one.
        let bits = (bits << (6 * (4 - group.len()))).to_be_bytes();
        let (whole, spare) = bits[1..].split_at(group.len() - 1);
        if spare.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

/// The value of a digit.
fn value(digit: u8) -> Option<u32> {
    let (first, offset) = match digit {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => (b'+', 62),
        b'/' => (b'/', 63),
        _ => return None,
    };
    Some(u32::from(digit - first) + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        // Section 10
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn every_byte_is_encoded_and_decoded() {
        let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        for length in 0..bytes.len() {
            let text = encode(&bytes[..length]);
            assert!(text.len() == length.div_ceil(3) * 4 && text.is_ascii());
            assert_eq!(decode(&text).as_deref(), Some(&bytes[..length]));
        }
    }

    #[test]
    fn text_that_is_no_encoding_is_refused() {
        for text in [
            "Z", "Zg", "Zg=", "Zg===", "Zm8", "=", "==", "===", "====", "Z===", "Zm9v====",
            "Zg==Zg==", "Zm=v", "Zm9v\n", " Zm9", "Zm9-", "Zm9_", "Zm9.", "Zmé", "éé", "Zh==",
            "Zm9=",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        // A text of one group is accepted only if it is the encoding of its bytes.
        let characters: Vec<char> =
            DIGITS.iter().map(|&digit| char::from(digit)).chain(['=']).collect();
        for number in 0..characters.len().pow(3) {
            let character =
                |place| characters[number / characters.len().pow(place) % characters.len()];
            let text: String = ['Q', character(2), character(1), character(0)].iter().collect();
            assert!(decode(&text).is_none_or(|bytes| encode(&bytes) == text), "{text}");
        }
    }
}
