//! Messages as bytes: JSON or `MessagePack`.

use std::fmt;
use std::str::FromStr;

use super::message::{Message, WampError};
use super::{base64, msgpack};
use crate::json::{self, Value};

/// How messages are written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serializer {
    /// As text, which a person can read, and which takes longer to write and to parse.
    Json,
    /// As binary data.
    MessagePack,
}

impl Serializer {
    /// Both serializers.
    pub const ALL: [Serializer; 2] = [Serializer::Json, Serializer::MessagePack];

    /// The name on a command line: `json` or `msgpack`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Serializer::Json => "json",
            Serializer::MessagePack => "msgpack",
        }
    }

    /// The name in the handshake of a [`websocket`](crate::wamp::websocket).
    #[must_use]
    pub fn subprotocol(self) -> &'static str {
        match self {
            Serializer::Json => "wamp.2.json",
            Serializer::MessagePack => "wamp.2.msgpack",
        }
    }

    /// The serializer with this name in the handshake of a
    /// [`websocket`](crate::wamp::websocket).
    ///
    /// ```
    /// use roundtrip::wamp::Serializer;
    ///
    /// let msgpack = Serializer::from_subprotocol("wamp.2.msgpack");
    /// assert_eq!(msgpack, Some(Serializer::MessagePack));
    /// assert_eq!(Serializer::from_subprotocol("wamp.2.cbor"), None);
    /// ```
    #[must_use]
    pub fn from_subprotocol(subprotocol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|serializer| serializer.subprotocol() == subprotocol)
    }

    /// The number in the handshake of a [`rawsocket`](crate::wamp::rawsocket).
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Serializer::Json => 1,
            Serializer::MessagePack => 2,
        }
    }

    /// The serializer with this number in the handshake of a
    /// [`rawsocket`](crate::wamp::rawsocket).
    ///
    /// ```
    /// use roundtrip::wamp::Serializer;
    ///
    /// assert_eq!(Serializer::from_number(1), Some(Serializer::Json));
    /// assert_eq!(Serializer::from_number(3), None);
    /// ```
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|serializer| serializer.number() == number)
    }

    /// Whether a WebSocket carries these messages as text, and not as binary data.
    #[must_use]
    pub fn is_text(self) -> bool {
        self == Serializer::Json
    }

    /// Decodes a message. In JSON, a string that begins with U+0000 and continues in
    /// Base64 stands for bytes.
    ///
    /// ```
    /// use roundtrip::wamp::Serializer;
    ///
    /// let json = br#"[50,1,{},["\u0000/w=="]]"#;
    /// let msgpack = b"\x94\x32\x01\x80\x91\xC4\x01\xFF";
    /// assert_eq!(Serializer::Json.decode(json)?, Serializer::MessagePack.decode(msgpack)?);
    /// # Ok::<(), roundtrip::wamp::WampError>(())
    /// ```
    ///
    /// # Errors
    /// Describes what is wrong with the bytes, or with the message in them.
    pub fn decode(self, bytes: &[u8]) -> Result<Message, WampError> {
        let value = match self {
            Serializer::Json => {
                let mut value = json::parse(bytes).map_err(WampError::Json)?;
                strings_to_bytes(&mut value);
                value
            }
            Serializer::MessagePack => msgpack::parse(bytes).map_err(WampError::Msgpack)?,
        };
        Message::from_value(value)
    }

    /// The values at the beginning of a message that cannot be decoded, at most so
    /// many.
    pub(super) fn beginning(self, bytes: &[u8], most: usize) -> Vec<Value> {
        match self {
            Serializer::Json => json::beginning(bytes, most),
            Serializer::MessagePack => msgpack::beginning(bytes, most),
        }
    }

    /// Encodes a message, and appends the bytes to `out`.
    ///
    /// ```
    /// use roundtrip::wamp::{Message, Serializer};
    ///
    /// let mut out = Vec::new();
    /// Serializer::Json.encode(Message::Unregistered { request: 7 }, &mut out);
    /// assert_eq!(out, b"[67,7]");
    /// ```
    pub fn encode(self, message: Message, out: &mut Vec<u8>) {
        let mut value = message.into_value();
        match self {
            Serializer::Json => {
                bytes_to_strings(&mut value);
                let mut text = String::with_capacity(128);
                json::encode(&value, &mut text);
                out.extend_from_slice(text.as_bytes());
            }
            Serializer::MessagePack => msgpack::encode(&value, out),
        }
    }
}

/// Replaces bytes, which JSON does not have, by a string that begins with U+0000 and
/// continues in Base64 (WAMP, "Binary conversion of JSON Strings").
fn bytes_to_strings(value: &mut Value) {
    match value {
        Value::Bytes(bytes) => *value = Value::String(format!("\0{}", base64::encode(bytes))),
        Value::List(items) => items.iter_mut().for_each(bytes_to_strings),
        Value::Map(map) => map.values_mut().for_each(bytes_to_strings),
        _ => {}
    }
}

/// Undoes [`bytes_to_strings`]. A string that begins with U+0000 and does not continue
/// in Base64 stays a string, so that a router passes it on unchanged.
fn strings_to_bytes(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(bytes) = text.strip_prefix('\0').and_then(base64::decode) {
                *value = Value::Bytes(bytes);
            }
        }
        Value::List(items) => items.iter_mut().for_each(strings_to_bytes),
        Value::Map(map) => map.values_mut().for_each(strings_to_bytes),
        _ => {}
    }
}

impl fmt::Display for Serializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Serializer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|serializer| serializer.name() == text);
        named.ok_or_else(|| format!("{text:?} is not a serializer; choose json or msgpack"))
    }
}
