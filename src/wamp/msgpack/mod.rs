//! Values for programs alone: `MessagePack`,
//! <https://github.com/msgpack/msgpack/blob/master/spec.md>.
//!
//! A reader of JSON has to look at each character to find the end of a value. In
//! `MessagePack` the first byte of a value gives its type and often its length:
//!
//! ```text
//!   82                      map of 2 pairs                        {
//!      A2 6F 6B             string of 2 bytes, o k                  "ok":
//!      C3                   true                                    true,
//!      A3 72 74 74          string of 3 bytes, r t t                "rtt":
//!      CD 01 2C             integer in the next 2 bytes             300
//!                                                                 }
//! ```
//!
//! Small values and lengths are part of the first byte. Larger ones follow it, in as
//! few bytes as they need, big-endian:
//!
//! | value | within the first byte | in 1, 2, 4 or 8 bytes after it |
//! | --- | --- | --- |
//! | nil, false, true | `C0` `C2` `C3` | |
//! | integer | `00`–`7F` for 0 to 127, `E0`–`FF` for -32 to -1 | `CC`–`CF` without a sign, `D0`–`D3` with |
//! | float | | `CA` with 4, `CB` with 8 |
//! | string | `A0`–`BF` for up to 31 bytes | `D9`–`DB`, then the bytes |
//! | bytes | | `C4`–`C6`, then the bytes |
//! | list | `90`–`9F` for up to 15 values | `DC` with 2, `DD` with 4, then the values |
//! | map | `80`–`8F` for up to 15 pairs | `DE` with 2, `DF` with 4, then key and value in turn |
//! | extension | `D4`–`D8` for 1, 2, 4, 8 or 16 bytes | `C7`–`C9`; in both, its type and the bytes |
//!
//! A length is only a stranger's claim. `DD FF FF FF FF` announces 4,294,967,295
//! values, and a reader that allocates memory for them at once takes 137 GB for a
//! message of five bytes. Here a length beyond the end of the message is an error at
//! once, and memory is allocated for a few values only, then for more as they arrive.
//! One byte of a message can become a value of 32 bytes in memory, as in
//! [`json`](crate::json). So [`MAX_VALUES`] bounds their number, and [`MAX_DEPTH`] how
//! deep they are nested.
//!
//! | not defined by the specification | here |
//! | --- | --- |
//! | a key that occurs twice | the last value counts, at the place of the first, as in JSON |
//! | a key that is not a string | an error |
//! | a string that is not UTF-8 | an error |
//! | a value in more bytes than it needs | is read, and never written |
//! | a float in 4 bytes | becomes an `f64`, which holds it exactly; floats are written in 8 |
//! | extensions, such as time stamps | stay unchanged |

mod encode;

use std::fmt;
use std::io;

pub use encode::encode;

use crate::json::{MAX_DEPTH, MAX_VALUES, Map, Value};

/// The number of values or pairs for which memory is allocated before the first has
/// been read.
const ROOM: usize = 16;

/// Why bytes are not `MessagePack`, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsgpackError {
    /// What is wrong.
    pub kind: MsgpackErrorKind,
    /// The number of bytes before the wrong value.
    pub offset: usize,
}

/// Why bytes are not `MessagePack`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MsgpackErrorKind {
    /// The message ends within a value.
    UnexpectedEnd,
    /// The message continues after its value.
    TrailingBytes,
    /// A value begins with the byte `C1`, which has no meaning.
    NeverUsed,
    /// A string is not UTF-8.
    NotUtf8,
    /// A key in a map is not a string.
    KeyNotString,
    /// More than [`MAX_DEPTH`] lists and maps are nested.
    TooDeep,
    /// There are more than [`MAX_VALUES`] values.
    TooMany,
}

