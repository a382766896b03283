//! What takes the place of a message whose values this program cannot hold.
//!
//! The framing shows where such a message ends, so it need not end the session: one
//! request alone has failed. The values at the beginning of the message say which:
//!
//! ```text
//!   CALL    [48, 7, {}, "a.add", [1e400]]      ─▶ ERROR for CALL 7, to its sender
//!   YIELD   [70, 3, {}, [[[[[[ … ]]]]]]]       ─▶ ERROR for INVOCATION 3, as if the
//!   ERROR   [8, 68, 3, {}, "a.why", [1e400]]      callee had answered with it
//! ```

use super::event::Event;
use super::message::{MAX_ID, Message, Payload, WampError, code, uri};
use super::msgpack::MsgpackErrorKind as Msgpack;
use super::serializer::Serializer;
use crate::json::{JsonErrorKind as Json, Map, Value};

/// Returns the event in the place of a message that could not be decoded for this
/// reason; `None` if the reason or the message concerns more than one request.
pub fn replace(serializer: Serializer, bytes: &[u8], why: &WampError) -> Option<Event> {
    let (error, what) = describe(why)?;
    let beginning = serializer.beginning(bytes, 3);
    let number = |position: usize| beginning.get(position)?.as_u64();
    let (code, second) = (number(0)?, number(1)?);
    let (request_type, request) = match code {
        code::ERROR => (second, number(2)?),
        code::YIELD => (code::INVOCATION, second),
        code::RESULT => (code::CALL, second),
        code::PUBLISH => {
            let options = beginning.get(2)?.as_map()?.clone();
            let (topic, payload) = (String::new(), Payload::default());
            return Some(Event::Message(Message::Publish {
                request: second,
                options,
                topic,
                payload,
            }));
        }
        code::CALL
        | code::REGISTER
        | code::UNREGISTER
        | code::SUBSCRIBE
        | code::UNSUBSCRIBE
        | code::INVOCATION => (code, second),
        _ => return None,
    };
    let details = Map::new();
    let what = format!("these values cannot be carried: {what}");
    let payload = Payload::of(vec![Value::from(what)]);
    let answer = Message::Error { request_type, request, details, error: error.into(), payload };
    let is_answer = matches!(code, code::ERROR | code::YIELD | code::RESULT);
    let event = if is_answer { Event::Message } else { Event::Refused };
    (1..=MAX_ID).contains(&request).then(|| event(answer))
}

/// The URI of the error for values that are well formed, but that cannot be held, and
/// what is wrong with them; `None` for any other error.
fn describe(why: &WampError) -> Option<(&'static str, String)> {
    Some(match why {
        WampError::Json(error) => match error.kind {
            Json::TooMany => (uri::PAYLOAD_SIZE_EXCEEDED, error.to_string()),
            Json::NumberTooLarge | Json::LoneSurrogate | Json::TooDeep => {
                (uri::INVALID_ARGUMENT, error.to_string())
            }
            _ => return None,
        },
        WampError::Msgpack(error) => match error.kind {
            Msgpack::TooMany => (uri::PAYLOAD_SIZE_EXCEEDED, error.to_string()),
            Msgpack::KeyNotString | Msgpack::NotUtf8 | Msgpack::TooDeep => {
                (uri::INVALID_ARGUMENT, error.to_string())
            }
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wamp::connection;

    fn event(text: &str) -> Option<Event> {
        connection::decode(Serializer::Json, true, text.as_bytes()).ok()
    }

    #[test]
    fn a_request_is_refused_and_an_answer_becomes_an_error() {
        for (text, expected) in [
            (r#"[48,7,{},"a",[1e400]]"#, "Refused 48 7 wamp.error.invalid_argument"),
            (r#"[64,7,{"a":"\ud800"},"a"]"#, "Refused 64 7 wamp.error.invalid_argument"),
            (r#"[32,7,{},"\ud800"]"#, "Refused 32 7 wamp.error.invalid_argument"),
            ("[68,7,1,{},[1e400]]", "Refused 68 7 wamp.error.invalid_argument"),
            ("[70,7,{},[1e400]]", "Message 68 7 wamp.error.invalid_argument"),
            (r#"[8,68,7,{},"a",[1e400]]"#, "Message 68 7 wamp.error.invalid_argument"),
            ("[50,7,{},[1e400]]", "Message 48 7 wamp.error.invalid_argument"),
        ] {
            let (kind, message) = match event(text) {
                Some(Event::Refused(message)) => ("Refused", message),
                Some(Event::Message(message)) => ("Message", message),
                other => panic!("{text} {other:?}"),
            };
            let Message::Error { request_type, request, error, .. } = message else { panic!() };
            assert_eq!(format!("{kind} {request_type} {request} {error}"), expected, "{text}");
        }
        // Whether a publication is answered depends on its options.
        let publish = event(r#"[16,7,{"acknowledge":true},"a",[1e400]]"#);
        let Some(Event::Message(Message::Publish { request: 7, options, .. })) = publish else {
            panic!("{publish:?}")
        };
        assert_eq!(options.get("acknowledge"), Some(&true.into()));
    }

    #[test]
    fn an_error_without_a_request_stays_an_error() {
        for text in [
            "[1e400]",
            "[48,1e400]",
            "[48,-7,{},1e400]",
            "[48,0,{},1e400]",
            "[48,9007199254740993,{},1e400]",
            r#"[1,"realm1",{"a":1e400}]"#,
            "[49,7,{},1e400]",
            r#"[8,68,"7",1e400]"#,
            // Not JSON at all.
            r#"[48,7,{},"a",[1}"#,
            r#"[48,7,{},"a""#,
        ] {
            assert!(event(text).is_none(), "{text}");
        }
    }
}
