//! One session: the messages of one client, from HELLO to the reason to end.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dealer::{self, Pending, Routed};
use super::end::End;
use super::outbox::{Outbox, Unsent};
use super::realm::Realm;
use crate::json::{Map, Value};
use crate::wamp::connection::{Encoder, Event, Incoming, close_code};
use crate::wamp::error::{printable, reason};
use crate::wamp::message::{AGENT, Message, Payload, code, uri, valid_uri};
use crate::wamp::websocket::{CLOSE_GOING_AWAY, CLOSE_POLICY_VIOLATION, CLOSE_TRY_AGAIN_LATER};

/// The longest name of a procedure, in bytes. The specification sets no limit, but the
/// router has to store the names.
const MAX_URI: usize = 1024;

/// How many characters of such a name an error repeats. The error has to fit into the
/// shortest limit that a handshake can set: 512 bytes.
const MAX_SHOWN: usize = 64;

/// The longest message before the session is open, in bytes. A HELLO is short, and any
/// stranger may begin one.
const MAX_HELLO: usize = 64 * 1024;

/// A registration asks for an option that this router does not have. The names of this
/// error and of the next one are from the advanced profile.
const OPTION_NOT_ALLOWED: &str = "wamp.error.option_not_allowed";

/// The request is for a role that this router does not have.
const FEATURE_NOT_SUPPORTED: &str = "wamp.error.feature_not_supported";

/// How the calls of a procedure may be shared between several callees (WAMP, "Shared
/// Registrations"). With one callee each of these is the same.
const POLICIES: [&str; 5] = ["single", "roundrobin", "random", "first", "last"];

/// A session, from the first byte after the handshake.
pub struct Conversation<'a> {
    realm: &'a Realm,
    incoming: Incoming,
    outbox: Arc<Outbox>,
    /// The session's membership of the realm, once it has joined.
    membership: Option<Membership<'a>>,
    /// Calls that the client has made.
    pub calls: u64,
    /// Invocations that the client has answered.
    pub invocations: u64,
}

impl<'a> Conversation<'a> {
    /// A session whose client has sent no message yet.
    pub fn new(realm: &'a Realm, incoming: Incoming, outbox: Arc<Outbox>) -> Self {
        Conversation { realm, incoming, outbox, membership: None, calls: 0, invocations: 0 }
    }

    /// Waits for the HELLO, and answers it; returns the number of the session. The
    /// HELLO must have arrived within `time` after `opened`.
    pub fn hello(&mut self, opened: Instant, time: Duration) -> Result<u64, End> {
        let late = |end| match end {
            End::Failed(error) if error.kind() == ErrorKind::TimedOut => {
                End::Failed(io::Error::new(error.kind(), format!("no HELLO for {time:?}")))
            }
            end => end,
        };
        let max_message = self.realm.settings.max_message;
        self.incoming.set_max_message(max_message.min(MAX_HELLO));
        loop {
            let left = time.saturating_sub(opened.elapsed());
            match self.next(left).map_err(late)? {
                Some(Message::Hello { realm, .. }) => break self.check(&realm)?,
                Some(Message::Abort { details, reason: uri, payload }) => {
                    return Err(End::Aborted(reason(&details, &uri, &payload)));
                }
                Some(message) => {
                    return Err(End::violation(format!("{} before HELLO", message.name())));
                }
                None => {}
            }
        }
        self.incoming.set_max_message(max_message);
        let idle = self.realm.settings.idle_timeout;
        self.incoming.stream_mut().set_read_timeout(idle).map_err(End::Failed)?;
        // As soon as it has joined, other threads may send to it. WELCOME must be
        // first.
        let mut held = self.outbox.hold();
        let Some(session) = self.realm.dealer.join(Arc::clone(&self.outbox)) else {
            let what = "this router is shutting down".into();
            return Err(End::Abort(uri::SYSTEM_SHUTDOWN, what, CLOSE_GOING_AWAY));
        };
        self.membership = Some(Membership { realm: self.realm, id: session });
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
        let (reason, what) = if realm == self.realm.settings.realm {
            return Ok(());
        } else if valid_uri(realm) {
            (uri::NO_SUCH_REALM, "this router has another realm")
        } else {
            (uri::INVALID_URI, "the name of the realm is not a URI of WAMP")
        };
        Err(End::Abort(reason, what.into(), CLOSE_POLICY_VIOLATION))
    }

    /// Handles messages until there is a reason to end the session.
    pub fn converse(&mut self, id: u64) -> End {
        let Err(end) = self.listen(id);
        // A thread that could not send to this client has closed the connection. Here
        // that looks like an end without a reason.
        self.outbox.reason().map_or(end, End::SlowConsumer)
    }