/// Decodes a message, which is one value.
///
/// ```
/// use roundtrip::wamp::msgpack;
///
/// let test = msgpack::parse(b"\x82\xA2ok\xC3\xA3rtt\xCD\x01\x2C")?;
/// assert_eq!(test.to_string(), r#"{"ok":true,"rtt":300}"#);
///
/// let error = msgpack::parse(b"\xDD\xFF\xFF\xFF\xFF").unwrap_err();
/// assert_eq!(error.to_string(), "at byte 0: the message ends before this value does");
/// # Ok::<(), msgpack::MsgpackError>(())
/// ```
///
/// # Errors
/// Describes what is wrong with the message, and where.
pub fn parse(message: &[u8]) -> Result<Value, MsgpackError> {
    let mut parser = Parser { rest: message, values: 0 };
    parser
        .message()
        .map_err(|kind| MsgpackError { kind, offset: message.len() - parser.rest.len() })
}

/// The first values of a list that cannot be decoded as a whole: at most so many, and
/// those before the error alone.
///
/// ```
/// use roundtrip::wamp::msgpack;
///
/// assert!(msgpack::parse(b"\x93\x30\x07\xC1").is_err());
/// assert_eq!(msgpack::beginning(b"\x93\x30\x07\xC1", 2), [48.into(), 7.into()]);
/// ```
#[must_use]
pub fn beginning(message: &[u8], most: usize) -> Vec<Value> {
    let mut parser = Parser { rest: message, values: 0 };
    let Ok(Begun::List(length)) = parser.begin() else { return Vec::new() };
    (0..length.min(most)).map_while(|_| parser.value(1).ok()).collect()
}

type Parsed<T> = Result<T, MsgpackErrorKind>;

/// The position of the parser: in front of `rest`. An error is where the parser
/// stopped.
struct Parser<'a> {
    rest: &'a [u8],
    /// How many values have begun.
    values: usize,
}

/// A value whose own bytes have been read, without the values in it.
enum Begun {
    /// A value that holds no others.
    Whole(Value),
    /// A list of this many values, which follow.
    List(usize),
    /// A map of this many pairs, which follow.
    Map(usize),
}

impl<'a> Parser<'a> {
    fn message(&mut self) -> Parsed<Value> {
        let value = self.value(0)?;
        if self.rest.is_empty() { Ok(value) } else { Err(MsgpackErrorKind::TrailingBytes) }
    }

    /// Reads a value that lies within `depth` others.
    fn value(&mut self, depth: usize) -> Parsed<Value> {
        if self.values == MAX_VALUES {
            return Err(MsgpackErrorKind::TooMany);
        }
        self.values += 1;
        let start = self.rest;
        match self.begin()? {
            Begun::Whole(value) => Ok(value),
            Begun::List(_) | Begun::Map(_) if depth == MAX_DEPTH => {
                self.wrong(start, MsgpackErrorKind::TooDeep)
            }
            Begun::List(length) => self.list(length, depth),
            Begun::Map(length) => self.map(length, depth),
        }
    }

