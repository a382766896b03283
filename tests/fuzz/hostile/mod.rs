//! The client, between which and a good server a relay spoils the answers.
//!
//! Whatever a server says, each test of the client ends in time, with an exit code that
//! the manual knows, and with results that a program can read.

mod relay;
mod results;

use std::env;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use roundtrip::json;

use crate::mutate::Random;
use crate::plan::{Plan, Try};
use crate::support::{CLIENT, Guard, Server};

use relay::Relay;

/// How long the client may take, most of it for the work of a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often each of these command lines is run.
const USUAL: u64 = 6;

/// Tests, and the flags that make them short: pings and their like.
pub const PINGS: &[&str] = &[
    "latency --count 3 --interval 0",
    "latency --count 3 --interval 1ms --payload 10",
    "latency --count 3 --interval 0 --framing bare",
    "latency --count 3 --interval 0 --trace",
    "connect --count 3",
    "sweep --count 1 --sizes 1:64:*8 --interval 0",
    "lag --count 3 --interval 0",
    "lag --count 3 --interval 2ms",
    "status --data {\"a\":1}",
    "status --trace",
    "latency --count 3 --interval 0 --concurrent 2",
];

/// Bulk transfers.
pub const TRANSFERS: &[&str] = &[
    "download --size 64KiB",
    "download --time 20ms",
    "download --size 10KiB --framing bare",
    "upload --size 64KiB",
    "upload --time 20ms",
    "upload --size 10KiB --framing bare",
    "upload --time 50ms --every 10ms --warmup 20ms",
    "bidirectional --size 64KiB",
    "bidirectional --time 20ms",
    "all --count 2 --interval 0 --size 10KiB",
    "loaded --time 90ms --interval 5ms",
];

/// Other protocols, which is what the wings have. `ADDRESS` is that of the router.
pub const OTHERS: &[&str] = &[
    "udp --count 5 --interval 1ms --payload 20",
    "call --count 3 --interval 0 --url ws://ADDRESS?serializer=json",
    "call --count 3 --interval 0 --url ws://ADDRESS?serializer=msgpack",
    "call --count 3 --interval 0 --url rs://ADDRESS?serializer=msgpack",
];

/// What the client is to write besides.
const FORMS: [&str; 5] = ["", "--json", "--json-stream", "--csv /dev/null", "--svg PICTURE -q"];

pub fn run(plan: &Plan, tests: &[&str]) {
    let line = Server::start(&["-q", "--ws", "127.0.0.1:0", "--rawsocket", "127.0.0.1:0"]);
    let ports = ["ws://", "rs://"].map(|scheme| {
        let line = line.line(scheme);
        let address = line.split("127.0.0.1:").nth(1).unwrap();
        address.split(' ').next().unwrap().parse().unwrap()
    });
    let bare = Server::start(&["-q", "--framing", "bare"]);
    plan.each("client", tests, USUAL, |index, tried| {
        let test = tests[index];
        let server = match test {
            _ if test.contains("ws://") => ports[0],
            _ if test.contains("rs://") => ports[1],
            _ if test.contains("bare") => bare.port,
            _ => line.port,
        };
        once(test, server, tried);
    });
    line.assert_alive();
}

/// Runs one test of the client.
fn once(test: &str, server: u16, tried: &mut Try) {
    let name = test.split(' ').next().unwrap();
    // These are for a person, and exclude the other forms.
    let alone = test.contains("--trace") || test.contains("--every");
    let form = if alone { "" } else { *tried.random.pick(&FORMS) };
    let random = Random::new(tried.random.next(), "relay", 0);
    let relay = if name == "udp" { Relay::udp(server, random) } else { Relay::tcp(server, random) };
    let port = relay.port.to_string();
    let picture = env::temp_dir().join(format!("roundtrip-fuzz-{port}.svg"));
    let mut arguments: Vec<String> = format!("--test {test} {form} --timeout 300ms")
        .replace("ADDRESS", &format!("127.0.0.1:{port}"))
        .replace("PICTURE", picture.to_str().unwrap())
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    if name != "call" {
        arguments.extend(["--host", "127.0.0.1", "--port", &port].map(str::to_owned));
    }
    tried.note("runs of the client", arguments.join(" ").as_bytes());
    let ended = client(&arguments);
    let _ = fs::remove_file(picture);
    for said in relay.end() {
        tried.note(&format!("answers to the client, {name}"), &said);
    }
    let (code, out, err) = ended;
    let report = format!("{arguments:?}\n{code:?}\n{out}\n{err}");
    assert!(matches!(code, Some(0 | 1)), "{report}");
    assert!(!err.contains("panicked") && !out.contains("panicked"), "{report}");
    assert!(code == Some(0) || !err.is_empty(), "a failure has no reason: {report}");
    let harmful = |c: char| c.is_control() && c != '\n';
    assert!(!out.contains(harmful) && !err.contains(harmful), "{report}");
    match form {
        // A server that answers QUIT with something else has been out of step.
        "--json" => assert!(results::check(&out, test) || code == Some(1), "{report}"),
        "--json-stream" => {
            assert!(out.lines().all(|event| json::parse(event.as_bytes()).is_ok()), "{report}");
        }
        _ => {}
    }
}

/// Runs the client to its end, and returns its exit code and what it wrote.
fn client(arguments: &[String]) -> (Option<i32>, String, String) {
    let mut command = Command::new(CLIENT);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Guard(command.spawn().unwrap());
    let out = all_of(child.0.stdout.take().unwrap());
    let err = all_of(child.0.stderr.take().unwrap());
    // The workers of a call have the same standard error: they end, too.
    let (Ok(out), Ok(err)) = (out.recv_timeout(DEADLINE), err.recv_timeout(DEADLINE)) else {
        return (None, String::new(), format!("it does not end within {DEADLINE:?}"));
    };
    let [out, err] = [out, err].map(|text| String::from_utf8(text).unwrap());
    (child.0.wait().unwrap().code(), out, err)
}

/// All that a pipe brings until its end.
fn all_of(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, text) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    text
}
