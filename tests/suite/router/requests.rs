//! Requests that fail, and what their clients receive.

use std::thread;

use roundtrip::json::Value;
use roundtrip::wamp::router::Config;
use roundtrip::wamp::{Payload, Session};

use super::{Raw, connect, router, uri_of};
use crate::support::PATIENCE;

#[test]
fn every_request_that_fails_is_answered_with_its_error() {
    let router = router(Config::default());
    let mut other = Raw::join(&router);
    let registration = other.register("com.example.taken");
    let mut raw = Raw::join(&router);
    let foreign = format!("[66,7,{registration}]");
    for (request, error) in [
        (r#"[48,7,{},"com.example.none"]"#, r#"[8,48,7,{},"wamp.error.no_such_procedure""#),
        (r#"[48,7,{},"com..none"]"#, r#"[8,48,7,{},"wamp.error.invalid_uri""#),
        (r#"[48,7,{},""]"#, r#"[8,48,7,{},"wamp.error.invalid_uri""#),
        (r#"[64,7,{},"com.example.taken"]"#, r#"[8,64,7,{},"wamp.error.procedure_already_exists""#),
        (r#"[64,7,{},"a b"]"#, r#"[8,64,7,{},"wamp.error.invalid_uri""#),
        (r#"[64,7,{},"wamp.session.count"]"#, r#"[8,64,7,{},"wamp.error.invalid_uri""#),
        (
            r#"[64,7,{"match":"prefix"},"com.example"]"#,
            r#"[8,64,7,{},"wamp.error.option_not_allowed""#,
        ),
        ("[66,7,12345]", r#"[8,66,7,{},"wamp.error.no_such_registration""#),
        (&foreign, r#"[8,66,7,{},"wamp.error.no_such_registration""#),
    ] {
        let answer = raw.ask(request);
        assert!(answer.starts_with(error), "{request} {answer}");
    }
    // The session is still open, and the other session's procedure is registered.
    assert!(
        raw.ask(r#"[64,8,{"match":"exact","invoke":"single"},"com.example.free"]"#)
            .starts_with("[65,8,")
    );
    raw.send(r#"[48,9,{},"com.example.taken",[],{"a":null}]"#);
    assert_eq!(other.receive(), format!(r#"[68,1,{registration},{{}},[],{{"a":null}}]"#));
    assert_eq!(other.ask(&format!("[66,2,{registration}]")), "[67,2]");
    assert!(raw.ask(r#"[48,10,{},"com.example.taken"]"#).contains("no_such_procedure"));
    // A call from before UNREGISTER is still answered, here with the procedure's own
    // error.
    other.send(r#"[8,68,1,{},"com.example.sorry",[1],{"why":2}]"#);
    assert_eq!(raw.receive(), r#"[8,48,9,{},"com.example.sorry",[1],{"why":2}]"#);
    assert_eq!(
        raw.ask(r#"[6,{},"wamp.close.close_realm"]"#),
        r#"[6,{},"wamp.close.goodbye_and_out"]"#
    );
    assert_eq!(raw.receive(), "");
}

#[test]
fn the_shortest_messages_have_room_for_every_error() {
    let router = router(Config::default());
    let mut peer = connect(&router.urls()[0]);
    // This client accepts at most 512 bytes.
    peer.send([0x7F, 0x01, 0, 0]);
    assert_eq!(peer.bytes(4)[0], 0x7F);
    let mut raw = Raw(peer);
    assert!(raw.ask(r#"[1,"realm1",{}]"#).starts_with("[2,"));
    let long = "\u{1F600}".repeat(120);
    let answer = raw.ask(&format!(r#"[48,1,{{}},"{long}"]"#));
    assert!(
        answer.starts_with(r#"[8,48,1,{},"wamp.error.no_such_procedure",["nobody has registered "#),
        "{answer}"
    );
    raw.register(&long);
    let answer = raw.ask(&format!(r#"[64,2,{{}},"{long}"]"#));
    assert!(
        answer.starts_with(r#"[8,64,2,{},"wamp.error.procedure_already_exists",["#),
        "{answer}"
    );
}

#[test]
fn a_callee_that_leaves_cancels_its_calls_and_a_caller_that_leaves_disturbs_nobody() {
    let router = router(Config::default());
    let mut callee = Raw::join(&router);
    let registration = callee.register("com.example.slow");
    let (mut stays, mut goes) = (Raw::join(&router), Raw::join(&router));
    goes.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,1,{registration},{{}}]"));
    drop(goes);
    stays.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,2,{registration},{{}}]"));
    // An answer without a caller does no harm, whether the router has noticed the end
    // of the caller or not.
    callee.send("[70,1,{},[5]]");
    callee.send("[70,1,{},[5]]");
    callee.send("[70,2,{},[6]]");
    assert_eq!(stays.receive(), "[50,1,{},[6]]");
    stays.send(r#"[48,2,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,3,{registration},{{}}]"));
    drop(callee);
    assert!(stays.receive().starts_with(r#"[8,48,2,{},"wamp.error.canceled""#));
    assert!(stays.ask(r#"[48,3,{},"com.example.slow"]"#).contains("no_such_procedure"));
}

#[test]
fn a_caller_that_gives_up_receives_an_error_and_no_result() {
    let router = router(Config::default());
    let (mut callee, mut caller) = (Raw::join(&router), Raw::join(&router));
    let registration = callee.register("com.example.slow");
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,1,{registration},{{}}]"));
    assert!(
        caller.ask(r#"[49,1,{"mode":"kill"}]"#).starts_with(r#"[8,48,1,{},"wamp.error.canceled""#)
    );
    // The call is no longer pending, and its answer is ignored.
    caller.send("[49,1,{}]");
    callee.send("[70,1,{},[5]]");
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,2,{registration},{{}}]"));
    callee.send("[70,2,{},[6]]");
    assert_eq!(caller.receive(), "[50,1,{},[6]]");
}

#[test]
fn a_message_longer_than_its_receiver_accepts_is_an_error_for_the_caller() {
    let router = router(Config::default());
    let mut small = connect(&router.urls()[0]);
    small.send([0x7F, 0x01, 0, 0]); // Accepts 512 bytes.
    small.bytes(4);
    let mut small = Raw(small);
    small.ask(r#"[1,"realm1",{}]"#);
    small.register("com.example.small");
    let mut caller = Session::join(&router.urls()[1], "realm1", PATIENCE).unwrap();
    let long = Payload::of(vec![Value::from("x".repeat(600))]);
    assert_eq!(
        uri_of(caller.call("com.example.small", long.clone())),
        "wamp.error.payload_size_exceeded"
    );

    // In the other direction the result is too long for the caller.
    caller.register("com.example.long", move |_| Ok(long.clone())).unwrap();
    thread::spawn(move || caller.serve());
    let answer = small.ask(r#"[48,2,{},"com.example.long"]"#);
    assert!(answer.starts_with(r#"[8,48,2,{},"wamp.error.payload_size_exceeded""#), "{answer}");
    assert!(small.ask(r#"[48,3,{},"com.example.none"]"#).contains("no_such_procedure"));
}
