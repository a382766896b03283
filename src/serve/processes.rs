//! A process for each connection.
//!
//! Old Unix servers called `fork`, which copies the running process. A program with
//! threads cannot do that safely, and `std` does not offer it. Instead, the server
//! starts its own program anew, with the connection as its standard input. A socket
//! carries both directions, so the child answers on its standard input, too. The Unix
//! program `inetd` has done this since 1986, and it needs nothing but
//! [`std::process::Command`]:
//!
//! ```text
//!   parent   accept ─▶ spawn "server --inetd" ─▶ accept ─▶ …
//!                         │ descriptor 0 = the connection
//!   child                 └▶ serve it ─▶ exit
//!   reaper (a thread of the parent)      wait for the child ─▶ free the permit
//! ```
//!
//! [`supervise`](super::supervise) is how a parent and its child notice that the other is
//! gone.
//!
//! A process costs about a millisecond. For that, no client can touch another's memory,
//! `kill` ends exactly one connection, and the system accounts for each on its own. But
//! processes share nothing, so a child knows only its own counters.
//!
//! Two traps are marked below. Trap 1: a parent that keeps its copy of the connection
//! open hides from the client that the child has closed it. Trap 2: a child that has
//! ended stays a *zombie* until its parent asks how it ended.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use super::dispatch::{Connection, Dispatch};
use super::supervise::reap;
use super::threads;
use crate::log::Log;

/// Serves each connection in a child process.
pub struct Processes {
    /// The program to run for each connection, with the connection as its standard
    /// input.
    pub program: OsString,
    /// The program's arguments.
    pub arguments: Vec<OsString>,
    /// An environment variable for each child, computed when the child is started: the
    /// server's counters, for `STATUS`. The parent can tell its child nothing later,
    /// since they share no memory.
    pub variable: (&'static str, Box<dyn Fn() -> String + Send + Sync>),
    /// How long a child may give no sign of life.
    pub silence: Duration,
    /// Where the lines go that a child writes to its standard output.
    pub log: Log,
}

impl Dispatch for Processes {
    fn dispatch(&self, Connection { stream, permit }: Connection) -> io::Result<()> {
        // The reaper comes first: if the system gives no thread, there must be no child
        // either. Trap 2: each child has a thread that waits for its end. Waiting at the
        // next `accept` would leave zombies while no client comes.
        let (hand_over, handed_over) = mpsc::channel();
        let (peer, silence, log) = (stream.peer_name(), self.silence, self.log.clone());
        let (ours, output) = UnixStream::pair()?; // The child's end is its standard output.
        threads::spawn("reaper", move || {
            if let Ok(child) = handed_over.recv() {
                reap(child, &ours, silence, &peer, &log, permit);
            }
        })?;
        let (name, value) = &self.variable;
        // Trap 1: the command owns copies of the connection and of the output. They are
        // closed when it is dropped, which is at the end of this one statement.
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env(name, value())
            .stdin(stream.to_stdin()?)
            .stdout(OwnedFd::from(output))
            .spawn()
            .map_err(|error| {
                let what = format!("cannot run {}: {error}", self.program.display());
                io::Error::new(error.kind(), what)
            })?;
        // The reaper waits for this, so the channel has a receiver.
        let _ = hand_over.send(child);
        Ok(())
    }
}
