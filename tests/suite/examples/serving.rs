//! Lessons about serving many clients, and about what one can do to the others.

use super::{cells, numbers, short};

#[test]
fn only_a_sequential_server_keeps_the_second_client_waiting() {
    let out = short("03_serving");
    let [sequential, thread] = ["\nsequential ", "\nthread "].map(|mode| {
        let row = &out[out.find(mode).unwrap() + 1..];
        numbers(row, mode.trim())
    });
    assert!(sequential[1] >= 300.0 && thread[1] < sequential[1], "{out}");
    #[cfg(unix)]
    {
        let process = numbers(&out[out.find("\nprocess ").unwrap() + 1..], "process");
        assert!(process[1] < sequential[1] && process[0] > sequential[0], "{out}");
    }
}

#[test]
fn a_question_is_answered_by_a_full_server() {
    let out = short("14_status");
    let (thread, rest) = out.split_once("sequential mode").unwrap();
    assert!(thread.contains("connections {") && thread.contains("ERROR:server full"), "{out}");
    assert!(rest.contains("at step answer") && rest.contains("at step connect"), "{out}");
}

#[test]
fn only_a_process_contains_an_abort() {
    let out = short("15_crash");
    let (live, gone) = ("all live on", "nobody is served");
    assert_eq!(cells(&out, "sequential (naive)"), [gone, gone], "{out}");
    assert_eq!(cells(&out, "sequential, catch_unwind"), [live, gone], "{out}");
    assert_eq!(cells(&out, "a thread each"), [live, gone], "{out}");
    #[cfg(unix)]
    assert_eq!(cells(&out, "a process each"), [live, live], "{out}");
}

#[test]
fn a_pool_is_full_when_its_workers_listen_to_silent_clients() {
    let out = short("19_pools");
    let another = |way: &str| *cells(&out, way).last().unwrap();
    for way in ["sequential", "pool-of-threads"] {
        assert_eq!(another(way), "waits", "{out}");
    }
    for way in ["thread", "non-blocking"] {
        assert_eq!(another(way), "is served", "{out}");
    }
    #[cfg(unix)]
    {
        assert_eq!([another("process"), another("pool-of-processes")], ["is served", "waits"]);
        let p50 = |way: &str| numbers(&out, way)[1];
        assert!(p50("pool-of-processes ") < p50("  process "), "{out}");
    }
    #[cfg(target_os = "linux")]
    {
        assert!(numbers(&out, "never rests: ")[0] > 0.0, "{out}");
    }
}

#[test]
fn a_protocol_is_the_same_in_each_mode_and_what_sessions_share_is_not() {
    let out = short("20_your_protocol");
    assert_eq!(cells(&out, "sequential"), ["SUM 12", "SUM 12", "TOTAL 24"], "{out}");
    assert_eq!(cells(&out, "thread"), ["SUM 12", "SUM 12", "TOTAL 24"], "{out}");
    #[cfg(unix)]
    assert_eq!(cells(&out, "process"), ["SUM 12", "SUM 12", "TOTAL 12"], "{out}");
}

/// Threads share a process, and so its end. All that counts here is whether anybody lives
/// on, since a busy machine can be late.
#[cfg(target_os = "linux")]
#[test]
fn what_one_handler_can_do_to_others_depends_on_the_mode() {
    let out = short("compare_modes");
    let lives = |label: &str| {
        let row = numbers(&out, label);
        [row[0] > 0.0, row[1] > 0.0, row[2] > 0.0]
    };
    assert_eq!(lives("  is idle "), [false, true, true], "{out}");
    assert_eq!(lives("  panics "), [false, true, true], "{out}");
    assert_eq!(lives("  aborts "), [false, false, true], "{out}");
    assert_eq!(lives("  loops for ever "), [false, true, true], "{out}");
    assert_eq!(lives("  is killed "), [false, false, true], "{out}");
    assert_eq!(lives("threads for 100 connections "), [false, true, true], "{out}");
    assert_eq!(lives("processes for 100 connections "), [false, false, true], "{out}");
    let [_, thread, process] = numbers(&out, "KiB of an open connection ")[..] else {
        panic!("{out}")
    };
    assert!(thread < process, "{out}");
}
