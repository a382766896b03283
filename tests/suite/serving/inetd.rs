//! A server whose connection is its standard input.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::{Guard, PATIENCE, Peer, SERVER};

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
