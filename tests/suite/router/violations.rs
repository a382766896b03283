//! Clients that break the rules of the protocol.

use roundtrip::wamp::router::{Config, Running};

use super::{Bystanders, Raw, connect, router};
use crate::support::Peer;

#[test]
fn a_message_out_of_turn_aborts_the_session() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    // Each is wrong before HELLO. Those with `true` are wrong in an open session, too.
    for (message, always) in [
        (r#"[1,"realm1",{}]"#, true),
        ("[2,1,{}]", true),
        (r#"[6,{},"wamp.close.close_realm"]"#, false),
        (r#"[8,48,1,{},"a.b"]"#, true),
        (r#"[8,68,1,{},"a.b"]"#, true),
        (r#"[48,1,{},"a.b"]"#, false),
        ("[50,1,{}]", true),
        (r#"[64,1,{},"a.b"]"#, false),
        ("[65,1,1]", true),
        ("[66,1,1]", false),
        ("[67,1]", true),
        ("[68,1,1,{}]", true),
        ("[70,1,{}]", true),
        (r#"[16,1,{},"a.b"]"#, false),
        (r#"[32,1,{},"a.b"]"#, false),
        ("[34,1,1]", false),
        ("[36,1,1,{}]", true),
        ("[48]", true),
        ("[0]", true),
        ("[-1]", true),
        ("[]", true),
        ("{}", true),
        ("", true),
        ("[48,1,{},\"a.b\"", true),
        (&"[".repeat(100_000), true),
        (r#"[48,0,{},"a.b"]"#, true),
        (r#"[48,9007199254740993,{},"a.b"]"#, true),
    ] {
        let shown = &message[..message.len().min(40)];
        for open in [false, true] {
            let mut raw = if open { Raw::join(&router) } else { Raw::open(&router) };
            if open && !always || !open && message.starts_with("[1,") {
                continue;
            }
            let answer = raw.ask(message);
            assert!(
                answer.starts_with("[3,") && answer.contains("wamp.error.protocol_violation"),
                "{shown} {answer}"
            );
            assert_eq!(raw.receive(), "", "{shown}");
        }
        bystanders.assert_undisturbed();
    }
    let mut raw = Raw::join(&router);
    raw.register("com.example.slow");
    let mut caller = Raw::join(&router);
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert!(
        caller.ask(r#"[48,1,{},"com.example.slow"]"#).contains("protocol_violation"),
        "the same number twice"
    );
    for (realm, reason) in
        [("realm2", "wamp.error.no_such_realm"), ("a..b", "wamp.error.invalid_uri")]
    {
        let answer = Raw::open(&router).ask(&format!(r#"[1,"{realm}",{{}}]"#));
        assert!(answer.starts_with("[3,") && answer.contains(reason), "{answer}");
    }
    let mut raw = Raw::join(&router);
    assert_eq!(raw.ask(r#"[3,{},"com.example.fed_up"]"#), "");
    bystanders.assert_undisturbed();
}

#[test]
fn a_hello_after_the_end_is_answered_with_abort() {
    let router = router(Config::default());
    let mut late = Raw::open(&router);
    drop(router);
    let answer = late.ask(r#"[1,"realm1",{}]"#);
    assert!(answer.starts_with("[3,") && answer.contains("wamp.close.system_shutdown"), "{answer}");
    assert_eq!(late.receive(), "");
}

/// A client's short frame. A mask of zeros does not change the payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

fn websocket(router: &Running) -> Peer {
    let mut peer = connect(&router.urls()[1]);
    peer.send(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
    );
    assert_eq!(peer.line(), "HTTP/1.1 101 Switching Protocols\r");
    while peer.line() != "\r" {}
    peer
}

#[test]
fn a_bad_frame_is_answered_with_its_close_code() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    let long = [&[0x81, 0xFF][..], &(1u64 << 40).to_be_bytes(), &[0; 4]].concat();
    for (bytes, code) in [
        (b"\x81\x02[]".to_vec(), 1002u16), // no mask
        (frame(0xC1, b"[]"), 1002),        // a reserved bit
        (frame(0x83, b"[]"), 1002),        // an unknown opcode
        (frame(0x80, b"[]"), 1002),        // continues nothing
        (frame(0x09, b""), 1002),          // a ping in parts
        (frame(0x81, b"\xFF"), 1007),      // not UTF-8
        (long, 1009),
        // One rule for both protocols: who breaks one gets 1002.
        (frame(0x82, b"\x93\x01"), 1002), // binary, where JSON was agreed on
        (frame(0x81, b"[48"), 1002),
        (frame(0x81, b"[48,1]"), 1002),
        (frame(0x81, br#"[48,1,{},"a.b"]"#), 1002), // before HELLO
        (frame(0x81, br#"[1,"realm1",5]"#), 1002),
        // A HELLO that breaks no rule, but is refused.
        (frame(0x81, br#"[1,"realm2",{}]"#), 1008),
        (frame(0x81, br#"[1,"a..b",{}]"#), 1008),
        (frame(0x88, b""), 1000),
        (frame(0x88, b"\x03\xE9bye"), 1000),
    ] {
        let mut peer = websocket(&router);
        peer.send(&bytes);
        let rest = peer.rest().unwrap();
        let close = &rest[rest.len().saturating_sub(4)..];
        assert_eq!(close, [&[0x88, 2][..], &code.to_be_bytes()].concat(), "{bytes:?}: {rest:?}");
        bystanders.assert_undisturbed();
    }
    // A ping is answered even before HELLO, and a message may consist of several
    // frames.
    let mut peer = websocket(&router);
    peer.send(frame(0x89, b"hi"));
    assert_eq!(peer.bytes(4), b"\x8A\x02hi");
    peer.send([frame(0x01, br#"[1,"real"#), frame(0x89, b""), frame(0x80, br#"m1",{}]"#)].concat());
    assert_eq!(peer.bytes(2), b"\x8A\0");
    assert_eq!(peer.bytes(1), [0x81]);
}

#[test]
fn a_bad_handshake_is_refused_in_the_form_of_its_framing() {
    let router = router(Config::default());
    for (request, answer) in [
        (&b"\x7F\xF0\0\0"[..], &b"\x7F\x10\0\0"[..]),
        (b"\x7F\xF3\0\0", b"\x7F\x10\0\0"),
        (b"\x7F\xF1\0\x01", b"\x7F\x30\0\0"),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
    ] {
        let mut peer = connect(&router.urls()[0]);
        peer.send(request);
        assert_eq!(peer.rest().unwrap(), answer);
    }
    for (request, status) in [
        ("hello\r\n", "HTTP/1.1 400 "),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 "),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "),
        (&format!("GET / HTTP/1.1\r\nHost: {}", "x".repeat(10_000)), "HTTP/1.1 431 "),
    ] {
        let mut peer = connect(&router.urls()[1]);
        peer.send(request);
        let answer = String::from_utf8(peer.rest().unwrap()).unwrap();
        assert!(answer.starts_with(status), "{answer}");
    }
    // Before the session is open, the limit is lower.
    let mut raw = Raw::open(&router);
    raw.0.send([0, 1, 0, 1]);
    assert!(raw.receive().contains("a message of 65537 bytes where 65536 are allowed"));
    // A frame longer than the handshake allows.
    let mut raw = Raw::open(&router);
    raw.0.send([0x08, 0, 0, 1]);
    assert!(raw.receive().contains("no message begins with the byte 08"));
}
