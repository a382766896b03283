//! A process for each connection.
//!
//! Unix servers of old called `fork`. A program with threads cannot do that safely, and
//! `std` does not offer it; starting a program anew with the connection as its standard
//! input is what `inetd` has done since 1986, and needs nothing but
//! [`std::process::Command`]:
//!
//! ```text
//!   parent   accept ─▶ spawn "server --inetd" ─▶ accept ─▶ …
//!                         │ descriptor 0 = the connection
//!   child                 └▶ serve it ─▶ exit
//!   reaper                    (a thread of the parent)  wait ─▶ free the permit
//! ```
//!
//! It costs about a millisecond. What it buys: no client can touch another's memory,
//! `kill` ends exactly one connection, and the system accounts for each on its own.
//! What it costs besides: processes share nothing, so a child knows only its own
//! counters.
//!
//! Two traps, marked below. A parent that keeps its copy of the connection open hides
//! from the client that the child has closed it. And a child that has ended stays a
//! *zombie* until its parent asks how it ended: asking only when the next connection
//! comes would leave them lying about for as long as none does.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use super::{Connection, Dispatch, Permit, threads};
use crate::log::Log;

/// Serves each connection in a child process.
pub struct Processes {
    program: OsString,
    arguments: Vec<OsString>,
    log: Log,
    told: Option<(&'static str, Tell)>,
}

/// What a child is told when it is started.
type Tell = Box<dyn Fn() -> String + Send + Sync>;

impl Processes {
    /// `program` is run for each connection with these arguments, the connection as its
    /// standard input. What it writes to its standard output is added to `log`.
    #[must_use]
    pub fn new(program: OsString, arguments: Vec<OsString>, log: Log) -> Self {
        Processes { program, arguments, log, told: None }
    }

    /// Tells each child in the environment variable `name` what `tell` returns when it
    /// is started. The parent can tell it nothing later: they share no memory.
    #[must_use]
    pub fn telling(
        self,
        name: &'static str,
        tell: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Processes { told: Some((name, Box::new(tell))), ..self }
    }
}

impl Dispatch for Processes {
    fn dispatch(&self, Connection { stream, permit }: Connection) -> io::Result<()> {
        // The reaper comes first: if there is no thread to be had, there must be no
        // child either.
        let (hand_over, handed_over) = mpsc::channel();
        let (peer, log) = (stream.peer_name(), self.log.clone());
        threads::spawn("reaper", move || {
            if let Ok(child) = handed_over.recv() {
                reap(child, &peer, &log, permit);
            }
        })?;
        let told = self.told.iter().map(|(name, tell)| (name, tell()));
        // Built and spawned in one statement: the command owns the parent's copy of the
        // connection, and is gone at its end.
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .envs(told)
            .stdin(stream)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("cannot run {}: {error}", self.program.display()),
                )
            })?;
        // The reaper waits for just this, so there is somebody to take it.
        let _ = hand_over.send(child);
        Ok(())
    }
}

/// Passes on what the child has to say, and asks how it ended.
fn reap(mut child: Child, peer: &str, log: &Log, permit: Permit) {
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).lines().map_while(Result::ok).for_each(|line| log.relay(line));
    }
    match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => log.say(format_args!("{peer} closed: its process ended with {status}")),
        Err(error) => log.say(format_args!("{peer}: cannot wait for its process: {error}")),
    }
    drop(permit);
}
