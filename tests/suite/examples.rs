//! Every lesson runs, as a reader would run it, and what it claims holds.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{SERVER, run};

/// An example that `cargo test` has built beside the binaries.
pub fn built(name: &str) -> PathBuf {
    let path = Path::new(SERVER).with_file_name("examples").join(name);
    assert!(
        path.exists(),
        "{} is not there; run `cargo test` without naming targets",
        path.display()
    );
    path
}

/// What an example prints in its short form.
fn short(name: &str) -> String {
    println!("example {name}");
    let outcome = run(Command::new(built(name)).arg("--short"));
    assert_eq!(outcome.code, Some(0), "{name}: {outcome:?}");
    assert!(outcome.out.lines().count() > 3, "{name}: {outcome:?}");
    outcome.out
}

/// The numbers behind `label`, in the first line that has it. Digits within a word,
/// such as those of "p50", are not numbers.
fn numbers(out: &str, label: &str) -> Vec<f64> {
    let line = out.lines().find(|line| line.contains(label));
    let line = line.unwrap_or_else(|| panic!("no line with {label:?} in {out}"));
    let behind = &line[line.find(label).unwrap() + label.len()..];
    behind.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn every_example_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().into())
        .collect();
    // The lessons and some others have a test each below, and the minimal pair has
    // `minimal.rs`.
    let elsewhere = |name: &str| {
        name.starts_with("minimal_")
            || ("00".."99").contains(&name)
            || ["compare_modes", "relay"].contains(&name)
    };
    names.retain(|name| !elsewhere(name));
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        short(&name);
    }
}

#[test]
fn the_labs_use_every_lesson() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let labs = std::fs::read_to_string(here.join("src/labs.rs")).unwrap();
    for entry in std::fs::read_dir(here.join("examples")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if ("00".."99").contains(&name.as_str()) {
            assert!(labs.contains(name.trim_end_matches(".rs")), "{name}");
        }
    }
    let quoted = labs.split('`');
    for path in quoted.filter(|text| text.starts_with("examples/") || text.starts_with("src/")) {
        assert!(here.join(path).exists(), "{path}");
    }
    assert_eq!(labs.matches("//! # Lab ").count(), 13);
}

#[test]
fn the_system_connects_before_the_server_accepts_and_0_bytes_are_the_end() {
    let out = short("00_socket");
    let place = |text: &str| out.find(text).unwrap_or_else(|| panic!("no {text:?} in {out}"));
    assert!(place("connect    done") < place("accept     a connection"), "{out}");
    assert!(place("read       5 bytes") < place("read       0 bytes"), "{out}");
    assert!(place("again was told so") < place("without its listener: "), "{out}");
    assert!(numbers(&out, "was told so ")[0] > 1.0, "{out}");
    assert!(!out.contains("although nobody listens"), "{out}");
}

#[test]
fn a_read_is_not_a_message() {
    let out = short("01_framing");
    assert_eq!(numbers(&out, "waits after 1 ")[..3], [1000.0, 0.0, 0.0]);
    // Five messages fit into the buffer, so none is cut; and a thousand do not.
    let [_, several, cut] = numbers(&out, "waits after 5 ")[..3] else { panic!("{out}") };
    assert!(several > 0.0 && cut == 0.0, "{out}");
    assert!(numbers(&out, "never waits ")[2] > 0.0, "{out}");
    let framed = out.split_once("framed").unwrap().1;
    assert_eq!(numbers(framed, "never waits "), [1000.0]);
}

/// The acknowledgement is delayed by a timer, which waits on an idle machine, too.
#[cfg(target_os = "linux")]
#[test]
fn two_writes_wait_for_an_acknowledgement() {
    let out = short("02_latency");
    let median = |how: &str| numbers(&out[out.find(how).unwrap()..], "median ")[0];
    let [slow, once, library] =
        [median("two writes, Nagle's algorithm on"), median("one write"), median("measure::")];
    assert!(slow > 3.0 * once && slow > 3.0 * library, "{out}");
}

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
fn the_last_write_returns_before_the_data_has_arrived() {
    let out = short("04_bandwidth");
    let [naive, right, library] =
        ["naive: until", "right: until", "measure::bandwidth"].map(|how| numbers(&out, how)[0]);
    assert!(naive < right / 2.0 && naive < library / 2.0, "{out}");
}

