//! What differs between the strategies, and what the accept loop survives.

use std::io::{self, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use roundtrip::log::Log;
use roundtrip::serve::{Admission, Connection, Dispatch, Limits, Mode, Threads};
use roundtrip::server::{Config, Server as Embedded};

use crate::support::{Guard, MODES, PATIENCE, Peer, SERVER, Server, eventually, fake_server};

#[test]
fn it_says_where_it_listens() {
    for mode in MODES {
        let server = Server::run(Command::new(SERVER).args(["--port", "0", "--mode", mode]));
        server.assert_alive();
        assert!(server.line("connected").starts_with("[SERVER] 127.0.0.1:"));
    }
    if TcpStream::connect(("::1", 9))
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        let server = Server::run(Command::new(SERVER).args([
            "--host",
            "::",
            "--port",
            "0",
            "--allow",
            "127.0.0.0/8",
        ]));
        server.assert_alive();
    } else {
        println!("skipped: this machine has no IPv6");
    }
}

#[test]
fn quiet_says_only_that_it_listens() {
    let mut server = Server::start(&["-q"]);
    server.assert_alive();
    server.process.0.kill().unwrap();
    server.process.0.wait().unwrap();
    assert!(server.remaining_lines().iter().all(|line| line.contains("listening on")));
}

#[test]
fn an_idle_client_holds_up_others_in_sequential_mode_alone() {
    for mode in MODES {
        let server = Server::start(&["--mode", mode]);
        let mut idle = server.connect();
        assert_eq!(idle.ask("PING"), "PONG");
        let mut second = server.connect();
        second.send("PING\n");
        if mode == "sequential" {
            // Its answer can only come after the first client's end.
            assert_eq!(idle.ask("PING"), "PONG");
            server.line("connected");
            drop(idle);
            server.line("closed");
            server.line("connected");
        }
        assert_eq!(second.line(), "PONG", "{mode}");
    }
}

#[test]
fn a_hundred_clients_at_once_are_all_answered() {
    for mode in ["thread", "process"] {
        let server = Server::start(&["--mode", mode, "-q"]);
        let mut peers: Vec<Peer> = (0..100).map(|_| server.connect()).collect();
        for number in 0..3 {
            for peer in &mut peers {
                peer.send(format!("PING {number}\n"));
            }
            for peer in &mut peers {
                assert_eq!(peer.line(), format!("PONG {number}"));
            }
        }
    }
}

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

/// What `inetd` does: both descriptors are the connection.
#[cfg(unix)]
fn inetd(connection: impl Into<std::os::fd::OwnedFd>, stdout: Stdio) -> Guard {
    let stdin = Stdio::from(connection.into());
    Guard(Command::new(SERVER).arg("--inetd").stdin(stdin).stdout(stdout).spawn().unwrap())
}

#[test]
#[cfg(unix)]
fn inetd_serves_standard_input_and_writes_nothing_else_into_it() {
    use std::os::fd::OwnedFd;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = Peer::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
    let accepted = OwnedFd::from(listener.accept().unwrap().0);
    let mut child = inetd(accepted.try_clone().unwrap(), Stdio::from(accepted));
    assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()));
    assert_eq!(peer.rest().unwrap(), b"");
    drop(peer);
    assert!(child.0.wait().unwrap().success());
}

#[test]
#[cfg(unix)]
fn inetd_keeps_to_its_limits_and_to_blocking() {
    use std::os::fd::OwnedFd;

    for (flag, network, answer) in [
        ("--allow", "127.0.0.0/8", "PONG"),
        ("--allow", "10.0.0.0/8", "ERROR:not allowed from this address"),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = Peer::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let accepted = listener.accept().unwrap().0;
        // As some launchers leave it: every read would return at once.
        accepted.set_nonblocking(true).unwrap();
        let stdin = Stdio::from(OwnedFd::from(accepted));
        let child = Command::new(SERVER)
            .args(["--inetd", flag, network])
            .stdin(stdin)
            .stdout(Stdio::null())
            .spawn();
        let _guard = Guard(child.unwrap());
        assert_eq!(peer.ask("PING"), answer);
    }
}

