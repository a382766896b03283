//! Reading JSON that a stranger wrote.
//!
//! The grammar (RFC 8259) is small, and recursive: a value may hold values.
//!
//! ```text
//!   value   null   true   false   number   string   list   map
//!   list    [ value , value … ]
//!   map     { string : value , string : value … }
//!   string  " characters, and \escapes "
//!   number  -  digits  .digits  e±digits      all but the first digits are optional
//! ```
//!
//! Recursive descent reads such a grammar: each rule is a method that calls the methods
//! of the rules it consists of. Against strangers it needs two limits:
//!
//! * **Depth.** Every `[` is a call and takes stack. An overflowing stack cannot be
//!   handled, it ends the process, and 100 kB of `[` would be enough. So [`MAX_DEPTH`].
//! * **Number of values.** `0,` is two bytes, but a value takes 32 bytes of memory, and
//!   a pair in a map 64. So [`MAX_VALUES`]. The caller bounds the length of the text
//!   itself.
//!
//! The RFC leaves some questions open, and programs that answer them differently
//! misunderstand each other. The answers here:
//!
//! | question | answer |
//! | --- | --- |
//! | a key that occurs twice (section 4) | the last value counts, at the place of the first |
//! | whole numbers (section 6) | exact from `i64::MIN` to `u64::MAX` |
//! | `-0` (section 6) | a float, since integers have no negative zero |
//! | other numbers (section 6) | the nearest `f64`; an error if that is infinite |
//! | a byte order mark (section 8.1) | an error |
//! | half of a surrogate pair (section 8.2) | an error, since it is not a character |

use super::error::{JsonError, JsonErrorKind};
use super::value::{MAX_DEPTH, MAX_VALUES, Map, Value};

/// Parses a text that consists of one value.
///
/// ```
/// use roundtrip::json;
///
/// let test = json::parse(br#"{"test": "udp", "rtt_ns": {"min": 250, "mean": 300.5}}"#)?;
/// assert_eq!(test.get("test").and_then(|test| test.as_str()), Some("udp"));
/// assert_eq!(test.get("rtt_ns").and_then(|rtt| rtt.get("min")?.as_u64()), Some(250));
///
/// let error = json::parse(b"[1,\n 2,]").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 4: expected a value");
/// # Ok::<(), json::JsonError>(())
/// ```
///
/// # Errors
/// When the text is not JSON or exceeds a limit. The error has the line and the column.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let valid = str::from_utf8(text)
        .map_err(|error| JsonError::new(JsonErrorKind::NotUtf8, &text[..error.valid_up_to()]))?;
    let mut parser = Parser { rest: valid, values: 0 };
    parser.document().map_err(|kind| JsonError::new(kind, &text[..text.len() - parser.rest.len()]))
}

/// The first values of a list that cannot be parsed as a whole: at most so many, and
/// those before the error alone.
///
/// ```
/// use roundtrip::json;
///
/// assert!(json::parse(br#"[48, 7, {}, "a", 1e400]"#).is_err());
/// assert_eq!(json::beginning(br#"[48, 7, {}, "a", 1e400]"#, 2), [48.into(), 7.into()]);
/// ```
#[must_use]
pub fn beginning(text: &[u8], most: usize) -> Vec<Value> {
    let mut parser = Parser { rest: str::from_utf8(text).unwrap_or_default(), values: 0 };
    let mut items = Vec::new();
    parser.skip_white_space();
    if parser.take('[') {
        while items.len() < most
            && let Ok(true) = parser.another(items.is_empty(), ']', "a comma or ]")
            && let Ok(item) = parser.value(1)
        {
            items.push(item);
        }
    }
    items
}

type Parsed<T> = Result<T, JsonErrorKind>;

/// A parser that has read everything before `rest`. That is also where an error is.
struct Parser<'a> {
    rest: &'a str,
    /// Values that have begun so far.
    values: usize,
}

