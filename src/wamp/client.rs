//! The client's side of a router: a [`Session`] calls procedures, offers procedures, or
//! both.
//!
//! Everything happens in the thread that asks for it. [`call`](Session::call) sends and
//! waits; while it waits, or in [`serve`](Session::serve), invocations of the session's
//! own procedures are carried out. So a session that does neither hears nothing, not
//! even the question whether it is still there, and a router drops it after a while.
//!
//! ```
//! use roundtrip::wamp::router::{Config, Router};
//! use roundtrip::wamp::Session;
//! use roundtrip::wamp::Payload;
//! use std::thread;
//! use std::time::Duration;
//!
//! let router = Router::bind(Config::default())?.start()?; // RawSocket on a free port of 127.0.0.1
//! let (url, timeout) = (&router.urls()[0], Duration::from_secs(5));
//!
//! let mut callee = Session::join(url, "realm1", timeout)?;
//! callee.register("com.example.echo", |payload| Ok(payload))?;
//! let handle = callee.handle();
//! let serving = thread::spawn(move || callee.serve());
//!
//! let mut caller = Session::join(url, "realm1", timeout)?;
//! let hello = Payload::of(vec!["hello".into()]);
//! assert_eq!(caller.call("com.example.echo", hello.clone())?, hello);
//! caller.leave()?;
//!
//! handle.abort();
//! serving.join().expect("no handler panicked")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::HashMap;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connection::{Encoder, Event, Incoming};
use super::error::{CallError, Refusal, printable};
use super::opening;
use crate::json::{Map, Value};
use crate::net::Stream;
use crate::wamp::message::{AGENT, Message, Payload, code, uri};
use crate::wamp::url::Url;
use crate::wamp::websocket::CLOSE_NORMAL;

/// What carries out a procedure.
type Handler = Box<dyn FnMut(Payload) -> Result<Payload, Refusal> + Send>;

/// A client's session at a router.
pub struct Session {
    incoming: Incoming,
    encoder: Encoder,
    out: Vec<u8>,
    id: u64,
    /// The number of the last request. The specification counts them from 1.
    requests: u64,
    procedures: HashMap<u64, Handler>,
    timeout: Duration,
    aborted: Arc<AtomicBool>,
    /// Whether a write has failed: nobody knows how much of the message has left, so
    /// nothing can follow it.
    broken: bool,
}

/// Ends a session from another thread.
#[derive(Clone, Debug)]
pub struct Handle {
    stream: Stream,
    aborted: Arc<AtomicBool>,
}

/// What became of what has arrived.
enum Step {
    /// It answers a request, or should.
    Answer(Message),
    /// It was dealt with.
    Done,
    /// The router ends the session, for this reason, and has been answered.
    Goodbye(String),
}

