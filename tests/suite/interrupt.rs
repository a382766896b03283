//! Ctrl-C at a terminal: what was measured until then is reported.

use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use roundtrip::json::{self, Value};

use crate::document::{number, tests, text};
use crate::support::{CLIENT, Server, sigint_is_ignored};

/// Runs a program on a terminal of its own, presses Ctrl-C when its output holds `sign`,
/// or when it waits for a connection to the port `sign`, and a second time soon after.
/// Prints all output, then the exit code and the seconds since the first time.
const ON_A_TERMINAL: &str = r"
import os, pty, select, sys, time
sign, arguments = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(arguments[0], arguments)
def seen():
    if not sign.isdecimal():
        return sign.encode() in output
    sockets = [line.split() for line in open('/proc/net/tcp')]
    port, connecting = f':{int(sign):04X}', '02'
    return any(to.endswith(port) and state == connecting for _, _, to, state, *_ in sockets)
output, presses = b'', []
while True:
    try:
        if not presses and seen() or len(presses) == 1 and time.monotonic() > presses[0] + 0.1:
            presses.append(time.monotonic())
            os.write(terminal, b'\x03')
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    output += piece
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(output.decode())
print(f'\n{code} {time.monotonic() - presses[0]}')
";

/// What the client printed, its exit code, and how long it took to end; `None` where
/// Ctrl-C ends nothing, and where there is no program that makes terminals.
fn pressed_at(sign: &str, flags: &[&str]) -> Option<(String, i32, f64)> {
    if sigint_is_ignored() {
        println!("skipped: SIGINT is ignored, as it is for what a shell runs in the background");
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-c", ON_A_TERMINAL, sign, CLIENT]);
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
    let address = format!("127.0.0.1:{}", server.port);
    let of = ["--interval", "20ms", &address];
    for (test, sign, of) in [
        ("latency", " ms", &of[..]),
        ("udp", " ms", &of),
        ("sweep", " left", &of),
        ("lag", " left", &of),
        ("loaded", " left", &of),
        ("connect", " left", &of),
        ("download", " left", &of[2..]),
        ("upload", " left", &of[2..]),
        ("bidirectional", "bit/s", &of[2..]),
        ("call", " ms", &["--every", "300ms"]),
    ] {
        let flags = [&["--test", test, "--time", "60s"], of].concat();
        let Some((output, code, seconds)) = pressed_at(sign, &flags) else { return };
        assert_eq!(code, 130, "{test}: {output}");
        // The promise is a second. This machine may be busy with other tests.
        assert!(seconds < 5.0, "{test}: {seconds} s");
        // The terminal shows the second Ctrl-C somewhere in them.
        let figures = output.split_once("^C").unwrap().1.replace("^C", "");
        assert!(figures.ends_with("client: interrupted\n"), "{test}: {output}");
        let known = ["received", "p50", "echoed", "answered", "bit/s", "calls/s"];
        assert!(known.iter().any(|word| figures.contains(word)), "{test}: {output}");
        assert!(!output.contains("failed"), "{test}: {output}");
    }
    // What it leaves behind is an orderly server.
    server.assert_alive();
}

#[test]
fn ctrl_c_leaves_a_whole_document() {
    let server = Server::start(&[]);
    let address = format!("127.0.0.1:{}", server.port);
    let flags = [&address, "--interval", "20ms", "--count", "5000", "--json-stream"];
    let Some((output, code, _)) = pressed_at("\"number\":5", &flags) else { return };
    assert_eq!(code, 130, "{output}");
    let output = output.replace("^C", "");
    let last = output.lines().rfind(|line| line.starts_with('{')).unwrap();
    let document = json::parse(last.as_bytes()).unwrap();
    assert_eq!(document.get("interrupted").and_then(Value::as_bool), Some(true), "{last}");
    let [test] = tests(&document) else { panic!("{last}") };
    assert_eq!(test.get("ok").and_then(Value::as_bool), Some(false));
    assert_eq!(text(test, "error"), "interrupted");
    assert!(number(test, "received") >= 4, "{last}");
    assert!(test.get("rtt_ns").is_some());
}

/// A server whose queue is full lets a client wait for its connection.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_while_connecting_leaves_nothing_behind() {
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let brief = Duration::from_millis(200);
    let connect = || TcpStream::connect_timeout(&address, brief).ok();
    let _queued: Vec<TcpStream> = std::iter::from_fn(connect).collect();
    let (sign, address) = (address.port().to_string(), address.to_string());
    let url = format!("rs://{address}");
    for test in ["all", "loaded", "connect", "status", "call"] {
        let of = if test == "call" { &["--url", url.as_str()][..] } else { &[address.as_str()] };
        let flags = [&["--test", test, "--timeout", "60s", "--json-stream"], of].concat();
        let Some((output, code, seconds)) = pressed_at(&sign, &flags) else { return };
        assert_eq!(code, 130, "{test}: {output}");
        // The workers of `call` have the terminal as well, and it closes when they are gone.
        assert!(seconds < 5.0, "{test}: {seconds} s");
        assert!(output.ends_with("client: interrupted\n"), "{test}: {output}");
        let output = output.replace("^C", "");
        let last = output.lines().rfind(|line| line.starts_with('{')).unwrap();
        let document = json::parse(last.as_bytes()).unwrap();
        let [only] = tests(&document) else { panic!("{last}") };
        assert_eq!(text(only, "error"), "interrupted", "{last}");
    }
}
