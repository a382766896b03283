//! Lag: the server pings, and a client may echo wrongly.

mod client;
mod hooks;
mod missing;
mod requests;

use roundtrip::json::{Value, parse};

use crate::document::number;
use crate::support::Peer;

/// Echoes whatever comes until the server is done, and returns what it says then.
fn echo_all(peer: &mut Peer) -> Value {
    loop {
        let line = peer.line();
        if let Some(done) = line.strip_prefix("LAG_DONE ") {
            return parse(done.as_bytes()).unwrap();
        }
        assert!(line.starts_with("PING "), "{line}");
        peer.send(format!("{line}\n"));
    }
}

fn numbers<const N: usize>(object: &Value, names: [&str; N]) -> [u64; N] {
    names.map(|name| number(object, name))
}

const COUNTS: [&str; 6] = ["sent", "echoed", "missing", "wrong", "repeated", "unsent"];
