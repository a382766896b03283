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

fn at<'a>(object: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(object, |object, key| {
        object.get(key).unwrap_or_else(|| panic!("no {path} in {object}"))
    })
}

fn number(object: &Value, path: &str) -> u64 {
    at(object, path).as_u64().unwrap_or_else(|| panic!("{path} is no whole number in {object}"))
}
