//! A server's process, its doors, and what it uses.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};

use crate::support::{Guard, PATIENCE, SERVER, children, eventually};

/// The most memory that a server may ever have used, in KiB.
const MEMORY: u64 = 256 << 10;

/// How a server is started.
pub struct Setup {
    pub mode: &'static str,
    pub framing: &'static str,
    pub spin: bool,
    /// Whether it serves a Unix socket that is handed in, which has no UDP and no router
    /// beside it.
    pub unix: bool,
}

/// Where a server is reached.
#[derive(Clone)]
pub enum Door {
    Udp(u16),
    Tcp { what: &'static str, port: u16 },
    Unix { what: &'static str, path: String },
}

pub struct Server {
    pub setup: (&'static str, &'static str),
    pub doors: Vec<Door>,
    process: Guard,
    output: [JoinHandle<String>; 2],
    _directory: Directory,
}

/// A place for Unix sockets, until this is dropped.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a server holds: threads, descriptors and children.
#[derive(Debug)]
pub struct Resources([usize; 3]);

impl Server {
    pub fn start(setup: &Setup) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "roundtrip-fuzz-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let directory = Directory(std::env::temp_dir().join(name));
        fs::create_dir(&directory.0).unwrap();
        let path = |name| directory.0.join(name).to_str().unwrap().to_owned();
        let mut command = Command::new(SERVER);
        command.args(["--mode", setup.mode, "--framing", setup.framing]);
        // The idle timeout is the usual one: on a busy machine, well-behaved clients are silent
        // for seconds.
        command.args(["--max-size", "64KiB", "--max-time", "50ms"]);
        command.args(["--info", "name=fuzz"]).args(setup.spin.then_some("--spin"));
        let listening = if setup.unix {
            command.arg("--inetd").stdin(OwnedFd::from(UnixListener::bind(path("text")).unwrap()));
            1
        } else {
            command.args(["--host", "127.0.0.1", "--port", "0"]);
            for flag in ["--ws", "--rawsocket"] {
                let unix = format!("unix:{}", path(&flag[2..]));
                command.args([flag, "127.0.0.1:0", flag, &unix]);
            }
            6
        };
        // Each further heap of a thread would be a part of what was asked for.
        command.env("MALLOC_ARENA_MAX", "1");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(command);
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, ready) = channel();
        let log = thread::spawn(move || {
            let mut log = String::new();
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("listening on ") {
                    let _ = sender.send(address.to_owned());
                }
                log += &line;
                log.push('\n');
            }
            log
        });
        let errors = thread::spawn(move || {
            let mut errors = Vec::new();
            let _ = stderr.read_to_end(&mut errors);
            String::from_utf8_lossy(&errors).into_owned()
        });
        let lines = (0..listening).map(|_| ready.recv_timeout(PATIENCE));
        let lines: Result<Vec<String>, RecvTimeoutError> = lines.collect();
        let doors = lines.unwrap().iter().map(|line| Door::new(line, setup.framing)).collect();
        let (output, process) = ([log, errors], Guard(child));
        Server { setup: (setup.mode, setup.framing), doors, process, output, _directory: directory }
    }

    /// Where it speaks the text protocol.
    pub fn text(&self) -> &Door {
        self.doors.iter().find(|door| door.what() == self.setup.1).unwrap()
    }

    fn pid(&self) -> u32 {
        self.process.0.id()
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub fn resources(&self) -> Resources {
        let threads = usize::try_from(self.status("Threads")).unwrap();
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count();
        Resources([threads, descriptors, children(self.pid()).len()])
    }

    /// Shows that the server holds no more than before.
    pub fn assert_nothing_left(&self, before: &Resources) {
        eventually(&format!("no more than {before:?}"), || {
            let now = self.resources();
            now.0.iter().zip(before.0).all(|(now, before)| *now <= before)
        });
        let memory = self.status("VmHWM");
        assert!(memory < MEMORY, "{memory} KiB");
    }

    /// Ends the server, and looks at what it wrote.
    pub fn end(mut self) {
        assert!(self.process.0.try_wait().unwrap().is_none(), "the server has ended");
        drop(self.process);
        // These end when the children are gone, too.
        let [log, errors] = self.output.map(|output| output.join().unwrap());
        assert_eq!(errors, "", "nothing is written to standard error");
        for line in log.lines() {
            let harmless = line.starts_with("[SERVER] ") && !line.contains(char::is_control);
            assert!(harmless && !line.contains("panicked"), "{line:?}");
        }
    }
}

impl Door {
    /// Reads what follows `listening on`.
    fn new(line: &str, framing: &'static str) -> Self {
        let (address, what) = line.split_once(' ').unwrap();
        let what = match address.split(':').next().unwrap() {
            "ws" | "ws+unix" => "websocket",
            "rs" | "rs+unix" => "rawsocket",
            _ if what == "(udp)" => return Door::Udp(port(address)),
            _ => framing,
        };
        match address.split_once("unix:") {
            Some((_, path)) => Door::Unix { what, path: path.into() },
            None => Door::Tcp { what, port: port(address) },
        }
    }

    pub fn what(&self) -> &'static str {
        match self {
            Door::Udp(_) => "udp",
            Door::Tcp { what, .. } | Door::Unix { what, .. } => what,
        }
    }

    /// A connection. What can be done to one of TCP can be done to a Unix socket, too, but
    /// for the options of TCP.
    pub fn connect(&self) -> TcpStream {
        match self {
            Door::Udp(port) | Door::Tcp { port, .. } => {
                TcpStream::connect(("127.0.0.1", *port)).unwrap()
            }
            Door::Unix { path, .. } => OwnedFd::from(UnixStream::connect(path).unwrap()).into(),
        }
    }
}

fn port(address: &str) -> u16 {
    address.rsplit(':').next().unwrap().parse().unwrap()
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setup { mode, framing, spin, unix } = self;
        let (socket, spin) = (if *unix { "unix" } else { "tcp" }, if *spin { " spin" } else { "" });
        write!(f, "server {mode} {framing} {socket}{spin}")
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let socket = match self {
            Door::Udp(_) => return f.write_str("udp to a server"),
            Door::Tcp { .. } => "tcp",
            Door::Unix { .. } => "unix",
        };
        write!(f, "{} over {socket} to a server", self.what())
    }
}
