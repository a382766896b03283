//! The dealer: which sessions exist, which procedures are registered, and which calls
//! are pending.
//!
//! All of it is behind one lock, which is held for a few lookups and never while
//! something is sent. A call concerns two sessions, so they need memory in common: that
//! is why a router cannot have a process for each connection.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outbox::Outbox;
use crate::wamp::message::{MAX_ID, uri};

/// The most pending calls of one session.
const MAX_CALLS: usize = 1000;

/// The most pending calls of one session at a callee that others call, too. A callee
/// answers in order, so this is how many calls of one session the others wait for.
const MAX_CALLS_SHARED: usize = 64;

/// The most bytes of such calls, before the new one: a quarter of what may be queued
/// for a callee.
const MAX_BYTES_SHARED: u64 = 1 << 20;

/// The most procedures that one session may register.
const MAX_REGISTRATIONS: usize = 1000;

/// The most procedures that all sessions may register.
const MAX_PROCEDURES: usize = 100_000;

/// The error of a session that asks for more than these. The specification has no name
/// for it, and leaves all names that do not begin with `wamp` to others.
pub const TOO_MANY: &str = "roundtrip.error.too_many";

/// The sessions, procedures and pending calls of a realm.
#[derive(Default)]
pub struct Dealer {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: BTreeMap<u64, Session>,
    procedures: BTreeMap<String, Procedure>,
    last_registration: u64,
    /// No session may join any more.
    closed: bool,
}

struct Session {
    outbox: Arc<Outbox>,
    /// For each pending CALL of this session, by its number, the INVOCATION.
    calls: BTreeMap<u64, Request>,
    /// For each INVOCATION that this session has not answered, by its number, the CALL.
    invocations: BTreeMap<u64, Request>,
    /// The session that called this one first.
    first_caller: Option<u64>,
    /// Whether another session has called this one since.
    is_shared: bool,
    /// The router numbers its requests to each client from 1.
    last_invocation: u64,
    registrations: BTreeMap<u64, String>,
}

#[derive(Clone, Copy)]
struct Procedure {
    registration: u64,
    callee: u64,
}

/// The number of a CALL or an INVOCATION, and the session that sent or received it.
#[derive(Clone, Copy)]
struct Request {
    session: u64,
    number: u64,
    /// The length of the CALL.
    bytes: u64,
}

/// Where a call goes.
pub struct Routed {
    pub callee: Arc<Outbox>,
    pub callee_id: u64,
    pub invocation: u64,
    pub registration: u64,
}

/// Where the answer to a call goes: to this caller, under this number.
pub struct Pending {
    pub caller: Arc<Outbox>,
    pub request: u64,
}

