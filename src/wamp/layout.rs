//! The position of each field: messages from lists of values, and lists from messages.

use std::vec;

use super::message::{MAX_ID, Message, Payload, WampError, code, name};
use crate::json::{Map, Value};

/// The codes of the requests that an ERROR can answer.
const REQUESTS: [u64; 7] = [
    code::PUBLISH,
    code::SUBSCRIBE,
    code::UNSUBSCRIBE,
    code::CALL,
    code::REGISTER,
    code::UNREGISTER,
    code::INVOCATION,
];

impl Message {
    /// Decodes a list of values. The payload is moved, not copied.
    ///
    /// ```
    /// use roundtrip::json;
    /// use roundtrip::wamp::Message;
    ///
    /// let call = json::parse(br#"[48, 7814135, {}, "com.myapp.add2", [23, 7]]"#)?;
    /// let call = Message::from_value(call)?;
    /// let Message::Call { request, procedure, payload, .. } = call else { panic!() };
    /// assert_eq!((request, procedure.as_str()), (7814135, "com.myapp.add2"));
    /// assert_eq!(payload.arguments, Some(vec![23.into(), 7.into()]));
    ///
    /// let wrong = json::parse(br#"[48, 0, {}, "com.myapp.add2"]"#)?;
    /// let error = Message::from_value(wrong).unwrap_err();
    /// let what = "the Request of CALL is not an integer from 1 to 2^53";
    /// assert_eq!(error.to_string(), what);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Names the message and the field that is wrong.
    pub fn from_value(value: Value) -> Result<Self, WampError> {
        let Value::List(items) = value else { return Err(WampError::NoCode) };
        let mut items = items.into_iter();
        let Some(Value::Integer(code)) = items.next() else { return Err(WampError::NoCode) };
        let unknown = WampError::UnknownCode(code);
        let code = u64::try_from(code).map_err(|_| unknown)?;
        let mut fields = Fields { message: name(code).ok_or(unknown)?, items };
        let message = match code {
            code::HELLO => {
                Message::Hello { realm: fields.text("Realm")?, details: fields.map("Details")? }
            }
            code::WELCOME => {
                Message::Welcome { session: fields.id("Session")?, details: fields.map("Details")? }
            }
            code::ABORT => Message::Abort {
                details: fields.map("Details")?,
                reason: fields.text("Reason")?,
                payload: fields.payload()?,
            },
            code::GOODBYE => {
                Message::Goodbye { details: fields.map("Details")?, reason: fields.text("Reason")? }
            }
            code::ERROR => Message::Error {
                request_type: fields.request_type()?,
                request: fields.id("Request")?,
                details: fields.map("Details")?,
                error: fields.text("Error")?,
                payload: fields.payload()?,
            },
            code::PUBLISH => Message::Publish {
                request: fields.id("Request")?,
                options: fields.map("Options")?,
                topic: fields.text("Topic")?,
                payload: fields.payload()?,
            },
            code::SUBSCRIBE => Message::Subscribe {
                request: fields.id("Request")?,
                options: fields.map("Options")?,
                topic: fields.text("Topic")?,
            },
            code::UNSUBSCRIBE => Message::Unsubscribe {
                request: fields.id("Request")?,
                subscription: fields.id("Subscription")?,
            },
            code::CALL => Message::Call {
                request: fields.id("Request")?,
                options: fields.map("Options")?,
                procedure: fields.text("Procedure")?,
                payload: fields.payload()?,
            },
            code::CANCEL => {
                Message::Cancel { request: fields.id("Request")?, options: fields.map("Options")? }
            }
            code::RESULT => Message::Result {
                request: fields.id("Request")?,
                details: fields.map("Details")?,
                payload: fields.payload()?,
            },
            code::REGISTER => Message::Register {
                request: fields.id("Request")?,
                options: fields.map("Options")?,
                procedure: fields.text("Procedure")?,
            },
            code::REGISTERED => Message::Registered {
                request: fields.id("Request")?,
                registration: fields.id("Registration")?,
            },
            code::UNREGISTER => Message::Unregister {
                request: fields.id("Request")?,
                registration: fields.id("Registration")?,
            },
            code::UNREGISTERED => Message::Unregistered { request: fields.id("Request")? },
            code::INVOCATION => Message::Invocation {
                request: fields.id("Request")?,
                registration: fields.id("Registration")?,
                details: fields.map("Details")?,
                payload: fields.payload()?,
            },
            code::YIELD => Message::Yield {
                request: fields.id("Request")?,
                options: fields.map("Options")?,
                payload: fields.payload()?,
            },
            _ => return Err(unknown),
        };
        if fields.items.len() == 0 { Ok(message) } else { Err(WampError::TooLong(fields.message)) }
    }

