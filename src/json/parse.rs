//! How does a text that a stranger wrote become values, without harm to the reader?
//! JSON, RFC 8259.
//!
//! The grammar is small enough to keep in mind, and recursive: a value may hold values.
//!
//! ```text
//!   value   null   true   false   number   string   list   map
//!   list    [ value , value … ]
//!   map     { string : value , string : value … }
//!   string  " characters, and \escapes "
//!   number  -  digits  .digits  e±digits            all but the digits may be missing
//! ```
//!
//! Such a grammar is read by recursive descent: each rule is a method, which calls
//! those of the rules that it is made of. What it needs against strangers is one limit.
//! Every `[` is a call and takes stack, and a stack that overflows is no error that can
//! be handled but the end of the process: a hundred thousand `[`, 100 kB, would be
//! enough. So [`MAX_DEPTH`] it is.
//!
//! JSON announces no lengths for which a reader would have to make room in advance, so
//! who bounds the length of the text bounds the memory; but a value takes 32 bytes and
//! a pair in a map 64, where `0,` are two. So there may be no more of them than
//! [`MAX_VALUES`].
//!
//! The RFC leaves some questions to whoever reads, and programs that answer them
//! differently misunderstand each other. Here:
//!
//! | question | answer |
//! | --- | --- |
//! | a key that is there twice (section 4) | the last value is taken, at the place of the first |
//! | whole numbers (section 6) | exact from `i64::MIN` to `u64::MAX`, if written without fraction and exponent |
//! | `-0` (section 6) | a float: integers have no such zero |
//! | other numbers (section 6) | the nearest `f64`; an error if that is infinity |
//! | a byte order mark (section 8.1) | an error |
//! | half of a surrogate pair (section 8.2) | an error: it is no character, and a `String` has no place for it |
//! | depth, and how many values (section 9) | [`MAX_DEPTH`], [`MAX_VALUES`] |

use std::fmt;
use std::io;

use super::{MAX_DEPTH, MAX_VALUES, Map, Value};

/// Why a text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// The line where it is wrong; the first is 1.
    pub line: usize,
    /// The character in that line, not the byte; the first is 1.
    pub column: usize,
}

/// What can be wrong with a text that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The bytes are not UTF-8, or end within a character.
    NotUtf8,
    /// The text ends before the value does.
    UnexpectedEnd,
    /// Something else stands where only this may.
    Expected(&'static str),
    /// A number has a `0` in front of its first digit.
    LeadingZero,
    /// A number is so large that the nearest `f64` is infinity.
    NumberTooLarge,
    /// A string has a character below U+0020 in it that is not escaped; a line break is
    /// the usual one.
    ControlCharacter,
    /// A `\u` escape is one half of a surrogate pair, and the other half is not beside
    /// it.
    LoneSurrogate,
    /// More than [`MAX_DEPTH`] lists and maps are open.
    TooDeep,
    /// There are more than [`MAX_VALUES`] values.
    TooMany,
}

/// Reads a text that is one value.
///
/// ```
/// use roundtrip::json;
///
/// let test = json::parse(br#"{"test": "latency", "rtt_ns": {"min": 250, "mean": 300.5}}"#)?;
/// assert_eq!(test.get("test").and_then(|test| test.as_str()), Some("latency"));
/// assert_eq!(test.get("rtt_ns").and_then(|rtt| rtt.get("min")?.as_u64()), Some(250));
///
/// let error = json::parse(b"[1,\n 2,]").unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 4: expected a value");
/// # Ok::<(), json::JsonError>(())
/// ```
///
/// # Errors
/// Says what is wrong with the text, and where.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let valid = str::from_utf8(text)
        .map_err(|error| JsonError::new(JsonErrorKind::NotUtf8, &text[..error.valid_up_to()]))?;
    let mut parser = Parser { rest: valid, values: 0 };
    parser.document().map_err(|kind| JsonError::new(kind, &text[..text.len() - parser.rest.len()]))
}

