//! Who is there, who has registered what, and who waits for whom: all that the sessions
//! of a router share.
//!
//! It is all behind one lock, which is held for a few lookups and never while anything
//! is sent. That is also why a router cannot have a process for each connection: a call
//! concerns two sessions, so they need a memory in common.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outbox::Outbox;
use crate::wamp::{MAX_ID, uri};

/// How many calls of one session may be without an answer.
const MAX_CALLS: usize = 1000;

/// How many procedures one session may have registered.
const MAX_REGISTRATIONS: usize = 1000;

/// How many procedures may be registered in all.
const MAX_PROCEDURES: usize = 100_000;

/// What a session gets that asks for more than these. The specification has no name for
/// it, and leaves all that do not begin with `wamp` to others.
pub const TOO_MANY: &str = "roundtrip.error.too_many";

/// The state of a realm.
#[derive(Default)]
pub struct Dealer {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    members: BTreeMap<u64, Member>,
    procedures: BTreeMap<String, Procedure>,
    last_registration: u64,
    /// Nobody is let in any more.
    closed: bool,
}

/// A session.
struct Member {
    outbox: Arc<Outbox>,
    /// Its calls that are without an answer, by their number.
    calls: BTreeMap<u64, Invocation>,
    /// The invocations that it has not answered, by their number.
    invocations: BTreeMap<u64, Call>,
    /// Numbers in the direction from router to client begin with 1 too.
    last_invocation: u64,
    registrations: BTreeMap<u64, String>,
}

#[derive(Clone, Copy)]
struct Procedure {
    registration: u64,
    callee: u64,
}

#[derive(Clone, Copy)]
struct Invocation {
    callee: u64,
    number: u64,
}

#[derive(Clone, Copy)]
struct Call {
    caller: u64,
    number: u64,
}

/// A call that is to be passed on.
pub struct Passed {
    pub callee: Arc<Outbox>,
    pub callee_id: u64,
    pub invocation: u64,
    pub registration: u64,
}

/// A call that has got its answer: whose it is, and its number.
pub struct Answered {
    pub caller: Arc<Outbox>,
    pub request: u64,
}

/// What no client does that follows the rules.
#[derive(Debug)]
pub struct Violation(pub &'static str);

/// Why something is not done: the name of the error.
pub type Refused = &'static str;

impl Dealer {
    /// Adds a session, and returns its number; `None` once this is
    /// [closed](Dealer::close).
    pub fn join(&self, outbox: Arc<Outbox>) -> Option<u64> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        // Drawn from all numbers there are, as the specification wants it: so they say
        // nothing about each other.
        let id = loop {
            let id = RandomState::new().hash_one(0) % MAX_ID + 1;
            if !state.members.contains_key(&id) {
                break id;
            }
        };
        let (calls, invocations, registrations) = Default::default();
        state
            .members
            .insert(id, Member { outbox, calls, invocations, last_invocation: 0, registrations });
        Some(id)
    }

    /// Removes a session and what it has registered; returns the calls that it will not
    /// answer any more.
    pub fn leave(&self, id: u64) -> Vec<Answered> {
        let state = &mut *self.state();
        let Some(member) = state.members.remove(&id) else { return Vec::new() };
        for procedure in member.registrations.values() {
            state.procedures.remove(procedure);
        }
        for Invocation { callee, number } in member.calls.into_values() {
            if let Some(callee) = state.members.get_mut(&callee) {
                callee.invocations.remove(&number);
            }
        }
        member.invocations.into_values().filter_map(|call| state.answered(call)).collect()
    }

    /// Lets nobody in from now on, and returns everyone who is there.
    pub fn close(&self) -> Vec<Arc<Outbox>> {
        let mut state = self.state();
        state.closed = true;
        state.members.values().map(|member| Arc::clone(&member.outbox)).collect()
    }

    pub fn register(&self, id: u64, procedure: String) -> Result<u64, Refused> {
        let state = &mut *self.state();
        let Some(member) = state.members.get_mut(&id) else { return Err(uri::CANCELED) };
        if state.procedures.contains_key(&procedure) {
            return Err(uri::PROCEDURE_ALREADY_EXISTS);
        }
        if member.registrations.len() >= MAX_REGISTRATIONS
            || state.procedures.len() >= MAX_PROCEDURES
        {
            return Err(TOO_MANY);
        }
        state.last_registration += 1;
        let registration = state.last_registration;
        member.registrations.insert(registration, procedure.clone());
        state.procedures.insert(procedure, Procedure { registration, callee: id });
        Ok(registration)
    }

    pub fn unregister(&self, id: u64, registration: u64) -> Result<(), Refused> {
        let state = &mut *self.state();
        let procedure = state
            .members
            .get_mut(&id)
            .and_then(|member| member.registrations.remove(&registration));
        state.procedures.remove(&procedure.ok_or(uri::NO_SUCH_REGISTRATION)?);
        Ok(())
    }

    /// Looks up who is to be called, and notes who waits for the answer.
    pub fn call(
        &self,
        id: u64,
        request: u64,
        procedure: &str,
    ) -> Result<Result<Passed, Refused>, Violation> {
        let state = &mut *self.state();
        let Some(member) = state.members.get(&id) else { return Ok(Err(uri::CANCELED)) };
        if member.calls.contains_key(&request) {
            return Err(Violation("a CALL has the number of another that is without an answer"));
        }
        if member.calls.len() >= MAX_CALLS {
            return Ok(Err(TOO_MANY));
        }
        let procedure = state.procedures.get(procedure).copied();
        let Some(Procedure { registration, callee: callee_id }) = procedure else {
            return Ok(Err(uri::NO_SUCH_PROCEDURE));
        };
        let Some(member) = state.members.get_mut(&callee_id) else {
            return Ok(Err(uri::NO_SUCH_PROCEDURE));
        };
        member.last_invocation += 1;
        let invocation = member.last_invocation;
        member.invocations.insert(invocation, Call { caller: id, number: request });
        let passed =
            Passed { callee: Arc::clone(&member.outbox), callee_id, invocation, registration };
        if let Some(member) = state.members.get_mut(&id) {
            member.calls.insert(request, Invocation { callee: callee_id, number: invocation });
        }
        Ok(Ok(passed))
    }

    /// Looks up who waits for this invocation, and forgets it. Nobody does when the
    /// caller has left meanwhile.
    pub fn answer(&self, id: u64, invocation: u64) -> Result<Option<Answered>, Violation> {
        let state = &mut *self.state();
        let Some(callee) = state.members.get_mut(&id) else { return Ok(None) };
        if invocation > callee.last_invocation {
            return Err(Violation("the answer to an INVOCATION that never was"));
        }
        let call = callee.invocations.remove(&invocation);
        Ok(call.and_then(|call| state.answered(call)))
    }

    /// Forgets a call; returns whether there was one without an answer.
    pub fn cancel(&self, id: u64, request: u64) -> bool {
        let state = &mut *self.state();
        let call = state.members.get_mut(&id).and_then(|member| member.calls.remove(&request));
        let Some(Invocation { callee, number }) = call else { return false };
        if let Some(callee) = state.members.get_mut(&callee) {
            callee.invocations.remove(&number);
        }
        true
    }

    /// A thread that panicked has left, at worst, a call without an answer.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn answered(&mut self, Call { caller, number }: Call) -> Option<Answered> {
        let caller = self.members.get_mut(&caller)?;
        caller.calls.remove(&number)?;
        Some(Answered { caller: Arc::clone(&caller.outbox), request: number })
    }
}
