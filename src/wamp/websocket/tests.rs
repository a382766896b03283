//! The examples are those of RFC 6455. The tables hold what its sections 4 to 8 refuse,
//! each with the right answer.

use super::frame::{Header, apply};
use super::handshake::accept_value;
use super::*;
use crate::json::random::Random;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

const LIMIT: usize = 1024;
const PROTOCOLS: &[&str] = &["wamp.2.json", "wamp.2.msgpack"];

/// Receives all messages in these bytes, each as `{:?}` writes it.
fn receive_all(role: Role, mut reader: impl BufRead) -> Result<Vec<String>, WebSocketError> {
    let (mut receiver, mut messages) = (Receiver::new(role, LIMIT), Vec::new());
    while let Some(message) = receiver.receive(&mut reader)? {
        messages.push(format!("{message:?}"));
    }
    Ok(messages)
}

fn encode(role: Role, message: &Message) -> Vec<u8> {
    let mut frame = Vec::new();
    Sender::new(role).encode(message, &mut frame);
    frame
}

/// A client's frame with this first byte. The mask is zero, so that the payload is
/// readable.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

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

/// The request in RFC 6455 section 1.2.
const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn answer(
    request: &[u8],
    protocols: &[&'static str],
) -> (Result<&'static str, HandshakeError>, String) {
    let mut answer = Vec::new();
    let accepted = accept(&mut &request[..], protocols, &mut answer);
    (accepted, String::from_utf8(answer).unwrap())
}

#[test]
fn the_handshake_of_section_1_2() {
    assert_eq!(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let (accepted, answer) = answer(REQUEST.as_bytes(), &["superchat", "chat"]);
    // The client's order decides, not the server's.
    assert_eq!(accepted.unwrap(), "chat");
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
    assert_eq!(answer, expected);
}

#[test]
fn the_request_of_a_browser_is_accepted() {
    // Chromium and Firefox send this request, with some more lines of the same kind.
    let request = "GET /ws?a=b HTTP/1.1\r\nHost: localhost:9000\r\nConnection: keep-alive, Upgrade\r\n\
        Pragma: no-cache\r\nCookie: a=\u{fc}; b\r\nUpgrade: WebSocket\r\nOrigin: http://localhost:8000\r\n\
        sec-websocket-version:13\r\nAccept-Language: de,en;q=0.5\r\nX-Empty:\r\n\
        SEC-WEBSOCKET-KEY: \tAQIDBAUGBwgJCgsMDQ4PEC== \r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Sec-WebSocket-Protocol: soap,,mqtt\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n\x01\x02";
    for request in [request, &request.replace("\r\n", "\n")] {
        let (mut stream, mut answer) = (request.as_bytes(), Vec::new());
        assert_eq!(accept(&mut stream, PROTOCOLS, &mut answer).unwrap(), "wamp.2.json");
        assert!(
            answer.starts_with(b"HTTP/1.1 101 ")
                && !answer.windows(10).any(|part| part == b"Extensions")
        );
        assert_eq!(stream, b"\x01\x02", "what follows the head is left for the receiver");
    }
}

#[test]
fn each_mistake_of_a_request_has_its_status() {
    let long = format!("X-Long: {}\r\nHost", "x".repeat(MAX_HEAD));
    let many = format!("{}Host", "X: y\r\n".repeat(MAX_HEAD / 6));
    let cases = [
        ("GET /chat HTTP/1.1", "hello", 400),
        ("GET /chat HTTP/1.1", "GET /chat", 400),
        ("GET /chat HTTP/1.1", "GET /ch at HTTP/1.1", 400),
        ("GET /chat HTTP/1.1", "GET HTTP/1.1", 400),
        ("GET /chat HTTP/1.1", "", 400),
        ("GET", "POST", 405),
        ("GET", "get", 405),
        ("HTTP/1.1", "HTTP/1.0", 505),
        ("HTTP/1.1", "HTTP/2.0", 505),
        ("GET /chat HTTP/1.1", "PRI * HTTP/2.0", 505),
        ("Host: server.example.com\r\n", "", 400),
        ("Host:", "Host: other\r\nHost:", 400),
        ("Host:", "Host :", 400),
        ("Host:", "no colon\r\nHost:", 400),
        ("Host:", ": no name\r\nHost:", 400),
        ("Host:", "X-Folded: a\r\n b: c\r\nHost:", 400),
        ("Host", &long, 431),
        ("Host", &many, 431),
        ("Upgrade: websocket\r\n", "", 426),
        ("Upgrade: websocket", "Upgrade: h2c", 426),
        ("Connection: Upgrade\r\n", "", 400),
        ("Connection: Upgrade", "Connection: keep-alive", 400),
        ("Sec-WebSocket-Version: 13\r\n", "", 426),
        ("Version: 13", "Version: 8", 426),
        ("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", 400),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400),
        ("Origin:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin:", 400),
        ("Sec-WebSocket-Protocol: chat, superchat\r\n", "", 400),
        ("chat, superchat", "CHAT, wamp.2.json", 400),
    ];
    for (part, changed, status) in cases {
        assert!(REQUEST.contains(part), "{part}");
        let (accepted, answer) = answer(REQUEST.replacen(part, changed, 1).as_bytes(), &["chat"]);
        let error = accepted.expect_err(changed);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{changed:.40}: {error}: {answer}"
        );
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("\r\nContent-Length: {}", body.len()))
                && body == format!("{error}\n")
        );
    }
}

