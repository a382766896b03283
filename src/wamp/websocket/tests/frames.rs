//! Frames and messages that are right (RFC 6455, section 5).

use super::{LIMIT, PROTOCOLS, encode, masked, receive_all};
use crate::wamp::websocket::frame::{Header, apply};
use crate::wamp::websocket::*;
use std::io::{self, BufReader, ErrorKind, Read};

/// A reader that delivers its bytes one by one.
struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn the_frames_of_section_5_7() {
    let hello = b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; // The mask, and what it makes of "Hello".
    let text = [&b"\x81\x85"[..], hello].concat();
    assert_eq!(receive_all(Role::Server, &text[..]).unwrap(), ["Text(\"Hello\")"]);
    let pong = [&b"\x8a\x85"[..], hello].concat();
    let bytes = format!("{:?}", b"Hello");
    assert_eq!(receive_all(Role::Server, &pong[..]).unwrap(), [format!("Pong({bytes})")]);
    let server = b"\x81\x05Hello\x01\x03Hel\x80\x02lo\x89\x05Hello";
    let received = receive_all(Role::Client, &server[..]).unwrap();
    assert_eq!(received, ["Text(\"Hello\")", "Text(\"Hello\")", &format!("Ping({bytes})")]);

    assert_eq!(encode(Role::Server, &Message::Text("Hello")), b"\x81\x05Hello");
    assert_eq!(encode(Role::Server, &Message::Ping(b"Hello")), b"\x89\x05Hello");
    let payload = vec![7; 0x1_0000];
    let short = encode(Role::Server, &Message::Binary(&payload[..256]));
    assert_eq!(short, [&b"\x82\x7E\x01\x00"[..], &payload[..256]].concat());
    let long = encode(Role::Server, &Message::Binary(&payload));
    assert_eq!(long, [&b"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"[..], &payload].concat());
}

#[test]
fn every_size_arrives_and_one_byte_over_the_limit_does_not() {
    for (sending, receiving) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        for size in [0, 1, 7, 8, 125, 126, 127, 65_535, 65_536, 1_000_000] {
            let payload: Vec<u8> = (0..size).map(|n: usize| n.to_le_bytes()[0]).collect();
            let frame = encode(sending, &Message::Binary(&payload));
            let mut receiver = Receiver::new(receiving, size);
            assert_eq!(receiver.receive(&mut &frame[..]).unwrap(), Some(Message::Binary(&payload)));

            let text = "x".repeat(size + 1);
            let mut frames = encode(sending, &Message::Text(&text[1..]));
            frames.extend(encode(sending, &Message::Text(&text)));
            let (mut stream, mut receiver) = (&frames[..], Receiver::new(receiving, size));
            assert_eq!(receiver.receive(&mut stream).unwrap(), Some(Message::Text(&text[1..])));
            let error = receiver.receive(&mut stream).unwrap_err();
            assert_eq!(error.close_code(), Some(CLOSE_TOO_BIG), "{size}: {error}");
        }
    }
}

#[test]
fn frames_are_joined_however_they_arrive_and_with_control_frames_between() {
    let mut frames = Vec::new();
    frames.extend(masked(0x01, &"Gr\u{fc}".as_bytes()[..3]));
    frames.extend(masked(0x89, b"ping"));
    frames.extend(masked(0x00, b""));
    frames.extend(masked(0x8A, b""));
    frames.extend(masked(0x80, &"\u{fc}\u{df}e".as_bytes()[1..]));
    frames.extend(masked(0x82, b"\xff"));
    frames.extend(masked(0x88, b"\x03\xe8bye"));
    let expected = [
        &format!("Ping({:?})", b"ping"),
        "Pong([])",
        "Text(\"Gr\u{fc}\u{df}e\")",
        "Binary([255])",
        "Close(Some((1000, \"bye\")))",
    ];
    assert_eq!(receive_all(Role::Server, &frames[..]).unwrap(), expected);
    assert_eq!(
        receive_all(Role::Server, BufReader::with_capacity(1, Dripping(&frames))).unwrap(),
        expected
    );
    assert_eq!(receive_all(Role::Server, BufReader::new(Dripping(&frames))).unwrap(), expected);
}

#[test]
fn the_limit_applies_to_the_whole_message() {
    let mut frames = masked(0x02, &[0; 100]);
    for _ in 0..LIMIT / 100 {
        frames.extend(masked(0x00, &[0; 100]));
    }
    let error = receive_all(Role::Server, &frames[..]).unwrap_err();
    assert!(matches!(error, WebSocketError::TooLong(LIMIT)), "{error}");
}

