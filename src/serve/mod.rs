//! How a server serves many: one accept loop, and three answers to "who does the work?"
//!
//! Everybody's first server has these three lines:
//!
//! ```text
//!   for stream in listener.incoming() {
//!       serve(stream?);
//!   }
//! ```
//!
//! They go wrong in six ways, and this module adds what helps:
//!
//! | what goes wrong | what helps |
//! | --- | --- |
//! | one slow client holds up all others | [`Dispatch`]: somebody else does the work |
//! | one error of `accept` ends the server, and a stranger can cause one | the loop below goes on after each |
//! | ten thousand clients get ten thousand threads, and the system gives up | [`limits`]: a permit for each connection |
//! | a burst of clients finds the system's queue full | [`drain`]: accept all, then serve |
//! | a client that cannot be served is cut off without a word | [`refuse`]: it is told why |
//! | nothing can end the loop | `stop`, and [`wake`](crate::net::listener::wake) |
//!
//! ```text
//!                       ┌ sequential   the accepting thread itself; the next one waits
//!   accept ─▶ permit? ─▶┼ threads      a thread for each connection; memory is shared
//!                       └ processes    a process for each connection; nothing is shared
//! ```
//!
//! Read the three files [`sequential`], [`threads`] and [`processes`] side by side: what
//! differs between them is the lesson. None of them knows what is said on a connection.
//!
//! | | a slow client | a crash | memory | starting costs |
//! | --- | --- | --- | --- | --- |
//! | [`Sequential`] | holds up everyone | ends the server | one connection's | nothing |
//! | [`Threads`] | holds up itself | ends its connection, if it is a panic | shared: counters are easy | tens of microseconds |
//! | [`Processes`] | holds up itself | ends its connection, whatever it is | separate: counters are not | about a millisecond |
//!
//! `cargo run --release --example compare_modes` measures this table on your machine, and
//! counts who lives on after a crash. A process also costs a thread of the parent.

pub mod budget;
pub mod descriptors;
pub mod dispatch;
pub mod drain;
pub mod limits;
pub mod mode;
pub mod network;
mod pause;
#[cfg(unix)]
pub mod processes;
pub mod refuse;
pub mod sequential;
#[cfg(unix)]
pub mod supervise;
pub mod threads;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use budget::{Budget, Share};
pub use dispatch::{Connection, Dispatch, Session};
pub use drain::Incoming;
pub use limits::{Admission, Limits, Permit, Refusal};
pub use mode::Mode;
pub use network::{Network, ParseNetworkError};
#[cfg(unix)]
pub use processes::Processes;
pub use refuse::Refuser;
pub use sequential::Sequential;
pub use threads::Threads;

use crate::log::Log;
use pause::Pause;

/// The accept loop and all that it needs.
pub struct Acceptor {
    /// Where connections come from.
    pub incoming: Incoming,
    /// Gives permits.
    pub admission: Arc<Admission>,
    /// Tells a client without a permit why it is refused.
    pub refuser: Refuser,
    /// Serves the connections that have a permit.
    pub dispatch: Box<dyn Dispatch>,
    /// The log of what concerns the server as a whole.
    pub log: Log,
    /// Whether to end after the first connection whose client
    /// [asked for something](Admission::note_request).
    pub one_off: bool,
    /// Ends the loop when it is set, before the next connection is served.
    pub stop: Arc<AtomicBool>,
}

impl Acceptor {
    /// Accepts connections and has them served, until told to stop. No error ends the loop.
    pub fn run(mut self) {
        let mut pause = Pause::new(&self.log);
        loop {
            let accepted = self.incoming.next();
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let stream = match accepted {
                Ok(stream) => stream,
                // The peer was gone before it was accepted, which concerns nobody else.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    // Mostly no descriptor is free. Clients in the queue are told so.
                    self.incoming.refuse_waiting(&self.refuser);
                    pause.after("cannot accept a connection", &error);
                    continue;
                }
            };
            let permit = match self.admission.admit(stream.peer_ip()) {
                Ok(permit) => permit,
                Err(refusal) => {
                    self.refuser.refuse(stream, refusal);
                    continue;
                }
            };
            let client = stream.clone(); // To tell the client, if nobody can serve it.
            if let Err(error) = self.dispatch.dispatch(Connection { stream, permit }) {
                let what = "cannot serve a connection";
                match self.incoming.trade(client) {
                    // Its descriptor may be what was missing.
                    Ok(last) => {
                        self.log.say(format_args!("{what}: {error}; trying again"));
                        self.refuser.refuse_at_once(last, Refusal::NoWorker);
                    }
                    Err(client) => {
                        self.refuser.refuse(client, Refusal::NoWorker);
                        pause.after(what, &error);
                    }
                }
            } else if self.one_off && self.admission.wait_for_request() {
                return;
            }
        }
    }
}
