//! Texts that are not JSON: why, and where.

use super::{COLON, DIGIT, END, ESCAPE, FOUR_DIGITS, IMAGE, LIST, MAP, STRING, VALUE};
use crate::json::JsonErrorKind::*;
use crate::json::*;
use std::io;

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

#[test]
fn what_is_not_json_is_refused() {
    for (text, kind) in REFUSED {
        assert_eq!(parse(text).map_err(|error| error.kind), Err(*kind), "{}", text.escape_ascii());
    }
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
