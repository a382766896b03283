//! How a server serves many: one accept loop, and three answers to "who does the work?"
//!
//! ```text
//!                          ┌ sequential   the accepting thread itself; the next connection waits
//!   accept ─▶ admitted? ─▶ ┼ threads      a thread for each connection; memory is shared
//!                          └ processes    a process for each connection; nothing is shared
//! ```
//!
//! The loop is written once, and a [`Dispatch`] is all that differs, so the three files
//! beside this one can be laid side by side: what differs between them is the lesson.
//! None of them knows what is said on a connection; they are given a function to call,
//! or a program to run.
//!
//! | | a slow client | a crash | memory | starting costs |
//! | --- | --- | --- | --- | --- |
//! | [`Sequential`] | holds up everyone | ends the server | one connection's | nothing |
//! | [`Threads`] | holds up itself | ends its connection, if it is a panic | shared: counters are easy | tens of microseconds |
//! | [`Processes`] | holds up itself | ends its connection, whatever it is | separate: counters are not | about a millisecond |
//!
//! `examples/03_serving.rs` measures the first and the last column.

pub mod limits;
#[cfg(unix)]
pub mod processes;
pub mod sequential;
pub mod threads;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

pub use limits::{Admission, Limits, Network, ParseNetworkError, Permit, Refusal};
#[cfg(unix)]
pub use processes::Processes;
pub use sequential::Sequential;
pub use threads::Threads;

use crate::log::Log;
use crate::net::{Listener, Stream};

/// Who does the work of a connection.
pub trait Dispatch: Send + Sync {
    /// Has the connection served, and returns when the next one may be accepted.
    ///
    /// # Errors
    /// When the system gives no thread or no process. The connection is closed then.
    fn dispatch(&self, connection: Connection) -> io::Result<()>;
}

/// An accepted connection and its place among those that are served at once, which is
/// free again when this is dropped.
#[derive(Debug)]
pub struct Connection {
    /// The connection itself.
    pub stream: Stream,
    /// Its place.
    pub permit: Permit,
}

/// The strategies by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// [`Threads`].
    #[default]
    Thread,
    /// [`Processes`].
    Process,
    /// [`Sequential`].
    Sequential,
}

/// How to tell a connection that it is refused, and why.
pub(crate) type Refuse = Box<dyn Fn(&mut Stream, Refusal) -> io::Result<()> + Send + Sync>;

/// How to do it where there is time, and to end the connection.
pub(crate) type TurnAway = Arc<dyn Fn(Stream, Refusal) + Send + Sync>;

/// The accept loop and all that it needs.
pub(crate) struct Acceptor {
    pub listener: Listener,
    pub idle_timeout: Duration,
    pub admission: Arc<Admission>,
    pub dispatch: Box<dyn Dispatch>,
    pub refuse: Refuse,
    pub turn_away: TurnAway,
    /// How many refused connections may be seen off at once.
    pub refusals: Arc<Admission>,
    /// What concerns the server as a whole.
    pub log: Log,
    /// What concerns a single connection.
    pub connections: Log,
    pub one_off: bool,
    pub stop: Arc<AtomicBool>,
}

impl Acceptor {
    /// How long to wait when the system has run out of something. Connections that are
    /// open will end and give it back; asking again at once would only burn the
    /// processor that they need for it.
    const PAUSE: Duration = Duration::from_millis(100);

    /// Accepts until told to stop, or until one connection has been served. No error
    /// ends it.
    pub fn run(&self) {
        loop {
            let accepted = self.accept();
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            match accepted {
                Ok(Some(connection)) => match self.dispatch.dispatch(connection) {
                    Ok(()) if self.one_off => return self.admission.wait_until_empty(),
                    Ok(()) => {}
                    Err(error) => self.pause("cannot serve a connection", &error),
                },
                Ok(None) => {}
                // The peer was gone before it was accepted: its own business.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
                    ) => {}
                Err(error) => self.pause("cannot accept a connection", &error),
            }
        }
    }

    fn accept(&self) -> io::Result<Option<Connection>> {
        let Some((stream, ip)) = self.listener.accept(self.idle_timeout)? else { return Ok(None) };
        match self.admission.admit_from(ip) {
            Ok(permit) => Ok(Some(Connection { stream, permit })),
            Err(refusal) => {
                self.connections.say(format_args!("{} refused: {refusal}", stream.peer_name()));
                self.send_away(stream, ip, refusal);
                Ok(None)
            }
        }
    }

    /// Hearing a refused connection out, and making sure that it hears the answer,
    /// takes time, so a thread does it: here everyone waits. There are a few places for
    /// that, as there are for those who are served. Where none is left, all that takes
    /// no time is to say no: a few bytes always fit in a new connection's send buffer.
    fn send_away(&self, mut stream: Stream, ip: Option<IpAddr>, refusal: Refusal) {
        let (hand_over, handed_over) = mpsc::channel();
        let turn_away = Arc::clone(&self.turn_away);
        let place = self.refusals.admit_from(ip);
        let thread = place.map(|permit| {
            threads::spawn("refuse", move || {
                let _permit = permit;
                if let Ok(stream) = handed_over.recv() {
                    turn_away(stream, refusal);
                }
            })
        });
        if let Ok(Ok(())) = thread {
            // The thread waits for just this, so there is somebody to take it.
            let _ = hand_over.send(stream);
        } else {
            let _ = (self.refuse)(&mut stream, refusal);
        }
    }

    fn pause(&self, what: &str, error: &io::Error) {
        self.log.say(format_args!("{what}: {error}; trying again in {:?}", Self::PAUSE));
        thread::sleep(Self::PAUSE);
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Thread => "thread",
            Mode::Process => "process",
            Mode::Sequential => "sequential",
        })
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "thread" => Ok(Mode::Thread),
            "process" => Ok(Mode::Process),
            "sequential" => Ok(Mode::Sequential),
            _ => Err(format!("{text:?} is no mode; choose thread, process or sequential")),
        }
    }
}
