//! One question, one answer: to anybody, at any time, and to nobody's harm.

mod answer;
mod busy;
mod client;
mod failures;

use roundtrip::json::{Map, Value};
use roundtrip::measure::{Status, StatusError, ping_server};

use crate::support::{PATIENCE, Server};

fn address(server: &Server) -> String {
    format!("127.0.0.1:{}", server.port)
}

fn ask(server: &Server) -> Result<Status, StatusError> {
    ping_server(&address(server), &Map::new(), PATIENCE)
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_map().unwrap().iter().map(|(key, _)| key).collect()
}
