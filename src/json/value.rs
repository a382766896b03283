//! What a message says, independent of its encoding.
//!
//! JSON and `MessagePack` encode the same things differently: numbers, strings, lists,
//! and maps from strings to any of these. A program that works with [`Value`]s need not
//! know which encoding a peer uses:
//!
//! ```text
//!   {"ok":true}        ─ JSON ─────────┐
//!                                      ├─▶ Value::Map [("ok", Value::Bool(true))]
//!   81 A2 6F 6B C3     ─ MessagePack ──┘
//! ```
//!
//! Rust values convert with `into()`:
//!
//! ```
//! use roundtrip::json::{Map, Value};
//!
//! let rtt = Map::from([("count", 2u64.into()), ("min", 250.into())]);
//! let test = Value::from(Map::from([("ok", true.into()), ("rtt_ns", rtt.into())]));
//! assert_eq!(test.to_string(), r#"{"ok":true,"rtt_ns":{"count":2,"min":250}}"#);
//! ```

use std::mem;

/// The most lists and maps that may be nested in a value that is read.
///
/// This is more than people write by hand, and fits into the 256 KiB of stack that a
/// server's thread has: without optimization a level takes about 1 KiB. The tests
/// parse, copy, print and drop a value this deep in such a thread.
pub const MAX_DEPTH: usize = 128;

/// The most values that one message may hold.
///
/// A zero is one byte in a message and 32 bytes in memory, and lists of lists take
/// more: without this limit a message of 16 MiB could become 1.2 GiB. With the limit, a
/// message takes at most about 50 MiB beyond the bytes of its strings.
pub const MAX_VALUES: usize = 1 << 18;

/// Anything that a message can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from `i64::MIN` to `u64::MAX`. The type is wider only because
    /// Rust has none with exactly this range.
    Integer(i128),
    /// Any other number, and every number that was written with a fraction or an
    /// exponent. JSON has neither infinity nor NaN, and
    /// [`json::encode`](fn@super::encode) writes `null` for both.
    Float(f64),
    /// Text.
    String(String),
    /// Bytes that are not text, from `MessagePack`. JSON has only text, and
    /// [`json::encode`](fn@super::encode) writes `null` for bytes.
    Bytes(Vec<u8>),
    /// A `MessagePack` extension: a type number and its bytes, kept unchanged. The
    /// specification defines types below zero (-1 is a time stamp), programs define the
    /// others. [`json::encode`](fn@super::encode) writes `null` for an extension.
    Extension(i8, Vec<u8>),
    /// Values in order: an array in JSON.
    List(Vec<Value>),
    /// Values by name: an object in JSON.
    Map(Map),
}

/// Pairs of a key and a value, in the order in which the keys were first inserted. Each
/// key occurs once.
///
/// The order is kept so that output reads as it was built, and two maps are equal only
/// if their order is. Looking up a key compares the pairs one by one, since maps in
/// messages are small.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    pairs: Vec<(String, Value)>,
}

impl Value {
    /// The text of a string; `None` for other values.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from("lag").as_str(), Some("lag"));
    /// assert_eq!(Value::Null.as_str(), None);
    /// ```
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    /// The bytes of [`Value::Bytes`]; `None` for other values.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from(vec![0xC0, 0xFF]).as_bytes(), Some(&[0xC0, 0xFF][..]));
    /// assert_eq!(Value::from("text").as_bytes(), None);
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The value of an integer that fits into a `u64`.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from(u64::MAX).as_u64(), Some(u64::MAX));
    /// assert_eq!(Value::from(-1).as_u64(), None);
    /// assert_eq!(Value::from(1.0).as_u64(), None);
    /// ```
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Value::Integer(number) = self { u64::try_from(*number).ok() } else { None }
    }

    /// The value of an integer that fits into an `i64`.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from(-1).as_i64(), Some(-1));
    /// assert_eq!(Value::from(u64::MAX).as_i64(), None);
    /// ```
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Integer(number) = self { i64::try_from(*number).ok() } else { None }
    }

    /// The value of any number. An integer of more than 53 bits is rounded to the
    /// nearest `f64`.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from(0.5).as_f64(), Some(0.5));
    /// assert_eq!(Value::from(2).as_f64(), Some(2.0));
    /// assert_eq!(Value::from("2").as_f64(), None);
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "documented above")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a `Bool`; `None` for other values.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from(true).as_bool(), Some(true));
    /// assert_eq!(Value::from(1).as_bool(), None);
    /// ```
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The items of a list; `None` for other values.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// let list = Value::from(vec![Value::from(1), Value::from("two")]);
    /// assert_eq!(list.as_list().map(<[Value]>::len), Some(2));
    /// ```
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    /// The pairs of a map; `None` for other values.
    ///
    /// ```
    /// use roundtrip::json::{Map, Value};
    ///
    /// let value = Value::from(Map::from([("ok", true.into())]));
    /// assert!(value.as_map().is_some_and(|map| map.len() == 1));
    /// ```
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        if let Value::Map(map) = self { Some(map) } else { None }
    }

    /// The value under a key, if this is a map and has the key.
    ///
    /// ```
    /// use roundtrip::json::{Map, Value};
    ///
    /// let answer = Value::from(Map::from([("uptime", 5u64.into())]));
    /// assert_eq!(answer.get("uptime").and_then(Value::as_u64), Some(5));
    /// assert_eq!(Value::from(5).get("uptime"), None);
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }
}

