//! Processes that are killed while calls run.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use roundtrip::json::{Value, parse};

use crate::document::{number, tests, text};
use crate::support::CLIENT;

/// A client that measures for more than two seconds, after its first batch.
struct Running {
    client: crate::support::Guard,
    output: BufReader<std::process::ChildStdout>,
    /// The process ids and command lines of the client's children.
    children: Vec<(u32, String)>,
}

impl Running {
    fn start() -> Self {
        let mut command = Command::new(CLIENT);
        command.args(["--test", "call", "--time", "300ms", "--json-stream"]).stdin(Stdio::null());
        let mut client = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(client.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(r#""event":"batch""#) {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ends before its first batch");
        }
        let children = crate::support::children(client.id()).into_iter();
        let children = children.map(|(pid, _)| (pid, command_line(pid))).collect::<Vec<_>>();
        assert_eq!(children.len(), 17, "a router, eight callees and eight callers: {children:?}");
        Running { client: crate::support::Guard(client), output, children }
    }

    /// Kills the first child whose command line contains all of these words.
    fn kill(&self, words: &[&str]) {
        let suits = |line: &str| words.iter().all(|word| line.contains(word));
        let (pid, _) = self.children.iter().find(|(_, line)| suits(line)).unwrap();
        assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
    }

    /// Waits for the end of the client; returns its exit code and its document.
    fn finish(&mut self) -> (Option<i32>, Value) {
        let last = self.output.by_ref().lines().map(Result::unwrap).last().unwrap();
        let code = self.client.0.wait().unwrap().code();
        self.assert_alone();
        (code, parse(last.as_bytes()).unwrap())
    }

    fn assert_alone(&self) {
        for (pid, line) in &self.children {
            crate::support::eventually(line, || command_line(*pid) != *line);
            let directory = line
                .split(['\0', '?'])
                .find_map(|word| word.strip_prefix("rs+unix:")?.strip_suffix("/rs"));
            if let Some(directory) = directory {
                crate::support::eventually(directory, || !std::path::Path::new(directory).exists());
            }
        }
    }
}

/// The command line of a process; empty when the process has ended.
fn command_line(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

#[test]
fn a_killed_callee_costs_its_own_transport() {
    let mut running = Running::start();
    running.kill(&["--role\0callee", "ws://", "serializer=json"]);
    let (code, document) = running.finish();
    assert_eq!(code, Some(1));
    let failed = |test: &&Value| test.get("ok").and_then(Value::as_bool) == Some(false);
    let [failed] = tests(&document).iter().filter(failed).collect::<Vec<_>>()[..] else {
        panic!("{document}")
    };
    assert!(
        text(failed, "error").contains("wamp.error.")
            && text(failed, "error").contains("the callee has ended")
    );
    // The calls before that are reported.
    assert!(number(failed, "received") > 0 && failed.get("rtt_ns").is_some());
    assert!(
        tests(&document).len() == 8
            && tests(&document).iter().all(|test| number(test, "received") > 0)
    );
    // Three pairs are left for each factor.
    let socket = document.get("effects").and_then(|effects| effects.get("socket")).unwrap();
    assert_eq!(number(socket, "pairs"), 3, "{document}");
}

#[test]
fn a_killed_router_fails_all_targets() {
    let mut running = Running::start();
    running.kill(&["--role\0router"]);
    let (code, document) = running.finish();
    assert_eq!((code, tests(&document).len()), (Some(1), 8));
    assert!(
        tests(&document).iter().all(|test| test.get("ok").and_then(Value::as_bool) == Some(false)),
        "{document}"
    );
}

#[test]
fn a_killed_client_leaves_no_process_behind() {
    let mut running = Running::start();
    running.client.0.kill().unwrap();
    running.client.0.wait().unwrap();
    running.assert_alone();
}
