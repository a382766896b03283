//! Sessions at a router, Unix sockets, and the router in the server binary.

#![allow(clippy::similar_names, reason = "WAMP names them caller and callee")]

mod interop;
mod server;
mod session;

use roundtrip::wamp::Session;
use roundtrip::wamp::router::{Config, Router, Running};

use crate::support::PATIENCE;

fn router() -> Running {
    Router::bind(Config::default()).unwrap().start().unwrap()
}

fn join(router: &Running) -> Session {
    Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap()
}
