//! What other people's clients send, and this program's own client does not.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use roundtrip::json::Value;
use roundtrip::wamp::router::{Config, Running};
use roundtrip::wamp::{Message, Serializer, Session};

use super::{Raw, connect, router};
use crate::support::PATIENCE;

#[test]
fn null_in_the_place_of_arguments_means_none() {
    let router = router(Config::default());
    let (mut callee, mut caller) = (Raw::join(&router), Raw::join(&router));
    let registration = callee.register("com.example.any");
    let mut number = 0;
    for (sent, passed_on) in [
        ("", ""),
        (",null", ""),
        (",null,null", ""),
        (",[1],null", ",[1]"),
        (r#",null,{"a":null}"#, r#",[],{"a":null}"#),
    ] {
        for answer in ["[70,{number},{}", r#"[8,68,{number},{},"com.example.sorry""#] {
            number += 1;
            caller.send(&format!(r#"[48,{number},{{}},"com.example.any"{sent}]"#));
            let invocation = format!("[68,{number},{registration},{{}}{passed_on}]");
            assert_eq!(callee.receive(), invocation);
            let answer = answer.replace("{number}", &number.to_string());
            callee.send(&format!("{answer}{sent}]"));
            let result = answer.replace("[70,", "[50,").replace("[8,68,", "[8,48,");
            assert_eq!(caller.receive(), format!("{result}{passed_on}]"));
        }
    }
}

#[test]
fn an_abort_may_have_arguments() {
    for (more, shown) in [
        ("", "the router refuses: com.example.why"),
        (r#","arguments""#, "the Arguments of ABORT is not a list"),
        (r#",["too late"]"#, "the router refuses: com.example.why (too late)"),
        (r#",["too late"],{"a":1}"#, "the router refuses: com.example.why (too late)"),
        (r#",null,{"a":1}"#, "the router refuses: com.example.why"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rs://{}?serializer=json", listener.local_addr().unwrap());
        let router = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let abort = format!(r#"[3,{{}},"com.example.why"{more}]"#);
            let length = u32::try_from(abort.len()).unwrap().to_be_bytes();
            stream.write_all(&[b"\x7F\xF1\0\0", &length, abort.as_bytes()].concat()).unwrap();
            stream
        });
        let error = Session::join(&url.parse().unwrap(), "realm1", PATIENCE).unwrap_err();
        assert!(error.to_string().ends_with(shown), "{more} {error}");
        router.join().unwrap();
    }
}

#[test]
fn requests_to_a_broker_are_refused_one_by_one() {
    let router = router(Config::default());
    let mut raw = Raw::join(&router);
    for (request, error) in [
        (r#"[32,7,{},"com.example.topic"]"#, "[8,32,7,"),
        (r#"[16,8,{"acknowledge":true},"com.example.topic",[1],{"a":1}]"#, "[8,16,8,"),
        ("[34,9,1]", "[8,34,9,"),
    ] {
        let answer = raw.ask(request);
        assert!(answer.starts_with(error), "{request} {answer}");
        assert!(answer.contains(r#""wamp.error."#), "{answer}");
        assert!(answer.contains("this router is a dealer and no broker"), "{answer}");
    }
    // Nobody waits for an answer to a publication that is not acknowledged.
    raw.send(r#"[16,10,{},"com.example.topic"]"#);
    raw.send(r#"[16,11,{"acknowledge":false},"com.example.topic"]"#);
    assert!(raw.ask(r#"[48,12,{},"com.example.none"]"#).starts_with("[8,48,12,"));
}

#[test]
fn one_callee_is_enough_for_every_policy() {
    let router = router(Config::default());
    let (mut one, mut other) = (Raw::join(&router), Raw::join(&router));
    for policy in ["single", "roundrobin", "random", "first", "last"] {
        let register = |request, procedure| {
            format!(r#"[64,{request},{{"invoke":"{policy}","match":"exact"}},"{procedure}"]"#)
        };
        let registered = one.ask(&register(1, policy));
        assert!(registered.starts_with("[65,1,"), "{policy} {registered}");
        let answer = other.ask(&register(2, policy));
        let error = r#"[8,64,2,{},"wamp.error.procedure_already_exists""#;
        assert!(answer.starts_with(error), "{policy} {answer}");
        assert!(answer.contains("one callee"), "{policy} {answer}");
    }
    for option in [
        r#""invoke":"load""#,
        r#""invoke":5"#,
        r#""match":"wildcard""#,
        r#""match":"regex""#,
        r#""match":[]"#,
    ] {
        let answer = one.ask(&format!(r#"[64,3,{{{option}}},"com.example.free"]"#));
        let error = r#"[8,64,3,{},"wamp.error.option_not_allowed""#;
        assert!(answer.starts_with(error), "{option} {answer}");
    }
    // What is null is not given.
    let registered = one.ask(r#"[64,4,{"match":null,"invoke":null},"com.example.free"]"#);
    assert!(registered.starts_with("[65,4,"), "{registered}");
}

#[test]
fn the_names_that_belong_to_the_protocol_cannot_be_registered() {
    let router = router(Config::default());
    let mut raw = Raw::join(&router);
    for reserved in ["wamp", "wamp.session.count"] {
        let answer = raw.ask(&format!(r#"[64,1,{{}},"{reserved}"]"#));
        assert!(answer.starts_with(r#"[8,64,1,{},"wamp.error.invalid_uri""#), "{answer}");
    }
    raw.register("wampum.count");
}

/// Arguments that cannot be carried, in JSON.
fn uncarried() -> [(String, &'static str); 5] {
    [
        (format!("[{}0]", "0,".repeat(300_000)), "wamp.error.payload_size_exceeded"),
        (format!("{}{}", "[".repeat(200), "]".repeat(200)), "wamp.error.invalid_argument"),
        ("[1e400]".into(), "wamp.error.invalid_argument"),
        (r#"["\ud800"]"#.into(), "wamp.error.invalid_argument"),
        (r#"[],{"a":-1e999}"#.into(), "wamp.error.invalid_argument"),
    ]
}

#[test]
fn arguments_that_cannot_be_carried_cost_their_own_call_alone() {
    let router = router(Config::default());
    let (mut callee, mut caller) = (Raw::join(&router), Raw::join(&router));
    let registration = callee.register("com.example.any");
    for (number, (arguments, uri)) in (1..).zip(uncarried()) {
        let answer =
            caller.ask(&format!(r#" [ 48 ,{number}, {{}},"com.example.any",{arguments}]"#));
        assert!(answer.starts_with(&format!(r#"[8,48,{number},{{}},"{uri}",[""#)), "{answer}");
        // The same in a result, and in the error of a procedure.
        for answer in ["[70,{},{}", r#"[8,68,{},{},"com.example.sorry""#] {
            caller.send(&format!(r#"[48,{number},{{}},"com.example.any"]"#));
            let invocation = callee.receive();
            let invocation = invocation.strip_prefix("[68,").unwrap().split(',').next().unwrap();
            let answer = answer.replacen("{}", invocation, 1);
            callee.send(&format!("{answer},{arguments}]"));
            let answer = caller.receive();
            assert!(answer.starts_with(&format!(r#"[8,48,{number},{{}},"{uri}",[""#)), "{answer}");
        }
    }
    let answer = caller.ask(r#"[64,9,{"a":1e400},"com.example.free"]"#);
    assert!(answer.starts_with(r#"[8,64,9,{},"wamp.error.invalid_argument""#), "{answer}");
    // Both sessions are as good as new.
    caller.send(r#"[48,10,{},"com.example.any",[5]]"#);
    let invocation = callee.receive();
    assert!(invocation.ends_with(&format!(",{registration},{{}},[5]]")), "{invocation}");
}

/// A client of `RawSocket` with `MessagePack`.
struct Binary(Raw);

impl Binary {
    fn join(router: &Running) -> Self {
        let mut peer = connect(&router.urls()[0]);
        peer.send([0x7F, 0xF2, 0, 0]);
        assert_eq!(peer.bytes(4), [0x7F, 0xF2, 0, 0]);
        let mut binary = Binary(Raw(peer));
        let welcome = binary.ask(b"\x93\x01\xA6realm1\x80");
        assert!(matches!(welcome, Message::Welcome { .. }), "{welcome:?}");
        binary
    }

    fn ask(&mut self, message: &[u8]) -> Message {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        self.0.0.send([&length, message].concat());
        let head = self.0.0.bytes(4);
        let length = u32::from_be_bytes(head.try_into().unwrap());
        Serializer::MessagePack.decode(&self.0.0.bytes(length as usize)).unwrap()
    }
}

#[test]
fn keys_that_are_numbers_cost_their_own_call_alone() {
    let router = router(Config::default());
    let mut binary = Binary::join(&router);
    let zeros = [b"\xDD\0\x04\x93\xE0".to_vec(), vec![0; 300_000]].concat();
    let nested = [vec![0x91; 200], vec![0]].concat();
    for (arguments, expected) in [
        (b"\x91\x81\x05\x06".to_vec(), "wamp.error.invalid_argument"),
        (b"\x91\xA1\xFF".to_vec(), "wamp.error.invalid_argument"),
        (zeros, "wamp.error.payload_size_exceeded"),
        (nested, "wamp.error.invalid_argument"),
    ] {
        // The number 300 takes two bytes.
        let call = [&b"\x95\x30\xCD\x01\x2C\x80\xA3a.b"[..], &arguments].concat();
        match binary.ask(&call) {
            Message::Error { request_type: 48, request: 300, error, payload, .. } => {
                assert_eq!(error, expected);
                let words = payload.arguments.as_deref().and_then(<[Value]>::first);
                assert!(words.and_then(Value::as_str).is_some_and(|words| words.contains("byte")));
            }
            other => panic!("{other:?}"),
        }
    }
    // Where there is no number, the session ends.
    let abort = binary.ask(b"\x92\x30\x81\x05\x06");
    let Message::Abort { reason, .. } = abort else { panic!("{abort:?}") };
    assert_eq!(reason, "wamp.error.protocol_violation");
}