#[test]
fn nothing_is_read_after_a_close_frame() {
    let stream = [encode(Role::Client, &Message::Close(None)), b"GET / HTTP/1.1".to_vec()].concat();
    assert_eq!(receive_all(Role::Server, &stream[..]).unwrap(), ["Close(None)"]);
    // Not even if the close frame came within a message.
    let stream = [masked(0x01, b"a"), masked(0x88, b"")].concat();
    assert_eq!(receive_all(Role::Server, &stream[..]).unwrap(), ["Close(None)"]);
}

#[test]
fn control_frames_are_cut_to_their_longest_length() {
    let long = [7; 200];
    for message in [Message::Ping(&long), Message::Pong(&long)] {
        assert_eq!(encode(Role::Server, &message)[1..], [&[125][..], &long[..125]].concat());
    }
    // The code leaves 123 bytes, which would end in the middle of the last character.
    let reason = "\u{fc}".repeat(100);
    let frame = encode(Role::Client, &Message::Close(Some((CLOSE_NORMAL, &reason))));
    let mut receiver = Receiver::new(Role::Server, 0);
    let close = receiver.receive(&mut &frame[..]).unwrap();
    assert_eq!(close, Some(Message::Close(Some((CLOSE_NORMAL, &reason[..122])))));
}

#[test]
fn an_end_within_a_message_is_an_error_and_an_end_after_it_is_not() {
    let mut frames = masked(0x01, b"Hello");
    frames.extend(masked(0x89, b"ping"));
    frames.extend(masked(0x80, &[b'x'; 120]));
    frames.extend(encode(Role::Client, &Message::Binary(&[0; 300])));
    let whole = frames.len();
    frames.extend(encode(Role::Client, &Message::Close(Some((CLOSE_GOING_AWAY, "")))));
    let between = [0, whole - 308, whole, frames.len()];
    for end in 0..=frames.len() {
        match receive_all(Role::Server, &frames[..end]) {
            Ok(_) => assert!(between.contains(&end), "{end} is not the end of a message"),
            Err(WebSocketError::Io(error)) => {
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                assert!(!between.contains(&end), "{end} is the end of a message");
            }
            Err(error) => panic!("{end}: {error}"),
        }
    }
}

#[test]
fn memory_is_allocated_for_what_has_arrived() {
    let mut frame = b"\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF".to_vec();
    frame.resize(1000, 0);
    let mut receiver = Receiver::new(Role::Client, usize::MAX);
    let error = receiver.receive(&mut &frame[..]).unwrap_err();
    assert!(
        matches!(&error, WebSocketError::Io(error) if error.kind() == ErrorKind::UnexpectedEof),
        "{error}"
    );
    assert!(receiver.message.capacity() < 64 * 1024);

    // The memory is not kept: a short message after a long one frees it.
    let mut frames = encode(Role::Server, &Message::Binary(&vec![0; 1_000_000]));
    frames.extend(encode(Role::Server, &Message::Binary(&[0; 10])));
    let (mut stream, mut receiver) = (&frames[..], Receiver::new(Role::Client, usize::MAX));
    while receiver.receive(&mut stream).unwrap().is_some() {}
    assert!(receiver.message.capacity() < 100_000);
}

#[test]
fn the_fast_mask_equals_the_mask_byte_by_byte() {
    let mask = [1, 20, 130, 255];
    for length in 0..40 {
        let payload: Vec<u8> = (0..length).collect();
        let mut applied = payload.clone();
        apply(mask, &mut applied);
        // Section 5.3 combines byte i with byte i modulo 4 of the mask.
        assert!(
            payload
                .iter()
                .zip(&applied)
                .enumerate()
                .all(|(i, (plain, masked))| plain ^ mask[i % 4] == *masked)
        );
        apply(mask, &mut applied);
        assert_eq!(payload, applied);
    }
}

#[test]
fn every_frame_has_a_mask_of_its_own() {
    let mut masks = Vec::new();
    for _ in 0..10 {
        let mut sender = Sender::new(Role::Client);
        for _ in 0..10 {
            let mut frame = Vec::new();
            sender.encode(&Message::Text(""), &mut frame);
            masks.push(Header::read(&mut &frame[..]).unwrap().mask.unwrap());
        }
    }
    masks.sort_unstable();
    masks.dedup();
    // Two of a hundred masks are equal by chance once in a million runs.
    assert!(masks.len() >= 99, "{masks:?}");
    assert_ne!(
        Opening::new(PROTOCOLS).request("a", "/"),
        Opening::new(PROTOCOLS).request("a", "/")
    );
}
