//! Notes and the trace, for people.

use crate::support::loopback;

#[test]
fn a_trace_draws_each_message() {
    let outcome = loopback(&["--trace", "--test", "all", "--count", "1", "--size", "1", "-q"]);
    let arrows: Vec<String> =
        outcome.out.lines().filter(|line| line.contains('│')).map(String::from).collect();
    let heard = |text: &str, to_server: bool| {
        arrows
            .iter()
            .filter(|arrow| arrow.contains(text) && arrow.contains('▶') == to_server)
            .count()
    };
    assert_eq!((heard(" PING ", true), heard(" PONG ", false)), (2, 2), "{arrows:#?}");
    assert_eq!((heard(" BANDWIDTH_UPLOAD:1048576 ", true), heard(" DONE:1048576:", false)), (1, 1));
    assert_eq!((heard(" 1.00 MiB of data ", true), heard(" 1.00 MiB of data ", false)), (1, 1));
    assert_eq!((heard(" QUIT ", true), heard(" BYE ", false)), (1, 1));
    assert!(arrows.iter().all(|arrow| arrow.chars().count() == arrows[0].chars().count()));
}

/// A percentile of fewer samples is one of the largest, under another name.
#[test]
fn percentiles_are_shown_when_there_are_samples_enough() {
    for (count, shown) in [("9", 0), ("10", 1), ("20", 2), ("100", 3)] {
        let flags = ["--test", "latency", "--interval", "1us", "--count", count];
        let outcome = loopback(&flags);
        for (index, name) in ["p90", "p95", "p99", "p99.9"].into_iter().enumerate() {
            assert_eq!(outcome.out.contains(name), index < shown, "{name}: {outcome:?}");
        }
    }
}

#[test]
fn notes_say_what_to_do_and_quiet_leaves_them_out() {
    let flags = ["--test", "latency", "--count", "200", "--interval", "0"];
    let outcome = loopback(&flags);
    assert!(outcome.err.contains("note: 200 answers are too few for a p99.9"), "{outcome:?}");
    assert!(!outcome.err.contains('\x1b') && outcome.out.contains('█'));
    let outcome = loopback(&[&flags[..], &["-q"]].concat());
    assert_eq!(outcome.err, "");
    assert!(
        !outcome.out.contains('█')
            && !outcome.out.contains("ping ")
            && !outcome.out.contains("[CLIENT]")
    );
}