#[test]
#[cfg(unix)]
fn inetd_serves_a_unix_socket_as_socat_gives_it() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixStream;

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut child = inetd(theirs, Stdio::piped());
    ours.write_all(b"PING\nQUIT\n").unwrap();
    let answers: Vec<String> = BufReader::new(&ours).lines().map(Result::unwrap).collect();
    assert_eq!(answers, ["PONG", "BYE"]);
    drop(ours);
    let log: Vec<String> =
        BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert_eq!(log[0], "[SERVER] unix connected");
    assert!(log[1].starts_with("[SERVER] unix closed: 1 ping in "));
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn inetd_without_a_socket_says_what_it_needs() {
    let outcome = crate::support::run(Command::new(SERVER).arg("--inetd"));
    assert_eq!((outcome.code, outcome.out.as_str()), (Some(1), ""));
    assert!(outcome.err.contains("standard input is not a connected socket"), "{outcome:?}");
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

#[test]
fn a_bad_command_line_is_one_line_that_says_what_would_be_right() {
    let long = format!("a={}", "x".repeat(70_000));
    for (flags, hint) in [
        (&["--mode", "fork"][..], "thread, process or sequential"),
        (&["--framing", "json"], "line or bare"),
        (&["--port", "70000"], "from 0 to 65535"),
        (&["--max-size", "1.5GiB"], "such as 64KiB"),
        (&["--idle-timeout", "60"], "such as 100ms"),
        (&["--idle-timeout", "0"], "more than zero"),
        (&["--max-connections", "0"], "from 1"),
        (&["--max-per-ip", "-1"], "from 1"),
        (&["--allow", "10.0.0.0/33"], "such as 10.0.0.0/8"),
        (&["--max-connections", "12001"], "12000"),
        (&["--max-connections", "2001", "--mode", "process"], "2000"),
        (&["--host", ""], "such as 0.0.0.0"),
        (&["--max-time", "0"], "more than zero"),
        (&["--info", "name"], "KEY=VALUE"),
        (&["--info", "=mine"], "KEY=VALUE"),
        (&["--info", "roundtrip=x"], "choose another key"),
        (&["--info", long.as_str()], "has room for"),
        (&["--nonsense"], "--help"),
        (&["nonsense"], "--help"),
        (&["--port"], "--help"),
    ] {
        let outcome = crate::support::run(Command::new(SERVER).args(flags));
        assert_eq!(
            (outcome.code, outcome.out.as_str(), outcome.err.lines().count()),
            (Some(2), "", 1),
            "{outcome:?}"
        );
        assert!(outcome.err.starts_with("server: ") && outcome.err.contains(hint), "{outcome:?}");
    }
    let taken = Server::start(&[]);
    let outcome = crate::support::run(Command::new(SERVER).args([
        "--host",
        "127.0.0.1",
        "--port",
        &taken.port.to_string(),
    ]));
    assert_eq!((outcome.code, outcome.err.lines().count()), (Some(1), 1));
    assert!(
        outcome.err.contains(&format!("cannot listen on 127.0.0.1:{}", taken.port)),
        "{outcome:?}"
    );
}

#[test]
fn help_and_version() {
    for flag in ["-h", "--help"] {
        let outcome = crate::support::run(Command::new(SERVER).arg(flag));
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
        for name in [
            "--host",
            "--port",
            "--mode",
            "--framing",
            "--inetd",
            "--one-off",
            "--allow",
            "--idle-timeout",
        ] {
            assert!(outcome.out.contains(name), "{name}");
        }
    }
    for flag in ["-V", "--version"] {
        let outcome = crate::support::run(Command::new(SERVER).arg(flag));
        assert_eq!(outcome.out, format!("roundtrip server {}\n", env!("CARGO_PKG_VERSION")));
    }
}
