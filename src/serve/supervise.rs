//! A parent and its child, and how each notices that the other is gone.
//!
//! A process that ends does not take its children with it. Whether it was stopped with
//! `TERM`, killed with `KILL` or has crashed, its children would go on serving, without
//! anyone who knows of them. And a child that does not run any more (stopped with
//! `STOP`, say) keeps its connection, and its parent's permit, for as long as it likes.
//!
//! The child's standard output is one end of a pair of connected sockets, and the
//! parent has the other end:
//!
//! ```text
//!   parent                                     child
//!    "reaper" ◀── lines for the log ────────── the session
//!             ─── a newline: still there? ───▶ "parent", a thread
//!             ◀── a newline: yes ─────────────
//!             ─── the end of the stream ─────▶ exit
//! ```
//!
//! The system closes a process's sockets, however that process ends. So a child that
//! waits for the end of the stream needs no polling, no process numbers and no signal.
//! A child that is stopped cannot notice anything; it ends when somebody lets it go on,
//! or kills it.
//!
//! What answers for the child is a thread beside the session. So an answer says that
//! the process runs, not that its session makes progress. That is what the session's
//! own timeouts are for.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{self, Child, ExitStatus};
use std::time::{Duration, Instant};

use super::limits::Permit;
use super::threads;
use crate::log::Log;

/// The line by which a child reports that its client has asked for something.
pub const REQUEST: &str = "request";

/// A child has at least this long for an answer: it may have to be started first, on a
/// busy machine.
const SHORTEST: Duration = Duration::from_secs(1);

/// How often a silent child is asked, within the time that it has for an answer.
const QUESTIONS: u32 = 4;

/// Passes on what the child writes, and waits until it has ended. Then its permit is free.
pub(super) fn reap(
    child: Child,
    link: &UnixStream,
    silence: Duration,
    peer: &str,
    log: &Log,
    permit: Permit,
) {
    let ended = supervise(child, link, silence, |line| match line.as_str() {
        REQUEST => permit.note_request(),
        _ => log.relay(line),
    });
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => log.say(format_args!("{peer} closed: its process ended with {status}")),
        Err(error) => log.say(format_args!("{peer} closed: {error}")),
    }
    drop(permit);
}

/// Passes each line that the child writes to `report`, and waits until it has ended. A
/// child that does not answer for `silence`, and for a second, is killed.
///
/// # Errors
/// When the system does not say how the child ended; `TimedOut` when it was killed.
fn supervise(
    mut child: Child,
    link: &UnixStream,
    silence: Duration,
    mut report: impl FnMut(String),
) -> io::Result<ExitStatus> {
    let silence = silence.max(SHORTEST);
    let pause = silence / QUESTIONS;
    link.set_read_timeout(Some(pause))?;
    link.set_write_timeout(Some(pause))?;
    let (mut output, mut text) = (BufReader::new(link), Vec::new());
    let mut asked: Option<Instant> = None;
    loop {
        match output.read_until(b'\n', &mut text) {
            Ok(0) => return child.wait(),
            Ok(_) => {
                asked = None;
                // An empty line says only that the child is there.
                match String::from_utf8_lossy(&text).trim_end() {
                    "" => {}
                    text => report(text.into()),
                }
                text.clear();
            }
            // The child has ended without reading the last question.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return child.wait(),
            Err(_) if asked.is_some_and(|asked| asked.elapsed() >= silence) => {
                child.kill()?;
                child.wait()?;
                let what = format!("its process did not answer for {silence:?} and was killed");
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
            Err(_) => {
                asked = asked.or_else(|| Some(Instant::now()));
                // A child that is ending does not read any more.
                let _ = (&mut &*link).write_all(b"\n");
            }
        }
    }
}

/// Starts the child's thread that answers its parent, and that ends the process as soon
/// as the parent is gone. Standard output has to be the parent's end of the pair.
///
/// # Errors
/// When the system gives no thread or no descriptor.
pub fn follow_parent() -> io::Result<()> {
    let mut parent = UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?);
    threads::spawn("parent", move || {
        let mut questions = [0; 16];
        loop {
            match parent.read(&mut questions) {
                Ok(0) => process::exit(1),
                Ok(_) => {
                    let mut output = io::stdout().lock();
                    let _ = output.write_all(b"\n").and_then(|()| output.flush());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Standard output is something else, and nobody asks.
                Err(error) if error.kind() != ErrorKind::ConnectionReset => return,
                Err(_) => process::exit(1),
            }
        }
    })
}