    fn list(&mut self, length: usize, depth: usize) -> Parsed<Value> {
        let mut items = Vec::with_capacity(length.min(ROOM));
        for _ in 0..length {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, length: usize, depth: usize) -> Parsed<Value> {
        let mut pairs = Vec::with_capacity(length.min(ROOM));
        for _ in 0..length {
            pairs.push((self.key()?, self.value(depth + 1)?));
        }
        // Finds keys that occur twice, all at once.
        Ok(Value::Map(Map::from_iter(pairs)))
    }

    fn key(&mut self) -> Parsed<String> {
        let start = self.rest;
        match self.begin()? {
            Begun::Whole(Value::String(key)) => Ok(key),
            _ => self.wrong(start, MsgpackErrorKind::KeyNotString),
        }
    }

    /// Reads a value up to where the next one begins, after it or within it.
    fn begin(&mut self) -> Parsed<Begun> {
        let start = self.rest;
        self.begin_at_first_byte().or_else(|kind| self.wrong(start, kind))
    }

    /// Reads a value after [`begin`](Parser::begin). The formats of a type are numbered
    /// in sequence, each twice as wide as the one before.
    fn begin_at_first_byte(&mut self) -> Parsed<Begun> {
        let first = u8::from_be_bytes(self.array()?);
        Ok(Begun::Whole(match first {
            0x00..=0x7F => Value::Integer(first.into()),
            0x80..=0x8F => return self.members(u64::from(first & 0x0F), 2).map(Begun::Map),
            0x90..=0x9F => return self.members(u64::from(first & 0x0F), 1).map(Begun::List),
            0xA0..=0xBF => self.string(u64::from(first & 0x1F))?,
            0xC0 => Value::Null,
            0xC1 => return Err(MsgpackErrorKind::NeverUsed),
            0xC2 | 0xC3 => Value::Bool(first == 0xC3),
            0xC4..=0xC6 => {
                let length = self.number(1 << (first - 0xC4))?;
                Value::Bytes(self.take(length)?.to_vec())
            }
            0xC7..=0xC9 => {
                let length = self.number(1 << (first - 0xC7))?;
                self.extension(length)?
            }
            0xCA => Value::Float(f32::from_be_bytes(self.array()?).into()),
            0xCB => Value::Float(f64::from_be_bytes(self.array()?)),
            0xCC..=0xCF => Value::Integer(self.number(1 << (first - 0xCC))?.into()),
            0xD0..=0xD3 => {
                let bytes = 1 << (first - 0xD0);
                let unused = 64 - 8 * bytes;
                // Shifted back, a signed number fills up with its sign.
                Value::from((self.number(bytes)? << unused).cast_signed() >> unused)
            }
            0xD4..=0xD8 => self.extension(1 << (first - 0xD4))?,
            0xD9..=0xDB => {
                let length = self.number(1 << (first - 0xD9))?;
                self.string(length)?
            }
            0xDC | 0xDD => {
                let length = self.number(2 << (first - 0xDC))?;
                return self.members(length, 1).map(Begun::List);
            }
            0xDE | 0xDF => {
                let length = self.number(2 << (first - 0xDE))?;
                return self.members(length, 2).map(Begun::Map);
            }
            0xE0..=0xFF => Value::Integer(first.cast_signed().into()),
        }))
    }

    fn string(&mut self, length: u64) -> Parsed<Value> {
        let text = str::from_utf8(self.take(length)?).map_err(|_| MsgpackErrorKind::NotUtf8)?;
        Ok(Value::String(text.to_owned()))
    }

    fn extension(&mut self, length: u64) -> Parsed<Value> {
        let kind = i8::from_be_bytes(self.array()?);
        Ok(Value::Extension(kind, self.take(length)?.to_vec()))
    }

    /// Checks an announced number of values or pairs: each needs at least `least`
    /// bytes.
    fn members(&self, announced: u64, least: usize) -> Parsed<usize> {
        let announced = usize::try_from(announced).ok();
        announced
            .filter(|&length| length <= self.rest.len() / least)
            .ok_or(MsgpackErrorKind::UnexpectedEnd)
    }

    /// Reads a big-endian number of this many bytes, at most eight.
    fn number(&mut self, bytes: u32) -> Parsed<u64> {
        Ok(self.take(bytes.into())?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn array<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(MsgpackErrorKind::UnexpectedEnd)?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: u64) -> Parsed<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| MsgpackErrorKind::UnexpectedEnd)?;
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(MsgpackErrorKind::UnexpectedEnd)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Fails with the error of a value that began at `start`.
    fn wrong<T>(&mut self, start: &'a [u8], kind: MsgpackErrorKind) -> Parsed<T> {
        self.rest = start;
        Err(kind)
    }
}

impl fmt::Display for MsgpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}

impl fmt::Display for MsgpackErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MsgpackErrorKind::UnexpectedEnd => {
                f.write_str("the message ends before this value does")
            }
            MsgpackErrorKind::TrailingBytes => f.write_str("the message goes on after its value"),
            MsgpackErrorKind::NeverUsed => f.write_str("no value begins with the byte C1"),
            MsgpackErrorKind::NotUtf8 => f.write_str("a string that is not UTF-8"),
            MsgpackErrorKind::KeyNotString => f.write_str("a key in a map that is not a string"),
            MsgpackErrorKind::TooDeep => {
                write!(f, "more than {MAX_DEPTH} lists and maps within each other")
            }
            MsgpackErrorKind::TooMany => write!(f, "more than {MAX_VALUES} values"),
        }
    }
}

impl std::error::Error for MsgpackError {}

impl From<MsgpackError> for io::Error {
    fn from(error: MsgpackError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests;
