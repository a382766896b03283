//! Every format at its boundaries, written and read.

use super::{bytes, drawn, encoded};
use crate::json::random::Random;
use crate::wamp::msgpack::MsgpackErrorKind::*;
use crate::wamp::msgpack::*;

#[test]
fn every_number_has_the_shortest_format() {
    let no_more = (0, 0);
    for (number, hex) in [
        (0, "00"),
        (1, "01"),
        (127, "7F"),
        (128, "CC 80"),
        (255, "CC FF"),
        (256, "CD 01 00"),
        (65_535, "CD FF FF"),
        (65_536, "CE 00 01 00 00"),
        (4_294_967_295, "CE FF FF FF FF"),
        (4_294_967_296, "CF 00 00 00 01 00 00 00 00"),
        (i128::from(u64::MAX), "CF FF FF FF FF FF FF FF FF"),
        (-1, "FF"),
        (-32, "E0"),
        (-33, "D0 DF"),
        (-128, "D0 80"),
        (-129, "D1 FF 7F"),
        (-32_768, "D1 80 00"),
        (-32_769, "D2 FF FF 7F FF"),
        (-2_147_483_648, "D2 80 00 00 00"),
        (-2_147_483_649, "D3 FF FF FF FF 7F FF FF FF"),
        (i128::from(i64::MIN), "D3 80 00 00 00 00 00 00 00"),
    ] {
        let message = bytes(hex, no_more);
        assert_eq!(encoded(&Value::Integer(number)), message, "{number}");
        assert_eq!(parse(&message), Ok(Value::Integer(number)), "{hex}");
    }
    for (value, hex) in [
        (Value::Null, "C0"),
        (Value::Bool(false), "C2"),
        (Value::Bool(true), "C3"),
        (Value::Float(0.0), "CB 00 00 00 00 00 00 00 00"),
        (Value::Float(-1.5), "CB BF F8 00 00 00 00 00 00"),
        (Value::Float(f64::INFINITY), "CB 7F F0 00 00 00 00 00 00"),
    ] {
        assert_eq!(encoded(&value), bytes(hex, no_more));
        assert_eq!(parse(&bytes(hex, no_more)), Ok(value));
    }
    assert!(
        matches!(parse(&encoded(&Value::Float(f64::NAN))), Ok(Value::Float(number)) if number.is_nan())
    );
}

#[test]
fn every_length_has_the_shortest_format() {
    let text = |length| Value::from("a".repeat(length));
    let binary = |length| Value::Bytes(vec![b'a'; length]);
    let extension = |length| Value::Extension(-7, vec![b'a'; length]);
    // The integer 97 is the same byte as the letter a.
    let list = |length| Value::List(vec![Value::from(97); length]);
    for (value, head, length) in [
        (text(0), "A0", 0),
        (text(31), "BF", 31),
        (text(32), "D9 20", 32),
        (text(255), "D9 FF", 255),
        (text(256), "DA 01 00", 256),
        (text(65_535), "DA FF FF", 65_535),
        (text(65_536), "DB 00 01 00 00", 65_536),
        (binary(0), "C4 00", 0),
        (binary(255), "C4 FF", 255),
        (binary(256), "C5 01 00", 256),
        (binary(65_535), "C5 FF FF", 65_535),
        (binary(65_536), "C6 00 01 00 00", 65_536),
        (list(0), "90", 0),
        (list(15), "9F", 15),
        (list(16), "DC 00 10", 16),
        (list(65_535), "DC FF FF", 65_535),
        (list(65_536), "DD 00 01 00 00", 65_536),
        (extension(0), "C7 00 F9", 0),
        (extension(1), "D4 F9", 1),
        (extension(2), "D5 F9", 2),
        (extension(3), "C7 03 F9", 3),
        (extension(4), "D6 F9", 4),
        (extension(8), "D7 F9", 8),
        (extension(15), "C7 0F F9", 15),
        (extension(16), "D8 F9", 16),
        (extension(17), "C7 11 F9", 17),
        (extension(255), "C7 FF F9", 255),
        (extension(256), "C8 01 00 F9", 256),
        (extension(65_535), "C8 FF FF F9", 65_535),
        (extension(65_536), "C9 00 01 00 00 F9", 65_536),
    ] {
        let message = bytes(head, (b'a', length));
        assert!(encoded(&value) == message, "{head}");
        assert!(parse(&message) == Ok(value), "{head}");
        let error = parse(&message[..message.len() - 1]).unwrap_err();
        assert_eq!(error.kind, UnexpectedEnd);
    }
    for (length, head) in
        [(0, "80"), (15, "8F"), (16, "DE 00 10"), (65_535, "DE FF FF"), (65_536, "DF 00 01 00 00")]
    {
        let map: Map = (0..length).map(|number| (number.to_string(), Value::Null)).collect();
        let message = encoded(&Value::Map(map.clone()));
        assert!(message.starts_with(&bytes(head, (0, 0))), "{head}");
        assert!(parse(&message) == Ok(Value::Map(map)), "{head}");
    }
}

