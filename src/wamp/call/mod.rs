//! Round trips through a third party: what does a call cost, and which part of the way
//! costs most?
//!
//! A caller calls a procedure that a callee has registered at a router, and waits for
//! the result. That is two conversations, so four messages, and each of them is
//! written, framed, sent, woken up for, read and understood:
//!
//! ```text
//!   caller            router            callee
//!     CALL ────────────▶ │                 │     the clock starts before CALL is encoded
//!     │               INVOCATION ────────▶ │
//!     │                  │ ◀──────────── YIELD   with the very arguments of the call
//!     ◀──────────── RESULT                 │     and stops when RESULT has been decoded
//! ```
//!
//! Three choices are free at each connection: the kind of socket, the framing and the
//! serialization. A comparison that changes all three at once cannot say which of them
//! it was; so all eight [`Combination`]s are measured, and [`effects`] takes them
//! apart. That the machine is faster at one moment than at the next must not be
//! mistaken for an effect: calls are made in batches, and each combination has its turn
//! before any has its next.
//!
//! What turns do not help against is where the system has placed the processes: on one
//! processor they wake each other in a few microseconds, on two it takes many, and
//! where they are they tend to stay. That can be larger than every effect, and is the
//! reason why each [`Effect`] comes with what [chance](Effect::margin) can do. Where
//! there is such a program, `taskset -c 0` in front of the command puts all of them on
//! one processor.

mod caller;
mod combination;
mod effects;
pub mod json;
pub mod report;

use std::fmt;
use std::io;
use std::time::Duration;

pub use caller::{Batch, Caller, offer_echo};
pub use combination::{Combination, Framing, Socket};
pub use effects::{Difference, Effect, Effects, effects};

use crate::measure::{Latency, Outcome};
use crate::units::float;

/// What was measured by one caller, or by several at once, on one way.
#[derive(Debug, Default)]
pub struct Call {
    /// Which way that was.
    pub route: Option<Route>,
    /// The calls.
    pub latency: Latency,
    /// How long the batches took. Several callers begin each together, and it ends with
    /// the last of them.
    pub duration: Duration,
}

/// The way that calls go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through a router of this machine's own.
    Combination(Combination),
    /// Through the router at this URL.
    Url(String),
}

impl Call {
    /// A way on which nothing has been measured yet.
    #[must_use]
    pub fn on(route: Route) -> Self {
        Call { route: Some(route), ..Call::default() }
    }

    /// How many calls were answered, over the time they took.
    #[must_use]
    pub fn calls_per_second(&self) -> Option<f64> {
        (!self.duration.is_zero())
            .then(|| float(self.latency.rtt.count()) / self.duration.as_secs_f64())
    }
}

impl Outcome for Call {
    fn failed(error: io::Error) -> Self {
        Call { latency: Latency::failed(error), ..Call::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.latency.failure()
    }

    fn total(all: &[Self]) -> Self {
        Call {
            route: all.iter().find_map(|one| one.route.clone()),
            latency: all.iter().fold(Latency::default(), |mut sum, one| {
                sum.add(&one.latency);
                sum
            }),
            duration: all.iter().map(|one| one.duration).max().unwrap_or_default(),
        }
    }
}

/// The names of a combination, or the URL.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Route::Combination(combination) => combination.fmt(f),
            Route::Url(url) => f.pad(url),
        }
    }
}
