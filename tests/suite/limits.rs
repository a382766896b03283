//! Who is let in, how many at once, and how much they may ask for.

use crate::support::{MODES, Server, eventually, in_each_mode};

#[test]
fn a_full_server_says_so_and_serves_again_when_there_is_room() {
    for mode in ["thread", "process"] {
        let server = Server::start(&["--mode", mode, "--max-connections", "2"]);
        let (mut first, mut second) = (server.connect(), server.connect());
        assert_eq!((first.ask("PING"), second.ask("PING")), ("PONG".into(), "PONG".into()));
        for request in ["", "PING\n"] {
            let mut third = server.connect();
            third.send(request);
            assert_eq!(third.rest().unwrap(), b"ERROR:server full\n", "{mode}");
        }
        assert_eq!((first.ask("PING"), first.ask("QUIT")), ("PONG".into(), "BYE".into()));
        drop(first);
        eventually("a place is free", || server.serves());
        assert_eq!(second.ask("PING"), "PONG");
    }
}

#[test]
fn everybody_who_is_refused_is_told_so() {
    let server = Server::start(&["--max-connections", "1"]);
    let mut only = server.connect();
    assert_eq!(only.ask("PING"), "PONG");
    let mut refused: Vec<_> = (0..200).map(|_| server.connect()).collect();
    for peer in &mut refused {
        assert_eq!(peer.line(), "ERROR:server full");
    }
    assert_eq!(only.ask("PING"), "PONG");
}

#[test]
fn one_address_has_its_own_limit() {
    let server = Server::start(&["--max-per-ip", "1"]);
    let mut first = server.connect();
    assert_eq!(first.ask("PING"), "PONG");
    assert_eq!(server.connect().rest().unwrap(), b"ERROR:server full\n");
}

#[test]
fn only_the_allowed_may_connect() {
    Server::start(&["--allow", "10.0.0.0/8", "--allow", "127.0.0.0/8"]).assert_alive();
    let server = Server::start(&["--allow", "10.0.0.0/8"]);
    assert_eq!(server.connect().rest().unwrap(), b"ERROR:not allowed from this address\n");
    assert!(server.line("refused").ends_with("refused: not allowed from this address"));
}

#[test]
fn a_transfer_over_the_limit_is_refused_and_the_connection_stays() {
    in_each_mode(&["--max-size", "1KiB"], |server| {
        let mut peer = server.connect();
        for request in ["BANDWIDTH_DOWNLOAD:1025", "BANDWIDTH_UPLOAD:1025"] {
            assert_eq!(peer.ask(request), "ERROR:1025 bytes are over the limit of 1024 bytes",);
        }
        assert_eq!(peer.ask("BANDWIDTH_DOWNLOAD:1024"), "READY");
        peer.bytes(1024);
        assert_eq!(peer.ask("QUIT"), "BYE");
    });
}

#[test]
fn one_off_serves_one_and_ends() {
    for mode in MODES {
        let mut server = Server::start(&["--mode", mode, "--one-off"]);
        let mut peer = server.connect();
        assert_eq!((peer.ask("PING"), peer.ask("QUIT")), ("PONG".into(), "BYE".into()));
        server.line("closed: 1 ping in");
        drop(peer);
        assert!(server.process.0.wait().unwrap().success(), "{mode}");
    }
}
