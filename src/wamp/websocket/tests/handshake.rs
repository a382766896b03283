//! Requests and answers of the opening handshake (RFC 6455, section 4).

use super::PROTOCOLS;
use crate::wamp::websocket::handshake::accept_value;
use crate::wamp::websocket::*;
use std::io::{self, ErrorKind};

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
