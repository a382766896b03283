//! What the server measures of one connection's lag.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use crate::json::{Map, Value};
use crate::serve::Share;
use crate::stats::Recorder;
use crate::units::{ms, nanoseconds};
use crate::wire::command::more::{LagPlan, MAX_LAG_SAMPLES};

/// How many lines that are not the echo of a ping a client may send before it is
/// dropped.
pub const MAX_FAULTS: u64 = 1_000;

/// How many of them are logged, one by one: after that, only their numbers say
/// something new.
pub(super) const LOGGED_FAULTS: u64 = 10;

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
    /// What the samples take of the memory that all sessions share.
    pub(super) memory: Option<Share>,
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
    pub(in crate::session) fn faults(&self) -> u64 {
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
    pub(in crate::session) fn samples(&self, first: u64) -> Value {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let echoed = self.pings.iter().enumerate().skip(first).filter_map(|(number, ping)| {
            Some(Value::List(vec![number.into(), ping.sent_ns.into(), ping.rtt_ns?.get().into()]))
        });
        Value::List(echoed.take(MAX_LAG_SAMPLES).collect())
    }
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