    fn listen(&mut self, id: u64) -> Result<Infallible, End> {
        let idle = self.realm.settings.idle_timeout;
        let mut pinged = false;
        loop {
            match self.incoming.wait((idle / 2).max(Duration::from_millis(1))) {
                Err(error) if error.kind() == ErrorKind::TimedOut && self.may_be_silent(id) => {
                    pinged = false;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::TimedOut && !pinged => {
                    pinged = true;
                    self.outbox.control(Encoder::ping);
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    let what = format!("nothing arrived for {idle:?}, and no answer to a ping");
                    return Err(End::Failed(io::Error::new(error.kind(), what)));
                }
                waited => waited.map_err(End::Failed)?,
            };
            pinged = false;
            if let Some(message) = self.next(idle)? {
                self.message(id, message)?;
            }
        }
    }

    /// Whether a silent client is not to be pinged, and not to be dropped.
    fn may_be_silent(&self, id: u64) -> bool {
        // The client still reads what was sent before. If it did not, the outbox would
        // end the session.
        self.outbox.is_busy()
            // A client that does not know pings waits for calls, or for a result.
            || self.incoming.may_lack_pings() && self.realm.dealer.is_engaged(id)
    }

    /// Receives a message, which has to be complete within `time`. Returns `None` for a
    /// control frame, and answers a ping.
    fn next(&mut self, time: Duration) -> Result<Option<Message>, End> {
        match self.incoming.receive(time).map_err(failed)? {
            Some(Event::Message(message)) => return Ok(Some(message)),
            Some(Event::Refused(_)) if self.membership.is_none() => {
                return Err(End::violation("a request before HELLO"));
            }
            Some(Event::Refused(error)) => self.reply(error),
            Some(Event::Ping(payload)) => {
                self.outbox.control(|encoder, out| encoder.pong(&payload, out));
            }
            Some(Event::Pong) => {}
            Some(Event::Close) | None => return Err(End::Closed),
        }
        Ok(None)
    }

    fn message(&mut self, id: u64, message: Message) -> Result<(), End> {
        match message {
            Message::Call { request, procedure, payload, .. } => {
                self.call(id, request, &procedure, payload)?;
            }
            Message::Cancel { request, .. } => {
                // The call may have been answered in the same moment.
                if self.realm.dealer.cancel(id, request) {
                    let what = "the caller has given up";
                    self.reply(error(code::CALL, request, uri::CANCELED, what));
                }
            }
            Message::Yield { request, payload, .. } => {
                self.answered(id, request, |request| Message::Result {
                    request,
                    details: Map::new(),
                    payload,
                })?;
            }
            Message::Error { request_type: code::INVOCATION, request, details, error, payload } => {
                if !valid_uri(&error) {
                    return Err(End::violation("the Error of ERROR is not a URI of WAMP"));
                }
                let request_type = code::CALL;
                self.answered(id, request, |request| Message::Error {
                    request_type,
                    request,
                    details,
                    error,
                    payload,
                })?;
            }
            Message::Register { request, options, procedure } => {
                self.register(id, request, &options, procedure);
            }
            Message::Unregister { request, registration } => {
                let mut held = self.outbox.hold();
                let what = "this session has no such registration";
                let answer = match self.realm.dealer.unregister(id, registration) {
                    Ok(()) => Message::Unregistered { request },
                    Err(refused) => error(code::UNREGISTER, request, refused, what),
                };
                let _ = held.send(answer);
            }
            Message::Goodbye { reason, .. } if reason == uri::GOODBYE_AND_OUT => {
                return Err(End::GoodbyeAndOut);
            }
            Message::Goodbye { .. } => return Err(End::Goodbye),
            Message::Abort { details, reason: uri, payload } => {
                return Err(End::Aborted(reason(&details, &uri, &payload)));
            }
            Message::Publish { request, options, .. } => {
                if options.get("acknowledge").and_then(Value::as_bool) == Some(true) {
                    self.refuse(code::PUBLISH, request);
                }
            }
            Message::Subscribe { request, .. } => self.refuse(code::SUBSCRIBE, request),
            Message::Unsubscribe { request, .. } => self.refuse(code::UNSUBSCRIBE, request),
            Message::Error { .. } => {
                return Err(End::violation("an ERROR that answers no INVOCATION"));
            }
            other => return Err(End::violation(format!("{} in an open session", other.name()))),
        }
        Ok(())
    }

    fn call(
        &mut self,
        id: u64,
        request: u64,
        procedure: &str,
        payload: Payload,
    ) -> Result<(), End> {
        self.calls += 1;
        let routed = if valid_uri(procedure) {
            self.realm.dealer.call(id, request, procedure, self.incoming.arrived())?
        } else {
            Err(uri::INVALID_URI)
        };
        let Routed { callee, callee_id, invocation, registration } = match routed {
            Ok(routed) => routed,
            Err(refused) => {
                self.reply(error(code::CALL, request, refused, &explain(refused, procedure)));
                return Ok(());
            }
        };
        let message =
            Message::Invocation { request: invocation, registration, details: Map::new(), payload };
        if let Err(unsent) = callee.pass_on(message)
            && let Some(pending) = self.realm.dealer.answer(callee_id, invocation)?
        {
            report_unsent(&pending, &unsent);
        }
        Ok(())
    }

    /// Passes on a callee's answer to the caller, for whom `answer` makes the message.
    fn answered(
        &mut self,
        id: u64,
        invocation: u64,
        answer: impl FnOnce(u64) -> Message,
    ) -> Result<(), End> {
        self.invocations += 1;
        if let Some(pending) = self.realm.dealer.answer(id, invocation)?
            && let Err(unsent) = pending.caller.pass_on(answer(pending.request))
        {
            report_unsent(&pending, &unsent);
        }
        Ok(())
    }

    fn register(&mut self, id: u64, request: u64, options: &Map, procedure: String) {
        let given = |option, known: &[&str]| match options.get(option) {
            None | Some(Value::Null) => true,
            Some(value) => value.as_str().is_some_and(|value| known.contains(&value)),
        };
        // A registered procedure can be called at once. REGISTERED must come before the
        // first INVOCATION.
        let mut held = self.outbox.hold();
        let name = procedure.clone();
        let registered = if !given("match", &["exact"]) || !given("invoke", &POLICIES) {
            Err(OPTION_NOT_ALLOWED)
        } else if !valid_uri(&procedure)
            || procedure.len() > MAX_URI
            || procedure.split('.').next() == Some("wamp")
        {
            Err(uri::INVALID_URI)
        } else {
            self.realm.dealer.register(id, procedure)
        };
        let answer = match registered {
            Ok(registration) => Message::Registered { request, registration },
            Err(refused) => error(code::REGISTER, request, refused, &explain(refused, &name)),
        };
        let _ = held.send(answer);
    }

    /// Answers a request of a publisher or a subscriber.
    fn refuse(&self, request_type: u64, request: u64) {
        let what = "this router is a dealer and no broker: it passes on calls, not publications";
        self.reply(error(request_type, request, FEATURE_NOT_SUPPORTED, what));
    }

    /// Sends a message of the router itself. All of these fit into the shortest limit
    /// that a handshake can set.
    fn reply(&self, message: Message) {
        let _ = self.outbox.send(message);
    }

    /// Sends the reason for the end, if the client can still receive it, and closes the
    /// connection.
    pub fn end(mut self, end: &End) {
        let (message, code) = end.last_message();
        self.outbox.send_last(message, code);
        drop(self.membership.take());
        self.outbox.finish();
        self.incoming.close();
    }
}

/// A session's membership of the realm. Dropping it ends the membership, also when the
/// thread panics.
struct Membership<'a> {
    realm: &'a Realm,
    id: u64,
}

