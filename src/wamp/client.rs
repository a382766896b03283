//! A client's session at a router: it calls procedures, offers procedures, or both.
//!
//! A session has no thread of its own. [`call`](Session::call) sends a message and
//! waits for the answer. While it waits, and in [`serve`](Session::serve), the session
//! runs its own procedures when others call them. A session that is in neither of the
//! two reads nothing, not even a ping, and a router closes it after a while.
//!
//! ```
//! use roundtrip::wamp::router::{Config, Router};
//! use roundtrip::wamp::Session;
//! use roundtrip::wamp::Payload;
//! use std::thread;
//! use std::time::Duration;
//!
//! // RawSocket on a free port of 127.0.0.1.
//! let router = Router::bind(Config::default())?.start()?;
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
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connection::{Encoder, Event, Incoming};
use super::error::{CallError, Refusal, printable, reason};
use crate::json::Map;
use crate::net::Stream;
use crate::wamp::message::{AGENT, Message, Payload, code, uri};
use crate::wamp::opening;
use crate::wamp::url::Url;
use crate::wamp::websocket::CLOSE_NORMAL;

/// The function that a procedure calls.
type Handler = Box<dyn FnMut(Payload) -> Result<Payload, Refusal> + Send>;

/// A client's session at a router.
pub struct Session {
    incoming: Incoming,
    encoder: Encoder,
    out: Vec<u8>,
    id: u64,
    /// The number of the last request. Requests are numbered from 1 (WAMP, "IDs").
    requests: u64,
    procedures: HashMap<u64, Handler>,
    timeout: Duration,
    aborted: Arc<AtomicBool>,
    /// Whether a write has failed. Part of a message may have left, so nothing can
    /// follow it.
    broken: bool,
    /// Whether the router has ended the session.
    ended: bool,
}

/// Ends a session from another thread.
#[derive(Clone, Debug)]
pub struct Handle {
    stream: Stream,
    aborted: Arc<AtomicBool>,
}

impl Session {
    /// Connects to the router at this URL, and opens a session in this realm. No wait
    /// takes longer than `timeout`, now and later.
    ///
    /// # Errors
    /// Names the URL, and describes what failed; `ConnectionRefused` when the router
    /// refuses the session.
    pub fn join(url: &Url, realm: &str, timeout: Duration) -> io::Result<Self> {
        let (incoming, encoder) = opening::connect(url, timeout)?;
        let mut session = Session {
            incoming,
            encoder,
            out: Vec::new(),
            id: 0,
            requests: 0,
            procedures: HashMap::new(),
            timeout,
            aborted: Arc::default(),
            broken: false,
            ended: false,
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
        self.id = self.answer(|answer| match answer {
            Message::Welcome { session, .. } => Some(session),
            _ => None,
        })?;
        Ok(())
    }

    /// The router's number for this session.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The address of the router, unless its socket is a Unix socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.incoming.stream().peer()
    }