#[test]
fn each_mistake_of_an_answer_is_found() {
    let opening = Opening::new(PROTOCOLS);
    let request = String::from_utf8(opening.request("localhost", "ws")).unwrap();
    let (_, good) = answer(request.as_bytes(), &["wamp.2.msgpack"]);
    assert_eq!(opening.check(&mut good.as_bytes()).unwrap(), "wamp.2.msgpack");
    let accept = good.lines().find(|line| line.starts_with("Sec-WebSocket-Accept")).unwrap();
    let cases = [
        (
            "HTTP/1.1 101 Switching Protocols",
            "ERROR:unknown command",
            "\"ERROR:unknown command\" is not HTTP",
        ),
        ("HTTP/1.1", "NOT-HTTP/1.1", "\"NOT-HTTP/1.1 101 Switching Protocols\" is not HTTP"),
        (
            "101 Switching Protocols",
            "404 Not Found",
            "the server does not upgrade to WebSocket: \"404 Not Found\"",
        ),
        ("101 Switching Protocols", "200", "the server does not upgrade to WebSocket: \"200\""),
        (" 101 Switching Protocols", "", "the server does not upgrade to WebSocket: \"\""),
        ("HTTP/1.1", "HTTP/1.0", "\"HTTP/1.0\" is spoken, and HTTP/1.1 is needed"),
        ("Upgrade: websocket\r\n", "", "the header field Upgrade is missing"),
        ("websocket", "h2c", "\"h2c\" is not what Upgrade should be"),
        ("Connection: Upgrade\r\n", "", "the header field Connection is missing"),
        ("Connection: Upgrade", "Connection: close", "\"close\" is not what Connection should be"),
        ("-Accept: ", "-Accept: A", "is not what Sec-WebSocket-Accept should be"),
        (accept, "X: y", "the header field Sec-WebSocket-Accept is missing"),
        (
            "Upgrade:",
            "Sec-WebSocket-Extensions: x-extra\r\nUpgrade:",
            "\"x-extra\" is not what Sec-WebSocket-Ext",
        ),
        ("wamp.2.msgpack", "chat", "\"chat\" is not what Sec-WebSocket-Protocol should be"),
        (
            "wamp.2.msgpack",
            "wamp.2.json, wamp.2.msgpack",
            "is not what Sec-WebSocket-Protocol should be",
        ),
        (
            "Sec-WebSocket-Protocol: wamp.2.msgpack\r\n",
            "",
            "the header field Sec-WebSocket-Protocol is missing",
        ),
        ("Upgrade:", "Sec-WebSocket-Protocol: wamp.2.json\r\nUpgrade:", "occurs more than once"),
    ];
    for (part, changed, expected) in cases {
        assert!(good.contains(part), "{part}");
        let error = opening
            .check(&mut good.replacen(part, changed, 1).as_bytes())
            .expect_err(changed)
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_handshake_that_is_cut_off_is_an_error() {
    let opening = Opening::new(PROTOCOLS);
    let request = opening.request("localhost", "/");
    let mut answered = Vec::new();
    accept(&mut &request[..], PROTOCOLS, &mut answered).unwrap();
    for end in 0..request.len() {
        let (mut reader, mut answer) = (&request[..end], Vec::new());
        let error = io::Error::from(accept(&mut reader, PROTOCOLS, &mut answer).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{end}: {error}");
        assert!(answer.is_empty());
    }
    for end in 0..answered.len() {
        let error = io::Error::from(opening.check(&mut &answered[..end]).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{end}: {error}");
    }
}

#[test]
fn a_url_adds_no_lines_to_a_request() {
    let request = Opening::new(PROTOCOLS).request("host\r\nX: y", "/a b\r\n\u{fc}?c=d%20");
    let request = String::from_utf8(request).unwrap();
    assert!(request.starts_with(
        "GET /a%20b%0D%0A%C3%BC?c=d%20 HTTP/1.1\r\nHost: host%0D%0AX:%20y\r\nUpgrade"
    ));
}
