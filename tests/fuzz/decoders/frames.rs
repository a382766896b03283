//! `RawSocket` and WebSocket, from the handshake on.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use roundtrip::net::Stream;
use roundtrip::wamp::connection::{Event, close_code};
use roundtrip::wamp::opening;
use roundtrip::wamp::rawsocket::{self, Handshake, HandshakeError, Kind};
use roundtrip::wamp::url::Framing;
use roundtrip::wamp::websocket::{Message, Opening, Receiver, Role, Sender, accept};
use roundtrip::wamp::{Serializer, valid_uri};

use super::values::{MESSAGES, pack};
use super::{Decoder, same_in_pieces};

const PROTOCOLS: [&str; 2] = ["wamp.2.msgpack", "wamp.2.json"];

pub const REQUEST: &str = "GET /ws HTTP/1.1\r\nHost: localhost:9000\r\nUpgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n";

const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";

/// The proof in `ANSWER`.
const PROOF: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const HANDSHAKES: [[u8; 4]; 3] = [[0x7F, 0xF1, 0, 0], [0x7F, 0x02, 0, 0], [0x7F, 0x40, 0, 0]];

/// How long a connection may wait for bytes, of which none are missing here.
const TIME: Duration = Duration::from_secs(20);

pub fn all() -> Vec<Decoder> {
    let from_client = || framed(|json| websocket(json.as_bytes(), true, true));
    let with_request = from_client().map(|frames| [REQUEST.as_bytes(), &frames].concat());
    let raw: fn(&str) -> Vec<u8> = |json| rawsocket(json.as_bytes());
    let json = framed(raw).map(|frames| [&[0x7F, 0xF1, 0, 0], &frames[..]].concat());
    let packed = framed(|json| rawsocket(&pack(json)))
        .map(|frames| [&[0x7F, 0xF2, 0, 0], &frames[..]].concat());
    vec![
        Decoder::new("rawsocket handshake", HANDSHAKES, handshake),
        Decoder::new("rawsocket frames", framed(raw), rawsocket_frames),
        Decoder::new("websocket request", [REQUEST], |input| {
            same_in_pieces(input, |mut reader| {
                let mut answer = Vec::new();
                let accepted = accept(&mut reader, &PROTOCOLS, &mut answer);
                format!("{accepted:?} {}", String::from_utf8(answer).unwrap())
            });
        }),
        Decoder::new("websocket answer", [ANSWER], websocket_answer),
        Decoder::new("websocket frames of a client", from_client(), |input| {
            websocket_frames(Role::Server, input);
        }),
        Decoder::new(
            "websocket frames of a server",
            framed(|json| websocket(json.as_bytes(), true, false)),
            |input| {
                websocket_frames(Role::Client, input);
            },
        ),
        Decoder::new("rawsocket connection", json.chain(packed), |input| {
            connection(&Framing::RawSocket, input);
        }),
        Decoder::new("websocket connection", with_request, |input| {
            connection(&Framing::WebSocket { path: "/".into() }, input);
        }),
    ]
}

/// Some messages as frames, one behind the other.
fn framed(frame: fn(&str) -> Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
    MESSAGES.chunks(5).map(move |some| some.iter().flat_map(|json| frame(json)).collect())
}

/// A frame of `RawSocket`, as long as a frame can be.
pub fn rawsocket(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    rawsocket::encode(Kind::Message, payload, rawsocket::MAX_MESSAGE, &mut frame).unwrap();
    frame
}

