//! The tables hold what RFC 8259 requires (`ACCEPTED`, `REFUSED`) and what it leaves to
//! the parser (`CHOSEN`).

mod accepted;
mod encoded;
mod limits;
mod refused;

use crate::json::JsonErrorKind::*;
use crate::json::*;

const VALUE: JsonErrorKind = Expected("a value");
const STRING: JsonErrorKind = Expected("a string in quotation marks");
const COLON: JsonErrorKind = Expected("a colon");
const LIST: JsonErrorKind = Expected("a comma or ]");
const MAP: JsonErrorKind = Expected("a comma or }");
const DIGIT: JsonErrorKind = Expected("a digit");
const FOUR_DIGITS: JsonErrorKind = Expected("four hexadecimal digits after \\u");
const ESCAPE: JsonErrorKind = Expected("one of \" \\ / b f n r t u after the backslash");
const END: JsonErrorKind = Expected("the end of the text");

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
