//! A whole test at a glance, to read first and to copy. It runs the two real programs and
//! checks one property: the server has answered the pings that the client reports.
//!
//! Its three helpers are in `support.rs`. `Server::start` runs the server on a free port,
//! and returns when it listens; the process ends with the variable. `client` runs the
//! client to its end. `server.line` waits for a line of the server's log. So no port is
//! fixed, nothing sleeps for luck, and no process is left behind.

use crate::support::{Server, client};

#[test]
fn the_server_has_answered_the_pings_that_the_client_reports() {
    let server = Server::start(&["--mode", "thread"]);
    let flags = ["--test", "latency", "--count", "5", "--interval", "1ms"];
    let outcome = client(server.port, &flags);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.out.contains("\n  5 sent, 5 received, 0% lost\n"), "{outcome:?}");
    // The client does not report the ping that warms up.
    let closed = server.line("closed");
    assert!(closed.contains("closed: 6 pings"), "{closed}");
}