    /// Changes how long an answer may take from now on, and how long a router may be
    /// silent while the session [serves](Session::serve).
    ///
    /// # Errors
    /// `InvalidInput` when the timeout is zero.
    pub fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        self.incoming.stream_mut().set_read_timeout(timeout)
    }

    /// A handle with which another thread can end this session.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { stream: self.incoming.stream().clone(), aborted: Arc::clone(&self.aborted) }
    }

    /// Registers a procedure under this name, and returns the number of the
    /// registration. The session calls `handler` while it waits in
    /// [`call`](Session::call) or in [`serve`](Session::serve).
    ///
    /// # Errors
    /// [`CallError::Refused`] with the error of the router, such as
    /// [`uri::PROCEDURE_ALREADY_EXISTS`] or [`uri::INVALID_URI`]; [`CallError::Io`]
    /// when there is no answer.
    pub fn register(
        &mut self,
        procedure: &str,
        handler: impl FnMut(Payload) -> Result<Payload, Refusal> + Send + 'static,
    ) -> Result<u64, CallError> {
        let request = self.next_request();
        let message =
            Message::Register { request, options: Map::new(), procedure: procedure.into() };
        let registration = self.request(request, message, |answer| match answer {
            Message::Registered { request, registration } => Some((request, registration)),
            _ => None,
        })?;
        self.procedures.insert(registration, Box::new(handler));
        Ok(registration)
    }

    /// Removes the registration of this number.
    ///
    /// # Errors
    /// [`CallError::Refused`] when the session has no such registration;
    /// [`CallError::Io`] when there is no answer.
    pub fn unregister(&mut self, registration: u64) -> Result<(), CallError> {
        let request = self.next_request();
        let message = Message::Unregister { request, registration };
        self.request(request, message, |answer| match answer {
            Message::Unregistered { request } => Some((request, ())),
            _ => None,
        })?;
        self.procedures.remove(&registration);
        Ok(())
    }

    /// Calls the procedure of this name, and waits for its result. A session may call
    /// its own procedures.
    ///
    /// # Errors
    /// [`CallError::Refused`] with the error of the router or of the procedure;
    /// [`CallError::Io`] when there is no answer.
    pub fn call(&mut self, procedure: &str, payload: Payload) -> Result<Payload, CallError> {
        let request = self.next_request();
        let (options, procedure) = (Map::new(), procedure.into());
        let message = Message::Call { request, options, procedure, payload };
        self.request(request, message, |answer| match answer {
            Message::Result { request, payload, .. } => Some((request, payload)),
            _ => None,
        })
    }

    /// Runs the procedures of this session when others call them, until the router
    /// sends GOODBYE or another thread calls [`Handle::abort`].
    ///
    /// # Errors
    /// When the connection ends in another way. The session pings a router that is
    /// silent; a router that does not answer has failed. Over `RawSocket` there is no
    /// ping, since widespread routers do not know it: a router that vanishes there,
    /// without closing the connection, is not noticed.
    pub fn serve(&mut self) -> io::Result<()> {
        let mut pinged = false;
        loop {
            let step = match self.incoming.wait(self.timeout) {
                Err(error) if error.kind() == ErrorKind::TimedOut && !pinged => {
                    if self.incoming.may_lack_pings() {
                        continue;
                    }
                    pinged = true;
                    self.encoder.ping(&mut self.out);
                    self.flush()?;
                    continue;
                }
                waited => waited.and_then(|_| self.step(self.timeout)),
            };
            match step {
                // An answer that comes now is too late.
                Ok(_) => pinged = false,
                Err(_) if self.ended || self.aborted.load(Ordering::Relaxed) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the session in good order: sends GOODBYE, and waits for the router's.
    ///
    /// # Errors
    /// When the router does not answer. The connection is closed in any case.
    pub fn leave(mut self) -> io::Result<()> {
        self.send(Message::Goodbye { details: Map::new(), reason: uri::CLOSE_REALM.into() })?;
        let left = self.answer(|answer| matches!(answer, Message::Goodbye { .. }).then_some(()));
        self.encoder.close(CLOSE_NORMAL, "", &mut self.out);
        // The router may have closed first.
        let _ = self.flush();
        self.incoming.close();
        left
    }

    /// Sends a request with this number, and waits for its answer. `accept` takes the
    /// number of the request and the result out of an answer of the right kind.
    fn request<T>(
        &mut self,
        request: u64,
        message: Message,
        accept: impl Fn(Message) -> Option<(u64, T)>,
    ) -> Result<T, CallError> {
        let code = message.code();
        self.send(message)?;
        self.answer(|answer| match answer {
            Message::Error { request_type, request: answered, error, payload, .. } => {
                let refusal = Refusal { uri: error, payload };
                ((request_type, answered) == (code, request)).then_some(Err(refusal.into()))
            }
            answer => {
                let accepted = accept(answer).filter(|(answered, _)| *answered == request);
                accepted.map(|(_, result)| Ok(result))
            }
        })?
    }

    /// Waits for the message that `take` accepts. Other messages answer requests that
    /// have timed out, and are ignored.
    fn answer<T>(&mut self, take: impl Fn(Message) -> Option<T>) -> io::Result<T> {
        let deadline = Instant::now().checked_add(self.timeout);
        loop {
            let left = deadline.map_or(self.timeout, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                let what = format!("no answer for {:?}", self.timeout);
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
            if let Some(taken) = self.step(left)?.and_then(&take) {
                return Ok(taken);
            }
        }
    }

    /// Receives one message or control frame, and handles it unless it is an answer,
    /// which is returned. Both waiting for the message and receiving it may take this
    /// long.
    fn step(&mut self, time: Duration) -> io::Result<Option<Message>> {
        self.check()?;
        self.incoming.wait(time)?;
        match self.incoming.receive(time)? {
            Some(Event::Message(Message::Invocation {
                request, registration, payload, ..
            })) => self.invoked(request, registration, payload)?,
            Some(Event::Message(Message::Abort { details, reason: uri, payload })) => {
                let what = format!("the router refuses: {}", reason(&details, &uri, &payload));
                return Err(io::Error::new(ErrorKind::ConnectionRefused, what));
            }
            Some(Event::Message(Message::Goodbye { reason, .. }))
                if reason != uri::GOODBYE_AND_OUT =>
            {
                let (details, answer) = (Map::new(), uri::GOODBYE_AND_OUT.into());
                self.send(Message::Goodbye { details, reason: answer })?;
                self.ended = true;
                let what = format!("the router ended the session: {}", printable(&reason));
                return Err(io::Error::new(ErrorKind::ConnectionAborted, what));
            }
            Some(Event::Message(message)) => return Ok(Some(message)),
            Some(Event::Refused(error)) => self.send(error)?,
            Some(Event::Ping(payload)) => {
                self.encoder.pong(&payload, &mut self.out);
                self.flush()?;
            }
            Some(Event::Pong) => {}
            Some(Event::Close) => {
                self.encoder.close(CLOSE_NORMAL, "", &mut self.out);
                self.flush()?;
                return Err(closed());
            }
            None => return Err(closed()),
        }
        Ok(None)
    }

    fn invoked(&mut self, request: u64, registration: u64, payload: Payload) -> io::Result<()> {
        let error = |Refusal { uri, payload }| {
            let details = Map::new();
            Message::Error { request_type: code::INVOCATION, request, details, error: uri, payload }
        };
        // The router may have sent this INVOCATION before it received UNREGISTER.
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
            return Ok(()); // RawSocket has no close frame.
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
    /// Ends the session at once, without GOODBYE, and wakes a thread that waits in it.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Relaxed);
        self.stream.abort();
    }
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
