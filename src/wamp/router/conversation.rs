//! One session: what is said in it, message by message, until there is a reason to end
//! it.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dealer::{self, Answered, Passed, Violation};
use super::outbox::{Outbox, Unsent};
use super::realm::Realm;
use crate::json::{Map, Value};
use crate::wamp::client::AGENT;
use crate::wamp::connection::{Encoder, Event, Incoming, close_code};
use crate::wamp::shown;
use crate::wamp::websocket::{
    CLOSE_GOING_AWAY, CLOSE_NORMAL, CLOSE_POLICY_VIOLATION, CLOSE_PROTOCOL_ERROR,
};
use crate::wamp::{Message, Payload, WampError, code, uri, valid_uri};

/// The longest name of a procedure, in bytes. The specification sets no limit, but a
/// router has to remember them.
const MAX_URI: usize = 1024;

/// How many characters of such a name are repeated in an error, which has to fit into
/// the shortest message that a handshake can allow: 512 bytes.
const MAX_SHOWN: usize = 64;

/// The longest message before the session is open, in bytes: a HELLO is short, and
/// anybody may begin one.
const MAX_HELLO: usize = 64 * 1024;

/// An option that this router does not have. The name is from the advanced profile,
/// which has the options.
const OPTION_NOT_ALLOWED: &str = "wamp.error.option_not_allowed";

/// Why a session ends.
pub enum End {
    /// The peer has said goodbye, and is to hear it too.
    Goodbye,
    /// The peer has answered the goodbye of this router.
    GoodbyeAndOut,
    /// The peer has closed the connection, or wants to.
    Closed,
    /// The peer has given this reason.
    Aborted(String),
    /// The peer is given this reason: the name of an error, and what it is about.
    Abort(&'static str, String),
    /// As [`Abort`](End::Abort), for what cannot be read.
    Unreadable(io::Error),
    /// The connection has failed.
    Failed(io::Error),
    /// Those who had something for it have given it up, for this reason.
    GivenUp(String),
}

impl End {
    fn violation(what: impl Into<String>) -> Self {
        End::Abort(uri::PROTOCOL_VIOLATION, what.into())
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Goodbye | End::GoodbyeAndOut => f.write_str("in good order"),
            End::Closed => f.write_str("without a goodbye"),
            End::Aborted(reason) => write!(f, "aborted by the client: {}", shown(reason)),
            End::Abort(_, message) | End::GivenUp(message) => f.write_str(message),
            End::Unreadable(error) | End::Failed(error) => error.fmt(f),
        }
    }
}

impl From<Violation> for End {
    fn from(Violation(what): Violation) -> Self {
        End::violation(what)
    }
}

/// A session, from the first byte after the handshake.
pub struct Conversation<'a> {
    realm: &'a Realm,
    incoming: Incoming,
    outbox: Arc<Outbox>,
    /// Its place in the realm, once it has one.
    seat: Option<Seat<'a>>,
    /// Calls that it has made.
    pub calls: u64,
    /// Invocations that it has answered.
    pub invocations: u64,
}

impl<'a> Conversation<'a> {
    /// One that has not begun.
    pub fn new(realm: &'a Realm, incoming: Incoming, outbox: Arc<Outbox>) -> Self {
        Conversation { realm, incoming, outbox, seat: None, calls: 0, invocations: 0 }
    }

