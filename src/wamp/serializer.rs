//! Messages as bytes, in one of two ways.

use std::fmt;
use std::str::FromStr;

use super::{Message, WampError};
use super::{base64, msgpack};
use crate::json::{self, Value};

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serializer {
    /// As text, which takes longer to write and to read, and is easy to look at.
    Json,
    /// As bytes.
    MessagePack,
}

impl Serializer {
    /// Both of them.
    pub const ALL: [Serializer; 2] = [Serializer::Json, Serializer::MessagePack];

    /// What it is called on a command line: `json` or `msgpack`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Serializer::Json => "json",
            Serializer::MessagePack => "msgpack",
        }
    }

    /// What it is called when a WebSocket is opened.
    #[must_use]
    pub fn subprotocol(self) -> &'static str {
        match self {
            Serializer::Json => "wamp.2.json",
            Serializer::MessagePack => "wamp.2.msgpack",
        }
    }

    /// The one that is called so when a WebSocket is opened.
    ///
    /// ```
    /// use roundtrip::wamp::Serializer;
    ///
    /// assert_eq!(Serializer::from_subprotocol("wamp.2.msgpack"), Some(Serializer::MessagePack));
    /// assert_eq!(Serializer::from_subprotocol("wamp.2.cbor"), None);
    /// ```
    #[must_use]
    pub fn from_subprotocol(subprotocol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|serializer| serializer.subprotocol() == subprotocol)
    }

    /// Its number in the handshake of a [`rawsocket`](crate::wamp::rawsocket).
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Serializer::Json => 1,
            Serializer::MessagePack => 2,
        }
    }

    /// The one that has this number.
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

    /// Whether a WebSocket carries its messages as text.
    #[must_use]
    pub fn is_text(self) -> bool {
        self == Serializer::Json
    }

    /// Reads a message. In JSON a string that begins with U+0000 and goes on in Base64
    /// is bytes.
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
    /// Says what is wrong with the bytes, or with the message in them.
    pub fn decode(self, bytes: &[u8]) -> Result<Message, WampError> {
        let value = match self {
            Serializer::Json => {
                let mut value = json::parse(bytes).map_err(WampError::Json)?;
                restore_bytes(&mut value);
                value
            }
            Serializer::MessagePack => msgpack::parse(bytes).map_err(WampError::Msgpack)?,
        };
        Message::from_value(value)
    }

    /// Appends a message as bytes.
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
                spell_bytes(&mut value);
                let mut text = String::with_capacity(128);
                json::encode(&value, &mut text);
                out.extend_from_slice(text.as_bytes());
            }
            Serializer::MessagePack => msgpack::encode(&value, out),
        }
    }
}

/// JSON has no bytes: they are sent as a string that begins with U+0000 and goes on in
/// Base64 (WAMP, "Binary conversion of JSON Strings").
fn spell_bytes(value: &mut Value) {
    match value {
        Value::Bytes(bytes) => *value = Value::String(format!("\0{}", base64::encode(bytes))),
        Value::List(items) => items.iter_mut().for_each(spell_bytes),
        Value::Map(map) => map.values_mut().for_each(spell_bytes),
        _ => {}
    }
}

/// WAMP, "Binary conversion of JSON Strings". A string that begins as bytes do and does
/// not go on so stays what it is: then a router passes it on as it was.
fn restore_bytes(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(bytes) = text.strip_prefix('\0').and_then(base64::decode) {
                *value = Value::Bytes(bytes);
            }
        }
        Value::List(items) => items.iter_mut().for_each(restore_bytes),
        Value::Map(map) => map.values_mut().for_each(restore_bytes),
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
        named.ok_or_else(|| format!("{text:?} is no serializer; choose json or msgpack"))
    }
}
