use super::*;
use crate::json;
use crate::json::random::Random;
use crate::wamp::Serializer;

fn message(text: &str) -> Result<Message, WampError> {
    Serializer::Json.decode(text.as_bytes())
}

fn encoded(serializer: Serializer, message: Message) -> Vec<u8> {
    let mut out = Vec::new();
    serializer.encode(message, &mut out);
    out
}

/// Messages from the specification: at least one of each kind and each form of payload.
const EXAMPLES: &[&str] = &[
    r#"[1,"somerealm",{"agent":"AutobahnJS-0.9.14","roles":{"subscriber":{},"publisher":{}}}]"#,
    r#"[2,9129137332,{"agent":"Crossbar.io-0.10.11","roles":{"broker":{}}}]"#,
    r#"[3,{"message":"The realm does not exist."},"wamp.error.no_such_realm"]"#,
    r#"[3,{},"wamp.error.protocol_violation",["Already authenticated."]]"#,
    r#"[3,{},"com.myapp.error.banned",["Two strikes."],{"strikes":2}]"#,
    r#"[6,{"message":"The host is shutting down now."},"wamp.close.system_shutdown"]"#,
    r#"[6,{},"wamp.close.goodbye_and_out"]"#,
    r#"[32,713845233,{},"com.myapp.mytopic1"]"#,
    "[34,85346237,5512315355]",
    r#"[16,239714735,{"acknowledge":true},"com.myapp.mytopic1",[],{"color":"orange"}]"#,
    r#"[8,32,713845233,{},"wamp.error.not_authorized"]"#,
    r#"[64,25349185,{},"com.myapp.myprocedure1"]"#,
    "[49,7814135,{}]",
    "[65,25349185,2103333224]",
    r#"[8,64,25349185,{},"wamp.error.procedure_already_exists"]"#,
    "[66,788923562,2103333224]",
    "[67,788923562]",
    r#"[8,66,788923562,{},"wamp.error.no_such_registration"]"#,
    r#"[48,7814135,{},"com.myapp.ping"]"#,
    r#"[48,7814135,{},"com.myapp.echo",["Hello, world!"]]"#,
    r#"[48,7814135,{},"com.myapp.user.new",["johnny"],{"firstname":"John","surname":"Doe"}]"#,
    "[68,6131533,9823526,{}]",
    "[68,6131533,9823528,{},[23,7]]",
    r#"[68,6131533,9823529,{},["johnny"],{"firstname":"John","surname":"Doe"}]"#,
    "[70,6131533,{}]",
    "[70,6131533,{},[30]]",
    r#"[70,6131533,{},[],{"userid":123,"karma":10}]"#,
    "[50,7814135,{}]",
    "[50,7814135,{},[30]]",
    r#"[50,7814135,{},[],{"userid":123,"karma":10}]"#,
    r#"[8,68,6131533,{},"com.myapp.error.object_write_protected",["Object is write protected."],{"severity":3}]"#,
    r#"[8,48,7814135,{},"wamp.error.no_such_procedure"]"#,
];

#[test]
fn examples_of_the_specification_are_decoded_and_encoded() {
    for text in EXAMPLES {
        let value = json::parse(text.as_bytes()).unwrap();
        let message = message(text).unwrap();
        assert_eq!(message.code(), value.as_list().unwrap()[0].as_u64().unwrap());
        for serializer in Serializer::ALL {
            let bytes = encoded(serializer, message.clone());
            assert_eq!(serializer.decode(&bytes), Ok(message.clone()), "{text}");
        }
        assert_eq!(encoded(Serializer::Json, message.clone()), text.as_bytes());
        assert_eq!(message.into_value(), value);
    }
}

