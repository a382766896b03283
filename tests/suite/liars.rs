//! Servers that lie to the client, in every message that there is. The client fails and
//! says why, in time; it never panics, and never reports an absurd figure as a success.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use roundtrip::json;
use roundtrip::json::Value;

use crate::support::{CLIENT, Outcome, Peer, client, fake_server, run};

const MOST: &str = "18446744073709551615";

/// Runs the client against a server that answers each request with `answer`.
fn against(answer: impl Fn(&mut Peer, &str) + Send + 'static, flags: &[&str]) -> Outcome {
    let port = fake_server(move |mut peer| {
        loop {
            match peer.try_line().as_deref() {
                None | Some("") => return,
                Some("QUIT") => return drop(peer.try_send("BYE\n")),
                Some(request) => answer(&mut peer, request),
            }
        }
    });
    client(port, &[&["--json"], flags].concat())
}

/// Checks that the client fails with a reason that holds `why`, and that what it reports
/// could be: no rate of more than 10 Tbit/s, no duration of more than a minute.
fn assert_found_out(outcome: &Outcome, why: &str) {
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.err.contains(why), "expected {why:?}: {outcome:?}");
    let document = json::parse(outcome.out.as_bytes()).unwrap();
    for test in document.get("tests").unwrap().as_list().unwrap() {
        assert_eq!(test.get("ok").and_then(Value::as_bool), Some(false), "{test}");
        assert!(test.get("error").is_some(), "{test}");
        for part in [Some(test), test.get("download"), test.get("upload")].into_iter().flatten() {
            let figure = |name| part.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            assert!(figure("bits_per_second") < 1e13, "{test}");
            assert!(figure("duration_ns") < 6e10 && figure("bytes") < 1e12, "{test}");
        }
    }
}

/// Takes all that a client sends within this time.
fn swallow(peer: &mut Peer, time: Duration) {
    let (end, mut bytes) = (Instant::now() + time, [0; 8192]);
    let _ = peer.0.get_ref().set_read_timeout(Some(Duration::from_millis(10)));
    while Instant::now() < end {
        let _ = std::io::Read::read(&mut peer.0, &mut bytes);
    }
    let _ = peer.0.get_ref().set_read_timeout(Some(crate::support::PATIENCE));
}

/// Sends chunks for this long, then the end mark.
fn send_chunks(peer: &mut Peer, time: Duration) {
    let chunk = [b"1000\n", &[b'x'; 1000][..]].concat();
    let end = Instant::now() + time;
    while Instant::now() < end && peer.0.get_mut().write_all(&chunk).is_ok() {}
    let _ = peer.try_send("0\n");
}

const TENTH: Duration = Duration::from_millis(100);

#[test]
fn a_report_of_an_upload_is_checked() {
    let size = ["--test", "upload", "--size", "1MiB"];
    let time = ["--test", "upload", "--time", "100ms"];
    for (flags, done, why) in [
        (size, format!("DONE:{MOST}:1"), "reports 18446744073709551615 of 1048576 bytes"),
        (size, "DONE:0:1".into(), "reports 0 of 1048576 bytes"),
        (size, format!("DONE:1048576:{MOST}"), "longer than the transfer took"),
        (size, "DONE:1048576".into(), "DONE"),
        (size, "DONE:-1:5".into(), "DONE"),
        (size, format!("DONE:{MOST}0:1"), "DONE"),
        (size, "DONE".into(), "without its figures"),
        (size, "READY".into(), "expected DONE"),
        (time, format!("DONE:{MOST}:1"), "were sent"),
        (time, format!("DONE:1000:{MOST}"), "longer than the transfer took"),
        (time, "DONE:100000:1".into(), "after 1ns, before they"),
        (time, "DONE".into(), "without its figures"),
        (time, "PONG".into(), "expected DONE"),
    ] {
        let timed = flags == time;
        let outcome = against(
            move |peer, _| {
                peer.send("READY\n");
                if timed {
                    swallow(peer, TENTH);
                } else {
                    peer.bytes(1 << 20);
                }
                let _ = peer.try_send(format!("{done}\n"));
            },
            &flags,
        );
        assert_found_out(&outcome, why);
    }
}