impl Map {
    /// An empty map.
    ///
    /// ```
    /// assert_eq!(roundtrip::json::Map::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of a key. A new key is added at the end; a known key keeps its
    /// place.
    ///
    /// ```
    /// use roundtrip::json::{Map, Value};
    ///
    /// let mut map = Map::from([("sent", 1.into()), ("received", 0.into())]);
    /// map.insert("sent", 2);
    /// map.insert("ok", false);
    /// let text = r#"{"sent":2,"received":0,"ok":false}"#;
    /// assert_eq!(Value::from(map).to_string(), text);
    /// ```
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        match self.pairs.iter_mut().find(|pair| pair.0 == key) {
            Some(pair) => pair.1 = value,
            None => self.pairs.push((key, value)),
        }
    }

    /// Inserts every pair of another map, as [`insert`](Self::insert) does.
    pub fn extend(&mut self, other: &Map) {
        other.iter().for_each(|(key, value)| self.insert(key, value.clone()));
    }

    /// The value under a key.
    ///
    /// ```
    /// use roundtrip::json::{Map, Value};
    ///
    /// let map = Map::from([("sent", 1.into())]);
    /// assert_eq!(map.get("sent"), Some(&Value::Integer(1)));
    /// assert_eq!(map.get("received"), None);
    /// ```
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter().find(|pair| pair.0 == key).map(|pair| pair.1)
    }

    /// The pairs in order.
    ///
    /// ```
    /// use roundtrip::json::Map;
    ///
    /// let map = Map::from([("b", 1.into()), ("a", 2.into())]);
    /// assert!(map.iter().map(|(key, _)| key).eq(["b", "a"]));
    /// ```
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The values in order, to be changed in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.pairs.iter_mut().map(|(_, value)| value)
    }

    /// The number of pairs.
    ///
    /// ```
    /// use roundtrip::json::Map;
    ///
    /// assert_eq!(Map::from([("a", 1.into()), ("a", 2.into())]).len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether the map is empty.
    ///
    /// ```
    /// assert!(roundtrip::json::Map::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// The result is that of inserting the pairs one by one, but the time is not quadratic.
/// A stranger chooses how many keys a message has. If each key were compared with all
/// before it, 100,000 keys would cost 5,000 million comparisons. Sorting costs 2
/// million.
impl<K: Into<String>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value));
        let mut numbered: Vec<(usize, (String, Value))> = pairs.enumerate().collect();
        // The sort is stable: equal keys stay in their order, and the last value wins.
        numbered.sort_by(|(_, a), (_, b)| a.0.cmp(&b.0));
        numbered.dedup_by(|(_, later), (_, kept)| {
            let same = later.0 == kept.0;
            if same {
                mem::swap(&mut later.1, &mut kept.1);
            }
            same
        });
        numbered.sort_unstable_by_key(|(number, _)| *number);
        Map { pairs: numbered.into_iter().map(|(_, pair)| pair).collect() }
    }
}

impl<K: Into<String>, const N: usize> From<[(K, Value); N]> for Map {
    fn from(pairs: [(K, Value); N]) -> Self {
        pairs.into_iter().collect()
    }
}

/// Implements `From` for types that convert to a variant of [`Value`] without loss.
macro_rules! from {
    ($variant:ident: $($of:ty),+) => {
        $(impl From<$of> for Value {
            fn from(from: $of) -> Self {
                Value::$variant(from.into())
            }
        })+
    };
}

from!(Bool: bool);
from!(Integer: u16, u32, u64, i32, i64);
from!(Float: f64);
from!(String: &str, String);
from!(Bytes: Vec<u8>);
from!(List: Vec<Value>);
from!(Map: Map);

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Integer(number as i128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collecting_pairs_is_inserting_them_one_by_one() {
        // Every sequence of five keys out of three.
        for sequence in 0..3usize.pow(5) {
            let keys = (0..5).map(|position| ["a", "b", "c"][sequence / 3usize.pow(position) % 3]);
            let pairs = keys.zip((0..).map(Value::from));
            let mut inserted = Map::new();
            pairs.clone().for_each(|(key, value)| inserted.insert(key, value));
            assert_eq!(pairs.collect::<Map>(), inserted);
        }
    }

    #[test]
    fn integers_keep_their_value() {
        for number in [0, 1, u64::MAX] {
            assert_eq!(Value::from(number).as_u64(), Some(number));
        }
        for number in [0, i64::MIN, i64::MAX] {
            assert_eq!(Value::from(number).as_i64(), Some(number));
        }
        assert_eq!(Value::from(usize::MAX), Value::Integer(i128::try_from(usize::MAX).unwrap()));
    }
}