impl Drop for Membership<'_> {
    fn drop(&mut self) {
        for Pending { caller, request } in self.realm.dealer.leave(self.id) {
            let what = "the callee has left before it answered";
            let _ = caller.send(error(code::CALL, request, uri::CANCELED, what));
        }
    }
}

/// Sends a caller the reason why its call, or the answer to it, cannot be passed on.
fn report_unsent(Pending { caller, request }: &Pending, unsent: &Unsent) {
    let (name, what) = match unsent {
        Unsent::TooLong(error) => (uri::PAYLOAD_SIZE_EXCEEDED, error.to_string()),
        Unsent::Full => (dealer::TOO_MANY, "too much is queued for its receiver".into()),
    };
    let _ = caller.send(error(code::CALL, *request, name, &what));
}

fn error(request_type: u64, request: u64, error: &str, what: &str) -> Message {
    let payload = Payload::of(vec![what.into()]);
    Message::Error { request_type, request, details: Map::new(), error: error.into(), payload }
}

/// Explains to a person what the URI of an error means.
fn explain(refused: &str, procedure: &str) -> String {
    let name: String = printable(procedure).chars().take(MAX_SHOWN).collect();
    match refused {
        uri::NO_SUCH_PROCEDURE => format!("nobody has registered {name}"),
        uri::PROCEDURE_ALREADY_EXISTS => {
            format!("{name} is registered already, and a procedure has one callee here")
        }
        uri::INVALID_URI => format!("{name} cannot be the name of a procedure"),
        OPTION_NOT_ALLOWED => {
            format!("match has to be exact here, and invoke {}", POLICIES.join(" or "))
        }
        dealer::TOO_MANY => "too many at once".into(),
        _ => "the session is over".into(),
    }
}

/// Distinguishes a message that cannot be decoded, which breaks the protocol, from a
/// connection that fails.
fn failed(error: io::Error) -> End {
    if error.kind() == ErrorKind::QuotaExceeded {
        return End::Abort(dealer::TOO_MANY, error.to_string(), CLOSE_TRY_AGAIN_LATER);
    }
    if error.kind() != ErrorKind::InvalidData {
        return End::Failed(error);
    }
    End::Abort(uri::PROTOCOL_VIOLATION, error.to_string(), close_code(&error))
}