#[test]
fn a_report_of_both_directions_is_checked() {
    let size = ["--test", "bidirectional", "--size", "1MiB"];
    let time = ["--test", "bidirectional", "--time", "100ms"];
    for (flags, done, why) in [
        (size, format!("DONE:{MOST}:1"), "of 1048576 bytes"),
        (size, format!("DONE:1048576:{MOST}"), "longer than the transfer took"),
        (time, format!("DONE:{MOST}:1"), "were sent"),
        (time, format!("DONE:1000:{MOST}"), "longer than the transfer took"),
        (time, "ERROR:no".into(), "no"),
    ] {
        let timed = flags == time;
        let outcome = against(
            move |peer, _| {
                peer.send("READY\n");
                if timed {
                    let reading = peer.0.get_ref().try_clone().unwrap();
                    let reading = std::thread::spawn(move || {
                        swallow(&mut Peer::new(reading), TENTH);
                    });
                    send_chunks(peer, TENTH);
                    reading.join().unwrap();
                } else {
                    peer.send(vec![0; 1 << 20]);
                    peer.bytes(1 << 20);
                }
                let _ = peer.try_send(format!("{done}\n"));
            },
            &flags,
        );
        assert_found_out(&outcome, why);
    }
}

#[test]
fn a_timed_transfer_that_ends_early_has_failed() {
    for (test, chunks) in
        [("download", "0\n"), ("download", "5\nabcde0\n"), ("bidirectional", "0\n")]
    {
        let outcome = against(
            move |peer, _| peer.send(format!("READY\n{chunks}")),
            &["--test", test, "--time", "1s"],
        );
        assert_found_out(&outcome, "the server ended a transfer of 1s after");
    }
    for (chunks, why) in [
        ("5\nabcdex\n", "not a whole number"),
        ("99999999999999999999999\n", "between two chunks"),
        ("-1\n", "not a whole number"),
    ] {
        let outcome = against(
            move |peer, _| peer.send(format!("READY\n{chunks}")),
            &["--test", "download", "--time", "1s"],
        );
        assert_found_out(&outcome, why);
    }
}

