//! A worker as its parent sees it: a child process that answers in lines.

#![allow(clippy::similar_names, reason = "a caller and a callee are called so")]

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::no_thread::no_thread;

use super::protocol::{ERROR, READY};
use super::usage::Usage;
use crate::pace::{Hook, Stop};

/// A [worker](super::worker)'s process. Dropping it kills it.
pub struct Process {
    role: &'static str,
    child: Child,
    input: ChildStdin,
    /// Its lines, and `None` at their end.
    lines: Receiver<Option<String>>,
    /// As long as this is kept, aborting the measurement ends the wait for a line.
    _abort: Hook,
}

impl Process {
    /// Starts a worker. `command` is the program and its first arguments; the role and
    /// the role's own arguments follow.
    pub fn start(
        command: &[OsString],
        stop: &Stop,
        role: &'static str,
        arguments: &[&dyn Display],
    ) -> io::Result<Self> {
        let (program, first) = command.split_first().ok_or(ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command.args(first).arg(role).args(arguments.iter().map(ToString::to_string));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C is for the parent. Its workers end when it has, and tidy up.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| failed(role, &error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        // A read of a pipe has no timeout. A receive from a channel has.
        let (sender, lines) = channel();
        let aborted = sender.clone();
        let abort = stop.on_abort(move || drop(aborted.send(Some(format!("{ERROR}interrupted")))));
        let process = Process { role, child, input, lines, _abort: abort };
        thread::Builder::new()
            .spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines.map(Some).chain([None]).try_for_each(|line| sender.send(line))
            })
            .map_err(no_thread)?;
        Ok(process)
    }

    /// Waits until the worker is ready, and returns the lines that it sent before.
    pub fn ready(&mut self, timeout: Duration) -> io::Result<Vec<String>> {
        let mut before = Vec::new();
        loop {
            match self.line(timeout)? {
                line if line == READY => return Ok(before),
                line => before.push(line),
            }
        }
    }

    /// Sends a line to the worker.
    pub fn send(&mut self, line: impl Display) -> io::Result<()> {
        match writeln!(self.input, "{line}") {
            // The worker has ended: the next line that is read from it says why.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            sent => sent.map_err(|error| failed(self.role, &error)),
        }
    }

    /// Waits for the worker's next line.
    pub fn line(&mut self, timeout: Duration) -> io::Result<String> {
        match self.lines.recv_timeout(timeout) {
            Ok(Some(line)) => match line.strip_prefix(ERROR) {
                Some(why) => Err(failed(self.role, why)),
                None => Ok(line),
            },
            Err(RecvTimeoutError::Timeout) => {
                let what = format!("the {} sent nothing for {timeout:?}", self.role);
                Err(io::Error::new(ErrorKind::TimedOut, what))
            }
            Ok(None) | Err(RecvTimeoutError::Disconnected) => {
                Err(failed(self.role, format_args!("ended, {}", self.child.wait()?)))
            }
        }
    }

    /// What the worker has used since its start, if the system tells.
    pub fn usage(&self) -> Option<Usage> {
        Usage::of(self.child.id())
    }

    /// Says how the worker has ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("the {} has ended, {status}", self.role))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(role: &str, why: impl Display) -> io::Error {
    io::Error::other(format!("the {role}: {why}"))
}
