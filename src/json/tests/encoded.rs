//! What is written, and that it is parsed back.

use crate::json::random::Random;
use crate::json::*;

#[test]
fn what_is_encoded_is_parsed_back() {
    let mut random = Random(0x0123_4567_89AB_CDEF);
    for _ in 0..3_000 {
        let value = random.value(0);
        let text = value.to_string();
        let parsed = parse(text.as_bytes()).unwrap();
        assert_eq!(parsed, value, "{text}");
        // Comparing values does not tell 0.0 from -0.0; their texts do.
        assert_eq!(parsed.to_string(), text);
        assert_eq!(parse(pretty(&value).as_bytes()), Ok(value));
    }
}

#[test]
fn floats_keep_every_bit() {
    let mut random = Random(0xFEDC_BA98_7654_3210);
    let known = [
        0.0,
        -0.0,
        1.0,
        0.1,
        1e15,
        1e16,
        1e17,
        1e300,
        1e-5,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
    ];
    let drawn =
        (0..20_000).map(|_| f64::from_bits(random.next())).filter(|float| float.is_finite());
    for float in known.into_iter().chain(drawn) {
        let text = Value::Float(float).to_string();
        match parse(text.as_bytes()) {
            Ok(Value::Float(parsed)) => assert_eq!(parsed.to_bits(), float.to_bits(), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(Value::from(1.0).to_string(), "1.0");
    for unknown in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Value::from(unknown).to_string(), "null");
    }
}

#[test]
fn what_json_does_not_have_is_written_as_documented() {
    assert_eq!(Value::Bytes(vec![1]).to_string(), "null");
    assert_eq!(Value::Extension(-1, vec![0; 4]).to_string(), "null");
}

#[test]
fn pretty_text_is_for_reading() {
    let empty = parse(br#"[{}, [], ""]"#).unwrap();
    assert_eq!(pretty(&empty), "[\n  {},\n  [],\n  \"\"\n]");
    assert_eq!(pretty(&Value::List(vec![])), "[]");
    assert_eq!(pretty(&Value::Null), "null");
}
