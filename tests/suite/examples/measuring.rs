//! Lessons about measuring, and about figures that mislead.

use super::{numbers, short, shows};

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

/// A busy machine can start threads so slowly, or so unevenly, that one run shows
/// nothing.
#[test]
fn a_gate_brings_more_clients_to_work_at_once() {
    shows("07_concurrently", |out| {
        assert!(numbers(out, "the server counts ")[0] >= 100.0, "{out}");
        let most = |how: &str| numbers(out, how)[0];
        most("naive: started in a loop ") < most("released at a gate ")
    });
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
    shows("10_loaded", |out| {
        let p50 = |phase: &str| numbers(out, phase)[0];
        p50("during download ") > 2.0 * p50("loaded: idle ")
    });
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
    shows("12_udp", |out| {
        let lost = |how: &str| numbers(out, how)[2];
        lost("naive: send, receive ") < lost("udp::measure: by number ")
    });
}

#[test]
fn a_loop_that_polls_measures_its_tick_and_misses_the_last_ping() {
    shows("13_lag", |out| {
        let [naive, library] = ["naive: look once in a tick ", "session::lag: wait in `read` "]
            .map(|how| numbers(out, how));
        assert!(library[0] >= 10.0, "{out}");
        naive[0] < 10.0 && naive.get(1).is_some_and(|tick| *tick >= 5.0)
    });
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

#[test]
fn a_relay_is_as_far_and_as_narrow_as_it_is_asked_to_be() {
    let out = short("relay");
    // A delay can only grow.
    assert!(numbers(&out, "10ms each way  p50 of a ping ")[0] >= 20.0, "{out}");
    let narrow = out.lines().find(|line| line.contains("50 Mbit/s ")).unwrap();
    assert!(numbers(narrow, "download ")[0] < 55.0 && narrow.ends_with("Mbit/s"), "{out}");
}
