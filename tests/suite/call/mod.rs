//! `client --test call`: every transport, each with processes of its own, of which none
//! is left behind.

mod batches;
#[cfg(target_os = "linux")]
mod killed;
mod report;
mod transports;
mod urls;

use std::process::Command;

use roundtrip::net::Address;
use roundtrip::wamp::router::{Config, Endpoint, Router};

use crate::support::{CLIENT, Outcome, run};

fn call(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).args(["--test", "call"]).args(flags))
}

/// A router in this process, and its four URLs.
fn router() -> (roundtrip::wamp::router::Running, Vec<String>) {
    let tcp = || Address::Tcp { host: "127.0.0.1".into(), port: 0 };
    let listen = vec![Endpoint::websocket(tcp()), Endpoint::rawsocket(tcp())];
    let router = Router::bind(Config { listen, ..Config::default() }).unwrap().start().unwrap();
    let urls = router.urls().iter().map(ToString::to_string).collect();
    (router, urls)
}
