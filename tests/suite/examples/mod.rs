//! Every lesson runs, as a reader would run it, and what it claims holds.

mod measuring;
mod serving;
mod sockets;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{SERVER, eventually, run};

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
    for line in outcome.out.lines() {
        assert!(line.chars().count() <= 80, "wider than a terminal: {line}");
    }
    outcome.out
}

/// Runs an example in its short form until it shows something, since a busy machine can
/// spoil a run.
fn shows(name: &str, what: impl Fn(&str) -> bool) {
    eventually(name, || what(&short(name)));
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

/// The cells of a row, which are at least two spaces apart.
fn cells<'a>(out: &'a str, row: &str) -> Vec<&'a str> {
    let line = out.lines().find(|line| line.trim_start().starts_with(row));
    let line = line.unwrap_or_else(|| panic!("no row {row:?} in {out}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).skip(1).collect()
}
