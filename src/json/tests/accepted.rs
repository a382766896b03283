//! Texts that are JSON, those that the RFC leaves open, and its examples.

use super::{IMAGE, VALUE};
use crate::json::JsonErrorKind::*;
use crate::json::*;

/// Texts that are JSON, and the values they stand for.
const ACCEPTED: &[(&str, &str)] = &[
    // Values alone, and white space
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    ("7", "7"),
    ("-0.5", "-0.5"),
    ("\"\"", "\"\""),
    (" \t\r\n0 \t\r\n", "0"),
    ("[]", "[]"),
    ("[ \n ]", "[]"),
    ("{}", "{}"),
    ("{\t}", "{}"),
    // Lists and maps
    ("[null]", "[null]"),
    ("[ 1 , 2 ,\r\n3 ]", "[1,2,3]"),
    ("[[], {}, [[]]]", "[[],{},[[]]]"),
    ("[true,false,null]", "[true,false,null]"),
    (r#"{"a":1}"#, r#"{"a":1}"#),
    (r#"{ "b" : 2 , "a" : [ { } ] }"#, r#"{"b":2,"a":[{}]}"#),
    (r#"{"":0}"#, r#"{"":0}"#),
    (r#"{"\u0061":1,"A":2}"#, r#"{"a":1,"A":2}"#),
    (r#"{"a":{"a":{"a":"a"}}}"#, r#"{"a":{"a":{"a":"a"}}}"#),
    // Numbers
    ("0", "0"),
    ("-1", "-1"),
    ("10", "10"),
    ("0.0", "0.0"),
    ("10.010", "10.01"),
    ("1e2", "100.0"),
    ("1E+2", "100.0"),
    ("1e-2", "0.01"),
    ("0e1", "0.0"),
    ("0e-00", "0.0"),
    ("-1.5e007", "-15000000.0"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("18446744073709551615", "18446744073709551615"),
    ("1.7976931348623157e308", "1.7976931348623157e308"),
    ("0.00000000000000000000000000000000000000000000000001", "1e-50"),
    // Strings
    (r#""plain text, 'quoted'""#, r#""plain text, 'quoted'""#),
    (r#""\"\\\/\b\f\n\r\t""#, r#""\"\\/\u0008\u000c\n\r\t""#),
    (r#""\u0000\u001F\u001f""#, r#""\u0000\u001f\u001f""#),
    (r#""\u00e9\u00E9\u20ac""#, "\"éé€\""),
    (r#""\ud83d\ude00 \uD800\uDC00 \uDBFF\uDFFF""#, "\"😀 \u{10000} \u{10ffff}\""),
    (r#""\\u0061 \\n""#, r#""\\u0061 \\n""#),
    ("\"é € 😀\"", "\"é € 😀\""),
    (
        "\"\u{7f}\u{80}\u{a0}\u{2028}\u{2029}\u{feff}\"",
        "\"\u{7f}\u{80}\u{a0}\u{2028}\u{2029}\u{feff}\"",
    ),
    (r#""\uFFFE\uFFFF\uFDD0""#, "\"\u{fffe}\u{ffff}\u{fdd0}\""),
    (r#""[1,2] {\"a\":1} // not a comment""#, r#""[1,2] {\"a\":1} // not a comment""#),
];

/// Texts that the RFC leaves to the parser, and the choice made here.
const CHOSEN: &[(&[u8], Result<&str, JsonErrorKind>)] = &[
    // Section 4
    (br#"{"a":1,"b":2,"a":3}"#, Ok(r#"{"a":3,"b":2}"#)),
    (br#"{"a":1,"a":1}"#, Ok(r#"{"a":1}"#)),
    (br#"{"a":1,"\u0061":{}}"#, Ok(r#"{"a":{}}"#)),
    // Section 6
    (b"-0", Ok("-0.0")),
    (b"-0.0", Ok("-0.0")),
    (b"18446744073709551616", Ok("1.8446744073709552e19")),
    (b"-9223372036854775809", Ok("-9.223372036854776e18")),
    (b"123456789012345678901234567890123456789012", Ok("1.2345678901234568e41")),
    (b"0.1000000000000000055511151231257827", Ok("0.1")),
    (b"9007199254740993.0", Ok("9007199254740992.0")),
    (b"4.9e-324", Ok("5e-324")),
    (b"1e-400", Ok("0.0")),
    (b"-1e-99999999999999999999", Ok("-0.0")),
    (b"0e99999999999999999999", Ok("0.0")),
    (b"1e309", Err(NumberTooLarge)),
    (b"-1e309", Err(NumberTooLarge)),
    (b"1e99999999999999999999", Err(NumberTooLarge)),
    // Section 8.1
    ("\u{feff}{}".as_bytes(), Err(VALUE)),
    (b"\xff\xfe[\0]\0", Err(NotUtf8)),
    (b"\0[\0]", Err(VALUE)),
    (b"\"\xe9\"", Err(NotUtf8)),
    (b"\"\xc0\xaf\"", Err(NotUtf8)),
    (b"\"\xed\xa0\x80\"", Err(NotUtf8)),
    (b"\"\xf4\xbf\xbf\xbf\"", Err(NotUtf8)),
    (b"\"\xe2\x82", Err(NotUtf8)),
    // Section 8.2
    (br#""\ud800""#, Err(LoneSurrogate)),
    (br#""\udc00""#, Err(LoneSurrogate)),
    (br#""\ud800\ud800""#, Err(LoneSurrogate)),
    (br#""\udc00\ud800""#, Err(LoneSurrogate)),
    (br#""\ud800\n""#, Err(LoneSurrogate)),
    (br#""\ud800\\udc00""#, Err(LoneSurrogate)),
    (br#""\ud800\u0041""#, Err(LoneSurrogate)),
    (br#"{"\udfff":1}"#, Err(LoneSurrogate)),
];

#[test]
fn what_is_json_is_understood() {
    for (text, encoded) in ACCEPTED {
        assert_eq!(
            parse(text.as_bytes()).map(|value| value.to_string()),
            Ok((*encoded).to_owned()),
            "{text}"
        );
    }
}

#[test]
fn what_the_rfc_leaves_open_is_as_documented() {
    for (text, chosen) in CHOSEN {
        let parsed = parse(text).map(|value| value.to_string()).map_err(|error| error.kind);
        assert_eq!(parsed.as_deref(), chosen.as_ref().copied(), "{}", text.escape_ascii());
    }
}

#[test]
fn examples_of_the_rfc() {
    let document = parse(IMAGE.as_bytes()).unwrap();
    let image = document.get("Image").unwrap();
    assert_eq!(image.get("Width").and_then(Value::as_u64), Some(800));
    assert_eq!(image.get("Title").and_then(Value::as_str), Some("View from 15th Floor"));
    assert_eq!(image.get("Thumbnail").and_then(|it| it.get("Height")?.as_i64()), Some(125));
    assert_eq!(image.get("Animated").and_then(Value::as_bool), Some(false));
    assert_eq!(
        image.get("IDs").and_then(Value::as_list),
        Some(&[116, 943, 234, 38793].map(Value::from)[..])
    );
    assert!(image.as_map().unwrap().iter().map(|(key, _)| key).eq([
        "Width",
        "Height",
        "Title",
        "Thumbnail",
        "Animated",
        "IDs"
    ]));

    let places = parse(
        br#"[
        {
           "precision": "zip",
           "Latitude":  37.7668,
           "Longitude": -122.3959,
           "Address":   "",
           "City":      "SAN FRANCISCO",
           "State":     "CA",
           "Zip":       "94107",
           "Country":   "US"
        },
        {
           "precision": "zip",
           "Latitude":  37.371991,
           "Longitude": -122.026020,
           "Address":   "",
           "City":      "SUNNYVALE",
           "State":     "CA",
           "Zip":       "94085",
           "Country":   "US"
        }
      ]"#,
    )
    .unwrap();
    let [first, second] = places.as_list().unwrap() else { panic!("{places}") };
    assert_eq!(first.get("Latitude").and_then(Value::as_f64), Some(37.7668));
    assert_eq!(second.get("Longitude").and_then(Value::as_f64), Some(-122.026_02));
    assert_eq!(second.get("City").and_then(Value::as_str), Some("SUNNYVALE"));
    assert_eq!(second.get("Address").and_then(Value::as_str), Some(""));

    assert_eq!(parse(br#""Hello world!""#), Ok(Value::from("Hello world!")));
    assert_eq!(parse(b"42"), Ok(Value::from(42)));
    assert_eq!(parse(b"true"), Ok(Value::from(true)));
}
