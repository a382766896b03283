//! Sessions of clients in this process.

use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use roundtrip::json::Value;
use roundtrip::wamp::Payload;
use roundtrip::wamp::{CallError, Refusal, Session, uri};

use super::{join, router};
use crate::support::{PATIENCE, Server, listens_at};

#[test]
fn a_session_can_call_while_it_is_called() {
    let router = router();
    let mut one = join(&router);
    one.register("com.example.double", |payload| {
        let number = payload.arguments.iter().flatten().next().and_then(Value::as_u64);
        match number.and_then(|number| number.checked_mul(2)) {
            Some(double) => Ok(Payload::of(vec![double.into()])),
            None => Err(Refusal::new(uri::INVALID_ARGUMENT)),
        }
    })
    .unwrap();
    // A session can call its own procedure, which runs while the call waits.
    assert_eq!(
        one.call("com.example.double", Payload::of(vec![21u64.into()])).unwrap(),
        Payload::of(vec![42.into()])
    );
    match one.call("com.example.double", Payload::default()) {
        Err(CallError::Refused(Refusal { uri, .. })) => assert_eq!(uri, uri::INVALID_ARGUMENT),
        other => panic!("{other:?}"),
    }
    let registration = one.register("com.example.short", Ok).unwrap();
    one.unregister(registration).unwrap();
    assert!(
        one.unregister(registration)
            .unwrap_err()
            .to_string()
            .starts_with("wamp.error.no_such_registration: ")
    );
    assert!(one.call("com.example.short", Payload::default()).is_err());
    assert!(one.call("com.example.double", Payload::of(vec![1u64.into()])).is_ok());
    one.leave().unwrap();
}

#[test]
fn a_late_answer_is_not_mistaken_for_the_next_one() {
    let router = router();
    let (go, wait) = channel::<()>();
    let mut callee = join(&router);
    callee
        .register("com.example.slow", move |payload| {
            let _ = wait.recv();
            Ok(payload)
        })
        .unwrap();
    let handle = callee.handle();
    let serving = thread::spawn(move || callee.serve());
    let mut caller = Session::join(&router.urls()[0], "realm1", Duration::from_millis(50)).unwrap();
    let Err(CallError::Io(error)) = caller.call("com.example.slow", Payload::of(vec![1.into()]))
    else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(go);
    // From now on the callee answers at once: first the old call, then the new one.
    let answer = loop {
        match caller.call("com.example.slow", Payload::of(vec![2.into()])) {
            Err(CallError::Io(error)) if error.kind() == ErrorKind::TimedOut => {}
            other => break other.unwrap(),
        }
    };
    assert_eq!(answer, Payload::of(vec![2.into()]));
    handle.abort();
    serving.join().unwrap().unwrap();
}

#[test]
fn a_router_that_ends_sends_goodbye() {
    let router = router();
    let (mut callee, mut caller) = (join(&router), join(&router));
    callee.register("com.example.echo", Ok).unwrap();
    let serving = thread::spawn(move || callee.serve());
    drop(router);
    serving.join().unwrap().unwrap();
    let error = caller.call("com.example.echo", Payload::default()).unwrap_err().to_string();
    assert!(error.contains("wamp.close.system_shutdown") || error.contains("closed"), "{error}");
}

#[test]
fn no_timeout_is_too_long() {
    let router = router();
    let mut session = Session::join(&router.urls()[0], "realm1", Duration::MAX).unwrap();
    session.register("com.example.echo", Ok).unwrap();
    assert_eq!(session.call("com.example.echo", Payload::default()).unwrap(), Payload::default());
}

#[test]
fn nothing_follows_a_message_that_was_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rs://{}?serializer=json", listener.local_addr().unwrap()).parse().unwrap();
    let (done, wait) = channel::<()>();
    let router = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(b"\x7F\xF1\0\0\0\0\0\x08[2,1,{}]").unwrap();
        // The router reads nothing.
        let _ = wait.recv();
    });
    let mut session = Session::join(&url, "realm1", Duration::from_millis(100)).unwrap();
    let mut call = |length| {
        let payload = Payload::of(vec![Value::from("x".repeat(length))]);
        session.call("com.example.echo", payload).unwrap_err().to_string()
    };
    let error = call(15 << 20);
    assert!(error.contains("took nothing"), "{error}");
    let error = call(1);
    assert!(error.contains("failed before"), "{error}");
    drop(done);
    router.join().unwrap();
}

#[test]
fn a_failed_join_names_the_reason() {
    let router = router();
    let url = &router.urls()[0];
    let error = Session::join(url, "realm2", PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains("wamp.error.no_such_realm"), "{error}");
    // The wrong framing, both ways, and a path without a router.
    let rs = url.to_string();
    let error =
        Session::join(&rs.replace("rs:", "ws:").parse().unwrap(), "realm1", PATIENCE).unwrap_err();
    assert!(error.to_string().starts_with("ws://127.0.0.1:"), "{error}");
    let server = Server::start(&["--ws", "127.0.0.1:0"]);
    let ready = server.line("listening on ws://");
    let ws = listens_at(&ready);
    let error =
        Session::join(&ws.replace("ws:", "rs:").parse().unwrap(), "realm1", PATIENCE).unwrap_err();
    assert!(error.to_string().contains("RawSocket"), "{error}");
    let error =
        Session::join(&"rs+unix:/nonexistent/x".parse().unwrap(), "realm1", PATIENCE).unwrap_err();
    assert!(error.to_string().contains("cannot connect to unix:/nonexistent/x"), "{error}");
}
