//! What is not `MessagePack`, and what a hostile message can cost.

use super::{bytes, drawn, encoded};
use crate::json::random::Random;
use crate::wamp::msgpack::MsgpackErrorKind::*;
use crate::wamp::msgpack::*;
use std::thread;

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
