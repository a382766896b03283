//! Clients: any test of the `client` program, with any flags that fit.

use std::io;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::random::Random;
use crate::support::{CLIENT, Guard, PATIENCE};
use crate::target::{MARK, Target, text};

const TESTS: [&str; 12] = [
    "latency",
    "download",
    "upload",
    "all",
    "connect",
    "bidirectional",
    "loaded",
    "sweep",
    "udp",
    "lag",
    "status",
    "call",
];

/// The tests that bare framing can have.
const BARE: [&str; 7] = ["latency", "download", "upload", "all", "connect", "udp", "call"];

/// The tests that this server can serve.
pub fn tests(target: &Target) -> Vec<&'static str> {
    match (target.framing, target.mode) {
        ("bare", _) => BARE.to_vec(),
        // It pings on one connection while another one transfers.
        (_, "sequential") => TESTS.into_iter().filter(|test| *test != "loaded").collect(),
        _ => TESTS.to_vec(),
    }
}

/// How long a client takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Less than a second, mostly.
    Short,
    /// Long enough for something to happen to it.
    Long,
}

/// A client that runs. Dropping this ends it.
pub struct Client {
    pub child: Guard,
    flags: String,
    output: Receiver<String>,
}

impl Client {
    /// Starts a client that runs this test, with any flags that fit.
    pub fn start(test: &str, target: &Target, length: Length, random: &mut Random) -> Self {
        let flags = flags(test, target, length, random);
        let (pipe, output) = io::pipe().unwrap();
        let mut command = Command::new(CLIENT);
        command.args(flags.split_whitespace()).env(MARK, std::process::id().to_string());
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let child = Guard(command.spawn().unwrap());
        let (sender, output) = channel();
        thread::spawn(move || sender.send(text(pipe)));
        Client { child, flags, output }
    }

    /// Waits until it has ended, and all processes that it has started. Returns its exit
    /// code, if it had one, and a text that tells what it did.
    pub fn end(mut self) -> (Option<i32>, String) {
        let output = self.output.recv_timeout(PATIENCE * 2);
        let output = output.unwrap_or_else(|_| panic!("client {} does not end", self.flags));
        let code = self.child.0.wait().unwrap().code();
        let why = output.lines().filter(|line| line.starts_with("client: "));
        let why = why.collect::<Vec<_>>().join("\n");
        let what = format!("client {}: {code:?}\n{why}", self.flags);
        assert!(!output.contains("panicked"), "{output}");
        (code, what)
    }
}

fn flags(test: &str, target: &Target, length: Length, random: &mut Random) -> String {
    let &Target { framing, port, ref urls, .. } = target;
    let bulk = ["download", "upload", "bidirectional"].contains(&test);
    let long = length == Length::Long;
    let mut flags = match test {
        "call" => format!("--test call --url {}", random.choose(urls)),
        "udp" => format!("--test udp --host 127.0.0.1 --port {port}"),
        _ => format!("--test {test} --host 127.0.0.1 --port {port} --framing {framing}"),
    };
    let mut add = |text: &str| {
        flags.push(' ');
        flags.push_str(text);
    };
    let sized = bulk || test == "all";
    let timed = match test {
        "status" | "lag" => false,
        "loaded" => true,
        _ if sized && framing == "bare" => false,
        _ => long || random.one_in(4),
    };
    if timed {
        // A busy machine may let a client wait for longer than a short transfer takes.
        let idle = u64::try_from(target.idle.as_millis()).unwrap();
        let time = random.between(idle / 5, idle / 3) * if test == "loaded" { 2 } else { 1 };
        add(&format!("--time {time}ms"));
    } else if sized {
        let most = if long { 500_000 } else { 8_000 };
        add(&format!("--size {}KiB", random.between(1, most)));
    } else if test != "status" {
        // A tenth of the datagrams may get lost, but not all of them.
        add(&format!("--count {}", random.between(20, 80)));
    }
    if test == "sweep" {
        add("--sizes 1:64KiB:*256");
    }
    if !bulk && test != "status" {
        add(random.choose(&["--interval 0", "--interval 1ms", "--interval 3ms"]));
    }
    if framing == "line" && ["latency", "udp", "call", "connect"].contains(&test) {
        add(&format!("--payload {}", random.choose(&[0, 1, 100, 1_400])));
    }
    if random.one_in(3) {
        add(&format!("--concurrent {}", random.between(2, 4)));
    }
    if random.one_in(6) && !["status", "call"].contains(&test) {
        add("--spin");
    }
    add(match test {
        "udp" => "--timeout 500ms",
        _ => "--timeout 40s",
    });
    match random.between(1, 6) {
        1 => add("--json"),
        2 => add("--json-stream"),
        3 if test != "call" => add("--trace"),
        4 if test != "status" => add("--every 100ms"),
        _ => add("-q"),
    }
    flags
}
