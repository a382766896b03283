//! The ways of lesson 19 that need processes. Each process is this program again, with a
//! connection or the listener as its standard input.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::thread;

use roundtrip::serve::supervise::follow_parent;

use super::{WORKERS, accept_for_ever, session};

/// A process for each connection.
pub fn each(listener: &TcpListener) -> io::Result<()> {
    for stream in listener.incoming() {
        let mut child = program("--session", stream?.into())?.spawn()?;
        thread::spawn(move || child.wait());
    }
    Ok(())
}

/// Workers that all accept from the same listener.
pub fn pool(listener: &TcpListener) -> io::Result<()> {
    // When this process ends, however it ends, the other end of `link` is closed, and the
    // workers end, too.
    let (_link, theirs) = UnixStream::pair()?;
    let worker = |_| {
        let output = OwnedFd::from(theirs.try_clone()?);
        program("--worker", listener.try_clone()?.into())?.stdout(output).spawn()
    };
    let workers = (0..WORKERS).map(worker).collect::<io::Result<Vec<Child>>>()?;
    workers.into_iter().try_for_each(|mut worker| worker.wait().map(drop))
}

fn program(role: &str, input: OwnedFd) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role).stdin(input);
    Ok(command)
}

/// The part of such a process, if this is one.
pub fn part(role: &str) -> Option<io::Result<()>> {
    let input = || io::stdin().as_fd().try_clone_to_owned();
    match role {
        "--session" => Some(input().and_then(|stream| session(&stream.into()))),
        "--worker" => Some(
            follow_parent().and(input()).and_then(|listener| accept_for_ever(&listener.into())),
        ),
        _ => None,
    }
}
