//! The text protocol, the same in all three modes.

use std::time::Duration;

use crate::support::{PATIENCE, in_each_mode};

#[test]
fn requests_are_answered() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        assert_eq!(peer.ask("PING"), "PONG");
        assert_eq!(peer.ask("PING hello  world "), "PONG hello  world ");
        assert_eq!(peer.ask("PING "), "PONG ");
        assert_eq!(peer.ask("PING\r"), "PONG");
        assert_eq!(peer.ask("QUIT"), "BYE");
        assert_eq!(peer.rest().unwrap(), b"");
        let closed = server.line("closed");
        assert!(closed.contains(" closed: 4 pings in "), "{closed}");
    });
}

#[test]
fn payloads_come_back_byte_for_byte() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        let all: Vec<u8> =
            (0..=255).filter(|byte| !b"\r\n".contains(byte)).cycle().take(65_536).collect();
        for payload in [&all[..], &all[..300], b"\xff\xfe", b"\r-", b"\0"] {
            peer.send([b"PING ", payload, b"\n"].concat());
            assert_eq!(peer.bytes(payload.len() + 6), [b"PONG ", payload, b"\n"].concat());
        }
        assert_eq!(peer.ask("QUIT"), "BYE");
    });
}

#[test]
fn many_requests_in_one_segment_are_answered_in_order() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        peer.send("PING 1\nBANDWIDTH_DOWNLOAD:5\nPING 2\r\nBANDWIDTH_UPLOAD:3\nabcNONSENSE\nPING 3\nQUIT\nPING 4\n");
        assert_eq!(
            (peer.line(), peer.line(), peer.bytes(5).len()),
            ("PONG 1".into(), "READY".into(), 5)
        );
        assert_eq!((peer.line(), peer.line()), ("PONG 2".into(), "READY".into()));
        assert!(peer.line().starts_with("DONE:3:"));
        assert!(peer.line().starts_with("ERROR:"));
        assert_eq!((peer.line(), peer.line()), ("PONG 3".into(), "BYE".into()));
        assert_eq!(peer.rest().unwrap(), b"");
    });
}

#[test]
fn a_request_in_many_segments_is_one_request() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        for byte in "PING split\nBANDWIDTH_UPLOAD:4\n".bytes() {
            peer.send([byte]); // a segment each: TCP_NODELAY
        }
        assert_eq!((peer.line(), peer.line()), ("PONG split".into(), "READY".into()));
        for byte in "dataPING\n".bytes() {
            peer.send([byte]);
        }
        assert!(peer.line().starts_with("DONE:4:"));
        assert_eq!(peer.line(), "PONG");
        assert_eq!(peer.ask("QUIT"), "BYE");
    });
}

#[test]
fn bulk_transfers_move_exactly_what_was_asked_for() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        for bytes in [0, 1, 5_000_000] {
            assert_eq!(peer.ask(&format!("BANDWIDTH_DOWNLOAD:{bytes}")), "READY");
            peer.bytes(bytes);
            assert_eq!(peer.ask(&format!("BANDWIDTH_UPLOAD:{bytes}")), "READY");
            peer.send(vec![7; bytes]);
            let done = peer.line();
            let (arrived, nanoseconds) =
                done.strip_prefix("DONE:").unwrap().split_once(':').unwrap();
            assert_eq!(arrived, bytes.to_string());
            nanoseconds.parse::<u64>().unwrap();
            assert_eq!(peer.ask("PING"), "PONG");
        }
        assert_eq!(peer.ask("QUIT"), "BYE");
        let closed = server.line("closed");
        assert!(closed.contains("3 pings, 4.8 MiB sent, 4.8 MiB received"), "{closed}");
    });
}

#[test]
fn a_bad_request_costs_an_error_and_nothing_else() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        for (request, reason) in [
            ("", "empty"),
            ("NONSENSE", "\"NONSENSE\""),
            ("ping", "\"ping\""),
            ("PINGPONG", "\"PINGPONG\""),
            (" PING", "\" PING\""),
            ("QUIT now", "\"QUIT now\""),
            ("BANDWIDTH_DOWNLOAD", "unknown"),
            ("BANDWIDTH_DOWNLOAD:", "whole number"),
            ("BANDWIDTH_DOWNLOAD:ten", "\"ten\""),
            ("BANDWIDTH_DOWNLOAD:-5", "\"-5\""),
            ("BANDWIDTH_DOWNLOAD:1.5", "\"1.5\""),
            ("BANDWIDTH_UPLOAD:+5", "\"+5\""),
            ("BANDWIDTH_UPLOAD:18446744073709551616", "whole number"),
            ("BANDWIDTH_UPLOAD:18446744073709551615", "limit"),
        ] {
            let answer = peer.ask(request);
            assert!(
                answer.starts_with("ERROR:") && answer.contains(reason),
                "{request:?}: {answer}"
            );
            assert_eq!(peer.ask("PING"), "PONG");
        }
        peer.send(b"\xff\xfe\x00\n");
        assert_eq!(peer.line(), "ERROR:unknown command \"\\xff\\xfe\\u{0}\"");
        assert_eq!(peer.ask("QUIT"), "BYE");
    });
}

#[test]
fn an_upload_can_be_reported_while_it_runs() {
    in_each_mode(&[], |server| {
        let mut peer = server.connect();
        assert_eq!(peer.ask("BANDWIDTH_UPLOAD_REPORTED:10:1000000"), "READY");
        let (mut sent, mut last) = (0, 0);
        for _ in 0..2 {
            // A slow upload: a byte each millisecond, until the next report is here.
            peer.0.get_ref().set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            while peer.0.get_ref().peek(&mut [0]).is_err() {
                peer.send([7]);
                sent += 1;
            }
            peer.0.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
            let line = peer.line();
            let report = line.strip_prefix("ARRIVED:").unwrap_or_else(|| panic!("{line}"));
            let (bytes, _) = report.split_once(':').unwrap();
            let bytes = bytes.parse::<usize>().unwrap();
            assert!(bytes > last && bytes <= sent, "{line}");
            last = bytes;
        }
        peer.send(vec![7; 1_000_000 - sent]);
        let mut line = peer.line();
        while line.starts_with("ARRIVED:") {
            line = peer.line();
        }
        assert!(line.starts_with("DONE:1000000:"), "{line}");
        assert_eq!(peer.ask("PING"), "PONG");
        assert!(peer.ask("BANDWIDTH_UPLOAD_REPORTED:10").starts_with("ERROR:"));
    });
}
