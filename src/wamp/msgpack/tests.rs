//! The tables hold the boundaries of every format of the specification.

use super::MsgpackErrorKind::*;
use super::*;
use crate::json::random::Random;
use std::thread;

fn encoded(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out);
    out
}

/// These bytes in hexadecimal, then `times` times the byte `byte`.
fn bytes(hex: &str, (byte, times): (u8, usize)) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    let pairs = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap());
    pairs.chain(vec![byte; times]).collect()
}

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
fn what_is_not_messagepack_is_refused() {
    for (hex, kind, offset) in [
        ("", UnexpectedEnd, 0),
        ("C1", NeverUsed, 0),
        ("92 C0 C1", NeverUsed, 2),
        ("00 00", TrailingBytes, 1),
        ("90 90", TrailingBytes, 1),
        ("A1 FF", NotUtf8, 0),
        ("92 C0 D9 02 C3 28", NotUtf8, 2),
        ("A3 ED A0 80", NotUtf8, 0),
        ("81 A1 FF C0", NotUtf8, 1),
        ("81 01 02", KeyNotString, 1),
        ("81 C0 C0", KeyNotString, 1),
        ("81 C3 C0", KeyNotString, 1),
        ("81 CA 00 00 00 00 C0", KeyNotString, 1),
        ("82 A1 61 C0 C4 01 61 C0", KeyNotString, 4),
        ("81 D4 00 00 C0", KeyNotString, 1),
        ("81 90 C0", KeyNotString, 1),
        ("81 80 C0", KeyNotString, 1),
        // Lengths beyond the end.
        ("91", UnexpectedEnd, 0),
        ("92 90 91", UnexpectedEnd, 2),
        ("81 A0", UnexpectedEnd, 0),
        ("DD FF FF FF FF", UnexpectedEnd, 0),
        ("DF FF FF FF FF", UnexpectedEnd, 0),
        ("DB FF FF FF FF", UnexpectedEnd, 0),
        ("C6 FF FF FF FF", UnexpectedEnd, 0),
        ("C9 FF FF FF FF 00", UnexpectedEnd, 0),
        ("92 C0 DC 00", UnexpectedEnd, 2),
        ("92 D8 00 01 02", UnexpectedEnd, 1),
    ] {
        assert_eq!(parse(&bytes(hex, (0, 0))), Err(MsgpackError { kind, offset }), "{hex}");
    }
}

#[test]
fn errors_convert_to_io_errors() {
    let error = io::Error::from(parse(b"\x81\x01\x02").unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "at byte 1: a key in a map that is not a string");
}

#[test]
fn depth_is_limited_and_fits_in_the_stack_of_a_small_thread() {
    let work = || {
        for level in [&b"\x91"[..], b"\x81\xA1a", b"\xDC\0\x01"] {
            let message = [&level.repeat(MAX_DEPTH)[..], b"\x01"].concat();
            let value = parse(&message).unwrap();
            assert_eq!(parse(&encoded(&value.clone())), Ok(value));

            let message = [&level.repeat(100_000)[..], b"\x01"].concat();
            assert_eq!(
                parse(&message),
                Err(MsgpackError { kind: TooDeep, offset: MAX_DEPTH * level.len() })
            );
        }
    };
    thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

/// A random value, in a list if JSON does not have it.
fn drawn(random: &mut Random) -> Value {
    let value = random.value(0);
    let length = random.below(20);
    let bytes: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[3]).collect();
    match random.below(3) {
        0 => value,
        1 => Value::List(vec![value, Value::Bytes(bytes)]),
        _ => Value::List(vec![
            Value::Extension(random.next().to_le_bytes()[5].cast_signed(), bytes),
            value,
        ]),
    }
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

#[test]
fn a_message_that_is_cut_off_is_an_error() {
    let mut random = Random(0xFEDC_BA98_7654_3210);
    for _ in 0..300 {
        let message = encoded(&drawn(&mut random));
        for length in 0..message.len() {
            assert_eq!(parse(&message[..length]).unwrap_err().kind, UnexpectedEnd);
        }
    }
}

#[test]
fn no_bytes_make_the_parser_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..20_000 {
        let length = random.below(64);
        let any: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[3]).collect();
        let mut changed = encoded(&drawn(&mut random));
        for _ in 0..=random.below(3) {
            let position = random.below(changed.len());
            changed[position] = random.next().to_le_bytes()[3];
        }
        for message in [any, changed] {
            match parse(&message) {
                // A value that is accepted can be encoded and parsed again.
                Ok(value) => {
                    assert_eq!(encoded(&parse(&encoded(&value)).unwrap()), encoded(&value));
                }
                Err(error) => assert!(error.offset <= message.len(), "{error}"),
            }
        }
    }
}

#[test]
fn a_map_of_many_keys_takes_no_longer_than_its_length_allows() {
    // If each key were compared with all keys before it, this would take minutes.
    let map: Map = (0..200_000).map(|number| (number.to_string(), Value::Null)).collect();
    let message = encoded(&Value::Map(map));
    assert_eq!(parse(&message).unwrap().as_map().map(Map::len), Some(200_000));
}

#[test]
fn the_number_of_values_is_limited() {
    let list = |members: usize| {
        let length = u32::try_from(members).unwrap().to_be_bytes();
        [&[0xDD][..], &length, &vec![0; members]].concat()
    };
    assert_eq!(
        parse(&list(MAX_VALUES - 1)).unwrap().as_list().map(<[_]>::len),
        Some(MAX_VALUES - 1)
    );
    let offset = list(MAX_VALUES).len() - 1;
    assert_eq!(parse(&list(MAX_VALUES)), Err(MsgpackError { kind: TooMany, offset }));
}
