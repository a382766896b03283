//! What is printed when all goes well, and that the figures agree.

use crate::support::{Server, client, in_each_mode, loopback};

#[test]
fn all_three_tests_succeed_in_each_mode() {
    in_each_mode(&[], |server| {
        // More than buffers hold: else all of it is here when a client that had to wait for
        // a processor looks.
        let flags = ["--interval", "1ms", "--payload", "100", "--size", "50"];
        let outcome = client(server.port, &flags);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let lines: Vec<&str> = outcome.out.lines().collect();
        assert_eq!(lines[0], format!("[CLIENT] connected to 127.0.0.1:{}", server.port));
        assert_eq!(lines[1], "latency: 10 pings (after 1 to warm up)");
        for (index, line) in lines[2..12].iter().enumerate() {
            assert!(
                line.starts_with(&format!("  ping {:>2}/10: ", index + 1)) && line.ends_with(" ms"),
                "{line}"
            );
        }
        assert_eq!(lines[12], "  10 sent, 10 received, 0% lost");
        assert_eq!(
            lines[13].split_whitespace().collect::<Vec<_>>().join(" "),
            "ms min mean p50 p90 max stddev jitter"
        );
        assert!(lines[14].starts_with("  rtt "), "{}", lines[14]);
        // A row for when each ping was due, where that differs.
        let after = if lines[15].starts_with("  due ") { 16 } else { 15 };
        assert!(lines[after].starts_with("  unseen: reading the clock takes "));
        let rest: Vec<&str> =
            lines[after + 1..].iter().filter(|line| !line.starts_with(' ')).copied().collect();
        for (line, name) in rest.iter().zip(["download: ", "upload:   "]) {
            assert!(line.starts_with(name) && line.ends_with("bit/s"), "{line}");
            assert!(line.contains(" 50.00 MiB in "), "{line}");
        }
        let summary = rest[2];
        assert!(summary.starts_with("summary:  latency p50 "), "{summary}");
        assert!(summary.contains(" ms, download ") && summary.contains(", upload "), "{summary}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
        assert_eq!(rest.len(), 3);
        // One connection carried all of it, warm-up included.
        let closed = server.line("closed");
        assert!(closed.contains("11 pings, 50.0 MiB sent, 50.0 MiB received"), "{closed}");
    });
}

/// Next to nothing is not 0.0 MiB, and nothing is left out.
#[test]
fn the_log_shows_bytes_in_the_unit_that_fits() {
    let server = Server::start(&[]);
    for (size, shown) in [("1B", ", 1 B sent in "), ("100KiB", ", 0.1 MiB sent in ")] {
        let outcome = client(server.port, &["--test", "download", "--size", size]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let closed = server.line("closed");
        assert!(closed.contains(shown), "{closed}");
    }
}

#[test]
fn figures_agree_with_each_other() {
    let outcome =
        loopback(&["--test", "all", "--count", "50", "--interval", "0", "--size", "64MiB"]);
    let rtt = outcome.out.lines().find(|line| line.starts_with("  rtt ")).unwrap();
    let figures: Vec<f64> =
        rtt.split_whitespace().skip(1).map(|figure| figure.parse().unwrap()).collect();
    let [min, mean, p50, p90, p95, max, stddev, _] = figures[..] else { panic!("{rtt}") };
    assert!(p50 <= p90 && p90 <= p95 && p95 <= max, "{rtt}");
    assert!(0.0 < min && min <= p50 && min <= mean && mean <= max && stddev < max, "{rtt}");
    // "upload:   64.00 MiB in 895 ms, 600 Mbit/s"
    let scale = |unit: &str| match unit {
        "s," => 1.0,
        "ms," => 1e-3,
        "us," => 1e-6,
        "kbit/s" => 1e3,
        "Mbit/s" => 1e6,
        "Gbit/s" => 1e9,
        _ => panic!("{unit}"),
    };
    let transfers: Vec<_> = outcome.out.lines().filter(|line| line.contains(" MiB in ")).collect();
    for line in &transfers {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, mib, "MiB", "in", time, of_time, rate, of_rate] = words[..] else {
            panic!("{line}")
        };
        let [mib, time, rate] = [mib, time, rate].map(|number| number.parse::<f64>().unwrap());
        let expected = mib * f64::from(1 << 20) * 8.0 / (time * scale(of_time));
        // Both have three significant digits.
        assert!((rate * scale(of_rate) / expected - 1.0).abs() < 0.011, "{line}: {expected}");
    }
    assert_eq!(transfers.len(), 2, "{outcome:?}");
}

#[test]
fn clients_at_once_are_reported_one_by_one_and_in_all() {
    in_each_mode(&[], |server| {
        let outcome =
            client(server.port, &["--concurrent", "8", "--count", "5", "--interval", "0"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:?}");
        assert!(outcome.out.contains("latency: 5 pings each, 8 clients at once"));
        for number in 1..=8 {
            assert!(
                outcome
                    .out
                    .contains(&format!("  client {number}/8: 5 sent, 5 received, 0% lost, rtt "))
            );
        }
        assert!(outcome.out.contains("\n  40 sent, 40 received, 0% lost\n"));
        assert!(!outcome.out.contains("download"));
    });
    let outcome = loopback(&["--concurrent", "3", "--test", "upload", "--size", "1", "-q"]);
    assert_eq!((outcome.code, outcome.out.lines().count()), (Some(0), 2), "{outcome:?}");
    assert!(outcome.out.contains("  3.00 MiB in "));
}

#[test]
fn a_thousand_clients_at_once_are_all_answered() {
    let server = Server::start(&["-q"]);
    let outcome =
        client(server.port, &["--concurrent", "1000", "--count", "2", "-q", "--timeout", "60s"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{}", outcome.err);
    assert!(outcome.out.contains("2000 sent, 2000 received, 0% lost"), "{}", outcome.out);
}
