//! A child process that plays a role, and ends with this.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::roles::FLAG;

/// This program again, in a role.
pub struct Process {
    role: &'static str,
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Process {
    pub fn start(role: &'static str, arguments: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([FLAG, role]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C is for the parent. Its children end when it has, and tidy up.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| failed(role, &error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        // A pipe has no timeout, and a channel has.
        let (sender, lines) = channel();
        let read = move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        };
        let process = Process { role, child, input, lines };
        thread::Builder::new().spawn(read)?;
        Ok(process)
    }

    /// Waits until it is ready, and returns what it has said before.
    pub fn ready(&mut self, patience: Duration) -> io::Result<Vec<String>> {
        let mut said = Vec::new();
        loop {
            match self.line(patience)? {
                line if line == "READY" => return Ok(said),
                line => said.push(line),
            }
        }
    }

    /// Tells it something and waits for its answer.
    pub fn ask(&mut self, line: &str, patience: Duration) -> io::Result<String> {
        match writeln!(self.input, "{line}") {
            // What is wrong is known to who listens.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed(self.role, &error)),
            _ => self.line(patience),
        }
    }

    fn line(&mut self, patience: Duration) -> io::Result<String> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => match line.strip_prefix("ERROR ") {
                Some(why) => Err(failed(self.role, why)),
                None => Ok(line),
            },
            Err(RecvTimeoutError::Timeout) => {
                let what = format!("nothing was heard from it for {patience:?}");
                Err(io::Error::new(ErrorKind::TimedOut, format!("the {}: {what}", self.role)))
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(failed(self.role, format_args!("ended, {}", self.child.wait()?)))
            }
        }
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        self.child
            .try_wait()
            .ok()
            .flatten()
            .map(|status| format!("the {} has ended, {status}", self.role))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(role: &str, why: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the {role}: {why}"))
}
