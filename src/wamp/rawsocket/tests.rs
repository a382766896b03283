use super::*;
use crate::json::random::Random;
use crate::wamp::Serializer;
use std::io::{BufReader, ErrorKind};

#[test]
fn every_handshake_is_accepted_or_refused() {
    for both in 0..=255_u8 {
        let bytes = [0x7F, both, 0, 0];
        let max_message = 512 << (both >> 4);
        match (both & 0x0F, Handshake::parse_request(bytes)) {
            (number @ 1..=2, Ok(handshake)) => {
                assert_eq!(
                    (handshake.serializer.number(), handshake.max_message),
                    (number, max_message)
                );
                assert_eq!(handshake.encode(), bytes);
                assert_eq!(Handshake::parse_answer(bytes, handshake.serializer), Ok(handshake));
                let other = Serializer::from_number(3 - number).unwrap();
                assert_eq!(
                    Handshake::parse_answer(bytes, other),
                    Err(HandshakeError::OtherSerializer(number))
                );
            }
            (0 | 3.., Err(error)) => assert_eq!(error, HandshakeError::Refuse(Refusal::Serializer)),
            (_, parsed) => panic!("{both:02X}: {parsed:?}"),
        }
    }
}

#[test]
fn refusals_are_encoded_and_decoded() {
    for (number, refusal) in [
        (0, Refusal::Other(0)),
        (1, Refusal::Serializer),
        (2, Refusal::MaxMessage),
        (3, Refusal::ReservedBits),
        (4, Refusal::TooManyConnections),
        (15, Refusal::Other(15)),
    ] {
        assert_eq!(refusal.encode(), [0x7F, number << 4, 0, 0]);
        let answer = Handshake::parse_answer(refusal.encode(), Serializer::Json);
        assert_eq!(answer, Err(HandshakeError::Refused(refusal)));
    }
}

#[test]
fn bytes_that_are_no_handshake_are_described() {
    for bytes in [*b"GET ", [0; 4], [0xFF, 0xF1, 0, 0]] {
        assert_eq!(Handshake::parse_request(bytes), Err(HandshakeError::NotRawSocket(bytes[0])));
        assert_eq!(
            Handshake::parse_answer(bytes, Serializer::Json),
            Err(HandshakeError::NotRawSocket(bytes[0]))
        );
    }
    for bytes in [[0x7F, 0xF1, 1, 0], [0x7F, 0xF1, 0, 0x80]] {
        assert_eq!(
            Handshake::parse_request(bytes),
            Err(HandshakeError::Refuse(Refusal::ReservedBits))
        );
        assert_eq!(
            Handshake::parse_answer(bytes, Serializer::Json),
            Err(HandshakeError::ReservedBits)
        );
    }
    let error = io::Error::from(Handshake::parse_request(*b"GET ").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "this is no WAMP RawSocket: the first byte is 47 and not 7F");
}

#[test]
fn no_side_announces_more_than_it_accepts() {
    for (max_message, promised) in [
        (0, 512),
        (512, 512),
        (1023, 512),
        (1024, 1024),
        (MAX_MESSAGE - 1, MAX_MESSAGE / 2),
        (usize::MAX, MAX_MESSAGE),
    ] {
        let handshake = Handshake { serializer: Serializer::Json, max_message };
        assert_eq!(
            Handshake::parse_request(handshake.encode()).map(|parsed| parsed.max_message),
            Ok(promised)
        );
    }
}

fn encoded(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(kind, payload, MAX_MESSAGE, &mut out).unwrap();
    out
}

#[test]
fn frames_do_not_depend_on_how_they_arrive() {
    let long = vec![7; 70_000];
    let frames: [(Kind, &[u8]); 5] = [
        (Kind::Message, b"[67,1]"),
        (Kind::Ping, b""),
        (Kind::Pong, b"ping"),
        (Kind::Message, b""),
        (Kind::Message, &long),
    ];
    let stream: Vec<u8> =
        frames.iter().flat_map(|(kind, payload)| encoded(*kind, payload)).collect();
    for piece in [1, 2, 3, 4, 5, 7, 4096, 100_000] {
        let mut reader = BufReader::with_capacity(piece, &stream[..]);
        let mut received = Vec::new();
        for (kind, payload) in frames {
            assert_eq!(receive(&mut reader, MAX_MESSAGE, &mut received).unwrap(), Some(kind));
            assert!(received == payload);
        }
        assert_eq!(receive(&mut reader, MAX_MESSAGE, &mut received).unwrap(), None);
    }
}

