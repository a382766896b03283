//! One question, one answer: to anybody, at any time, and to nobody's harm.

mod answer;
mod busy;
mod client;
mod failures;

use roundtrip::json::{Map, Value};
use roundtrip::measure::ping_server;

use crate::support::{PATIENCE, Server};

fn address(server: &Server) -> String {
    format!("127.0.0.1:{}", server.port)
}

/// What the server answers to a question without data.
fn ask(server: &Server) -> Value {
    Value::Map(ping_server(&address(server), &Map::new(), PATIENCE).unwrap().answer)
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_map().unwrap().iter().map(|(key, _)| key).collect()
}
