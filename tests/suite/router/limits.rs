//! How many connections, calls and registrations there may be.

use std::sync::Arc;

use roundtrip::serve::{Admission, Budget, Limits};
use roundtrip::wamp::Session;
use roundtrip::wamp::router::{Config, Settings};

use super::{Bystanders, Raw, connect, router};
use crate::support::{PATIENCE, eventually};

#[test]
fn limits_hold_for_all_endpoints_in_sum() {
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let router = router(Config { admission: Admission::new(limits), ..Config::default() });
    let (_one, _two) = (Raw::join(&router), Raw::join(&router));
    assert_eq!(connect(&router.urls()[0]).rest().unwrap(), [0x7F, 0x40, 0, 0]);
    let answer = connect(&router.urls()[1]).rest().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 503 ") && answer.ends_with(b"server full\n"));
    let limits = Limits { allow: vec!["10.0.0.0/8".parse().unwrap()], ..Limits::default() };
    let elsewhere = self::router(Config { admission: Admission::new(limits), ..Config::default() });
    assert_eq!(connect(&elsewhere.urls()[0]).rest().unwrap(), [0x7F, 0x40, 0, 0]);
    for (url, what) in router.urls().iter().zip(["too many connections", "503"]) {
        let error = Session::join(url, "realm1", PATIENCE).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

/// Announces a message of 1 MiB, and sends nearly all of it.
fn hold_back(raw: &mut Raw) {
    raw.0.send([&b"\0\x10\0\0"[..], &vec![b' '; 1_000_000]].concat());
}

#[test]
fn messages_that_are_arriving_have_one_budget() {
    let arriving = Budget::new(2 << 20);
    let session = Settings { arriving: Arc::clone(&arriving), ..Settings::default() };
    let router = router(Config { session, ..Config::default() });
    let mut bystanders = Bystanders::new(&router);
    let mut holding = [Raw::join(&router), Raw::join(&router)];
    for raw in &mut holding {
        hold_back(raw);
    }
    eventually("both have arrived", || arriving.take(400 << 10).is_none());
    // No room for a third one: its session ends, with a reason.
    let mut third = Raw::join(&router);
    hold_back(&mut third);
    let abort = third.receive();
    assert!(abort.starts_with("[3,") && abort.contains("roundtrip.error.too_many"), "{abort}");
    // The others live, and their short messages need no budget.
    bystanders.assert_undisturbed();
    for raw in &mut holding {
        raw.0.send(vec![b' '; 48_576 - 30]);
        raw.0.send(r#"[48,1,{},"com.example.none"]  "#);
        let answer = raw.receive();
        assert!(answer.contains("no_such_procedure"), "{answer}");
    }
    // A message that was passed on has given its share back, and another one fits.
    eventually("the memory is free", || arriving.take(2 << 20).is_some());
    let mut fourth = Raw::join(&router);
    hold_back(&mut fourth);
    bystanders.assert_undisturbed();
}

#[test]
fn pending_calls_and_registrations_are_bounded() {
    let router = router(Config::default());
    let mut callee = Raw::join(&router);
    callee.register("com.example.slow");
    let mut caller = Raw::join(&router);
    for number in 1..=1001 {
        caller.send(&format!(r#"[48,{number},{{}},"com.example.slow"]"#));
    }
    assert!(caller.receive().starts_with(r#"[8,48,1001,{},"roundtrip.error.too_many""#));
    for number in 2..=1001 {
        callee.send(&format!(r#"[64,{number},{{}},"com.example.a{number}"]"#));
    }
    while !callee.receive().starts_with(r#"[8,64,1001,{},"roundtrip.error.too_many""#) {}
}

#[test]
fn one_caller_cannot_fill_the_queue_of_a_callee_that_others_call() {
    let router = router(Config::default());
    let mut callee = Raw::join(&router);
    callee.register("com.example.shared");
    let mut other = Raw::join(&router);
    other.send(r#"[48,1,{},"com.example.shared"]"#);
    assert!(callee.receive().starts_with("[68,1,"));
    for payload in [10, 100_000] {
        // Sends as fast as it can, and the callee answers nothing.
        let mut greedy = Raw::join(&router);
        let payload = "x".repeat(payload);
        for number in 1..=65 {
            greedy.send(&format!(r#"[48,{number},{{}},"com.example.shared",["{payload}"]]"#));
        }
        let refused = greedy.receive();
        let most = if payload.len() > 10 { 11 } else { 64 };
        let too_many = format!(r#"[8,48,{},{{}},"roundtrip.error.too_many""#, most + 1);
        assert!(refused.starts_with(&too_many), "{refused}");
    }
    // The other caller still finds room.
    other.send(r#"[48,2,{},"com.example.shared"]"#);
    other.send(r#"[48,3,{},"com.example.none"]"#);
    assert!(other.receive().contains("no_such_procedure"));
}
