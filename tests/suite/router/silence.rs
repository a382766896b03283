//! Clients that send nothing.

use std::io::Write;
use std::thread;
use std::time::Duration;

use roundtrip::wamp::Session;
use roundtrip::wamp::router::Config;

use super::{Bystanders, Raw, connect, impatient, router};
use crate::support::{PATIENCE, Peer};

#[test]
fn a_thousand_clients_without_hello_disturb_nobody() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    let silent: Vec<Peer> = (0..1000).map(|number| connect(&router.urls()[number % 2])).collect();
    bystanders.assert_undisturbed();
    let mut late = Bystanders(Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap());
    late.assert_undisturbed();
    drop(silent);
}

#[test]
fn a_silent_client_is_pinged_and_then_dropped() {
    let router = router(impatient());
    // Silent in the middle of either handshake, and before HELLO.
    let cases = [
        (0, &b""[..]),
        (0, b"\x7F"),
        (1, b""),
        (1, b"GET / HTTP/1.1\r\nHost:"),
        (0, b"\x7F\xF1\0\0"),
    ];
    let peers = cases.map(|(url, said)| {
        let mut peer = connect(&router.urls()[url]);
        peer.send(said);
        peer
    });
    for mut peer in peers {
        assert!(peer.rest().unwrap().len() <= 4);
    }
    // An open session receives a ping first, and stays open if it answers.
    let mut polite = Raw::join(&router);
    for _ in 0..4 {
        assert_eq!(polite.0.bytes(4), [1, 0, 0, 0]);
        polite.0.send([2, 0, 0, 0]);
    }
    assert_eq!(polite.0.bytes(4), [1, 0, 0, 0]);
    assert_eq!(polite.receive(), "");
    // A message in tiny pieces has to end in time, too, however often one comes.
    let mut trickler = Raw::open(&router);
    trickler.0.send([0, 0, 1, 0]);
    let mut writer = trickler.0.0.get_ref().try_clone().unwrap();
    thread::spawn(move || {
        while writer.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(trickler.receive(), "");
}

#[test]
fn a_session_that_is_called_or_waits_for_a_result_may_be_silent() {
    let router = router(impatient());
    let (mut callee, mut caller) = (Raw::join(&router), Raw::join(&router));
    let registration = callee.register("com.example.slow");
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,1,{registration},{{}}]"));
    for _ in 0..3 {
        // A session that has nothing to wait for receives a ping, and is dropped.
        let mut idle = Raw::join(&router);
        assert_eq!(idle.0.bytes(4), [1, 0, 0, 0]);
        assert_eq!(idle.receive(), "");
    }
    // The others have received no ping, which many clients do not know.
    callee.send("[70,1,{},[5]]");
    assert_eq!(caller.receive(), "[50,1,{},[5]]");
    // The caller has nothing to wait for any more.
    assert_eq!(caller.0.bytes(4), [1, 0, 0, 0]);
    assert_eq!(caller.receive(), "");
    assert_eq!(callee.ask(&format!("[66,2,{registration}]")), "[67,2]");
    assert_eq!(callee.0.bytes(4), [1, 0, 0, 0]);
}
