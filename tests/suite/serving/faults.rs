//! What the accept loop survives, and how it ends.

use std::io::{self, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Mutex};

use roundtrip::log::Log;
use roundtrip::serve::{Admission, Connection, Dispatch, Limits, Mode, Threads};
use roundtrip::server::{Config, Server as Embedded};

use crate::support::{PATIENCE, Peer, SERVER, Server, eventually, fake_server};

#[test]
fn a_panic_ends_one_connection_and_frees_its_place() {
    let admission = Admission::new(Limits::default());
    let panicking = Threads(Arc::new(|_| panic!("as this test wants it")));
    let permit = admission.admit("127.0.0.1".parse().ok()).unwrap();
    let port = fake_server(|mut peer| drop(peer.rest()));
    let stream = roundtrip::net::Stream::connect("127.0.0.1", port, PATIENCE).unwrap();
    panicking.dispatch(Connection { stream, permit }).unwrap();
    admission.wait_until_empty();
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_child_ends_its_own_connection_and_leaves_no_zombie() {
    use crate::support::children;

    let server = Server::start(&["--mode", "process"]);
    let mut first = server.connect();
    assert_eq!(first.ask("PING"), "PONG");
    let [(victim, _)] = children(server.pid())[..] else { panic!("one child for one connection") };
    let mut second = server.connect();
    assert_eq!(second.ask("PING"), "PONG");
    assert_eq!(children(server.pid()).len(), 2);
    let killed = Command::new("kill").args(["-9", &victim.to_string()]).status().unwrap();
    assert!(killed.success());
    // The parent keeps no copy of the connection, or its client would wait here for
    // ever.
    assert_eq!(first.rest().unwrap(), b"");
    assert_eq!(second.ask("PING"), "PONG");
    assert!(server.line("its process ended").contains("signal: 9"));
    // Nobody connects now, and still the dead child is gone.
    eventually("the zombie is reaped", || children(server.pid()).len() == 1);
    assert_eq!(second.ask("QUIT"), "BYE");
    drop(second);
    eventually("the other child is reaped", || children(server.pid()).is_empty());
    server.assert_alive();
}

#[test]
#[cfg(unix)]
fn it_survives_running_out_of_descriptors() {
    // A shell sets the limit, since std cannot: enough to start and to serve a few.
    for mode in ["thread", "process"] {
        let script = format!("ulimit -n 24; exec {SERVER} --host 127.0.0.1 --port 0 --mode {mode}");
        let server = Server::run(Command::new("sh").args(["-c", &script]));
        let peers: Vec<Peer> = (0..40).map(|_| server.connect()).collect();
        let said = server.line("trying again");
        assert!(said.contains("Too many open files"), "{said}");
        drop(peers);
        // The connections that are closed still wait to be served, and each takes some.
        eventually("there are descriptors again", || server.serves());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn advice_for_a_low_limit_of_descriptors_can_be_followed() {
    for (limit, advice) in [(12, "or none: raise it (ulimit -n)"), (17, "set --max-connections 1")]
    {
        let script = format!("ulimit -n {limit}; exec {SERVER} --host 127.0.0.1 --port 0");
        let server = Server::run(Command::new("sh").args(["-c", &script]));
        let said = server.line("descriptors allows");
        assert!(said.ends_with(advice), "{said}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn who_gets_no_thread_is_told_so() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;

    // The limit counts the threads of a user, and does not hold for root. This user has no
    // others, even if these tests run twice at once.
    let nobody = 60_000 + std::process::id() % 5_000;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let may_run = |program: &str| {
        Command::new(program).uid(nobody).arg("-V").output().is_ok_and(|ran| ran.status.success())
    };
    if !is_root || !may_run(SERVER) {
        return drop(writeln!(io::stderr(), "skipped: needs root, and programs for everyone"));
    }
    for (mode, limit) in [("thread", 2), ("thread", 3), ("process", 4), ("process", 5)] {
        let limit = format!("ulimit -u {limit} 2>/dev/null || ulimit -p {limit}");
        let flags = format!("--no-udp --host 127.0.0.1 --port 0 --mode {mode}");
        let script = format!("{limit}; exec {SERVER} {flags}");
        let server = Server::run(Command::new("sh").uid(nobody).args(["-c", &script]));
        for _ in 0..3 {
            let answer = server.connect().ask("PING");
            let refused = answer.starts_with("ERROR:server cannot start a thread or process");
            assert!(refused || answer == "PONG", "{script}: {answer}");
        }
        let mut peer = server.connect();
        peer.send("BANDWIDTH_BIDIRECTIONAL:1000\n");
        let answer = peer.line();
        assert!(answer == "READY" || answer.starts_with("ERROR:server cannot"), "{answer}");
    }
}

#[test]
#[cfg(unix)]
fn it_survives_a_program_that_cannot_be_run() {
    /// Keeps what was logged.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let kept = Kept::default();
    let log = Log::to(kept.clone()).unwrap().0;
    let config = Config {
        mode: Mode::Process,
        child: vec!["/nonexistent/server".into()],
        log,
        ..Config::default()
    };
    let server = Embedded::bind(config).unwrap().start().unwrap();
    for _ in 0..2 {
        let mut peer = Peer::new(TcpStream::connect(server.address()).unwrap());
        assert!(peer.line().starts_with("ERROR:server cannot start a thread or process"));
    }
    eventually("it says why", || {
        let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        log.contains("cannot serve a connection: cannot run /nonexistent/server: ")
            && log.contains("trying again")
    });
}

#[test]
fn a_dropped_embedded_server_accepts_no_more() {
    let server = Embedded::bind(Config::default()).unwrap().start().unwrap();
    let address = server.address();
    let mut open = Peer::new(TcpStream::connect(address).unwrap());
    assert_eq!(open.ask("PING"), "PONG");
    drop(server);
    eventually("the port is closed", || TcpStream::connect(address).is_err());
    assert_eq!((open.ask("PING"), open.ask("QUIT")), ("PONG".into(), "BYE".into()));
}