#[test]
fn lengths_are_as_in_the_specification() {
    for (length, head) in [
        (0, [0, 0, 0, 0]),
        (1, [0, 0, 0, 1]),
        (65_536, [0, 1, 0, 0]),
        (MAX_MESSAGE - 1, [0, 0xFF, 0xFF, 0xFF]),
        (MAX_MESSAGE, [8, 0, 0, 0]),
    ] {
        let frame = encoded(Kind::Message, &vec![7; length]);
        assert!(frame.starts_with(&head) && frame.len() == 4 + length);
        let mut received = Vec::new();
        assert_eq!(
            receive(&mut &frame[..], MAX_MESSAGE, &mut received).unwrap(),
            Some(Kind::Message)
        );
        assert_eq!(received.len(), length);
    }
    assert!(encoded(Kind::Pong, &vec![7; MAX_MESSAGE]).starts_with(&[0x0A, 0, 0, 0]));
}

#[test]
fn both_sides_refuse_a_message_over_the_limit() {
    let too_long = Err(FrameError::TooLong { length: 513, max: 512 });
    let mut out = Vec::new();
    assert_eq!(encode(Kind::Message, &[7; 513], 512, &mut out), too_long);
    assert_eq!(encode(Kind::Message, &[7; 512], 512, &mut Vec::new()), Ok(()));
    let longest = Err(FrameError::TooLong { length: MAX_MESSAGE + 1, max: MAX_MESSAGE });
    assert_eq!(encode(Kind::Message, &vec![7; MAX_MESSAGE + 1], usize::MAX, &mut out), longest);
    assert!(out.is_empty());

    let error = receive(&mut &encoded(Kind::Message, &[7; 513])[..], 512, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "a message of 513 bytes where 512 are allowed");
    assert_eq!((error.kind(), out.capacity()), (ErrorKind::InvalidData, 0));
    assert!(receive(&mut &b"\x08\0\0\0"[..], MAX_MESSAGE - 1, &mut out).is_err());
}

#[test]
fn reserved_bits_are_errors() {
    for first in 0..=255_u8 {
        for low in [[0, 0, 0], [0, 0, 1]] {
            let frame = [first, low[0], low[1], low[2], 7];
            let parsed = parse([first, low[0], low[1], low[2]], MAX_MESSAGE);
            let valid = first < 3 || (matches!(first, 8..=10) && low == [0; 3]);
            assert_eq!(parsed.is_ok(), valid, "{frame:?}");
            if !valid {
                let error = receive(&mut &frame[..], MAX_MESSAGE, &mut Vec::new()).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("no message begins with the byte {first:02X}")
                );
            }
        }
    }
}

#[test]
fn a_frame_that_is_cut_off_is_an_error_and_takes_no_memory() {
    let frame = encoded(Kind::Message, b"[67,1]");
    for length in 1..frame.len() {
        let error = receive(&mut &frame[..length], MAX_MESSAGE, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "the connection was closed in the middle of a message");
    }
    let mut payload = Vec::new();
    assert!(receive(&mut &b"\0\xFF\xFF\xFFshort"[..], MAX_MESSAGE, &mut payload).is_err());
    assert!(payload.capacity() < 10_000);
}

#[test]
fn no_bytes_make_the_receiver_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..20_000 {
        let length = random.below(40);
        let bytes: Vec<u8> =
            (0..length).map(|_| random.next().to_le_bytes()[3] >> random.below(8)).collect();
        let (mut reader, mut payload) = (&bytes[..], Vec::new());
        while let Ok(Some(_)) = receive(&mut reader, 512, &mut payload) {
            assert!(payload.len() <= 512);
        }
    }
}
