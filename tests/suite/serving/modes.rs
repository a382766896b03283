//! What differs between the modes, and what the log says.

use std::io::{self};
use std::net::TcpStream;
use std::process::Command;

use crate::support::{MODES, SERVER, Server};

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
