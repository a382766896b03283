//! Ctrl-C at a terminal: what was measured until then is reported.

use std::process::Command;

use roundtrip::json::{self, Value};

use crate::document::{number, tests, text};
use crate::support::{CLIENT, Server, sigint_is_ignored};

/// Runs a program on a terminal of its own, presses Ctrl-C when its output holds `sign`,
/// and prints all output, then the exit code and the seconds since then.
const ON_A_TERMINAL: &str = r"
import os, pty, sys, time
sign, arguments = sys.argv[1].encode(), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(arguments[0], arguments)
output, pressed = b'', None
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    output += piece
    if pressed is None and sign in output:
        os.write(terminal, b'\x03')
        pressed = time.monotonic()
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(output.decode())
print(f'\n{code} {time.monotonic() - pressed}')
";

/// What the client printed, its exit code, and how long it took to end; `None` where
/// Ctrl-C ends nothing, and where there is no program that makes terminals.
fn pressed_at(sign: &str, server: &Server, flags: &[&str]) -> Option<(String, i32, f64)> {
    if sigint_is_ignored() {
        println!("skipped: SIGINT is ignored, as it is for what a shell runs in the background");
        return None;
    }
    let port = server.port.to_string();
    let mut command = Command::new("python3");
    command.args(["-c", ON_A_TERMINAL, sign, CLIENT, "--host", "127.0.0.1", "--port", &port]);
    let Ok(output) = command.args(flags).output() else {
        println!("skipped: there is no python3, which makes terminals");
        return None;
    };
    let output = String::from_utf8(output.stdout).unwrap();
    let (before, last) = output.trim_end().rsplit_once('\n').unwrap();
    let (code, seconds) = last.split_once(' ').unwrap();
    Some((before.replace("\r\n", "\n"), code.parse().unwrap(), seconds.parse().unwrap()))
}

#[test]
fn ctrl_c_reports_what_was_measured() {
    let server = Server::start(&[]);
    for test in ["latency", "udp", "sweep", "lag", "loaded", "connect", "download", "upload"] {
        let sign = if test == "latency" || test == "udp" { " ms" } else { " left" };
        let flags = ["--test", test, "--time", "60s", "--interval", "20ms"];
        let flags = if test.ends_with("load") { &flags[..4] } else { &flags[..] };
        let Some((output, code, seconds)) = pressed_at(sign, &server, flags) else { return };
        assert_eq!(code, 130, "{test}: {output}");
        // The promise is a second. This machine may be busy with other tests.
        assert!(seconds < 5.0, "{test}: {seconds} s");
        assert!(output.ends_with("client: interrupted\n"), "{test}: {output}");
        let (_, figures) = output.rsplit_once("^C").unwrap();
        let known = ["received", "p50", "echoed", "answered", "bit/s"];
        assert!(known.iter().any(|word| figures.contains(word)), "{test}: {output}");
        assert!(!output.contains("failed"), "{test}: {output}");
    }
    // What it leaves behind is an orderly server.
    server.assert_alive();
}

#[test]
fn ctrl_c_leaves_a_whole_document() {
    let server = Server::start(&[]);
    let flags = ["--interval", "20ms", "--count", "5000", "--json-stream"];
    let Some((output, code, _)) = pressed_at("\"number\":5", &server, &flags) else { return };
    assert_eq!(code, 130, "{output}");
    let last = output.lines().rfind(|line| line.starts_with('{')).unwrap();
    let document = json::parse(last.as_bytes()).unwrap();
    assert_eq!(document.get("interrupted").and_then(Value::as_bool), Some(true), "{last}");
    let [test] = tests(&document) else { panic!("{last}") };
    assert_eq!(test.get("ok").and_then(Value::as_bool), Some(false));
    assert_eq!(text(test, "error"), "interrupted");
    assert!(number(test, "received") >= 4, "{last}");
    assert!(test.get("rtt_ns").is_some());
}
