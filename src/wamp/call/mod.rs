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
//! it was; so all eight [`Transport`]s are measured, and [`effects`] takes them
//! apart. That the machine is faster at one moment than at the next must not be
//! mistaken for an effect: calls are made in batches, and each transport has its turn
//! before any has its next.
//!
//! What turns do not help against is where the system has placed the processes: on one
//! processor they wake each other in a few microseconds, on two it takes many, and
//! where they are they tend to stay. That can be larger than every effect, and is the
//! reason why each [`Effect`] comes with what [chance](Effect::margin) can do. Where
//! there is such a program, `taskset -c 0` in front of the command puts all of them on
//! one processor.

mod caller;
mod effects;
pub mod json;
mod measure;
mod measured;
mod own_router;
mod pair;
mod plan;
mod process;
pub mod protocol;
pub mod report;
mod transport;
pub mod worker;

pub use caller::{Batch, Caller, offer_echo};
pub use effects::{Difference, Effect, Effects, effects};
pub use measure::{Comparison, Event, measure};
pub use measured::Call;
pub use plan::Plan;
pub use transport::{Framing, Socket, Target, Transport};