/// The client breaks this rule of the protocol.
#[derive(Debug)]
pub struct Violation(pub &'static str);

/// A request is refused with the error of this URI.
pub type Refused = &'static str;

impl Dealer {
    /// Adds a session, and returns its number; `None` once the dealer is
    /// [closed](Dealer::close).
    pub fn join(&self, outbox: Arc<Outbox>) -> Option<u64> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        // Session numbers are drawn at random from the whole range (WAMP, "IDs"), so
        // that one says nothing about another.
        let id = loop {
            let id = RandomState::new().hash_one(0) % MAX_ID + 1;
            if !state.sessions.contains_key(&id) {
                break id;
            }
        };
        let (calls, invocations, registrations) = Default::default();
        let session = Session {
            outbox,
            calls,
            invocations,
            first_caller: None,
            is_shared: false,
            last_invocation: 0,
            registrations,
        };
        state.sessions.insert(id, session);
        Some(id)
    }

    /// Removes a session and its procedures; returns the calls that the session can no
    /// longer answer.
    pub fn leave(&self, id: u64) -> Vec<Pending> {
        let state = &mut *self.state();
        let Some(session) = state.sessions.remove(&id) else { return Vec::new() };
        for procedure in session.registrations.values() {
            state.procedures.remove(procedure);
        }
        for Request { session, number, .. } in session.calls.into_values() {
            if let Some(callee) = state.sessions.get_mut(&session) {
                callee.invocations.remove(&number);
            }
        }
        session.invocations.into_values().filter_map(|call| state.take_pending(call)).collect()
    }

    /// Lets no session join from now on, and returns the outboxes of all sessions.
    pub fn close(&self) -> Vec<Arc<Outbox>> {
        let mut state = self.state();
        state.closed = true;
        state.sessions.values().map(|session| Arc::clone(&session.outbox)).collect()
    }

    /// Registers a procedure of a session, and returns the number of the registration.
    pub fn register(&self, id: u64, procedure: String) -> Result<u64, Refused> {
        let state = &mut *self.state();
        let Some(session) = state.sessions.get_mut(&id) else { return Err(uri::CANCELED) };
        if state.procedures.contains_key(&procedure) {
            return Err(uri::PROCEDURE_ALREADY_EXISTS);
        }
        if session.registrations.len() >= MAX_REGISTRATIONS
            || state.procedures.len() >= MAX_PROCEDURES
        {
            return Err(TOO_MANY);
        }
        state.last_registration += 1;
        let registration = state.last_registration;
        session.registrations.insert(registration, procedure.clone());
        state.procedures.insert(procedure, Procedure { registration, callee: id });
        Ok(registration)
    }

    /// Removes a registration of this session.
    pub fn unregister(&self, id: u64, registration: u64) -> Result<(), Refused> {
        let state = &mut *self.state();
        let session = state.sessions.get_mut(&id);
        let procedure = session.and_then(|session| session.registrations.remove(&registration));
        state.procedures.remove(&procedure.ok_or(uri::NO_SUCH_REGISTRATION)?);
        Ok(())
    }

    /// Looks up the callee of a procedure, and records the call of this length as
    /// pending.
    pub fn call(
        &self,
        id: u64,
        request: u64,
        procedure: &str,
        bytes: u64,
    ) -> Result<Result<Routed, Refused>, Violation> {
        let state = &mut *self.state();
        let Some(session) = state.sessions.get(&id) else { return Ok(Err(uri::CANCELED)) };
        if session.calls.contains_key(&request) {
            return Err(Violation("a CALL has the number of another pending call"));
        }
        if session.calls.len() >= MAX_CALLS {
            return Ok(Err(TOO_MANY));
        }
        let procedure = state.procedures.get(procedure).copied();
        let Some(Procedure { registration, callee: callee_id }) = procedure else {
            return Ok(Err(uri::NO_SUCH_PROCEDURE));
        };
        let Some(callee) = state.sessions.get_mut(&callee_id) else {
            return Ok(Err(uri::NO_SUCH_PROCEDURE));
        };
        callee.is_shared |= *callee.first_caller.get_or_insert(id) != id;
        let (is_shared, invocation) = (callee.is_shared, callee.last_invocation + 1);
        let outbox = Arc::clone(&callee.outbox);
        let Some(session) = state.sessions.get_mut(&id) else { return Ok(Err(uri::CANCELED)) };
        if is_shared && session.has_enough_calls(callee_id) {
            return Ok(Err(TOO_MANY));
        }
        session.calls.insert(request, Request { session: callee_id, number: invocation, bytes });
        if let Some(callee) = state.sessions.get_mut(&callee_id) {
            callee.last_invocation = invocation;
            callee.invocations.insert(invocation, Request { session: id, number: request, bytes });
        }
        let callee = outbox;
        Ok(Ok(Routed { callee, callee_id, invocation, registration }))
    }

    /// Takes the pending call that an answer to this invocation belongs to; `None` when
    /// the caller has left or has given up meanwhile.
    pub fn answer(&self, id: u64, invocation: u64) -> Result<Option<Pending>, Violation> {
        let state = &mut *self.state();
        let Some(callee) = state.sessions.get_mut(&id) else { return Ok(None) };
        if invocation > callee.last_invocation {
            return Err(Violation("the answer to an INVOCATION that was never sent"));
        }
        let call = callee.invocations.remove(&invocation);
        Ok(call.and_then(|call| state.take_pending(call)))
    }

    /// Whether a session has procedures, waits for the result of a call, or has one to
    /// answer.
    pub fn is_engaged(&self, id: u64) -> bool {
        self.state().sessions.get(&id).is_some_and(|session| {
            let Session { calls, invocations, registrations, .. } = session;
            !(calls.is_empty() && invocations.is_empty() && registrations.is_empty())
        })
    }

    /// Forgets a call; returns whether it was pending.
    pub fn cancel(&self, id: u64, request: u64) -> bool {
        let state = &mut *self.state();
        let caller = state.sessions.get_mut(&id);
        let call = caller.and_then(|caller| caller.calls.remove(&request));
        let Some(Request { session, number, .. }) = call else { return false };
        if let Some(callee) = state.sessions.get_mut(&session) {
            callee.invocations.remove(&number);
        }
        true
    }

    /// Locks the state. A thread that panicked while it held the lock has left, at
    /// worst, a call pending for ever.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Whether this session has as many calls pending at this callee as it may have if
    /// the callee has other callers.
    fn has_enough_calls(&self, callee: u64) -> bool {
        let calls = || self.calls.values().filter(|call| call.session == callee);
        calls().count() >= MAX_CALLS_SHARED
            || calls().map(|call| call.bytes).sum::<u64>() >= MAX_BYTES_SHARED
    }
}

impl State {
    fn take_pending(&mut self, Request { session, number, .. }: Request) -> Option<Pending> {
        let caller = self.sessions.get_mut(&session)?;
        caller.calls.remove(&number)?;
        Some(Pending { caller: Arc::clone(&caller.outbox), request: number })
    }
}
