//! Values as bytes, each in its shortest format.

use crate::json::Value;

const NIL: u8 = 0xC0;

/// The first byte of each format with a length in 1, 2 or 4 bytes.
type Formats = [Option<u8>; 3];
const BYTES: Formats = [Some(0xC4), Some(0xC5), Some(0xC6)];
const EXTENSION: Formats = [Some(0xC7), Some(0xC8), Some(0xC9)];
const STRING: Formats = [Some(0xD9), Some(0xDA), Some(0xDB)];
const LIST: Formats = [None, Some(0xDC), Some(0xDD)];
const MAP: Formats = [None, Some(0xDE), Some(0xDF)];

/// Appends a value as `MessagePack`.
///
/// [`parse`](super::parse) makes the same value of the bytes again, with two exceptions
/// for which `MessagePack` has no format: an integer below `i64::MIN` or above
/// `u64::MAX` becomes the nearest float, as when JSON is parsed, and a value of more
/// than 2^32 - 1 bytes or members becomes nil.
///
/// ```
/// use roundtrip::json::Value;
/// use roundtrip::wamp::msgpack;
///
/// let mut message = Vec::new();
/// let list = Value::from(vec![Value::from(-1), Value::from("ok")]);
/// msgpack::encode(&list, &mut message);
/// assert_eq!(message, b"\x92\xFF\xA2ok");
/// ```
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NIL),
        Value::Bool(false) => out.push(0xC2),
        Value::Bool(true) => out.push(0xC3),
        Value::Integer(number) => integer(*number, out),
        Value::Float(number) => float(*number, out),
        Value::String(text) => string(text, out),
        Value::Bytes(bytes) => {
            if head(bytes.len(), None, BYTES, out) {
                out.extend_from_slice(bytes);
            }
        }
        Value::Extension(kind, bytes) => {
            let mut fixed = [1, 2, 4, 8, 16].iter().zip(0xD4..);
            let fixed = fixed.find(|(length, _)| **length == bytes.len()).map(|(_, first)| first);
            if head(bytes.len(), fixed, EXTENSION, out) {
                out.push(kind.cast_unsigned());
                out.extend_from_slice(bytes);
            }
        }
        Value::List(items) => {
            if head(items.len(), within(0x90, 0x0F, items.len()), LIST, out) {
                for item in items {
                    encode(item, out);
                }
            }
        }
        Value::Map(map) => {
            if head(map.len(), within(0x80, 0x0F, map.len()), MAP, out) {
                for (key, value) in map.iter() {
                    string(key, out);
                    encode(value, out);
                }
            }
        }
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    if head(text.len(), within(0xA0, 0x1F, text.len()), STRING, out) {
        out.extend_from_slice(text.as_bytes());
    }
}

/// The first byte with the length in it, if the length is small enough.
fn within(first: u8, largest: u8, length: usize) -> Option<u8> {
    u8::try_from(length).ok().filter(|&length| length <= largest).map(|length| first | length)
}

/// Writes the head of a value: the one byte `alone`, if there is one, or else the
/// format for a length of 1, 2 or 4 bytes, and the length. Returns whether the members
/// have to follow.
fn head(length: usize, alone: Option<u8>, [one, two, four]: Formats, out: &mut Vec<u8>) -> bool {
    if let Some(first) = alone {
        out.push(first);
    } else if let (Some(first), Ok(length)) = (one, u8::try_from(length)) {
        out.extend_from_slice(&[first, length]);
    } else if let (Some(first), Ok(length)) = (two, u16::try_from(length)) {
        put(first, length.to_be_bytes(), out);
    } else if let (Some(first), Ok(length)) = (four, u32::try_from(length)) {
        put(first, length.to_be_bytes(), out);
    } else {
        out.push(NIL);
        return false;
    }
    true
}

#[allow(clippy::cast_precision_loss, reason = "no format holds a larger integer exactly")]
fn integer(number: i128, out: &mut Vec<u8>) {
    if let Ok(number @ 0..=0x7F) = u8::try_from(number) {
        out.push(number);
    } else if let Ok(number @ -0x20..) = i8::try_from(number) {
        out.push(number.cast_unsigned());
    } else if let Ok(number) = u8::try_from(number) {
        put(0xCC, number.to_be_bytes(), out);
    } else if let Ok(number) = i8::try_from(number) {
        put(0xD0, number.to_be_bytes(), out);
    } else if let Ok(number) = u16::try_from(number) {
        put(0xCD, number.to_be_bytes(), out);
    } else if let Ok(number) = i16::try_from(number) {
        put(0xD1, number.to_be_bytes(), out);
    } else if let Ok(number) = u32::try_from(number) {
        put(0xCE, number.to_be_bytes(), out);
    } else if let Ok(number) = i32::try_from(number) {
        put(0xD2, number.to_be_bytes(), out);
    } else if let Ok(number) = u64::try_from(number) {
        put(0xCF, number.to_be_bytes(), out);
    } else if let Ok(number) = i64::try_from(number) {
        put(0xD3, number.to_be_bytes(), out);
    } else {
        float(number as f64, out);
    }
}

fn float(number: f64, out: &mut Vec<u8>) {
    put(0xCB, number.to_be_bytes(), out);
}

fn put<const N: usize>(first: u8, bytes: [u8; N], out: &mut Vec<u8>) {
    out.push(first);
    out.extend_from_slice(&bytes);
}
