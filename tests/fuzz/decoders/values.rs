//! JSON, `MessagePack`, Base64, and the messages of WAMP in both.

use roundtrip::json::{self, Value};
use roundtrip::wamp::{Serializer, base64, msgpack};

use super::Decoder;

const JSON: [&str; 8] = [
    r#"{"test":"udp","rtt_ns":{"min":250,"mean":300.5},"ok":true,"none":null}"#,
    "[0,-0,1,-1,9223372036854775807,18446744073709551615,-9223372036854775808,1.5e3,1E-7]",
    r#""é\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\u0000""#,
    r#"{"a":1,"b":2,"a":[{},[],"",{"":{}}]}"#,
    "[[[[[[[[1]]]]]]]] ",
    "\t[ 1 ,\r\n 2 ]",
    "1e308",
    "[[0,1000,2000],[1,1001,2001],[2,1002,2002]]",
];

const MSGPACK: [&[u8]; 9] = [
    b"\x82\xA2ok\xC3\xA3rtt\xCD\x01\x2C",
    b"\x99\x00\x7F\xE0\xFF\xCC\x80\xCD\x01\x00\xCE\x00\x01\x00\x00\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xC0",
    b"\x94\xD0\x80\xD1\x80\x00\xD2\x80\x00\x00\x00\xD3\x80\x00\x00\x00\x00\x00\x00\x00",
    b"\x92\xCA\x3F\xC0\x00\x00\xCB\x7F\xF8\x00\x00\x00\x00\x00\x00",
    b"\x93\xC4\x02\x00\xFF\xD9\x03\xE2\x82\xAC\xDA\x00\x01a",
    b"\x95\xD4\x01\x00\xD5\xFF\x00\x00\xD6\xFF\x00\x00\x00\x00\xC7\x03\x05abc\xC8\x00\x01\x05a",
    b"\xDC\x00\x02\xDE\x00\x01\xA1a\x91\x90\xDD\x00\x00\x00\x01\xC2",
    b"\xDF\x00\x00\x00\x01\xDB\x00\x00\x00\x01k\xC6\x00\x00\x00\x01\xFF",
    b"\x91\x91\x91\x91\x91\x91\x91\x91\x80",
];

/// One of each kind of message.
pub const MESSAGES: [&str; 20] = [
    r#"[1,"realm1",{"roles":{"caller":{},"callee":{}}}]"#,
    r#"[2,7814135,{"roles":{"dealer":{}}}]"#,
    r#"[3,{"message":"bye"},"wamp.error.no_such_realm"]"#,
    r#"[6,{},"wamp.close.close_realm"]"#,
    r#"[8,48,7,{},"wamp.error.no_such_procedure",["why",1],{"a":2}]"#,
    r#"[16,5,{"acknowledge":true},"com.example.topic",[1],{"b":[]}]"#,
    r#"[32,6,{"match":"exact"},"com.example.topic"]"#,
    "[34,7,8]",
    r#"[48,7,{"timeout":5,"disclose_me":true},"com.example.fuzz",["\u0000AAEC/w==",2],{"c":3}]"#,
    r#"[48,8,{},"com.example.fuzz",null,null]"#,
    r#"[48,9,{},"com.example.fuzz",[1e300,-0.0,"é",[],{}]]"#,
    r#"[49,7,{"mode":"kill"}]"#,
    "[50,7,{},[23]]",
    r#"[64,1,{"invoke":"single"},"com.example.fuzz"]"#,
    "[65,1,77]",
    "[66,2,77]",
    "[67,2]",
    "[68,5,77,{},[2,3]]",
    r#"[70,5,{},[5],{"d":null}]"#,
    r#"[48,9007199254740992,{},"wamp.error",[18446744073709551615]]"#,
];

const BASE64: [&str; 5] = ["Zm9vYmFy", "Zm9vYg==", "Zm8=", "/+AZaz09", ""];

pub fn all() -> Vec<Decoder> {
    let packed = MESSAGES.map(pack);
    vec![
        Decoder::new("json", JSON, json),
        Decoder::new("msgpack", MSGPACK, msgpack),
        Decoder::new("messages as json", MESSAGES, |input| message(Serializer::Json, input)),
        Decoder::new("messages as msgpack", packed, |input| {
            message(Serializer::MessagePack, input);
        }),
        Decoder::new("base64", BASE64, base64),
    ]
}

/// JSON as `MessagePack`.
pub fn pack(json: &str) -> Vec<u8> {
    let mut packed = Vec::new();
    msgpack::encode(&json::parse(json.as_bytes()).unwrap(), &mut packed);
    packed
}

/// How many values there are, and how many bytes are in them.
fn weight(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) | Value::Extension(_, bytes) => bytes.len(),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Map(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        _ => 0,
    }
}

fn json(input: &[u8]) {
    let beginning = json::beginning(input, 3);
    let value = match json::parse(input) {
        Ok(value) => value,
        Err(error) => return assert!(!error.to_string().is_empty() && beginning.len() <= 3),
    };
    assert!(weight(&value) <= input.len());
    for text in [value.to_string(), json::pretty(&value)] {
        assert_eq!(json::parse(text.as_bytes()).as_ref(), Ok(&value));
    }
    assert!(value.as_list().is_none_or(|list| list.starts_with(&beginning)));
}

fn msgpack(input: &[u8]) {
    let beginning = msgpack::beginning(input, 3);
    let value = match msgpack::parse(input) {
        Ok(value) => value,
        Err(error) => return assert!(error.offset <= input.len() && beginning.len() <= 3),
    };
    assert!(weight(&value) <= input.len());
    // Bytes are compared, since a NaN does not equal itself.
    let encoded = |value: &Value| {
        let mut bytes = Vec::new();
        msgpack::encode(value, &mut bytes);
        bytes
    };
    let bytes = encoded(&value);
    assert_eq!(encoded(&msgpack::parse(&bytes).unwrap()), bytes);
    if let Some(list) = value.as_list() {
        let list = list.iter().take(3).map(encoded);
        assert!(list.eq(beginning.iter().map(encoded)));
    }
}

fn message(serializer: Serializer, input: &[u8]) {
    let message = match serializer.decode(input) {
        Ok(message) => message,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(!message.name().is_empty());
    let encoded = |through: Serializer, message| {
        let mut bytes = Vec::new();
        through.encode(message, &mut bytes);
        bytes
    };
    let bytes = encoded(serializer, message.clone());
    assert_eq!(encoded(serializer, serializer.decode(&bytes).unwrap()), bytes);
    // MessagePack has all that JSON has.
    let packed = encoded(Serializer::MessagePack, message);
    let unpacked = Serializer::MessagePack.decode(&packed).unwrap();
    assert_eq!(encoded(serializer, unpacked), bytes);
}

fn base64(input: &[u8]) {
    let decoded = str::from_utf8(input).ok().and_then(base64::decode);
    if let Some(bytes) = decoded {
        assert_eq!(base64::encode(&bytes).as_bytes(), input);
    }
    assert_eq!(base64::decode(&base64::encode(input)).as_deref(), Some(input));
}