    /// Waits for the HELLO, and answers it; returns the number of the session.
    pub fn hello(&mut self, opened: Instant, time: Duration) -> Result<u64, End> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::TimedOut => {
                End::Failed(io::Error::new(error.kind(), format!("no HELLO for {time:?}")))
            }
            _ => failed(error),
        };
        let max_message = self.realm.settings.max_message;
        self.incoming.set_max_message(max_message.min(MAX_HELLO));
        loop {
            let left = time.saturating_sub(opened.elapsed());
            match self.incoming.receive(left).map_err(failed)? {
                Some(Event::Message(Message::Hello { realm, .. })) => break self.check(&realm)?,
                Some(Event::Message(Message::Abort { reason, .. })) => {
                    return Err(End::Aborted(reason));
                }
                Some(Event::Message(message)) => {
                    return Err(End::violation(format!("{} before HELLO", message.name())));
                }
                Some(Event::Ping(payload)) => {
                    self.outbox.control(|encoder, out| encoder.pong(&payload, out));
                }
                Some(Event::Pong) => {}
                Some(Event::Close) | None => return Err(End::Closed),
            }
        }
        self.incoming.set_max_message(max_message);
        let idle = self.realm.settings.idle_timeout;
        self.incoming.stream_mut().set_read_timeout(idle).map_err(End::Failed)?;
        // Nobody else may be the first to say something to it.
        let mut held = self.outbox.hold();
        let Some(session) = self.realm.dealer.join(Arc::clone(&self.outbox)) else {
            return Err(End::Abort(uri::SYSTEM_SHUTDOWN, "this router is shutting down".into()));
        };
        self.seat = Some(Seat { realm: self.realm, id: session });
        let roles = Map::from([("dealer", Map::new().into())]);
        let realm = self.realm.settings.realm.as_str();
        let details =
            Map::from([("realm", realm.into()), ("agent", AGENT.into()), ("roles", roles.into())]);
        match held.send(Message::Welcome { session, details }) {
            Err(Unsent::TooLong(error)) => Err(End::Failed(error.into())),
            _ => Ok(session),
        }
    }

    fn check(&self, realm: &str) -> Result<(), End> {
        if realm == self.realm.settings.realm {
            Ok(())
        } else if valid_uri(realm) {
            Err(End::Abort(uri::NO_SUCH_REALM, "this router has another realm".into()))
        } else {
            Err(End::Abort(uri::INVALID_URI, "the name of the realm is not a URI of WAMP".into()))
        }
    }

    /// Deals with one message after the other, until there is a reason to end.
    pub fn converse(&mut self, id: u64) -> End {
        let Err(end) = self.listen(id);
        // Whoever is given up finds its connection closed, and no reason there.
        self.outbox.why().map_or(end, End::GivenUp)
    }

    fn listen(&mut self, id: u64) -> Result<Infallible, End> {
        let idle = self.realm.settings.idle_timeout;
        let mut asked = false;
        loop {
            match self.incoming.wait((idle / 2).max(Duration::from_millis(1))) {
                // It is still taking what was sent before. If it did not, the slow lane
                // would give it up.
                Err(error) if error.kind() == ErrorKind::TimedOut && self.outbox.is_busy() => {
                    asked = false;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::TimedOut && !asked => {
                    asked = true;
                    self.outbox.control(Encoder::ping);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    let what = format!("nothing arrived for {idle:?}, and no answer to a ping");
                    return Err(End::Failed(io::Error::new(error.kind(), what)));
                }
                waited => waited.map_err(End::Failed)?,
            };
            asked = false;
            match self.incoming.receive(idle).map_err(failed)? {
                Some(Event::Message(message)) => self.message(id, message)?,
                Some(Event::Ping(payload)) => {
                    self.outbox.control(|encoder, out| encoder.pong(&payload, out));
                }
                Some(Event::Pong) => {}
                Some(Event::Close) | None => return Err(End::Closed),
            }
        }
    }

    fn message(&mut self, id: u64, message: Message) -> Result<(), End> {
        match message {
            Message::Call { request, procedure, payload, .. } => {
                self.call(id, request, &procedure, payload)
            }
            Message::Cancel { request, .. } => {
                // It may have been answered in the same moment.
                if self.realm.dealer.cancel(id, request) {
                    self.say(error(code::CALL, request, uri::CANCELED, "the caller has given up"));
                }
                Ok(())
            }
            Message::Yield { request, payload, .. } => self.answered(id, request, |request| {
                Message::Result { request, details: Map::new(), payload }
            }),
            Message::Error { request_type: code::INVOCATION, request, details, error, payload } => {
                if !valid_uri(&error) {
                    return Err(End::violation("the Error of ERROR is not a URI of WAMP"));
                }
                self.answered(id, request, |request| Message::Error {
                    request_type: code::CALL,
                    request,
                    details,
                    error,
                    payload,
                })
            }
            Message::Register { request, options, procedure } => {
                self.register(id, request, &options, procedure);
                Ok(())
            }
            Message::Unregister { request, registration } => {
                let mut held = self.outbox.hold();
                let answer = match self.realm.dealer.unregister(id, registration) {
                    Ok(()) => Message::Unregistered { request },
                    Err(refused) => error(
                        code::UNREGISTER,
                        request,
                        refused,
                        "this session has no such registration",
                    ),
                };
                let _ = held.send(answer);
                Ok(())
            }
            Message::Goodbye { reason, .. } if reason == uri::GOODBYE_AND_OUT => {
                Err(End::GoodbyeAndOut)
            }
            Message::Goodbye { .. } => Err(End::Goodbye),
            Message::Abort { reason, .. } => Err(End::Aborted(reason)),
            Message::Error { .. } => Err(End::violation("an ERROR that answers no INVOCATION")),
            other => Err(End::violation(format!("{} in an open session", other.name()))),
        }
    }

    fn call(
        &mut self,
        id: u64,
        request: u64,
        procedure: &str,
        payload: Payload,
    ) -> Result<(), End> {
        self.calls += 1;
        let passed = if valid_uri(procedure) {
            self.realm.dealer.call(id, request, procedure)?
        } else {
            Err(uri::INVALID_URI)
        };
        let Passed { callee, callee_id, invocation, registration } = match passed {
            Ok(passed) => passed,
            Err(refused) => {
                self.say(error(code::CALL, request, refused, &explain(refused, procedure)));
                return Ok(());
            }
        };
        let message =
            Message::Invocation { request: invocation, registration, details: Map::new(), payload };
        if let Err(unsent) = callee.pass_on(message) {
            tell(self.realm.dealer.answer(callee_id, invocation)?, &unsent);
        }
        Ok(())
    }

    /// Passes on what a callee has answered.
    fn answered(
        &mut self,
        id: u64,
        invocation: u64,
        answer: impl FnOnce(u64) -> Message,
    ) -> Result<(), End> {
        self.invocations += 1;
        if let Some(Answered { caller, request }) = self.realm.dealer.answer(id, invocation)?
            && let Err(unsent) = caller.pass_on(answer(request))
        {
            tell(Some(Answered { caller, request }), &unsent);
        }
        Ok(())
    }

    fn register(&mut self, id: u64, request: u64, options: &Map, procedure: String) {
        let given = |option: &str| options.get(option).and_then(Value::as_str);
        let plain = given("match").is_none_or(|how| how == "exact")
            && given("invoke").is_none_or(|how| how == "single");
        // As soon as it is registered it can be called, and the session has to hear of
        // the one before the other.
        let mut held = self.outbox.hold();
        let what = procedure.clone();
        let registered = if !plain {
            Err(OPTION_NOT_ALLOWED)
        } else if !valid_uri(&procedure)
            || procedure.len() > MAX_URI
            || procedure.starts_with("wamp.")
        {
            Err(uri::INVALID_URI)
        } else {
            self.realm.dealer.register(id, procedure)
        };
        let answer = match registered {
            Ok(registration) => Message::Registered { request, registration },
            Err(refused) => error(code::REGISTER, request, refused, &explain(refused, &what)),
        };
        let _ = held.send(answer);
    }

    /// None of what a router says for itself is longer than the shortest message that a
    /// handshake can allow.
    fn say(&self, message: Message) {
        let _ = self.outbox.send(message);
    }

    /// Says why, if there is somebody to hear it, and closes the connection.
    pub fn end(mut self, end: &End) {
        let abort = |reason: &str, message: String| {
            Some(Message::Abort {
                details: Map::from([("message", message.into())]),
                reason: reason.into(),
            })
        };
        let (word, code) = match end {
            End::Goodbye => {
                let goodbye =
                    Message::Goodbye { details: Map::new(), reason: uri::GOODBYE_AND_OUT.into() };
                (Some(goodbye), CLOSE_NORMAL)
            }
            End::GoodbyeAndOut | End::Closed | End::Aborted(_) => (None, CLOSE_NORMAL),
            End::Abort(reason, message) => {
                let code = match *reason {
                    uri::PROTOCOL_VIOLATION => CLOSE_PROTOCOL_ERROR,
                    uri::SYSTEM_SHUTDOWN => CLOSE_GOING_AWAY,
                    _ => CLOSE_POLICY_VIOLATION,
                };
                (abort(reason, message.clone()), code)
            }
            End::Unreadable(error) => {
                (abort(uri::PROTOCOL_VIOLATION, error.to_string()), close_code(error))
            }
            End::Failed(_) | End::GivenUp(_) => (None, CLOSE_GOING_AWAY),
        };
        self.outbox.last(word, code);
        drop(self.seat.take());
        self.outbox.finish();
        self.incoming.close();
    }
}