impl Parser<'_> {
    fn document(&mut self) -> Parsed<Value> {
        let value = self.value(0)?;
        self.skip_white_space();
        if self.rest.is_empty() { Ok(value) } else { Err(self.expected("the end of the text")) }
    }

    /// Parses a value that is nested in `depth` others.
    fn value(&mut self, depth: usize) -> Parsed<Value> {
        self.skip_white_space();
        if self.values == MAX_VALUES {
            return Err(JsonErrorKind::TooMany);
        }
        self.values += 1;
        match self.peek() {
            Some('[' | '{') if depth == MAX_DEPTH => Err(JsonErrorKind::TooDeep),
            Some('[') => self.list(depth),
            Some('{') => self.map(depth),
            _ => self.scalar(),
        }
    }

    fn list(&mut self, depth: usize) -> Parsed<Value> {
        let mut items = Vec::new();
        self.next();
        while self.another(items.is_empty(), ']', "a comma or ]")? {
            let item = self.value(depth + 1)?;
            if items.is_empty() {
                // A vector would start with room for four items, and `[[[[0]]]]` would
                // take four times the memory it needs.
                items.reserve_exact(1);
            }
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, depth: usize) -> Parsed<Value> {
        let mut pairs = Vec::new();
        self.next();
        while self.another(pairs.is_empty(), '}', "a comma or }")? {
            let key = self.string()?;
            self.skip_white_space();
            self.expect(':', "a colon")?;
            pairs.push((key, self.value(depth + 1)?));
        }
        // Duplicate keys are resolved here, all at once.
        Ok(Value::Map(Map::from_iter(pairs)))
    }

    /// Returns whether one more member follows in a list or a map, and steps over the
    /// comma before it.
    fn another(&mut self, first: bool, close: char, comma_or_close: &'static str) -> Parsed<bool> {
        self.skip_white_space();
        if self.take(close) {
            return Ok(false);
        }
        if !first {
            self.expect(',', comma_or_close)?;
            self.skip_white_space();
        }
        Ok(true)
    }

    /// Parses a value that holds no others.
    fn scalar(&mut self) -> Parsed<Value> {
        match self.peek() {
            Some('"') => self.string().map(Value::String),
            Some('-' | '0'..='9') => self.number(),
            Some('t') => self.word("true", Value::Bool(true)),
            Some('f') => self.word("false", Value::Bool(false)),
            Some('n') => self.word("null", Value::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Value) -> Parsed<Value> {
        if word.chars().all(|letter| self.take(letter)) {
            Ok(value)
        } else {
            Err(self.expected(word))
        }
    }

    /// Parses a number (RFC 8259 section 6).
    fn number(&mut self) -> Parsed<Value> {
        let start = self.rest;
        self.take('-');
        if self.take('0') {
            if self.peek().is_some_and(|next| next.is_ascii_digit()) {
                return Err(JsonErrorKind::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        if self.take('.') {
            self.digits()?;
        }
        if self.take('e') || self.take('E') {
            let _signed = self.take('+') || self.take('-');
            self.digits()?;
        }
        let text = &start[..start.len() - self.rest.len()];
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        // `-0` would lose its sign as an integer.
        if let Ok(integer) = text.parse()
            && range.contains(&integer)
            && text != "-0"
        {
            return Ok(Value::Integer(integer));
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::Float(float)),
            _ => {
                self.rest = start;
                Err(JsonErrorKind::NumberTooLarge)
            }
        }
    }

    /// Steps over one digit or more.
    fn digits(&mut self) -> Parsed<()> {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == self.rest.len() {
            return Err(self.expected("a digit"));
        }
        self.rest = rest;
        Ok(())
    }

    /// Parses a string (RFC 8259 section 7). Text without escapes is copied in one
    /// piece.
    fn string(&mut self) -> Parsed<String> {
        self.expect('"', "a string in quotation marks")?;
        let mut string = String::new();
        loop {
            let (plain, rest) =
                self.rest.split_at(self.rest.find(must_be_escaped).unwrap_or(self.rest.len()));
            string.push_str(plain);
            self.rest = rest;
            if self.take('"') {
                return Ok(string);
            } else if self.take('\\') {
                string.push(self.escape()?);
            } else if self.rest.is_empty() {
                return Err(JsonErrorKind::UnexpectedEnd);
            } else {
                return Err(JsonErrorKind::ControlCharacter);
            }
        }
    }

    /// Parses what follows the backslash.
    fn escape(&mut self) -> Parsed<char> {
        let start = self.rest;
        let escaped = match self.next() {
            Some(itself @ ('"' | '\\' | '/')) => Ok(itself),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => char::from_u32(self.code_point()?).ok_or(JsonErrorKind::LoneSurrogate),
            Some(_) => {
                Err(JsonErrorKind::Expected("one of \" \\ / b f n r t u after the backslash"))
            }
            None => Err(JsonErrorKind::UnexpectedEnd),
        };
        escaped.inspect_err(|_| self.rest = start)
    }

    /// Parses what follows `\u`.
    ///
    /// Four digits reach only to U+FFFF. A character beyond is written as two escapes,
    /// a surrogate pair (UTF-16, RFC 2781 section 2.1). Half of a pair is returned as
    /// it is; the caller refuses it, since it is not a character.
    fn code_point(&mut self) -> Parsed<u32> {
        let first = self.four_digits()?;
        if (0xD800..0xDC00).contains(&first) && self.take('\\') && self.take('u') {
            let second = self.four_digits()?;
            if (0xDC00..0xE000).contains(&second) {
                return Ok(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
            }
        }
        Ok(first)
    }

    fn four_digits(&mut self) -> Parsed<u32> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|digit| digit.to_digit(16));
            number = number * 16
                + digit.ok_or_else(|| self.expected("four hexadecimal digits after \\u"))?;
            self.next();
        }
        Ok(number)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    /// Steps over `wanted` if it is the next character, and returns whether it was.
    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char, what: &'static str) -> Parsed<()> {
        if self.take(wanted) { Ok(()) } else { Err(self.expected(what)) }
    }

    /// RFC 8259 section 2 allows these four characters only; Unicode has more.
    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// The error when `what` should follow and does not.
    fn expected(&self, what: &'static str) -> JsonErrorKind {
        if self.rest.is_empty() {
            JsonErrorKind::UnexpectedEnd
        } else {
            JsonErrorKind::Expected(what)
        }
    }
}

/// Whether a string must escape this character (RFC 8259 section 7).
pub(super) fn must_be_escaped(c: char) -> bool {
    matches!(c, '"' | '\\' | '\0'..='\x1f')
}