/// Asserts that a client with a timeout of 500 ms gives up before twice that, in one of
/// three attempts: a busy machine can take long to start a process.
fn in_time(flags: &[&str], answer: impl Fn(&mut Peer, &str) + Clone + Send + 'static, why: &str) {
    // Half a second is for starting the process.
    let most = Duration::from_millis(500) * 3;
    let times = (0..3).map(|_| {
        let start = Instant::now();
        let outcome = against(answer.clone(), &[flags, &["--timeout", "500ms"]].concat());
        let took = start.elapsed();
        assert_found_out(&outcome, why);
        took
    });
    let late: Vec<_> = times.take_while(|took| *took >= most).collect();
    assert!(late.len() < 3, "{flags:?}: {late:?}");
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
    // READY and silence. The peer takes nothing, either.
    let park = |peer: &mut Peer| {
        peer.send("READY\n");
        std::thread::sleep(Duration::from_secs(3));
    };
    for (flags, why) in [
        (&["--test", "download", "--size", "100MiB"][..], "nothing arrived"),
        (&["--test", "download", "--time", "5s"], "nothing arrived"),
        (&["--test", "upload", "--size", "100MiB"], "the peer took nothing"),
        (&["--test", "upload", "--time", "5s"], "the peer took nothing"),
        (&["--test", "bidirectional", "--size", "100MiB"], "500ms"),
        (&["--test", "bidirectional", "--time", "5s"], "500ms"),
    ] {
        in_time(flags, move |peer, _| park(peer), why);
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
            std::thread::sleep(Duration::from_millis(100));
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

#[test]
fn a_report_that_comes_together_with_ready_is_understood() {
    let outcome =
        against(|peer, _| peer.send("READY\nDONE:0:1\n"), &["--test", "upload", "--time", "1us"]);
    assert_found_out(&outcome, "nothing arrived in this time");
}

#[test]
fn answers_to_pings_are_checked() {
    for (flags, answer, why) in [
        (&["--test", "latency", "--payload", "4"][..], "PONG abcd\n", "another payload"),
        (&["--test", "latency", "--payload", "4"], "PONG\n", "another payload"),
        (&["--test", "latency"], "PONG \n", "another payload"),
        (&["--test", "latency"], "PONG\nPONG\n", "more than it was asked for"),
        (&["--test", "latency", "--interval", "0"], "PONG\nPONG\n", "more than it was asked for"),
        (&["--test", "latency", "--warmup", "0"], "PONG\nPONG\nPONG\n", ""),
        (&["--test", "latency"], "DONE:1:1\n", "expected PONG"),
        (&["--test", "connect"], "PONG x\n", "another payload"),
        (&["--test", "sweep"], "PONG\n", "another payload"),
        (&["--test", "loaded"], "PONG\nPONG\n", "more than it was asked for"),
    ] {
        let outcome = against(move |peer, _| drop(peer.try_send(answer)), flags);
        assert_found_out(&outcome, why);
    }
    // An answer that comes before any question.
    let port = fake_server(|mut peer| {
        peer.send("PONG\nPONG\nPONG\n");
        let _ = peer.rest();
    });
    let outcome = client(port, &["--json", "--test", "latency", "--interval", "0"]);
    assert_found_out(&outcome, "more than it was asked for");
}

#[test]
fn what_a_server_says_of_lag_and_status_is_checked() {
    let plan = r#""count":2,"interval_ns":0"#;
    for (done, samples, why) in [
        ("nonsense".to_string(), "[]", "LAG_DONE"),
        ("{}".into(), "[]", "is no number"),
        (
            format!(r#"{{{plan},"sent":{MOST},"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[]",
            "came",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":{MOST},"wrong":0,"repeated":0,"unsent":0}}"#),
            "[]",
            "were echoed",
        ),
        (
            format!(
                r#"{{{plan},"sent":2,"echoed":2,"wrong":{MOST},"repeated":{MOST},"unsent":{MOST}}}"#
            ),
            "[]",
            "told the times of 0",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[[0,18446744073709551615,18446744073709551615]]",
            "cannot be",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[[18446744073709551614,1,1]]",
            "cannot be",
        ),
        (
            format!(r#"{{{plan},"sent":2,"echoed":2,"wrong":0,"repeated":0,"unsent":0}}"#),
            "[[18446744073709551615,1,1]]",
            "no round-trip times",
        ),
    ] {
        let outcome = against(
            move |peer, request| {
                if request.starts_with("LAG:") {
                    for ping in ["PING 0\n", "PING 1\n"] {
                        peer.send(ping);
                        peer.line();
                    }
                    let _ = peer.try_send(format!("LAG_DONE {done}\n"));
                } else {
                    let _ = peer.try_send(format!("LAG_SAMPLES {samples}\n"));
                }
            },
            &["--test", "lag", "--count", "2", "--interval", "0"],
        );
        let why = if why == "LAG_DONE" { "" } else { why };
        assert_found_out(&outcome, why);
    }
    let deep = "[".repeat(30_000);
    for answer in
        ["STATUS", "STATUS ", "STATUS []", "STATUS {", "STATUS {\"a\":1e999999}", "PONG", &deep]
    {
        let answer = format!("{answer}\n");
        let outcome = against(move |peer, _| drop(peer.try_send(&answer)), &["--test", "status"]);
        assert!(outcome.code == Some(1) || outcome.out.contains("\"ok\": true"), "{outcome:?}");
    }
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