#[test]
fn fields_have_the_positions_of_the_specification() {
    let keywords = Map::from([("karma", 10.into())]);
    let payload = Payload { arguments: Some(vec![]), keywords: Some(keywords) };
    let error = message(r#"[8,48,5,{"a":1},"com.myapp.error",[],{"karma":10}]"#);
    assert_eq!(
        error,
        Ok(Message::Error {
            request_type: code::CALL,
            request: 5,
            details: Map::from([("a", 1.into())]),
            error: "com.myapp.error".into(),
            payload: payload.clone(),
        })
    );
    let invocation = message(r#"[68,5,7,{},[],{"karma":10}]"#);
    assert_eq!(
        invocation,
        Ok(Message::Invocation { request: 5, registration: 7, details: Map::new(), payload })
    );
    assert_eq!(message("[66,5,7]"), Ok(Message::Unregister { request: 5, registration: 7 }));
}

#[test]
fn absent_and_empty_payloads_stay_different() {
    for (text, arguments, keywords) in [
        ("[70,1,{}]", None, None),
        ("[70,1,{},[]]", Some(vec![]), None),
        ("[70,1,{},[],{}]", Some(vec![]), Some(Map::new())),
    ] {
        let payload = Payload { arguments, keywords };
        let message = Message::Yield { request: 1, options: Map::new(), payload };
        assert_eq!(encoded(Serializer::Json, message.clone()), text.as_bytes());
        assert_eq!(self::message(text), Ok(message));
    }
    // Null means absent.
    assert_eq!(message("[70,1,{},null,null]"), message("[70,1,{}]"));
    let keywords = message(r#"[70,1,{},null,{"a":1}]"#).unwrap();
    assert_eq!(keywords.into_value().to_string(), r#"[70,1,{},[],{"a":1}]"#);
    // Without a list in front of them, keywords would have the wrong position.
    let payload = Payload { arguments: None, keywords: Some(Map::from([("a", 1.into())])) };
    let message = Message::Yield { request: 1, options: Map::new(), payload };
    assert_eq!(message.into_value().to_string(), r#"[70,1,{},[],{"a":1}]"#);
}

#[test]
fn a_wrong_layout_is_described() {
    for (text, error) in [
        ("{}", "a message is a list that begins with its code"),
        ("[]", "a message is a list that begins with its code"),
        (r#"["CALL"]"#, "a message is a list that begins with its code"),
        ("[48.0,1,{}]", "a message is a list that begins with its code"),
        ("[7,{}]", "7 is the code of no message known here"),
        ("[-48]", "-48 is the code of no message known here"),
        ("[36,5,6,{}]", "36 is the code of no message known here"),
        (r#"[16,1,{},["topic"]]"#, "the Topic of PUBLISH is not a string"),
        ("[18446744073709551615]", "18446744073709551615 is the code of no message known here"),
        ("[1]", "the Realm of HELLO is missing"),
        ("[1,5,{}]", "the Realm of HELLO is not a string"),
        (r#"[1,"r",[]]"#, "the Details of HELLO is not a map"),
        ("[2,0,{}]", "the Session of WELCOME is not an integer from 1 to 2^53"),
        ("[2,9007199254740993,{}]", "the Session of WELCOME is not an integer from 1 to 2^53"),
        ("[2,-1,{}]", "the Session of WELCOME is not an integer from 1 to 2^53"),
        ("[2,1.0,{}]", "the Session of WELCOME is not an integer from 1 to 2^53"),
        ("[3,{},7]", "the Reason of ABORT is not a string"),
        ("[6,{}]", "the Reason of GOODBYE is missing"),
        (r#"[8,49,1,{},"e"]"#, "the Type of ERROR is not 16, 32, 34, 48, 64, 66 or 68"),
        ("[8,48,1,{},null]", "the Error of ERROR is not a string"),
        (r#"[48,true,{},"p"]"#, "the Request of CALL is not an integer from 1 to 2^53"),
        (r#"[48,1,null,"p"]"#, "the Options of CALL is not a map"),
        (r#"[48,1,{},"p",{}]"#, "the Arguments of CALL is not a list"),
        (r#"[48,1,{},"p",[],[]]"#, "the ArgumentsKw of CALL is not a map"),
        (r#"[48,1,{},"p",[],{},1]"#, "CALL goes on after its last field"),
        ("[65,1]", "the Registration of REGISTERED is missing"),
        ("[67,1,1]", "UNREGISTERED goes on after its last field"),
        ("[48,1", "not JSON: line 1, column 6: the text ends before the value does"),
    ] {
        assert_eq!(message(text).unwrap_err().to_string(), error, "{text}");
    }
    let error = io::Error::from(Serializer::MessagePack.decode(b"\xC1").unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "not MessagePack: at byte 0: no value begins with the byte C1");
    assert!(message("[2,9007199254740992,{}]").is_ok());
}

#[test]
fn both_serializers_carry_bytes() {
    let arguments =
        vec![Value::Bytes(vec![]), Value::Bytes((0..=255).collect()), Value::from("\0not Base64")];
    let keywords = Some(Map::from([("b", Value::List(vec![Value::Bytes(vec![7])]))]));
    let payload = Payload { arguments: Some(arguments), keywords };
    let message = Message::Call { request: 1, options: Map::new(), procedure: "p".into(), payload };
    for serializer in Serializer::ALL {
        assert_eq!(serializer.decode(&encoded(serializer, message.clone())), Ok(message.clone()));
    }
}

#[test]
fn serializers_are_found_by_their_names_and_numbers() {
    for serializer in Serializer::ALL {
        assert_eq!(serializer.to_string().parse(), Ok(serializer));
        assert_eq!(Serializer::from_subprotocol(serializer.subprotocol()), Some(serializer));
        assert_eq!(Serializer::from_number(serializer.number()), Some(serializer));
    }
    assert!("cbor".parse::<Serializer>().unwrap_err().ends_with("choose json or msgpack"));
    assert_eq!(Serializer::from_number(0), None);
}

#[test]
fn valid_uris_follow_the_loose_rule() {
    for name in ["a", "com.myapp.add2", "com.myapp.Add-2", "größe.%/?", "a:b"] {
        assert!(valid_uri(name), "{name}");
    }
    for name in ["", ".", "a.", ".a", "a..b", "a b", "a.b\n", "a#b", "a\u{a0}b", "a\tb", "\0AA=="] {
        assert!(!valid_uri(name), "{name}");
    }
}

#[test]
fn a_message_that_is_cut_off_is_an_error() {
    for text in EXAMPLES {
        for serializer in Serializer::ALL {
            let bytes = encoded(serializer, message(text).unwrap());
            for length in 0..bytes.len() {
                assert!(serializer.decode(&bytes[..length]).is_err(), "{text}");
            }
        }
    }
}

#[test]
fn no_message_makes_the_decoder_panic() {
    let mut random = Random(0x0123_4567_89AB_CDEF);
    for _ in 0..20_000 {
        let text = EXAMPLES[random.below(EXAMPLES.len())];
        let Ok(Value::List(mut fields)) = json::parse(text.as_bytes()) else { panic!("{text}") };
        let position = random.below(fields.len());
        match random.below(3) {
            0 => fields[position] = random.value(2),
            1 => fields.insert(position, random.value(2)),
            _ => drop(fields.remove(position)),
        }
        // A message that is accepted can be encoded and decoded again.
        if let Ok(message) = Message::from_value(Value::List(fields.clone())) {
            let value = message.into_value();
            assert_eq!(Message::from_value(value.clone()).map(Message::into_value), Ok(value));
        }
    }
}

#[test]
fn bytes_in_json_are_base64() {
    // The example of the WAMP specification, "Binary conversion of JSON Strings"
    let bytes: Vec<u8> = 0x10e3_ff90_5307_5c52_6f5f_c06d_4fe3_7cdb_u128.to_be_bytes().into();
    let payload = Payload::of(vec![Value::Bytes(bytes)]);
    let message = Message::Yield { request: 1, options: Map::new(), payload };
    let text = br#"[70,1,{},["\u0000EOP/kFMHXFJvX8BtT+N82w=="]]"#;
    assert_eq!(encoded(Serializer::Json, message.clone()), text);
    assert_eq!(Serializer::Json.decode(text), Ok(message));
}
