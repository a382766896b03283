//! Reports of transfers that cannot be true.

use std::io::Write;
use std::time::{Duration, Instant};

use super::{MOST, against, assert_found_out};
use crate::support::Peer;

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
        (size, "DONE:5:100".into(), "the server reports 5 of 1048576 bytes"),
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

#[test]
fn a_report_that_comes_together_with_ready_is_understood() {
    let outcome =
        against(|peer, _| peer.send("READY\nDONE:0:1\n"), &["--test", "upload", "--time", "1us"]);
    assert_found_out(&outcome, "nothing arrived in this time");
}

#[test]
fn an_upload_that_is_done_before_it_was_sent_is_no_success() {
    for (answer, unasked) in
        [("READY\nDONE:1048576:1\n", "DONE:1048576:1"), ("READY\nERROR:enough\n", "ERROR:enough")]
    {
        let flags = ["--test", "upload", "--size", "1MiB"];
        let outcome = against(move |peer, _| peer.send(answer), &flags);
        assert_found_out(&outcome, &format!(r#"more than it was asked for: "{unasked}\n""#));
    }
}
