//! How is a value written for programs alone? `MessagePack`,
//! <https://github.com/msgpack/msgpack/blob/master/spec.md>.
//!
//! JSON is read character by character, to find out where each value ends. Here the
//! first byte of each value says what it is and how long, so that a reader knows what
//! comes before it comes:
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
//! Small values are part of that first byte, and a larger one is followed by as many
//! bytes of length, or of the number itself, as are needed. All are big-endian:
//!
//! | value | in the first byte | followed by 1, 2, 4 or 8 bytes |
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
//! What makes it quick makes it dangerous: a length is only what a stranger claims. `DD
//! FF FF FF FF` announces four thousand million values, and a reader that makes room
//! for them before it looks any further takes 137 GB for a message of five bytes. Here
//! a length that goes beyond the end of the message is an error at once, and room is
//! made for a few values only; more is taken as they turn up. As in
//! [`json`](crate::json), what is one byte of the message is 32 bytes as a value, and
//! so their number is bounded by [`MAX_VALUES`], as depth is by [`MAX_DEPTH`].
//!
//! | left open by the specification | here |
//! | --- | --- |
//! | a key that is there twice | the last value is taken, at the place of the first, as in JSON |
//! | a key that is no string | an error |
//! | a string that is not UTF-8 | an error |
//! | a value in more bytes than it needs | taken; never written |
//! | a float in 4 bytes | becomes an `f64`, which holds it exactly; floats are written in 8 |
//! | extensions, time stamps among them | kept as they are |

mod encode;

use std::fmt;
use std::io;

pub use encode::encode;

use crate::json::{MAX_DEPTH, MAX_VALUES, Map, Value};

/// For how many values or pairs there is room before the first has arrived.
const ROOM: usize = 16;

/// Why bytes are not `MessagePack`, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsgpackError {
    /// What is wrong.
    pub kind: MsgpackErrorKind,
    /// How many bytes there are before the value that is wrong.
    pub offset: usize,
}

/// What can be wrong with bytes that should be `MessagePack`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MsgpackErrorKind {
    /// The message ends before this value does.
    UnexpectedEnd,
    /// The message goes on after its value.
    TrailingBytes,
    /// The byte `C1`, which begins no value.
    NeverUsed,
    /// A string is not UTF-8.
    NotUtf8,
    /// A key in a map is this instead of a string.
    KeyNotString(&'static str),
    /// More than [`MAX_DEPTH`] lists and maps are open.
    TooDeep,
    /// There are more than [`MAX_VALUES`] values.
    TooMany,
}

/// Reads a message that is one value.
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
/// Says what is wrong with the message, and where.
pub fn parse(message: &[u8]) -> Result<Value, MsgpackError> {
    let mut parser = Parser { rest: message, values: 0 };
    parser
        .message()
        .map_err(|kind| MsgpackError { kind, offset: message.len() - parser.rest.len() })
}

type Parsed<T> = Result<T, MsgpackErrorKind>;

/// Where the parser stands: in front of `rest`. An error is wherever it stood when it
/// gave up.
struct Parser<'a> {
    rest: &'a [u8],
    /// How many values have begun.
    values: usize,
}

/// A value whose first byte has been read, and all that belongs to it alone.
enum Begun {
    /// A value that holds no others.
    Whole(Value),
    /// A list of so many values, which follow.
    List(usize),
    /// A map of so many pairs, which follow.
    Map(usize),
}

impl<'a> Parser<'a> {
    fn message(&mut self) -> Parsed<Value> {
        let value = self.value(0)?;
        if self.rest.is_empty() { Ok(value) } else { Err(MsgpackErrorKind::TrailingBytes) }
    }

    /// A value that is in `depth` others.
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
        // Keys that are there twice are found here, all at once.
        Ok(Value::Map(Map::from_iter(pairs)))
    }

    fn key(&mut self) -> Parsed<String> {
        let start = self.rest;
        match self.begin()? {
            Begun::Whole(Value::String(key)) => Ok(key),
            other => self.wrong(start, MsgpackErrorKind::KeyNotString(name(&other))),
        }
    }

    /// Reads a value up to where the next one begins: beside it, or in it.
    fn begin(&mut self) -> Parsed<Begun> {
        let start = self.rest;
        self.first_byte_on().or_else(|kind| self.wrong(start, kind))
    }

    /// Each family has its formats in a row, each twice as wide as the one before it.
    fn first_byte_on(&mut self) -> Parsed<Begun> {
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

    /// How many values or pairs follow, if so many can: each is `least` bytes long at
    /// least.
    fn members(&self, announced: u64, least: usize) -> Parsed<usize> {
        let announced = usize::try_from(announced).ok();
        announced
            .filter(|&length| length <= self.rest.len() / least)
            .ok_or(MsgpackErrorKind::UnexpectedEnd)
    }

    /// A big-endian number of so many bytes, eight at most.
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

    /// The error of a value that began at `start`.
    fn wrong<T>(&mut self, start: &'a [u8], kind: MsgpackErrorKind) -> Parsed<T> {
        self.rest = start;
        Err(kind)
    }
}

fn name(begun: &Begun) -> &'static str {
    match begun {
        Begun::List(_) | Begun::Whole(Value::List(_)) => "a list",
        Begun::Map(_) | Begun::Whole(Value::Map(_)) => "a map",
        Begun::Whole(Value::Null) => "nil",
        Begun::Whole(Value::Bool(_)) => "a boolean",
        Begun::Whole(Value::Integer(_)) => "an integer",
        Begun::Whole(Value::Float(_)) => "a float",
        Begun::Whole(Value::String(_)) => "a string",
        Begun::Whole(Value::Bytes(_)) => "bytes",
        Begun::Whole(Value::Extension(..)) => "an extension",
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
            MsgpackErrorKind::KeyNotString(what) => {
                write!(f, "the key in a map is {what} and not a string")
            }
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
