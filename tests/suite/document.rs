//! The client's JSON: a document, the events of a stream, and what stands in them.

use roundtrip::json::{Value, parse};

use crate::support::Outcome;

/// The document that `--json` prints.
pub fn document(outcome: &Outcome) -> Value {
    parse(outcome.out.as_bytes()).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

/// The events that `--json-stream` prints. The last one is the document.
pub fn events(outcome: &Outcome) -> Vec<Value> {
    let event =
        |line: &str| parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
    outcome.out.lines().map(event).collect()
}

/// The events of this name.
pub fn named<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| text(event, "event") == name).collect()
}

/// The value at a path of keys and indices, such as `tests.0.rtt_ns.p50`.
pub fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, key| {
        let member = match key.parse::<usize>() {
            Ok(index) => value.as_list().and_then(|list| list.get(index)),
            Err(_) => value.get(key),
        };
        member.unwrap_or_else(|| panic!("no {key} of {path} in {value}"))
    })
}

pub fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    at(value, path).as_list().unwrap_or_else(|| panic!("{path} is no list in {value}"))
}

/// The object of each test in a document.
pub fn tests(document: &Value) -> &[Value] {
    list(document, "tests")
}

pub fn number(value: &Value, path: &str) -> u64 {
    at(value, path).as_u64().unwrap_or_else(|| panic!("{path} is no whole number in {value}"))
}

pub fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    at(value, path).as_str().unwrap_or_else(|| panic!("{path} is no text in {value}"))
}