    /// Encodes the message as a list of values. The payload is moved, not copied.
    ///
    /// ```
    /// use roundtrip::json::Map;
    /// use roundtrip::wamp::{Message, uri};
    ///
    /// let reason = uri::CLOSE_REALM.into();
    /// let goodbye = Message::Goodbye { details: Map::new(), reason };
    /// let text = goodbye.into_value().to_string();
    /// assert_eq!(text, r#"[6,{},"wamp.close.close_realm"]"#);
    /// ```
    #[must_use]
    pub fn into_value(self) -> Value {
        let code = self.code().into();
        match self {
            Message::Hello { realm, details } => list([code, realm.into(), details.into()]),
            Message::Welcome { session, details } => list([code, session.into(), details.into()]),
            Message::Abort { details, reason, payload } => {
                payload.behind([code, details.into(), reason.into()])
            }
            Message::Goodbye { details, reason } => list([code, details.into(), reason.into()]),
            Message::Error { request_type, request, details, error, payload } => payload.behind([
                code,
                request_type.into(),
                request.into(),
                details.into(),
                error.into(),
            ]),
            Message::Call { request, options, procedure: name, payload }
            | Message::Publish { request, options, topic: name, payload } => {
                payload.behind([code, request.into(), options.into(), name.into()])
            }
            Message::Cancel { request, options } => list([code, request.into(), options.into()]),
            Message::Result { request, details, payload } => {
                payload.behind([code, request.into(), details.into()])
            }
            Message::Register { request, options, procedure: name }
            | Message::Subscribe { request, options, topic: name } => {
                list([code, request.into(), options.into(), name.into()])
            }
            Message::Registered { request, registration: id }
            | Message::Unregister { request, registration: id }
            | Message::Unsubscribe { request, subscription: id } => {
                list([code, request.into(), id.into()])
            }
            Message::Unregistered { request } => list([code, request.into()]),
            Message::Invocation { request, registration, details, payload } => {
                payload.behind([code, request.into(), registration.into(), details.into()])
            }
            Message::Yield { request, options, payload } => {
                payload.behind([code, request.into(), options.into()])
            }
        }
    }
}

fn list<const N: usize>(fields: [Value; N]) -> Value {
    Payload::default().behind(fields)
}

impl Payload {
    /// A list of these fields, followed by the payload.
    fn behind<const N: usize>(self, fields: [Value; N]) -> Value {
        let Payload { arguments, keywords } = self;
        let arguments = arguments.or_else(|| keywords.as_ref().map(|_| Vec::new()));
        let payload = arguments.map(Value::List).into_iter().chain(keywords.map(Value::Map));
        Value::List(fields.into_iter().chain(payload).collect())
    }
}

/// The fields of a message that have not been decoded yet.
struct Fields {
    message: &'static str,
    items: vec::IntoIter<Value>,
}

impl Fields {
    fn id(&mut self, field: &'static str) -> Result<u64, WampError> {
        let id = self.next(field)?.as_u64().filter(|id| (1..=MAX_ID).contains(id));
        id.ok_or_else(|| self.wrong(field, "an integer from 1 to 2^53"))
    }

    /// The code of a request that has failed.
    fn request_type(&mut self) -> Result<u64, WampError> {
        let code = self.next("Type")?.as_u64().filter(|code| REQUESTS.contains(code));
        code.ok_or_else(|| self.wrong("Type", "16, 32, 34, 48, 64, 66 or 68"))
    }

    fn text(&mut self, field: &'static str) -> Result<String, WampError> {
        match self.next(field)? {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong(field, "a string")),
        }
    }

    fn map(&mut self, field: &'static str) -> Result<Map, WampError> {
        match self.next(field)? {
            Value::Map(map) => Ok(map),
            _ => Err(self.wrong(field, "a map")),
        }
    }

    /// The last two fields. The specification lets them be absent; programs in Go and
    /// in JavaScript write null instead.
    fn payload(&mut self) -> Result<Payload, WampError> {
        let arguments = match self.items.next() {
            None | Some(Value::Null) => None,
            Some(Value::List(items)) => Some(items),
            Some(_) => return Err(self.wrong("Arguments", "a list")),
        };
        let keywords = match self.items.next() {
            None | Some(Value::Null) => None,
            Some(Value::Map(map)) => Some(map),
            Some(_) => return Err(self.wrong("ArgumentsKw", "a map")),
        };
        Ok(Payload { arguments, keywords })
    }

    fn next(&mut self, field: &'static str) -> Result<Value, WampError> {
        self.items.next().ok_or(WampError::Missing { message: self.message, field })
    }

    fn wrong(&self, field: &'static str, wanted: &'static str) -> WampError {
        WampError::Wrong { message: self.message, field, wanted }
    }
}
