//! The tables hold what RFC 8259 requires (`ACCEPTED`, `REFUSED`) and what it leaves to
//! the parser (`CHOSEN`).

use super::JsonErrorKind::*;
use super::*;
use crate::json::random::Random;
use std::io;
use std::thread;

const VALUE: JsonErrorKind = Expected("a value");
const STRING: JsonErrorKind = Expected("a string in quotation marks");
const COLON: JsonErrorKind = Expected("a colon");
const LIST: JsonErrorKind = Expected("a comma or ]");
const MAP: JsonErrorKind = Expected("a comma or }");
const DIGIT: JsonErrorKind = Expected("a digit");
const FOUR_DIGITS: JsonErrorKind = Expected("four hexadecimal digits after \\u");
const ESCAPE: JsonErrorKind = Expected("one of \" \\ / b f n r t u after the backslash");
const END: JsonErrorKind = Expected("the end of the text");

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

/// Texts that are not JSON, and why.
const REFUSED: &[(&[u8], JsonErrorKind)] = &[
    // Nothing, or half of something
    (b"", UnexpectedEnd),
    (b" \n", UnexpectedEnd),
    (b"[", UnexpectedEnd),
    (b"[1", UnexpectedEnd),
    (b"[1,", UnexpectedEnd),
    (b"[[]", UnexpectedEnd),
    (b"{", UnexpectedEnd),
    (b"{\"a", UnexpectedEnd),
    (b"{\"a\"", UnexpectedEnd),
    (b"{\"a\":", UnexpectedEnd),
    (b"{\"a\":1", UnexpectedEnd),
    (b"{\"a\":1,", UnexpectedEnd),
    (b"n", UnexpectedEnd),
    (b"tru", UnexpectedEnd),
    (b"\"", UnexpectedEnd),
    (b"\"abc", UnexpectedEnd),
    (b"\"\\", UnexpectedEnd),
    (b"\"\\\"", UnexpectedEnd),
    (b"\"\\u", UnexpectedEnd),
    (b"\"\\u00e", UnexpectedEnd),
    (b"\"\\ud83d\\ude0", UnexpectedEnd),
    (b"-", UnexpectedEnd),
    (b"1.", UnexpectedEnd),
    (b"1e", UnexpectedEnd),
    (b"1e+", UnexpectedEnd),
    // More than one value
    (b"1 2", END),
    (b"1,", END),
    (b"[]]", END),
    (b"[][]", END),
    (b"{}}", END),
    (b"null null", END),
    (b"nullx", END),
    (b"\"a\"\"b\"", END),
    (b"\"a\"b", END),
    (b"{} // comment", END),
    (b"1\0", END),
    // Words
    (b"nul1", Expected("null")),
    (b"trUe", Expected("true")),
    (b"fals_", Expected("false")),
    (b"True", VALUE),
    (b"NULL", VALUE),
    (b"undefined", VALUE),
    (b"NaN", VALUE),
    (b"Infinity", VALUE),
    (b"-Infinity", DIGIT),
    (b"'a'", VALUE),
    (b"abc", VALUE),
    (b"*", VALUE),
    // Lists
    (b"[,]", VALUE),
    (b"[1,]", VALUE),
    (b"[,1]", VALUE),
    (b"[1,,2]", VALUE),
    (b"[1 2]", LIST),
    (b"[1;2]", LIST),
    (b"[1}", LIST),
    (b"[\"a\":1]", LIST),
    (b"[1 true]", LIST),
    (b"[nulll]", LIST),
    (b"]", VALUE),
    (b"[}", VALUE),
    (b"[/**/1]", VALUE),
    // Maps
    (b"{1:1}", STRING),
    (b"{a:1}", STRING),
    (b"{'a':1}", STRING),
    (b"{null:1}", STRING),
    (b"{[]:1}", STRING),
    (b"{,}", STRING),
    (b"{\"a\":1,}", STRING),
    (b"{\"a\":1,,}", STRING),
    (b"{:1}", STRING),
    (b"{]", STRING),
    (b"{\"a\"}", COLON),
    (b"{\"a\" 1}", COLON),
    (b"{\"a\",1}", COLON),
    (b"{\"a\"=1}", COLON),
    (b"{\"a\"::1}", VALUE),
    (b"{\"a\":}", VALUE),
    (b"{\"a\":1 \"b\":2}", MAP),
    (b"{\"a\":1:2}", MAP),
    (b"{\"a\":1]", MAP),
    (b"{\"a\":\"b\"\"c\":1}", MAP),
    // Numbers
    (b"00", LeadingZero),
    (b"01", LeadingZero),
    (b"-01", LeadingZero),
    (b"00.5", LeadingZero),
    (b"[-012]", LeadingZero),
    (b"+1", VALUE),
    (b".5", VALUE),
    (b"-.5", DIGIT),
    (b"--1", DIGIT),
    (b"- 1", DIGIT),
    (b"-a", DIGIT),
    (b"[1.]", DIGIT),
    (b"1.e3", DIGIT),
    (b"[1e]", DIGIT),
    (b"1e+-2", DIGIT),
    (b"[1e1.5]", LIST),
    (b"0x1F", END),
    (b"0e", UnexpectedEnd),
    (b"1 000", END),
    (b"1_000", END),
    (b"1.2.3", END),
    (b"1e2e3", END),
    (b"1f", END),
    (b"1-2", END),
    ("\u{ff11}".as_bytes(), VALUE),
    ("1\u{0662}".as_bytes(), END),
    // Strings
    (b"\"\n\"", ControlCharacter),
    (b"\"\t\"", ControlCharacter),
    (b"\"a\0b\"", ControlCharacter),
    (b"\"\x1f\"", ControlCharacter),
    (b"{\"\r\":1}", ControlCharacter),
    (b"\"\\\n\"", ESCAPE),
    (b"\"\\a\"", ESCAPE),
    (b"\"\\'\"", ESCAPE),
    (b"\"\\0\"", ESCAPE),
    (b"\"\\x41\"", ESCAPE),
    (b"\"\\U0041\"", ESCAPE),
    (b"\"\\ \"", ESCAPE),
    ("\"\\é\"".as_bytes(), ESCAPE),
    (b"\"\\u\"", FOUR_DIGITS),
    (b"\"\\u004\"", FOUR_DIGITS),
    (b"\"\\u004g\"", FOUR_DIGITS),
    (b"\"\\u+041\"", FOUR_DIGITS),
    (b"\"\\u{41}\"", FOUR_DIGITS),
    (b"\"\\u 041\"", FOUR_DIGITS),
    (b"\"\\ud83d\\u\"", FOUR_DIGITS),
    (b"\"\\ud83d\\udx00\"", FOUR_DIGITS),
    // White space that is none in JSON
    (b"\x0b1", VALUE),
    (b"\x0c1", VALUE),
    ("\u{a0}1".as_bytes(), VALUE),
    ("[\u{2003}]".as_bytes(), VALUE),
    ("[1\u{85}]".as_bytes(), LIST),
    ("1\u{2060}".as_bytes(), END),
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
fn what_is_not_json_is_refused() {
    for (text, kind) in REFUSED {
        assert_eq!(parse(text).map_err(|error| error.kind), Err(*kind), "{}", text.escape_ascii());
    }
}

#[test]
fn what_the_rfc_leaves_open_is_as_documented() {
    for (text, chosen) in CHOSEN {
        let parsed = parse(text).map(|value| value.to_string()).map_err(|error| error.kind);
        assert_eq!(parsed.as_deref(), chosen.as_ref().copied(), "{}", text.escape_ascii());
    }
}

/// RFC 8259 section 13.
const IMAGE: &str = r#"{
        "Image": {
            "Width":  800,
            "Height": 600,
            "Title":  "View from 15th Floor",
            "Thumbnail": {
                "Url":    "http://www.example.com/image/481989943",
                "Height": 125,
                "Width":  100
            },
            "Animated" : false,
            "IDs": [116, 943, 234, 38793]
          }
      }"#;

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
fn a_text_that_breaks_off_is_an_error() {
    for text in [IMAGE, r#"{"é":[-1.5e-3,"\u00e9\ud83d\ude00 😀\n",null,true,{"":false}]}"#] {
        assert!(parse(text.as_bytes()).is_ok());
        for length in 0..text.len() {
            let error = parse(&text.as_bytes()[..length]).unwrap_err();
            // The second half of a pair is missing as well when the text ends between
            // the two.
            assert!(
                matches!(error.kind, UnexpectedEnd | NotUtf8 | LoneSurrogate),
                "{length}: {error}"
            );
        }
    }
}

