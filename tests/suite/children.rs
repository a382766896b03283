//! Processes that end, and what becomes of their relatives.

#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Peer, SERVER, Server, children, eventually, sigint_is_ignored};

/// How long a child may outlive its parent.
const LONGEST: Duration = Duration::from_secs(3);

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// Whether this process runs, or could.
fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with(['Z', 'X']))
}

#[test]
fn children_do_not_outlive_their_parent() {
    for how in ["-TERM", "-INT", "-KILL"] {
        if how == "-INT" && sigint_is_ignored() {
            println!("skipped: -INT, since SIGINT is ignored here");
            continue;
        }
        let server = Server::start(&["--mode", "process", "-q"]);
        let mut peers: Vec<Peer> = (0..20).map(|_| server.connect()).collect();
        for peer in &mut peers {
            assert_eq!(peer.ask("PING"), "PONG");
        }
        // One is in the middle of something.
        assert_eq!(peers[0].ask("BANDWIDTH_UPLOAD:1000"), "READY");
        let children = children(server.pid());
        assert_eq!(children.len(), peers.len());
        signal(how, server.pid());
        let since = Instant::now();
        eventually("all are gone", || !children.iter().any(|&(pid, _)| lives(pid)));
        assert!(since.elapsed() < LONGEST, "{how}: {:?}", since.elapsed());
    }
}

#[test]
fn a_child_that_is_stopped_does_not_keep_its_place() {
    let server =
        Server::start(&["--mode", "process", "--max-connections", "1", "--idle-timeout", "1s"]);
    let mut peer = server.connect();
    assert_eq!(peer.ask("PING"), "PONG");
    let [(child, _)] = children(server.pid())[..] else { panic!("one child for one connection") };
    signal("-STOP", child);
    server.line("did not answer for 1s and was killed");
    eventually("the place is free", || server.serves());
}

#[test]
fn a_child_that_is_busy_for_longer_than_it_may_be_silent_lives() {
    let server = Server::start(&["--mode", "process", "-q", "--idle-timeout", "1s"]);
    let mut peer = server.connect();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        assert_eq!(peer.ask("PING"), "PONG");
    }
}

#[test]
fn a_server_whose_file_is_gone_still_has_its_program() {
    // A link, since a copy is open for writing, and a test that starts a process at this
    // moment hands that on: then the system runs no program of this file.
    let name = format!("roundtrip-deleted-{}", std::process::id());
    let path = std::path::Path::new(SERVER).with_file_name(name);
    std::fs::hard_link(SERVER, &path).unwrap();
    let mut command = Command::new(&path);
    let server =
        Server::run(command.args(["--host", "127.0.0.1", "--port", "0", "--mode", "process"]));
    std::fs::write(path.with_extension("new"), "not a program").unwrap();
    std::fs::rename(path.with_extension("new"), &path).unwrap();
    server.assert_alive();
    std::fs::remove_file(&path).unwrap();
    server.assert_alive();
}
