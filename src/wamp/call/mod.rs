//! The time of a call through a router, and what each choice of the transport costs.
//!
//! A caller calls a procedure that a callee has registered at a router, and waits for
//! the result. A call is four messages. Each of them is encoded, framed and written; it
//! wakes a thread, and is read and decoded:
//!
//! ```text
//!   caller            router            callee
//!     CALL ────────────▶ │                 │   the clock starts before CALL is encoded
//!     │               INVOCATION ────────▶ │
//!     │                  │ ◀──────────── YIELD   returns the arguments of the call
//!     ◀──────────── RESULT                 │   the clock stops when RESULT is decoded
//! ```
//!
//! Each connection has a kind of socket, a framing and a serializer. If a comparison
//! changes all three at once, nobody can say which of them made the difference. So all
//! eight [`Transport`]s are measured, and [`effects`](fn@effects) separates the three
//! choices. The machine may be faster at one moment than at the next, which must not
//! look like an effect. So calls are made in batches, and the transports take turns.
//!
//! Turns do not help against the placement of processes. On one processor two processes
//! wake each other in a few microseconds, on two processors it takes far longer, and
//! the system tends to leave them where they are. That difference can be larger than
//! every effect. So each [`Effect`] comes with the [margin](Effect::margin) of chance.
//! On Linux `taskset -c 0` in front of the command puts all processes on one processor.
//!
//! | file | what it does, in reading order |
//! | --- | --- |
//! | `transport.rs` | the choices, and the eight transports |
//! | `caller.rs` | makes calls and measures them; a callee that answers |
//! | `usage.rs` | what router, caller and callee use of the processors |
//! | `result.rs` | what callers measured |
//! | `effects.rs` | the effect of each choice, and what may be chance |
//! | `plan.rs` | what to measure |
//! | `compare.rs` | measures several targets in turns |
//! | `pair.rs` | the two processes for one target |
//! | `process.rs`, `own_router.rs` | a worker's process; the router in one |
//! | [`protocol`] | the lines between the measuring process and its workers |
//! | [`worker`] | what the processes do |
//! | [`report`], [`json`] | the results as text and as JSON |

mod caller;
mod compare;
mod effects;
pub mod json;
mod own_router;
mod pair;
mod plan;
mod process;
pub mod protocol;
pub mod report;
mod result;
mod transport;
mod usage;
pub mod worker;

pub use caller::{Batch, Caller, offer_echo};
pub use compare::{Comparison, Event, measure};
pub use effects::{Difference, Effect, Effects, effects};
pub use plan::{LONGEST_BATCH, Plan};
pub use result::Call;
pub use transport::{Framing, Socket, Target, Transport};
pub use usage::{Usage, Used};