#[test]
fn one_slow_answer_moves_the_mean_and_not_the_median() {
    let out = short("05_summary");
    let figure = |label: &str| numbers(&out, label)[0];
    assert!(figure("naive: mean ") > figure("without max "), "{out}");
    assert!(figure("p50 ") < 300.0 && figure("Recorder: max ") >= 300.0, "{out}");
}

#[test]
fn a_socket_that_is_closed_in_order_keeps_its_last_word() {
    let out = short("06_last_word");
    assert!(numbers(&out, "drop(stream) ")[0] < 5.0, "{out}");
    assert!(numbers(&out, "Stream::close() ")[0] >= 5.0, "{out}");
}

/// A busy machine can start threads so slowly, or so unevenly, that one run shows
/// nothing.
#[test]
fn a_gate_brings_more_clients_to_work_at_once() {
    let shown = (0..20).any(|_| {
        let out = short("07_concurrently");
        assert!(numbers(&out, "the server counts ")[0] >= 100.0, "{out}");
        let most = |how: &str| numbers(&out, how)[0];
        most("naive: started in a loop ") < most("released at a gate ")
    });
    assert!(shown);
}

#[test]
fn a_client_that_waits_for_answers_counts_a_stall_once() {
    let out = short("08_due");
    let slow = |how: &str| numbers(&out, how)[3];
    assert!(slow("naive: ping, wait, pause ") < slow("measure::latency: "), "{out}");
    assert!(
        slow("one at a time: from when it was sent ") < slow(" from when it was due "),
        "{out}"
    );
}

#[test]
fn percentiles_need_no_samples_and_have_no_average() {
    let out = short("09_histogram");
    let [exact, average, merged] =
        ["exact, from all samples ", "naive: the average of the two ", "Recorder::merge "]
            .map(|how| numbers(&out, how)[0]);
    assert!((merged / exact - 1.0).abs() < 0.01, "{out}");
    assert!((average / exact - 1.0).abs() > 0.1, "{out}");
}

#[test]
fn a_full_link_answers_late() {
    let out = short("10_loaded");
    let p50 = |phase: &str| numbers(&out, phase)[0];
    assert!(p50("during download ") > 2.0 * p50("loaded: idle "), "{out}");
}

/// How much spinning gains depends on the machine.
#[test]
fn spinning_is_measured_on_both_sides() {
    let out = short("11_spin");
    assert!(out.contains("When both spin") || out.contains("Spinning gains little"), "{out}");
    for row in ["sleeps   sleeps ", "sleeps   spins ", "spins    sleeps ", "spins    spins "] {
        assert!(numbers(&out, row)[0] > 0.0, "{out}");
    }
}

/// A busy machine delays answers of its own, so that one run may show nothing.
#[test]
fn a_client_that_takes_any_datagram_sees_too_few_losses() {
    let shown = (0..5).any(|_| {
        let out = short("12_udp");
        let lost = |how: &str| numbers(&out, how)[2];
        lost("naive: send, receive ") < lost("udp::measure: by number ")
    });
    assert!(shown);
}

#[test]
fn a_loop_that_polls_measures_its_tick_and_misses_the_last_ping() {
    let out = short("13_lag");
    let [naive, library] = ["naive: look once in a tick ", "session::lag: wait in `read` "]
        .map(|how| numbers(&out, how));
    assert!(naive[0] < 10.0 && naive[1] >= 5.0, "{out}");
    assert!(library[0] >= 10.0, "{out}");
}

