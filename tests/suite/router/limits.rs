//! How many connections, calls and registrations there may be.

use roundtrip::serve::{Admission, Limits};
use roundtrip::wamp::Session;
use roundtrip::wamp::router::Config;

use super::{Raw, connect, router};
use crate::support::PATIENCE;

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
