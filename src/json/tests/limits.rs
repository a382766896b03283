//! What a hostile text can cost: stack, memory, time, a panic.

use crate::json::JsonErrorKind::*;
use crate::json::random::Random;
use crate::json::*;
use std::thread;

/// A complete text with `depth` levels.
fn nested(open: &str, inside: &str, close: &str, depth: usize) -> String {
    format!("{}{inside}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn depth_is_limited_and_fits_in_the_stack_of_a_small_thread() {
    let work = || {
        for (open, inside, close) in
            [("[", "", "]"), (r#"{"a":"#, "0", "}"), (r#"[{"a":"#, "0", "}]")]
        {
            let levels = MAX_DEPTH / open.matches(['[', '{']).count();
            let value = parse(nested(open, inside, close, levels).as_bytes()).unwrap();
            // All else that goes down into a value, dropping it included.
            let copy = value.clone();
            assert_eq!(parse(pretty(&copy).as_bytes()), Ok(value));
            assert!(format!("{copy:?}").len() > copy.to_string().len());

            for text in [nested(open, inside, close, levels + 1), open.repeat(100_000)] {
                let error = parse(text.as_bytes()).unwrap_err();
                assert_eq!((error.kind, error.line), (TooDeep, 1));
                let read: String = text.chars().take(error.column - 1).collect();
                assert_eq!(read.matches(['[', '{']).count(), MAX_DEPTH);
            }
        }
    };
    thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn no_bytes_make_it_panic() {
    // Bytes from anywhere seldom get beyond the first; those that JSON is made of, and
    // whole texts with some of their bytes changed, do.
    const MADE_OF: &[u8] = b"[]{}:,\"\\/ntrue falsb0123456789-+.eEdD8cC\n \x00\x1f\xc3\xa9";
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..5_000 {
        let length = random.below(64);
        let any: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[3]).collect();
        let made_of: Vec<u8> = (0..length).map(|_| MADE_OF[random.below(MADE_OF.len())]).collect();
        let mut changed = random.value(0).to_string().into_bytes();
        for _ in 0..=random.below(3) {
            let position = random.below(changed.len());
            changed[position] = MADE_OF[random.below(MADE_OF.len())];
        }
        for bytes in [any, made_of, changed] {
            // What is accepted after all is a value as any other.
            if let Ok(value) = parse(&bytes) {
                assert_eq!(parse(value.to_string().as_bytes()), Ok(value));
            }
        }
    }
}

#[test]
fn a_map_of_many_keys_takes_no_longer_than_its_length_allows() {
    // Were each key compared with all before it, this would go on for minutes.
    let pairs: Vec<String> =
        (0..100_000).map(|number| format!("\"{number}\":{number},\"again\":{number}")).collect();
    let value = parse(format!("{{{}}}", pairs.join(",")).as_bytes()).unwrap();
    assert_eq!(value.as_map().map(Map::len), Some(100_001));
    assert_eq!(value.get("again").and_then(Value::as_u64), Some(99_999));
}

#[test]
fn memory_is_as_documented() {
    assert!(size_of::<Value>() <= 32 && size_of::<(String, Value)>() <= 64);
}

#[test]
fn the_number_of_values_is_limited() {
    let list = |members: usize| format!("[{}0]", "0,".repeat(members - 1));
    assert_eq!(
        parse(list(MAX_VALUES - 1).as_bytes()).unwrap().as_list().map(<[_]>::len),
        Some(MAX_VALUES - 1)
    );
    let error = parse(list(MAX_VALUES).as_bytes()).unwrap_err();
    // In front of the last.
    assert_eq!((error.kind, error.column), (TooMany, 2 * MAX_VALUES));
}
