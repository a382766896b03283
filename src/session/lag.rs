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

use std::fmt;
use std::io::{self, BufReader};
use std::num::NonZeroU64;
use std::time::Duration;

use echoes::{Both, Receiver};

use super::{Settings, Shared};
use crate::json::{Map, Value};
use crate::net::Stream;
use crate::stats::Recorder;
use crate::units::{ms, nanoseconds};
use crate::wire::command::{LagPlan, MAX_LAG_COUNT, MAX_LAG_INTERVAL, MAX_LAG_SAMPLES};
use crate::wire::framing::Framing;

/// How many lines that are not the echo of a ping a client may send before it is
/// dropped.
pub const MAX_FAULTS: u64 = 1_000;

/// How many of them are logged, one by one: after that, only their numbers say
/// something new.
const LOGGED_FAULTS: u64 = 10;

/// What was measured on one connection.
#[derive(Debug, Default)]
pub struct Lag {
    /// What was asked for.
    pub plan: LagPlan,
    /// Each ping that was sent, in the order of their numbers.
    pub pings: Vec<Ping>,
    /// Lines that were no echo at all.
    pub wrong: u64,
    /// Echoes of pings that had been echoed before.
    pub repeated: u64,
    /// Echoes of pings that had not been sent.
    pub unsent: u64,
}

/// A ping of the server's. A million of them are 16 MB.
#[derive(Clone, Copy, Debug)]
pub struct Ping {
    /// When it was sent, in nanoseconds since the first was due.
    pub sent_ns: u64,
    /// How long its echo took, if it has come.
    pub rtt_ns: Option<NonZeroU64>,
}

impl Lag {
    /// How many pings were echoed.
    #[must_use]
    pub fn echoed(&self) -> u64 {
        self.pings.iter().filter(|ping| ping.rtt_ns.is_some()).count() as u64
    }

    /// How many lines were not the first echo of a ping.
    pub(super) fn faults(&self) -> u64 {
        self.wrong + self.repeated + self.unsent
    }

    /// From when each echoed ping was sent to its echo.
    #[must_use]
    pub fn rtt(&self) -> Recorder {
        self.pings
            .iter()
            .filter_map(|ping| ping.rtt_ns)
            .map(|rtt| Duration::from_nanos(rtt.get()))
            .collect()
    }

    /// What a client is told: the object of `LAG_DONE`.
    #[must_use]
    pub fn fields(&self) -> Map {
        let (sent, echoed) = (self.pings.len() as u64, self.echoed());
        let mut map = Map::from([
            ("count", self.plan.count.into()),
            ("interval_ns", nanoseconds(self.plan.interval).into()),
            ("sent", sent.into()),
            ("echoed", echoed.into()),
            ("missing", (sent - echoed).into()),
            ("wrong", self.wrong.into()),
            ("repeated", self.repeated.into()),
            ("unsent", self.unsent.into()),
        ]);
        if let Some(summary) = self.rtt().summary() {
            map.insert(
                "rtt_ns",
                summary.nanoseconds().map(|(name, ns)| (name, ns.into())).collect::<Map>(),
            );
        }
        map
    }

    /// What a client is told of single pings, from this one on.
    pub(super) fn samples(&self, first: u64) -> Value {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let echoed = self.pings.iter().enumerate().skip(first).filter_map(|(number, ping)| {
            Some(Value::List(vec![number.into(), ping.sent_ns.into(), ping.rtt_ns?.get().into()]))
        });
        Value::List(echoed.take(MAX_LAG_SAMPLES).collect())
    }
}

/// Whether this may be asked for; if not, the reason.
pub(super) fn grant(plan: LagPlan, settings: &Settings) -> Result<(), String> {
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
        Ok(())
    }
}

/// Sends the pings and waits for their echoes, and calls `count` for each. What was
/// measured is returned also if that fails.
pub(super) fn run(
    reader: &mut BufReader<Stream>,
    plan: LagPlan,
    shared: &Shared,
    count: impl FnMut(),
) -> (Lag, io::Result<()>) {
    let both = Both::new(reader.get_ref().clone());
    let mut receiver = Receiver::new(reader, plan, shared, &both, count);
    let result = if plan.interval.is_zero() { receiver.one_by_one() } else { receiver.paced() };
    let mut lag = receiver.finish();
    lag.pings = both.into_pings();
    shared.settings.log.say(format_args!("{} {lag}", reader.get_ref().peer_name()));
    (lag, result)
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lag { pings, wrong, repeated, unsent, .. } = self;
        let (sent, echoed) = (pings.len() as u64, self.echoed());
        write!(f, "lag: {echoed} of {sent} pings echoed")?;
        if echoed < sent {
            write!(f, ", {} missing", sent - echoed)?;
        }
        if let Some(summary) = self.rtt().summary() {
            let [min, p50, max] = [summary.min, summary.p50, summary.max].map(ms);
            write!(f, ", RTT min/p50/max = {min}/{p50}/{max} ms")?;
        }
        if self.faults() > 0 {
            write!(
                f,
                "; {wrong} wrong lines, {repeated} repeated echoes, {unsent} of pings that were never sent"
            )?;
        }
        Ok(())
    }
}