#[test]
fn errors_say_where() {
    for (text, line, column) in [
        (&b""[..], 1, 1),
        (b"x", 1, 1),
        (b"  x", 1, 3),
        (b"[1,\n 2,]", 2, 4),
        (b"\n\n[\n", 4, 1),
        (b"[1]\r\n\r\nx", 3, 1),
        (b"{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3),
        (b"[tru]", 1, 5),
        ("[\"é€😀\" x".as_bytes(), 1, 8),
        (b"[\"ab\ncd\"]", 1, 5),
        (b"[01]", 1, 3),
        (b"[ 1e999 ]", 1, 3),
        (b"\"ab\\x\"", 1, 5),
        (b"\"ab\\ud800\"", 1, 5),
        (b"\"\\u12x4\"", 1, 6),
        ("[\n\"é\", \"\\ud83d".as_bytes(), 2, 8),
        (b"[\n \"ok\xff\"]", 2, 5),
        (b"\"\xe2\x82", 1, 2),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{}: {error}", text.escape_ascii());
    }
}

#[test]
fn errors_convert_to_errors_of_streams() {
    let error = io::Error::from(parse(b"[1 2]").unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "line 1, column 4: expected a comma or ]");
}

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
fn pretty_text_is_for_reading() {
    let empty = parse(br#"[{}, [], ""]"#).unwrap();
    assert_eq!(pretty(&empty), "[\n  {},\n  [],\n  \"\"\n]");
    assert_eq!(pretty(&Value::List(vec![])), "[]");
    assert_eq!(pretty(&Value::Null), "null");
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
