//! What is left of a message when its encoding is taken away.
//!
//! JSON and `MessagePack` write the same things down differently: numbers, strings,
//! lists, and maps from strings to any of these. A program that handles [`Value`]s does
//! not have to know which of the two a peer speaks:
//!
//! ```text
//!   {"ok":true}        ─ json ─────┐
//!                                  ├─▶ Value::Map [("ok", Value::Bool(true))]
//!   81 A2 6F 6B C3     ─ msgpack ──┘
//! ```
//!
//! A result is put together from what Rust has:
//!
//! ```
//! use roundtrip::json::{Map, Value};
//!
//! let rtt = Map::from([("count", 2u64.into()), ("min", 250.into())]);
//! let test = Value::from(Map::from([("test", "latency".into()), ("ok", true.into()), ("rtt_ns", rtt.into())]));
//! assert_eq!(test.to_string(), r#"{"test":"latency","ok":true,"rtt_ns":{"count":2,"min":250}}"#);
//! ```

use std::mem;

/// How many lists and maps may be open at once when a value is read.
///
/// More than anyone writes by hand, and few enough for the 256 KiB of stack that a
/// server's thread has: without optimization a level takes about 1 KiB. The tests
/// parse, copy, print and drop a value this deep in such a thread.
pub const MAX_DEPTH: usize = 128;

/// How many values there may be in one that is read.
///
/// A zero is one byte of a message and 32 bytes in memory, and in lists of lists it is
/// more: without this limit a message of 16 MiB would become 1.2 GiB. With it, what is
/// read takes some 50 MiB more than its strings.
pub const MAX_VALUES: usize = 1 << 18;

/// Anything that a message may say.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number from `i64::MIN` to `u64::MAX`: what `MessagePack` can hold, and
    /// what JSON is read into. The type is wider only because Rust has none of just
    /// this range.
    Integer(i128),
    /// Any other number, and one that was written with a fraction or an exponent. JSON
    /// cannot say that a number is infinite or not a number:
    /// [`json::encode`](super::encode) writes `null` for these, so leave a figure
    /// out that is not known.
    Float(f64),
    /// Text.
    String(String),
    /// Bytes that are not text. JSON has only text:
    /// [`json::encode`](super::encode) writes `null` for them.
    Bytes(Vec<u8>),
    /// What a program, or the `MessagePack` specification for a type below zero, has
    /// given a meaning of its own; type -1 is a time stamp. It is kept as it came. JSON
    /// has nothing of the kind, and `null` is written for it.
    Extension(i8, Vec<u8>),
    /// Values in order: an array in JSON.
    List(Vec<Value>),
    /// Values by name: an object in JSON.
    Map(Map),
}

/// Pairs of a key and a value, in the order in which the keys were first inserted. No
/// key is there twice.
///
/// It keeps the order so that what is printed reads as it was put together, and
/// comparing two maps heeds it. Looking up a key goes through the pairs one by one: the
/// maps in messages are small.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    pairs: Vec<(String, Value)>,
}

impl Value {
    /// The text of a string.
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

    /// The bytes of what is not text.
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

    /// An integer that is not negative.
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

    /// An integer up to `i64::MAX`.
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

    /// Any number. An integer of more than 53 bits is rounded to the nearest that an
    /// `f64` holds.
    ///
    /// ```
    /// use roundtrip::json::Value;
    ///
    /// assert_eq!(Value::from(0.5).as_f64(), Some(0.5));
    /// assert_eq!(Value::from(2).as_f64(), Some(2.0));
    /// assert_eq!(Value::from("2").as_f64(), None);
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "who asks for an f64 knows how much it holds")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Yes or no.
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

    /// The values of a list.
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

    /// The pairs of a map.
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

    /// What a map has under this key; `None` also when this is no map.
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
    /// A map with nothing in it.
    ///
    /// ```
    /// assert_eq!(roundtrip::json::Map::new().len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value under a key: at the end or, where the key is there already, in the
    /// place of its value.
    ///
    /// ```
    /// use roundtrip::json::{Map, Value};
    ///
    /// let mut map = Map::from([("sent", 1.into()), ("received", 0.into())]);
    /// map.insert("sent", 2);
    /// map.insert("ok", false);
    /// assert_eq!(Value::from(map).to_string(), r#"{"sent":2,"received":0,"ok":false}"#);
    /// ```
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        match self.pairs.iter_mut().find(|pair| pair.0 == key) {
            Some(pair) => pair.1 = value,
            None => self.pairs.push((key, value)),
        }
    }

    /// Puts in every pair of another map, as [`insert`](Self::insert) does.
    pub fn extend(&mut self, other: &Map) {
        other.iter().for_each(|(key, value)| self.insert(key, value.clone()));
    }

    /// What is under this key.
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

    /// The values in order, to be changed where they are.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.pairs.iter_mut().map(|(_, value)| value)
    }

    /// How many pairs there are.
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

    /// Whether there are none.
    ///
    /// ```
    /// assert!(roundtrip::json::Map::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// As inserting one pair after the other, but quicker. A stranger chooses how many keys
/// a message has: were each compared with all before it, a hundred thousand keys would
/// cost five thousand million comparisons. Sorted, they cost two million.
impl<K: Into<String>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value));
        let mut numbered: Vec<(usize, (String, Value))> = pairs.enumerate().collect();
        // Equal keys stay in their order when sorted, so each replaces the value of the
        // one before it.
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

/// `From` for what a variant of [`Value`] is made of, or converts into without loss.
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
