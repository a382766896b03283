//! Tables and pictures in files.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{EVERY_TEST, short};
use crate::support::{CLIENT, Guard, Server, Temporary, client, loopback};

#[test]
fn a_table_holds_every_sample() {
    let file = Temporary::new("samples.csv");
    let flags = [
        "--csv",
        file.path(),
        "--test",
        "all",
        "--concurrent",
        "2",
        "--count",
        "30",
        "--interval",
        "1ms",
    ];
    assert_eq!(loopback(&[&flags[..], &["--size", "2", "-q"]].concat()).code, Some(0));
    let table = file.text();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("test,client,part,at_ns,number,rtt_ns,due_ns,direction,bytes"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 9), "{table}");
    for client in ["1", "2"] {
        let pings = rows.iter().filter(|row| row[0] == "latency" && row[1] == client);
        let numbers: Vec<u64> = pings.map(|row| row[4].parse().unwrap()).collect();
        assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
    }
    let moved = |test: &str| -> u64 {
        rows.iter().filter(|row| row[0] == test).map(|row| row[8].parse::<u64>().unwrap()).sum()
    };
    assert_eq!((moved("download"), moved("upload")), (4 << 20, 4 << 20));
}

#[test]
fn a_picture_is_drawn_of_every_test() {
    for test in EVERY_TEST {
        let file = Temporary::new(&format!("{test}.svg"));
        let outcome = loopback(&[&["--svg", file.path(), "--test", test], short(test)].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let picture = file.text();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{test}");
        assert!(picture.contains(test) && picture.contains("127.0.0.1"), "{test}");
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{test}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_table_or_picture_that_cannot_be_written_costs_no_results() {
    for (flag, file, why) in [
        ("--csv", "/dev/full", "cannot write the table: "),
        ("--svg", "/dev/full", "cannot write the picture: "),
        ("--csv", "/nonexistent/file", "cannot write \"/nonexistent/file\": "),
        ("--svg", "/nonexistent/file", "cannot write \"/nonexistent/file\": "),
    ] {
        let outcome =
            loopback(&["--test", "latency", "--count", "3", "--interval", "0", flag, file]);
        assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1), "{outcome:?}");
        assert!(outcome.err.contains(why), "{outcome:?}");
        assert!(outcome.out.contains("3 sent, 3 received, 0% lost"), "{outcome:?}");
    }
}

#[test]
fn a_picture_takes_the_place_of_the_old_one_when_it_is_whole() {
    let server = Server::start(&[]);
    let picture = Temporary::new("again.svg");
    std::fs::write(picture.path(), "the old one").unwrap();
    let mut child = Guard(
        Command::new(CLIENT)
            .args(["--host", "127.0.0.1", "--port", &server.port.to_string(), "--count", "100000"])
            .args(["--test", "latency", "--svg", picture.path()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut first = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(picture.text(), "the old one");
    drop(child);
    assert_eq!(picture.text(), "the old one");
    let flags = ["--test", "latency", "--interval", "0", "--svg", picture.path()];
    assert_eq!(client(server.port, &flags).code, Some(0));
    assert!(picture.text().starts_with("<svg"));
    // Nothing else is left beside it.
    let is_left = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.path().to_string_lossy().starts_with(picture.path()))
    };
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    assert_eq!(entries.filter_map(|entry| is_left(entry).then_some(())).count(), 1);
}
