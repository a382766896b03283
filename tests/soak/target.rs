//! A server under test, and what its clients and its faults know of it.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::random::Random;
use crate::resources::{Held, Memory};
use crate::support::{PATIENCE, SERVER, Server, client};

/// Each process of the test has this variable in its environment.
pub const MARK: &str = "ROUNDTRIP_SOAK_OF";

/// The most connections that a server takes at once.
pub const MOST: usize = 40;

/// What threads share.
pub struct Target {
    pub mode: &'static str,
    pub framing: &'static str,
    pub port: u16,
    pub process: u32,
    pub urls: Vec<String>,
    /// How long it waits for a silent peer.
    pub idle: Duration,
    /// What it takes when nobody is there.
    pub at_rest: Held,
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Target {
    pub fn name(&self) -> String {
        format!("{} {}", self.mode, self.framing)
    }

    /// As long as the result lives, any client of this server may fail.
    pub fn disturb(&self) -> Disturbance<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Disturbance(self)
    }

    /// How many disturbances there were; `None` while there is one.
    pub fn disturbances(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::SeqCst);
        (self.begun.load(Ordering::SeqCst) == ended).then_some(ended)
    }
}

pub struct Disturbance<'a>(&'a Target);

impl Drop for Disturbance<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// The server itself.
pub struct Served {
    pub target: Target,
    /// After each round.
    pub memory: Vec<Memory>,
    pub connections: usize,
    /// What its clients and its faults are chosen with.
    pub random: [Random; 2],
    server: Server,
    errors: JoinHandle<String>,
    sockets: Sockets,
}

/// Socket files, which outlive their server.
struct Sockets([PathBuf; 2]);

impl Drop for Sockets {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Served {
    pub fn start(
        mode: &'static str,
        framing: &'static str,
        idle: Duration,
        random: [Random; 2],
    ) -> Self {
        let ours = std::process::id();
        let path = |kind| format!("roundtrip-soak-{ours}-{mode}-{framing}-{kind}");
        let sockets = Sockets(["ws", "rs"].map(|kind| std::env::temp_dir().join(path(kind))));
        let [ws, rs] = sockets.0.each_ref().map(|path| format!("unix:{}", path.display()));
        let (errors, output) = io::pipe().unwrap();
        let mut command = Command::new(SERVER);
        command
            .args(["--mode", mode, "--framing", framing, "--host", "127.0.0.1", "--port", "0"])
            .args(["--idle-timeout", &format!("{}ms", idle.as_millis())])
            .args(["--max-connections", &MOST.to_string()])
            .args(["--ws", "127.0.0.1:0", "--ws", &ws])
            .args(["--rawsocket", "127.0.0.1:0", "--rawsocket", &rs])
            .env(MARK, ours.to_string())
            .stderr(output);
        if (mode, framing) == ("sequential", "bare") {
            // It keeps one core busy at most.
            command.arg("--spin");
        }
        if mode == "sequential" {
            command.args(["--loss", "5", "--duplicate", "5", "--reorder", "5", "--delay", "1ms"]);
        }
        let server = Server::run(&mut command);
        drop(command);
        let errors = thread::spawn(move || text(errors));
        let urls = ["ws://", "ws+unix:", "rs://", "rs+unix:"].map(|scheme| {
            let line = server.line(scheme);
            line.split(' ').find(|word| word.starts_with(scheme)).unwrap().to_owned()
        });
        let process = server.pid();
        // A client that is served finds every thread of the server running.
        newcomer(server.port, framing);
        let target = Target {
            mode,
            framing,
            port: server.port,
            process,
            urls: urls.to_vec(),
            idle,
            at_rest: settled(process),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        };
        Served { target, memory: Vec::new(), connections: 0, random, server, errors, sockets }
    }

    /// Waits until nobody is connected any more, and notes the memory.
    pub fn rest(&mut self) {
        let (process, at_rest) = (self.target.process, self.target.at_rest);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let held = Held::of(process);
            if held == at_rest {
                break;
            }
            let name = self.target.name();
            assert!(Instant::now() < deadline, "{name}: {held} are left, not {at_rest}");
            thread::sleep(Duration::from_millis(5));
        }
        self.memory.push(Memory::of(process));
        for line in self.server.lines.try_iter() {
            assert!(!line.contains("panicked"), "{line}");
            self.connections += usize::from(line.ends_with(" connected"));
        }
    }

    /// Shows that nobody is connected, and that a newcomer is served.
    pub fn serves(&self) {
        let Target { framing, port, .. } = self.target;
        if framing == "line" {
            let status = self.server.connect().ask("STATUS");
            assert!(status.contains(r#""connections":{"now":1,"#), "{status}");
        }
        newcomer(port, framing);
    }

    /// Ends the server. It has written no error in its life.
    pub fn end(self) {
        let Served { target, server, errors, sockets, .. } = self;
        drop(server);
        assert_eq!(errors.join().unwrap(), "", "{}", target.name());
        drop(sockets);
    }
}

/// Shows that a newcomer is served.
fn newcomer(port: u16, framing: &str) {
    let newcomer = client(port, &["--test", "latency", "--count", "3", "--framing", framing]);
    assert_eq!(newcomer.code, Some(0), "{newcomer:?}");
}

/// What a process takes as soon as that does not change for a while.
fn settled(process: u32) -> Held {
    let (mut held, mut since) = (Held::of(process), Instant::now());
    while since.elapsed() < Duration::from_millis(200) {
        thread::sleep(Duration::from_millis(5));
        let now = Held::of(process);
        if now != held {
            (held, since) = (now, Instant::now());
        }
    }
    held
}

/// All that is written into a pipe until nobody can write into it any more.
pub fn text(mut pipe: io::PipeReader) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into()
}
