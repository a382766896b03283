//! Servers that say nothing, or too little, are given up in time.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{against, assert_found_out};
use crate::support::{CLIENT, Peer, eventually, fake_server, run};

/// Asserts that a client with a timeout of 500 ms gives up before twice that, at last: a
/// busy machine can take long to start a process.
fn in_time(flags: &[&str], answer: impl Fn(&mut Peer, &str) + Clone + Send + 'static, why: &str) {
    // Half a second is for starting the process.
    let most = Duration::from_millis(500) * 3;
    eventually(&format!("{flags:?} ends in time"), || {
        let start = Instant::now();
        let outcome = against(answer.clone(), &[flags, &["--timeout", "500ms"]].concat());
        let took = start.elapsed();
        assert_found_out(&outcome, why);
        took < most
    });
}

#[test]
fn silence_ends_with_the_timeout() {
    let wait = |peer: &mut Peer| drop(peer.try_line());
    for flags in [
        &["--test", "latency"][..],
        &["--test", "latency", "--interval", "10ms"],
        &["--test", "connect"],
        &["--test", "download"],
        &["--test", "upload"],
        &["--test", "bidirectional"],
        &["--test", "download", "--time", "5s"],
        &["--test", "upload", "--time", "5s"],
        &["--test", "bidirectional", "--time", "5s"],
        &["--test", "loaded"],
        &["--test", "sweep"],
        &["--test", "lag"],
    ] {
        in_time(flags, move |peer, _| wait(peer), "nothing arrived for ");
    }
    in_time(&["--test", "status"], move |peer, _| wait(peer), "500ms");
    // READY and silence. The peer takes nothing, either, until this test is over.
    let over = Arc::new(Mutex::new(()));
    let _running = over.lock().unwrap();
    for (flags, why) in [
        (&["--test", "download", "--size", "100MiB"][..], "nothing arrived"),
        (&["--test", "download", "--time", "5s"], "nothing arrived"),
        (&["--test", "upload", "--size", "100MiB"], "the peer took nothing"),
        (&["--test", "upload", "--time", "5s"], "the peer took nothing"),
        (&["--test", "bidirectional", "--size", "100MiB"], "500ms"),
        (&["--test", "bidirectional", "--time", "5s"], "500ms"),
    ] {
        let over = Arc::clone(&over);
        let park = move |peer: &mut Peer, _: &str| {
            peer.send("READY\n");
            drop(over.lock());
        };
        in_time(flags, park, why);
    }
    // All of the data is taken, and then nobody says DONE.
    in_time(
        &["--test", "upload", "--size", "64KiB"],
        |peer, _| {
            peer.send("READY\n");
            peer.bytes(64 << 10);
            drop(peer.try_line());
        },
        "nothing arrived for 500ms",
    );
}

/// A byte before each timeout passes is no progress.
#[test]
fn a_drip_is_silence() {
    let drip = |peer: &mut Peer, first: &str| {
        peer.send(first);
        while peer.try_send("x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    };
    in_time(&["--test", "latency"], move |peer, _| drip(peer, ""), "no whole message arrived");
    for (test, why) in [("download", "but for"), ("bidirectional", "for 500ms")] {
        let flags = ["--test", test, "--size", "100MiB"];
        in_time(&flags, move |peer, _| drip(peer, "READY\n"), why);
    }
    in_time(
        &["--test", "download", "--time", "5s"],
        move |peer, _| drip(peer, "READY\n100000\n"),
        "but for",
    );
}

/// A router that accepts, and says nothing.
#[test]
fn a_silent_router_is_given_up_in_time() {
    let port = fake_server(|mut peer| drop(peer.rest()));
    for scheme in ["ws", "rs"] {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let start = Instant::now();
        let flags = ["--json", "--test", "call", "--url", &url, "--timeout", "1s"];
        let outcome = run(Command::new(CLIENT).args(flags));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_found_out(&outcome, "1s");
    }
}