/// A frame of a text or of a binary message, which a client masks, always with the same
/// mask.
pub fn websocket(payload: &[u8], text: bool, client: bool) -> Vec<u8> {
    let (mask, masked) = if client { (*b"mask", 0x80) } else { ([0; 4], 0) };
    let mut frame = vec![if text { 0x81 } else { 0x82 }];
    match u16::try_from(payload.len()) {
        Ok(short @ ..126) => frame.push(masked | short.to_be_bytes()[1]),
        Ok(medium) => frame.extend([&[masked | 0x7E][..], &medium.to_be_bytes()].concat()),
        Err(_) => {
            let long = (payload.len() as u64).to_be_bytes();
            frame.extend([&[masked | 0x7F][..], &long].concat());
        }
    }
    frame.extend(mask.iter().filter(|_| client));
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn handshake(input: &[u8]) {
    let Some(&bytes) = input.first_chunk() else { return };
    if let Ok(handshake) = Handshake::parse_request(bytes) {
        assert_eq!(Handshake::parse_request(handshake.encode()), Ok(handshake));
    }
    for asked in [Serializer::Json, Serializer::MessagePack] {
        match Handshake::parse_answer(bytes, asked) {
            Ok(answer) => {
                assert_eq!(Handshake::parse_answer(answer.encode(), asked), Ok(answer));
            }
            Err(HandshakeError::Refused(why)) => {
                let again = Handshake::parse_answer(why.encode(), asked);
                assert_eq!(again, Err(HandshakeError::Refused(why)));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn rawsocket_frames(input: &[u8]) {
    for max in [512, rawsocket::MAX_MESSAGE] {
        same_in_pieces(input, |mut reader| {
            let (mut payload, mut said, mut again) = (Vec::new(), String::new(), Vec::new());
            loop {
                let kind = rawsocket::receive(&mut reader, max, &mut payload);
                let _ = writeln!(said, "{kind:?}");
                assert!(payload.capacity() <= 4 * input.len() + 512);
                let Ok(Some(kind)) = kind else { return said };
                rawsocket::encode(kind, &payload, max, &mut again).unwrap();
                assert!(input.starts_with(&again), "what is written is what was read");
            }
        });
    }
}

fn websocket_answer(input: &[u8]) {
    let opening = Opening::new(&PROTOCOLS);
    let mut proof = Vec::new();
    accept(&mut &opening.request("localhost", "/")[..], &PROTOCOLS, &mut proof).unwrap();
    let proof = String::from_utf8(proof).unwrap();
    let proof = proof.split_once("Accept: ").unwrap().1.split("\r\n").next().unwrap();
    let mut input = input.to_vec();
    if let Some(at) = input.windows(PROOF.len()).position(|bytes| bytes == PROOF.as_bytes()) {
        input[at..at + PROOF.len()].copy_from_slice(proof.as_bytes());
    }
    same_in_pieces(&input, |mut reader| format!("{:?}", opening.check(&mut reader)));
}

fn websocket_frames(role: Role, input: &[u8]) {
    let other = if role == Role::Server { Role::Client } else { Role::Server };
    for max in [50, 1 << 20] {
        same_in_pieces(input, |mut reader| {
            let (mut receiver, mut said) = (Receiver::new(role, max), String::new());
            loop {
                let message = receiver.receive(&mut reader);
                let _ = writeln!(said, "{message:?}");
                let Ok(Some(message)) = message else { return said };
                if let Message::Text(text) = message {
                    assert!(text.len() <= max);
                }
                let mut frame = Vec::new();
                Sender::new(other).encode(&message, &mut frame);
                let mut again = Receiver::new(role, max);
                assert_eq!(again.receive(&mut &frame[..]).unwrap(), Some(message));
            }
        });
    }
}

/// All that a router's thread does before it looks at the messages.
fn connection(framing: &Framing, input: &[u8]) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(input).unwrap();
    theirs.shutdown(std::net::Shutdown::Write).unwrap();
    let stream = Stream::from_unix(ours, TIME).unwrap();
    let (mut incoming, mut encoder) = match opening::accept(stream, framing, None, 1 << 20, TIME) {
        Ok(connection) => connection,
        Err((_, error)) => return assert!(!error.to_string().is_empty()),
    };
    let mut out = Vec::new();
    loop {
        match incoming.receive(TIME) {
            Ok(Some(Event::Message(message) | Event::Refused(message))) => {
                let _ = valid_uri(message.name());
                let _ = encoder.message(message, &mut out);
            }
            Ok(Some(Event::Ping(payload))) => encoder.pong(&payload, &mut out),
            Ok(Some(Event::Pong | Event::Close)) => {}
            Ok(None) => return,
            Err(error) => {
                assert_ne!(error.kind(), std::io::ErrorKind::TimedOut, "{error}");
                let reason = error.to_string();
                return encoder.close(close_code(&error), &reason, &mut out);
            }
        }
    }
}
