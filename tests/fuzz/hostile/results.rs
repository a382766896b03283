//! Whatever a server says, the figures in the client's document can be true.

use roundtrip::json::{self, Map, Value};
use roundtrip::units::{float, parse_size};

/// Checks a document, and returns whether all its tests have succeeded. `flags` are those
/// of the client.
pub fn check(document: &str, flags: &str) -> bool {
    let document = json::parse(document.as_bytes()).unwrap();
    let tests = document.get("tests").and_then(Value::as_list).unwrap();
    let size = flags.split("--size ").nth(1).and_then(|size| size.split(' ').next());
    let size = size.map(|size| parse_size(size, 1).unwrap());
    let mut succeeded = true;
    for test in tests {
        let ok = test.get("ok").and_then(Value::as_bool).unwrap();
        assert!(ok != test.get("error").is_some(), "{test}");
        succeeded &= ok;
        // What a status consists of is the server's business.
        if test.get("test").and_then(Value::as_str) != Some("status") {
            walk(test, ok, size);
        }
    }
    succeeded && !tests.is_empty()
}

fn walk(value: &Value, ok: bool, size: Option<u64>) {
    match value {
        Value::Map(map) => {
            figures(map, ok, size);
            map.iter().for_each(|(_, value)| walk(value, ok, size));
        }
        Value::List(list) => list.iter().for_each(|value| walk(value, ok, size)),
        Value::Null => panic!("what is not known is left out"),
        _ => {}
    }
}

/// Checks the figures of one object.
fn figures(map: &Map, ok: bool, size: Option<u64>) {
    let figure = |name: &str| map.get(name).and_then(Value::as_u64);
    let rise = |names: &[&str]| {
        let figures: Vec<u64> = names.iter().filter_map(|name| figure(name)).collect();
        assert!(figures.is_sorted(), "{names:?} of {map:?}");
    };
    rise(&["min", "p50", "p90", "p95", "p99", "p99_9", "max"]);
    rise(&["min", "mean", "max"]);
    rise(&["received", "sent"]);
    if let (Some(bytes), Some(size)) = (figure("bytes"), size) {
        assert!(bytes == size || bytes < size && !ok, "{bytes} of {size} in {map:?}");
    }
    if let (Some(bytes), Some(time), Some(rate)) =
        (figure("bytes"), figure("duration_ns"), figure("bits_per_second"))
    {
        let expected = float(bytes) * 8e9 / float(time);
        assert!((float(rate) - expected).abs() <= expected / 100.0 + 1.0, "{map:?}");
    }
}
