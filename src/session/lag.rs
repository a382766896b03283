//! Lag: the server asks, and the client answers.
//!
//! Who sends the ping has the clock, so turning the roles round moves the figures to
//! the other side: a game server wants the round-trip times of its players where it
//! decides what they see. On the wire nothing changes but the direction. Behind it,
//! something does. A client has one connection; a server has as many as there are
//! clients, and what it has to remember, when which ping was sent, belongs to one of
//! them. It is on the stack of that connection's thread, gone with it, and reached by
//! no other:
//!
//! ```text
//!   sender     wait until due ─▶ look at the clock ─▶ pings[n].sent ─▶ write PING n
//!   receiver   read PING n ─▶ look at the clock ─▶ pings[n].rtt      ─▶ … ─▶ LAG_DONE
//! ```
//!
//! Two threads, so that an echo that is late delays no ping. Without an interval each
//! echo sends the next ping, and one thread is enough. A ping leaves when the sleep
//! before it ends, some tens of microseconds after it was due: to look at the clock in
//! between would be more exact, and would burn a core for each stranger who asks.
//!
//! The number in an echo is a stranger's. It is used as an index into what was sent, if
//! it is in there, and creates nothing: an echo that is wrong, repeated or of a ping
//! that was never sent is counted, up to [`MAX_FAULTS`]. The last echo has to come back
//! like all the others before anything is said to be over, or ten pings would give nine
//! round trips (`examples/13_lag.rs`). A client from which no echo comes for the idle
//! timeout is dropped, as is one that takes longer than that and the longest time
//! allowed for a transfer together; if the last has come and others have not,
//! `LAG_DONE` says how many are missing, once the idle timeout has passed.
//!
//! Between the first ping and `LAG_DONE` the client may ask for the
//! [status](super::status), which anybody may at any time; every other request has to
//! wait. After `LAG_DONE` nothing is an echo any more: if that of the last ping comes
//! twice, the second one is a request, and `PING 2` is answered with `PONG 2`.

mod echoes;
pub mod figures;

use std::io::{self, BufReader};
use std::mem;
use std::time::Duration;

use echoes::{Both, Receiver};
pub use figures::{Lag, MAX_FAULTS, Ping};

use super::settings::{NO_SECOND_THREAD, Settings, Shared};
use crate::net::Stream;
use crate::serve::Share;
use crate::wire::command::more::{LagPlan, MAX_LAG_COUNT, MAX_LAG_INTERVAL};
use crate::wire::framing::Framing;

/// What a measurement takes of the budgets of all sessions.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// A thread that sends, if pings have an interval.
    _thread: Option<Share>,
    memory: Option<Share>,
    /// Room for all of the pings. What never has to move is what the budget has given,
    /// and memory that is not touched yet costs nothing.
    pings: Vec<Ping>,
}

/// The reason for a client that gets no memory.
const NO_MEMORY: &str = "too many pings are measured at the moment; ask for fewer";

/// Whether this may be asked for; if not, the reason.
pub(super) fn allow(plan: LagPlan, settings: &Settings) -> Result<Shares, String> {
    let LagPlan { count, interval } = plan;
    let time = u32::try_from(count)
        .ok()
        .and_then(|count| interval.checked_mul(count))
        .unwrap_or(Duration::MAX);
    if settings.framing == Framing::Bare {
        Err("lag needs line framing".into())
    } else if !(1..=MAX_LAG_COUNT).contains(&count) {
        Err(format!("{count} pings are not from 1 to {MAX_LAG_COUNT}"))
    } else if interval > MAX_LAG_INTERVAL {
        Err(format!("an interval of {interval:?} is over the limit of {MAX_LAG_INTERVAL:?}"))
    } else if time > settings.max_time {
        Err(format!("{time:?} is over the limit of {:?}", settings.max_time))
    } else {
        let bytes = count * size_of::<Ping>() as u64;
        let memory = settings.lag_memory.take(bytes);
        let memory = memory.ok_or(NO_MEMORY)?;
        let mut pings = Vec::new();
        // Where the system has less than the budget, only this client is refused.
        pings.try_reserve_exact(usize::try_from(count).unwrap_or(0)).map_err(|_| NO_MEMORY)?;
        let thread = if interval.is_zero() {
            None
        } else {
            Some(settings.second_threads.take(1).ok_or(NO_SECOND_THREAD)?)
        };
        Ok(Shares { _thread: thread, memory: Some(memory), pings })
    }
}

/// Sends the pings and waits for their echoes, and calls `count` for each. What was
/// measured is returned also if that fails.
pub(super) fn run(
    reader: &mut BufReader<Stream>,
    plan: LagPlan,
    mut taken: Shares,
    shared: &Shared,
    count: impl FnMut(),
) -> (Lag, io::Result<()>) {
    let both = Both::new(reader.get_ref().clone(), mem::take(&mut taken.pings));
    let mut receiver = Receiver::new(reader, plan, shared, &both, count);
    let result = if plan.interval.is_zero() { receiver.one_by_one() } else { receiver.paced() };
    let mut lag = receiver.finish();
    lag.pings = both.into_pings();
    lag.memory = taken.memory.take();
    shared.settings.log.say(format_args!("{} {lag}", reader.get_ref().peer_name()));
    (lag, result)
}
