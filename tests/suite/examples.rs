//! Every lesson runs, as a reader would run it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{SERVER, run};

/// `cargo test` has built the examples beside the binaries.
pub fn built(name: &str) -> PathBuf {
    let path = Path::new(SERVER).with_file_name("examples").join(name);
    assert!(
        path.exists(),
        "{} is not there; run `cargo test` without naming targets",
        path.display()
    );
    path
}

#[test]
fn every_example_succeeds_and_says_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().into())
        .collect();
    // A server that serves for ever, and its client: `minimal.rs` runs them.
    names.retain(|name| !name.starts_with("minimal_"));
    names.sort();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        println!("example {name}");
        let outcome = run(Command::new(built(&name)).arg("--short"));
        assert_eq!(outcome.code, Some(0), "{name}: {outcome:?}");
        assert!(outcome.out.lines().count() > 3, "{name}: {outcome:?}");
    }
}
