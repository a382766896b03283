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
    // The core's lessons have a test each below, and the minimal pair has `minimal.rs`.
    let elsewhere = |name: &str| name.starts_with("minimal_") || ("00".."08").contains(&name);
    names.retain(|name| !elsewhere(name));
    names.sort();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        short(&name);
    }
}

#[test]
fn a_read_is_not_a_message() {
    let out = short("01_framing");
    assert_eq!(numbers(&out, "waits after each ")[..3], [1000.0, 0.0, 0.0]);
    // Five messages fit into the buffer, so none is cut; and a thousand do not.
    let [_, several, cut] = numbers(&out, "waits after five ")[..3] else { panic!("{out}") };
    assert!(several > 0.0 && cut == 0.0, "{out}");
    assert!(numbers(&out, "does not wait ")[2] > 0.0, "{out}");
    let framed = out.split_once("framed").unwrap().1;
    assert_eq!(numbers(framed, "does not wait "), [1000.0]);
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
        let most = |how: &str| numbers(&out, how)[0];
        most("naive: started in a loop ") < most("released at a gate ")
    });
    assert!(shown);
}
