//! Frames that break the protocol, and arbitrary bytes.

use super::{LIMIT, PROTOCOLS, encode, masked, receive_all};
use crate::json::random::Random;
use crate::wamp::websocket::*;
use std::io::{self, ErrorKind};

#[test]
fn each_mistake_has_its_close_code() {
    let protocol: &[(&str, Vec<u8>)] = &[
        ("first reserved bit", masked(0xC1, b"")),
        ("second reserved bit", masked(0xA1, b"")),
        ("third reserved bit", masked(0x91, b"")),
        ("reserved opcode for data", masked(0x83, b"")),
        ("last reserved opcode for data", masked(0x87, b"")),
        ("reserved control opcode", masked(0x8B, b"")),
        ("last reserved control opcode", masked(0x8F, b"")),
        ("not masked", b"\x81\x00".to_vec()),
        ("ping in parts", masked(0x09, b"")),
        ("close in parts", masked(0x08, b"")),
        ("ping of 126 bytes", [&b"\x89\xFE\x00\x7E\0\0\0\0"[..], &[0; 126]].concat()),
        ("ping with a long length", [&b"\x89\xFE\x00\x05\0\0\0\0"[..], &[0; 5]].concat()),
        ("two bytes for a length of 125", [&b"\x82\xFE\x00\x7D\0\0\0\0"[..], &[0; 125]].concat()),
        (
            "eight bytes for 65535",
            [&b"\x82\xFF\0\0\0\0\0\0\xFF\xFF\0\0\0\0"[..], &vec![0; 65_535]].concat(),
        ),
        ("the highest bit of a length", b"\x82\xFF\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
        ("nothing to continue", masked(0x80, b"")),
        ("nothing to continue any more", [masked(0x81, b"a"), masked(0x80, b"")].concat()),
        ("text within a text", [masked(0x01, b"a"), masked(0x81, b"b")].concat()),
        ("binary within a text", [masked(0x01, b"a"), masked(0x02, b"b")].concat()),
        ("close with one byte", masked(0x88, b"\x03")),
    ];
    let utf8: &[(&str, Vec<u8>)] = &[
        ("not UTF-8", masked(0x81, b"\xff")),
        ("a surrogate", masked(0x81, b"\xed\xa0\x80")),
        ("over-long", masked(0x81, b"\xc0\xaf")),
        ("half a character at the end", [masked(0x01, b"a\xc3"), masked(0x80, b"")].concat()),
        ("a reason that is not UTF-8", masked(0x88, b"\x03\xe8\xff")),
    ];
    for (cases, code) in [(protocol, CLOSE_PROTOCOL_ERROR), (utf8, CLOSE_INVALID_DATA)] {
        for (what, frames) in cases {
            let error = receive_all(Role::Server, &frames[..]).expect_err(what);
            assert_eq!(error.close_code(), Some(code), "{what}: {error}");
            assert_eq!(io::Error::from(error).kind(), ErrorKind::InvalidData);
        }
    }
    let error = receive_all(Role::Client, &masked(0x81, b"")[..]).unwrap_err();
    assert!(matches!(error, WebSocketError::Masked), "{error}");
}

#[test]
fn only_valid_close_codes_are_accepted() {
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ] {
        let message = Message::Close(Some((code, "")));
        let received = receive_all(Role::Client, &encode(Role::Server, &message)[..]);
        assert_eq!(received.unwrap(), [format!("{message:?}")]);
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let error =
            receive_all(Role::Server, &encode(Role::Client, &Message::Close(Some((code, ""))))[..])
                .unwrap_err();
        assert!(
            matches!(error, WebSocketError::BadCloseCode(bad) if bad == code),
            "{code}: {error}"
        );
    }
}

#[test]
fn no_bytes_make_the_receiver_panic() {
    let mut random = Random(0x0123_4567_89AB_CDEF);
    let mut valid = masked(0x01, b"Hello");
    valid.extend(masked(0x89, b"ping"));
    valid.extend(masked(0x80, "w\u{f6}rld".as_bytes()));
    valid.extend(encode(Role::Client, &Message::Binary(&[0; 300])));
    valid.extend(masked(0x88, b"\x03\xe8bye"));
    for _ in 0..20_000 {
        let noise: Vec<u8> =
            (0..random.below(40)).map(|_| random.next().to_be_bytes()[0]).collect();
        let mut changed = valid.clone();
        for _ in 0..=random.below(4) {
            let place = random.below(changed.len());
            changed[place] = random.next().to_be_bytes()[0];
        }
        for stream in [noise, changed] {
            for role in [Role::Client, Role::Server] {
                // Not even another call after an error panics.
                let (mut stream, mut receiver) = (&stream[..], Receiver::new(role, LIMIT));
                for _ in 0..10 {
                    let _ = receiver.receive(&mut stream);
                }
            }
            let mut answer = Vec::new();
            let failed = accept(&mut &stream[..], PROTOCOLS, &mut answer).unwrap_err();
            assert_eq!(answer.is_empty(), matches!(failed, HandshakeError::Io(_)), "{failed}");
            Opening::new(PROTOCOLS).check(&mut &stream[..]).unwrap_err();
        }
    }
}