#[test]
fn longer_formats_than_needed_are_accepted() {
    for (hex, json) in [
        ("CC 05", "5"),
        ("CD 00 05", "5"),
        ("CE 00 00 00 05", "5"),
        ("CF 00 00 00 00 00 00 00 05", "5"),
        ("D0 05", "5"),
        ("D1 00 05", "5"),
        ("D2 00 00 00 05", "5"),
        ("D3 00 00 00 00 00 00 00 05", "5"),
        ("D0 FF", "-1"),
        ("D1 FF FF", "-1"),
        ("D2 FF FF FF FF", "-1"),
        ("D3 FF FF FF FF FF FF FF FF", "-1"),
        ("D3 7F FF FF FF FF FF FF FF", "9223372036854775807"),
        ("CA 3F C0 00 00", "1.5"),
        ("CA 3D CC CC CD", "0.10000000149011612"),
        ("CA 00 00 00 01", "1.401298464324817e-45"),
        ("CA 7F 80 00 00", "null"),
        ("D9 01 61", "\"a\""),
        ("DA 00 01 61", "\"a\""),
        ("DB 00 00 00 01 61", "\"a\""),
        ("DC 00 01 C3", "[true]"),
        ("DD 00 00 00 01 C3", "[true]"),
        ("DE 00 01 A1 61 C3", r#"{"a":true}"#),
        ("DF 00 00 00 01 D9 01 61 C3", r#"{"a":true}"#),
        ("82 A1 61 01 A1 61 02", r#"{"a":2}"#),
    ] {
        assert_eq!(
            parse(&bytes(hex, (0, 0))).map(|value| value.to_string()),
            Ok(json.to_owned()),
            "{hex}"
        );
    }
    for same in [&b"\xC5\0\x01a"[..], b"\xC6\0\0\0\x01a"] {
        assert_eq!(parse(same), Ok(Value::Bytes(b"a".to_vec())));
    }
    assert_eq!(parse(b"\xC8\0\x01\x05x"), Ok(Value::Extension(5, b"x".to_vec())));
    // A time stamp in seconds, in the 32-bit format of the specification.
    assert_eq!(
        parse(b"\xD6\xFF\x3B\x9A\xCA\0"),
        Ok(Value::Extension(-1, 1_000_000_000_u32.to_be_bytes().into()))
    );
}

#[test]
fn what_is_encoded_is_parsed_back() {
    let mut random = Random(0x0123_4567_89AB_CDEF);
    for _ in 0..3_000 {
        let value = drawn(&mut random);
        let message = encoded(&value);
        let parsed = parse(&message).unwrap();
        assert_eq!(parsed, value);
        // The values 0.0 and -0.0 are equal; their bytes are not.
        assert_eq!(encoded(&parsed), message);
    }
}

#[test]
fn values_without_a_format_are_written_as_documented() {
    for (number, float) in
        [(i128::from(u64::MAX) + 1, 2f64.powi(64)), (i128::MIN, -(2f64.powi(127)))]
    {
        assert_eq!(parse(&encoded(&Value::Integer(number))), Ok(Value::Float(float)));
    }
}
