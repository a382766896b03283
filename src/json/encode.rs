//! Writing JSON: values as text.

use std::fmt::{self, Write};

use super::parse::must_be_escaped;
use super::value::Value;

/// Appends a value to `out` as JSON, on one line and without white space.
///
/// Parsing the text returns an equal value, unless the value holds what JSON does not
/// have: bytes, extensions, infinity and NaN become `null`. A protocol with a
/// convention for bytes replaces them before it encodes.
///
/// ```
/// use roundtrip::json;
///
/// let value = json::parse(b"[ 1, 1.0, 1e300, \"\\u00e9\\u0007\" ]")?;
/// let mut text = String::from("STATUS ");
/// json::encode(&value, &mut text);
/// assert_eq!(text, "STATUS [1,1.0,1e300,\"é\\u0007\"]");
/// # Ok::<(), json::JsonError>(())
/// ```
pub fn encode(value: &Value, out: &mut String) {
    Encoder { out, pretty: false, depth: 0 }.value(value);
}

/// Formats a value as JSON for people: each member on its own line, indented by two
/// spaces for each level.
///
/// ```
/// use roundtrip::json;
///
/// let value = json::parse(br#"{"tests":[{"ok":true}],"host":"::1"}"#)?;
/// assert_eq!(json::pretty(&value), r#"{
///   "tests": [
///     {
///       "ok": true
///     }
///   ],
///   "host": "::1"
/// }"#);
/// # Ok::<(), json::JsonError>(())
/// ```
#[must_use]
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    Encoder { out: &mut out, pretty: true, depth: 0 }.value(value);
    out
}

/// Formats the value as one line of JSON, as [`encode`] does.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        encode(self, &mut text);
        f.write_str(&text)
    }
}

struct Encoder<'a> {
    out: &'a mut String,
    pretty: bool,
    depth: usize,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Bool(truth) => self.write(format_args!("{truth}")),
            Value::Integer(number) => self.write(format_args!("{number}")),
            // Debug writes the fewest digits that parse to an equal f64, always with a
            // fraction or an exponent. Display would write 1 for 1.0, which is an
            // integer, and 301 digits for 1e300.
            Value::Float(number) if number.is_finite() => self.write(format_args!("{number:?}")),
            Value::Float(_) | Value::Null | Value::Bytes(_) | Value::Extension(..) => {
                self.out.push_str("null");
            }
            Value::String(text) => self.string(text),
            Value::List(items) => self.members('[', items.iter(), ']', Self::value),
            Value::Map(map) => self.members('{', map.iter(), '}', |encoder, (key, value)| {
                encoder.string(key);
                encoder.out.push_str(if encoder.pretty { ": " } else { ":" });
                encoder.value(value);
            }),
        }
    }

    fn members<T>(
        &mut self,
        open: char,
        members: impl ExactSizeIterator<Item = T>,
        close: char,
        member: impl Fn(&mut Self, T),
    ) {
        self.out.push(open);
        if members.len() > 0 {
            self.depth += 1;
            for (number, each) in members.enumerate() {
                if number > 0 {
                    self.out.push(',');
                }
                self.new_line();
                member(self, each);
            }
            self.depth -= 1;
            self.new_line();
        }
        self.out.push(close);
    }

    fn new_line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            (0..self.depth).for_each(|_| self.out.push_str("  "));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for piece in text.split_inclusive(must_be_escaped) {
            let last = piece.chars().next_back().filter(|&last| must_be_escaped(last));
            // A character that must be escaped is ASCII, so it is one byte long.
            self.out.push_str(&piece[..piece.len() - usize::from(last.is_some())]);
            match last {
                None => {}
                Some('\n') => self.out.push_str("\\n"),
                Some('\r') => self.out.push_str("\\r"),
                Some('\t') => self.out.push_str("\\t"),
                Some(itself @ ('"' | '\\')) => self.out.extend(['\\', itself]),
                Some(control) => self.write(format_args!("\\u{:04x}", u32::from(control))),
            }
        }
        self.out.push('"');
    }

    fn write(&mut self, what: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(what);
    }
}