type Parsed<T> = Result<T, JsonErrorKind>;

/// Where the parser stands: in front of `rest`. An error is wherever it stood when it
/// gave up.
struct Parser<'a> {
    rest: &'a str,
    /// How many values have begun.
    values: usize,
}

impl Parser<'_> {
    fn document(&mut self) -> Parsed<Value> {
        let value = self.value(0)?;
        self.skip_white_space();
        if self.rest.is_empty() { Ok(value) } else { Err(self.expected("the end of the text")) }
    }

    /// A value that is in `depth` others.
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
                // Else a vector begins with room for four, and `[[[[0]]]]` takes four
                // times the memory that it needs.
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
        // Keys that are there twice are found here, all at once.
        Ok(Value::Map(Map::from_iter(pairs)))
    }

    /// Whether one more member follows in a list or a map. Steps over the comma in
    /// front of any but the first.
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

    /// A value that holds no others.
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

    /// RFC 8259 section 6.
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
        // No integer has the zero that `-0` stands for.
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

    /// One digit or more.
    fn digits(&mut self) -> Parsed<()> {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == self.rest.len() {
            return Err(self.expected("a digit"));
        }
        self.rest = rest;
        Ok(())
    }

    /// RFC 8259 section 7. What needs no escape is copied in one piece.
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

    /// What follows the backslash.
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

    /// What follows the `u` of an escape. Its four digits do not reach beyond U+FFFF: a
    /// character from there is written as two escapes, as UTF-16 does it (RFC 2781
    /// section 2.1), with numbers that are no characters. One of them alone is returned
    /// as it is.
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

    /// Steps over this character, if it is the next.
    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char, what: &'static str) -> Parsed<()> {
        if self.take(wanted) { Ok(()) } else { Err(self.expected(what)) }
    }

    /// Four characters and no others (RFC 8259 section 2); Unicode has more.
    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// The error of a parser that stands in front of something else.
    fn expected(&self, what: &'static str) -> JsonErrorKind {
        if self.rest.is_empty() {
            JsonErrorKind::UnexpectedEnd
        } else {
            JsonErrorKind::Expected(what)
        }
    }
}

/// What may not stand in a string as it is (RFC 8259 section 7).
pub(super) fn must_be_escaped(c: char) -> bool {
    matches!(c, '"' | '\\' | '\0'..='\x1f')
}

impl JsonError {
    /// At the end of what was read `before`.
    fn new(kind: JsonErrorKind, before: &[u8]) -> Self {
        let line = before.split(|&byte| byte == b'\n').count();
        let start = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        JsonError { kind, line, column: String::from_utf8_lossy(start).chars().count() + 1 }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JsonError { kind, line, column } = self;
        write!(f, "line {line}, column {column}: {kind}")
    }
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonErrorKind::NotUtf8 => f.write_str("not UTF-8 from here on"),
            JsonErrorKind::UnexpectedEnd => f.write_str("the text ends before the value does"),
            JsonErrorKind::Expected(what) => write!(f, "expected {what}"),
            JsonErrorKind::LeadingZero => {
                f.write_str("a number has no zero in front of its first digit")
            }
            JsonErrorKind::NumberTooLarge => write!(f, "the number is larger than {:e}", f64::MAX),
            JsonErrorKind::ControlCharacter => {
                f.write_str("a control character in a string must be escaped, such as \\n")
            }
            JsonErrorKind::LoneSurrogate => {
                f.write_str("half of a surrogate pair, which is no character")
            }
            JsonErrorKind::TooDeep => {
                write!(f, "more than {MAX_DEPTH} lists and maps within each other")
            }
            JsonErrorKind::TooMany => write!(f, "more than {MAX_VALUES} values"),
        }
    }
}

impl std::error::Error for JsonError {}

impl From<JsonError> for io::Error {
    fn from(error: JsonError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}