/// A place in the realm. Given up when it is dropped, also by a thread that panics.
struct Seat<'a> {
    realm: &'a Realm,
    id: u64,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        for Answered { caller, request } in self.realm.dealer.leave(self.id) {
            let what = "the callee has left before it answered";
            let _ = caller.send(error(code::CALL, request, uri::CANCELED, what));
        }
    }
}

/// Tells a caller why its call, or the answer to it, cannot be passed on.
fn tell(waiting: Option<Answered>, unsent: &Unsent) {
    let (name, what) = match unsent {
        Unsent::TooLong(error) => (uri::PAYLOAD_SIZE_EXCEEDED, error.to_string()),
        Unsent::Full => (dealer::TOO_MANY, "too much waits for its receiver already".into()),
    };
    if let Some(Answered { caller, request }) = waiting {
        let _ = caller.send(error(code::CALL, request, name, &what));
    }
}

fn error(request_type: u64, request: u64, error: &str, what: &str) -> Message {
    let payload = Payload::of(vec![what.into()]);
    Message::Error { request_type, request, details: Map::new(), error: error.into(), payload }
}

/// For a person, what the name of the error says for a program.
fn explain(refused: &str, procedure: &str) -> String {
    let shown: String = shown(procedure).chars().take(MAX_SHOWN).collect();
    match refused {
        uri::NO_SUCH_PROCEDURE => format!("nobody has registered {shown}"),
        uri::PROCEDURE_ALREADY_EXISTS => format!("somebody has registered {shown} before"),
        uri::INVALID_URI => format!("{shown} cannot be the name of a procedure"),
        OPTION_NOT_ALLOWED => "a procedure has one name and one callee here".into(),
        dealer::TOO_MANY => "too many at once".into(),
        _ => "the session is over".into(),
    }
}

/// What cannot be read is the peer's fault, what cannot be received is not.
fn failed(error: io::Error) -> End {
    if error.kind() != ErrorKind::InvalidData {
        return End::Failed(error);
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(WampError::UnknownCode(16 | 32 | 34)) => End::violation(
            "this router is a dealer and no broker: it passes on calls, not publications",
        ),
        _ => End::Unreadable(error),
    }
}
