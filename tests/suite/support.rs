//! Programs under test: how they are started, and what is left when they end.

// `load.rs` takes this file from here, and this path is right for both.
#[path = "peer.rs"]
mod peer;

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

pub use peer::Peer;

pub const SERVER: &str = env!("CARGO_BIN_EXE_server");
pub const CLIENT: &str = env!("CARGO_BIN_EXE_client");

/// The three ways to serve. A client must see no difference.
pub const MODES: [&str; 3] = ["thread", "process", "sequential"];

/// When a test gives up. Nothing waits for it to pass unless something is broken.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A child process that does not outlive its test.
pub struct Guard(pub Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server binary, running.
pub struct Server {
    pub process: Guard,
    pub port: u16,
    /// What it logs.
    pub lines: Receiver<String>,
}

impl Server {
    /// Starts it on a free port, and returns when it listens.
    pub fn start(flags: &[&str]) -> Self {
        Server::run(Command::new(SERVER).args(["--host", "127.0.0.1", "--port", "0"]).args(flags))
    }

    /// Starts it with this command, which has to let it choose its port.
    /// Runs a program to its end. No program may panic.
    pub fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut server = Server { process: Guard(child), port: 0, lines };
        let ready = server.line("listening on ");
        server.port = listens_at(&ready).rsplit(':').next().unwrap().parse().unwrap();
        server
    }

    /// The next line of its log that holds this text. Lines before it are passed over.
    pub fn line(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line =
                self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no line with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// All that it logs until it ends.
    pub fn remaining_lines(&self) -> Vec<String> {
        self.lines.iter().collect()
    }

    /// A connection to it, for requests byte by byte.
    pub fn connect(&self) -> Peer {
        Peer::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap())
    }

    /// Shows that it still serves a newcomer.
    pub fn assert_alive(&self) {
        let mut peer = self.connect();
        assert_eq!(peer.ask("PING"), "PONG");
        assert_eq!(peer.ask("QUIT"), "BYE");
    }

    /// Whether a newcomer is served now, and not refused.
    pub fn serves(&self) -> bool {
        let mut peer = self.connect();
        peer.try_send("PING\n").is_ok() && peer.try_line().as_deref() == Some("PONG")
    }

    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }
}

/// The address or URL in a line of the log that says where a server listens.
pub fn listens_at(line: &str) -> &str {
    line.split_once("listening on ").unwrap().1.split(' ').next().unwrap()
}

/// Runs a check against a server in each mode.
pub fn in_each_mode(flags: &[&str], check: impl Fn(&Server)) {
    for mode in MODES {
        println!("{mode} mode");
        check(&Server::start(&[&["--mode", mode], flags].concat()));
    }
}

/// Runs the client binary against a port of this machine.
pub fn client(port: u16, flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).args(["--host", "127.0.0.1", "--port", &port.to_string()]).args(flags))
}

/// Runs the client binary against a server that it starts in its own process.
pub fn loopback(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).arg("--loopback").args(flags))
}

/// What a program left behind.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a program to its end. No program may panic.
pub fn run(command: &mut Command) -> Outcome {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let outcome = Outcome { code: status.code(), out: text(stdout), err: text(stderr) };
    assert!(!outcome.err.contains("panicked"), "{outcome:?}");
    outcome
}

/// A server of the test's own: `talk` is called with each connection, one after the
/// other.
pub fn fake_server(talk: impl Fn(Peer) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(|stream| talk(Peer::new(stream.unwrap()))));
    port
}

/// A port on which nobody listens.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The path of a file of this test's own. What is there is deleted at the end.
pub struct Temporary(PathBuf);

impl Temporary {
    pub fn new(name: &str) -> Self {
        let name = format!("roundtrip-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // A process with the same number may have been killed before it deleted its own.
        let _ = fs::remove_file(&path);
        Temporary(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// What a program has written there.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Waits for something that nobody announces.
pub fn eventually(what: &str, mut happens: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happens() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        // To look all the time would take the processor from what has to happen.
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether SIGINT is ignored, as it is for what a shell runs in the background. Programs
/// inherit that.
#[cfg(unix)]
pub fn sigint_is_ignored() -> bool {
    const SIGINT: u64 = 2;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 << (SIGINT - 1) != 0)
}

/// The process ids and states of the children of a process.
#[cfg(target_os = "linux")]
pub fn children(parent: u32) -> Vec<(u32, char)> {
    let stat = |entry: io::Result<fs::DirEntry>| {
        let path = entry.ok()?.path();
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        let stat = fs::read_to_string(path.join("stat")).ok()?;
        // "pid (name) state ppid …", and the name may hold anything.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let (state, its_parent) =
            (fields.next()?.chars().next()?, fields.next()?.parse::<u32>().ok()?);
        (its_parent == parent).then_some((pid, state))
    };
    fs::read_dir("/proc").unwrap().filter_map(stat).collect()
}