impl Session {
    /// Connects to the router at this URL and asks for a session in this realm. No wait
    /// takes longer than `timeout`, now and later.
    ///
    /// # Errors
    /// Says what was tried, and how far it came; `ConnectionRefused` when the router
    /// does not want this session.
    pub fn join(url: &Url, realm: &str, timeout: Duration) -> io::Result<Self> {
        let (incoming, encoder) = opening::connect(url, timeout)?;
        let (out, procedures, aborted) = (Vec::new(), HashMap::new(), Arc::default());
        let mut session = Session {
            incoming,
            encoder,
            out,
            id: 0,
            requests: 0,
            procedures,
            timeout,
            aborted,
            broken: false,
        };
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("{url}: {error}"));
        session.greet(realm).map_err(failed)?;
        Ok(session)
    }

    fn greet(&mut self, realm: &str) -> io::Result<()> {
        let role = |name| (name, Map::new().into());
        let roles = Map::from([role("caller"), role("callee")]);
        let details = Map::from([("agent", AGENT.into()), ("roles", roles.into())]);
        self.send(Message::Hello { realm: realm.into(), details })?;
        let welcome = |answer| {
            if let Message::Welcome { session, .. } = answer { Ok(session) } else { Err(answer) }
        };
        self.id = self.answer(welcome)?;
        Ok(())
    }

    /// The router's number for this session.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What ends this session from another thread.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { stream: self.incoming.stream().clone(), aborted: Arc::clone(&self.aborted) }
    }

    /// Offers a procedure under this name, and returns the number of the registration.
    /// It is carried out whenever this session [waits](self).
    ///
    /// # Errors
    /// As [`call`](Session::call); among the refusals are
    /// [`uri::PROCEDURE_ALREADY_EXISTS`] and [`uri::INVALID_URI`].
    pub fn register(
        &mut self,
        procedure: &str,
        handler: impl FnMut(Payload) -> Result<Payload, Refusal> + Send + 'static,
    ) -> Result<u64, CallError> {
        let request = self.next_request();
        self.send(Message::Register { request, options: Map::new(), procedure: procedure.into() })?;
        let registered = |answer| match answer {
            Message::Registered { request: answered, registration } if answered == request => {
                Ok(Ok(registration))
            }
            other => refusal(other, code::REGISTER, request),
        };
        let registration = self.answer(registered)??;
        self.procedures.insert(registration, Box::new(handler));
        Ok(registration)
    }

    /// Withdraws what was registered under this number.
    ///
    /// # Errors
    /// As [`call`](Session::call).
    pub fn unregister(&mut self, registration: u64) -> Result<(), CallError> {
        let request = self.next_request();
        self.send(Message::Unregister { request, registration })?;
        let unregistered = |answer| match answer {
            Message::Unregistered { request: answered } if answered == request => Ok(Ok(())),
            other => refusal(other, code::UNREGISTER, request),
        };
        self.answer(unregistered)??;
        self.procedures.remove(&registration);
        Ok(())
    }

    /// Calls the procedure of this name and waits for what it returns. It may be one of
    /// this session's own, which is carried out while this waits.
    ///
    /// # Errors
    /// [`CallError::Refused`] with the error of the router or of the procedure;
    /// [`CallError::Io`] when there is no answer.
    pub fn call(&mut self, procedure: &str, payload: Payload) -> Result<Payload, CallError> {
        let request = self.next_request();
        self.send(Message::Call {
            request,
            options: Map::new(),
            procedure: procedure.into(),
            payload,
        })?;
        let result = |answer| match answer {
            Message::Result { request: answered, payload, .. } if answered == request => {
                Ok(Ok(payload))
            }
            other => refusal(other, code::CALL, request),
        };
        self.answer(result)?
    }

    /// Carries out the procedures of this session until the router says goodbye or
    /// [`Handle::abort`] is called.
    ///
    /// # Errors
    /// When the connection ends in any other way. A router that is silent is asked
    /// whether it is there; it has failed when it does not answer.
    pub fn serve(&mut self) -> io::Result<()> {
        let mut asked = false;
        loop {
            let step = match self.incoming.wait(self.timeout) {
                Err(error) if error.kind() == ErrorKind::TimedOut && !asked => {
                    asked = true;
                    self.encoder.ping(&mut self.out);
                    self.flush()?;
                    continue;
                }
                waited => waited.and_then(|_| self.step()),
            };
            match step {
                Ok(Step::Done) => asked = false,
                // Answers that come too late.
                Ok(Step::Answer(_)) => {}
                Ok(Step::Goodbye(_)) => return Ok(()),
                Err(_) if self.aborted.load(Ordering::Relaxed) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the session in good order: says goodbye, and waits until the router has
    /// said so too.
    ///
    /// # Errors
    /// When it has not. The connection is closed in any case.
    pub fn leave(mut self) -> io::Result<()> {
        self.send(Message::Goodbye { details: Map::new(), reason: uri::CLOSE_REALM.into() })?;
        let goodbye =
            |answer| if let Message::Goodbye { .. } = answer { Ok(()) } else { Err(answer) };
        let left = self.answer(goodbye);
        self.encoder.close(CLOSE_NORMAL, "", &mut self.out);
        // The router may have closed first.
        let _ = self.flush();
        self.incoming.close();
        left
    }

    /// Waits for the answer that `take` wants. What it gives back answers something
    /// that is no longer waited for.
    fn answer<T>(&mut self, take: impl Fn(Message) -> Result<T, Message>) -> io::Result<T> {
        let deadline = Instant::now().checked_add(self.timeout);
        loop {
            match self.step()? {
                Step::Answer(answer) => {
                    if let Ok(taken) = take(answer) {
                        return Ok(taken);
                    }
                }
                Step::Goodbye(reason) => {
                    let what = format!("the router ended the session: {}", printable(&reason));
                    return Err(io::Error::new(ErrorKind::ConnectionAborted, what));
                }
                Step::Done => {}
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let what = format!("no answer for {:?}", self.timeout);
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
        }
    }

    /// Receives what comes next, and deals with all but answers.
    fn step(&mut self) -> io::Result<Step> {
        self.check()?;
        self.incoming.wait(self.timeout)?;
        match self.incoming.receive(self.timeout)? {
            Some(Event::Message(Message::Invocation {
                request, registration, payload, ..
            })) => {
                self.invoked(request, registration, payload)?;
                Ok(Step::Done)
            }
            Some(Event::Message(Message::Abort { details, reason })) => {
                Err(aborted(&details, &reason))
            }
            Some(Event::Message(Message::Goodbye { reason, .. }))
                if reason != uri::GOODBYE_AND_OUT =>
            {
                self.send(Message::Goodbye {
                    details: Map::new(),
                    reason: uri::GOODBYE_AND_OUT.into(),
                })?;
                Ok(Step::Goodbye(reason))
            }
            Some(Event::Message(message)) => Ok(Step::Answer(message)),
            Some(Event::Ping(payload)) => {
                self.encoder.pong(&payload, &mut self.out);
                self.flush()?;
                Ok(Step::Done)
            }
            Some(Event::Pong) => Ok(Step::Done),
            Some(Event::Close) => {
                self.encoder.close(CLOSE_NORMAL, "", &mut self.out);
                self.flush()?;
                Err(closed())
            }
            None => Err(closed()),
        }
    }

    fn invoked(&mut self, request: u64, registration: u64, payload: Payload) -> io::Result<()> {
        let error = |Refusal { uri, payload }| {
            let details = Map::new();
            Message::Error { request_type: code::INVOCATION, request, details, error: uri, payload }
        };
        // The router may have sent this before it learned that there is no such
        // procedure any more.
        let unknown =
            || Refusal { uri: uri::NO_SUCH_PROCEDURE.into(), payload: Payload::default() };
        let handler = self.procedures.get_mut(&registration).ok_or_else(unknown);
        let answer = match handler.and_then(|handler| handler(payload)) {
            Ok(payload) => Message::Yield { request, options: Map::new(), payload },
            Err(refusal) => error(refusal),
        };
        match self.encoder.message(answer, &mut self.out) {
            Ok(()) => self.flush(),
            Err(too_long) => {
                let payload = Payload::of(vec![too_long.to_string().into()]);
                self.send(error(Refusal { uri: uri::PAYLOAD_SIZE_EXCEEDED.into(), payload }))
            }
        }
    }

    fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    fn send(&mut self, message: Message) -> io::Result<()> {
        self.check()?;
        self.encoder.message(message, &mut self.out)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(()); // RawSocket has no word for closing.
        }
        self.check()?;
        let sent = self.incoming.stream_mut().write_all(&self.out);
        self.out.clear();
        self.broken = sent.is_err();
        sent
    }

    fn check(&self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::new(
                ErrorKind::BrokenPipe,
                "the session has failed before, in the middle of a message",
            ));
        }
        Ok(())
    }
}

impl Handle {
    /// Ends the session at once, without a goodbye. Whoever waits in it is woken.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Relaxed);
        self.stream.abort();
    }
}

/// The refusal of this request, if it is that.
fn refusal<T>(answer: Message, wanted: u64, request: u64) -> Result<Result<T, CallError>, Message> {
    match answer {
        Message::Error { request_type, request: answered, error, payload, .. }
            if (request_type, answered) == (wanted, request) =>
        {
            Ok(Err(CallError::Refused(Refusal { uri: error, payload })))
        }
        other => Err(other),
    }
}

fn aborted(details: &Map, reason: &str) -> io::Error {
    let message = details
        .get("message")
        .and_then(Value::as_str)
        .map(|text| format!(" ({})", printable(text)));
    let what = format!("the router refuses: {}{}", printable(reason), message.unwrap_or_default());
    io::Error::new(ErrorKind::ConnectionRefused, what)
}

fn closed() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the router closed the connection")
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("stream", self.incoming.stream())
            .finish_non_exhaustive()
    }
}