#[test]
fn a_question_is_answered_by_a_full_server() {
    let out = short("14_status");
    let (thread, rest) = out.split_once("sequential mode").unwrap();
    assert!(thread.contains("connections {") && thread.contains("ERROR:server full"), "{out}");
    assert!(rest.contains("at step answer") && rest.contains("at step connect"), "{out}");
}

#[test]
fn equal_runs_differ_and_an_interval_says_that_it_may_be_chance() {
    let out = short("21_chance");
    let called = |what: &str| numbers(&out, what);
    let equal = called("  equal runs ");
    assert!((50.0..=150.0).contains(&equal[0]) && equal[1] <= 20.0, "{out}");
    assert!(called("  the second is 20% slower ")[1] >= 180.0, "{out}");
    assert!(called("  equal runs, slow answers in clusters ")[1] <= 40.0, "{out}");
}

/// The cells of a row, which are at least two spaces apart.
fn cells<'a>(out: &'a str, row: &str) -> Vec<&'a str> {
    let line = out.lines().find(|line| line.trim_start().starts_with(row));
    let line = line.unwrap_or_else(|| panic!("no row {row:?} in {out}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).skip(1).collect()
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
fn two_ends_that_write_first_wait_for_each_other() {
    let out = short("16_deadlock");
    let deadlocks: Vec<&str> = out.lines().filter(|line| line.ends_with("deadlock")).collect();
    let [naive] = deadlocks[..] else { panic!("{out}") };
    assert!(naive.contains("naive") && naive.contains(" 16.00 MiB ") && naive.contains(" 0 B "));
    for way in ["right: read while writing", "measure::bidirectional"] {
        assert_eq!(cells(&out, way), ["16.00 MiB"; 3], "{out}");
    }
}

#[test]
fn a_deadline_holds_where_a_timeout_for_each_read_does_not() {
    let out = short("17_deadline");
    let [naive, library, by_hand] = ["naive: a timeout ", "net::Deadline: ", "the same by hand "]
        .map(|how| {
            let line = out.lines().find(|line| line.contains(how)).unwrap();
            (numbers(line, how).into_iter().next().unwrap(), line.contains("the whole answer"))
        });
    assert!(naive.1 && !library.1 && !by_hand.1, "{out}");
    assert!(naive.0 > 2.0 * library.0 && naive.0 > 2.0 * by_hand.0, "{out}");
}

/// On a busy machine even a server that does nothing else can be too late.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_works_between_two_accepts_makes_clients_wait_for_a_second() {
    let shown = (0..5).any(|_| {
        let out = short("18_backlog");
        assert!(numbers(&out, "never calls `accept`: ")[0] > 100.0, "{out}");
        let slow = |how: &str| numbers(&out, how)[2];
        slow("naive: accept, work, accept, … ") > slow("accept at once, work elsewhere ")
    });
    assert!(shown);
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

#[test]
fn a_relay_is_as_far_and_as_narrow_as_it_is_asked_to_be() {
    let out = short("relay");
    // A delay can only grow.
    assert!(numbers(&out, "10ms each way  p50 of a ping ")[0] >= 20.0, "{out}");
    let narrow = out.lines().find(|line| line.contains("50 Mbit/s ")).unwrap();
    assert!(numbers(narrow, "download ")[0] < 55.0 && narrow.ends_with("Mbit/s"), "{out}");
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
    assert_eq!(lives("others, served while one is idle "), [false, true, true], "{out}");
    assert_eq!(lives("alive when its handler panics "), [false, true, true], "{out}");
    assert_eq!(lives("alive when its handler aborts "), [false, false, true], "{out}");
    assert_eq!(lives("alive when its handler loops for ever "), [false, true, true], "{out}");
    assert_eq!(lives("alive when its handler is killed "), [false, false, true], "{out}");
    assert_eq!(lives("threads for 100 connections "), [false, true, true], "{out}");
    assert_eq!(lives("processes for 100 connections "), [false, false, true], "{out}");
    let [_, thread, process] = numbers(&out, "memory of an open connection, KiB ")[..] else {
        panic!("{out}")
    };
    assert!(thread < process, "{out}");
}
