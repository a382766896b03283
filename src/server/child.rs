//! The child of process mode: how the parent starts it, and what it serves.
//!
//! The child serves the connection that is its standard input. So does any program under
//! `inetd`, and this one can take that part, too.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use super::config::Config;
use crate::json::Value;
use crate::net::Stream;
use crate::serve::supervise::{REQUEST, follow_parent};
use crate::serve::{Admission, Dispatch, Processes, Refusal};
use crate::session::counters::COUNTERS_VARIABLE;
use crate::session::{self, Counters, Shared};

/// The strategy that runs `child` (a program and its arguments) for each connection.
pub(super) fn processes(
    child: Vec<OsString>,
    shared: &Arc<Shared>,
) -> io::Result<Box<dyn Dispatch>> {
    let mut child = child.into_iter();
    let Some(program) = child.next() else {
        let what = "process mode needs to be told which program to run";
        return Err(io::Error::new(ErrorKind::InvalidInput, what));
    };
    let log = shared.settings.log.clone();
    let counters = {
        let shared = Arc::clone(shared);
        move || Value::Map(shared.counted()).to_string()
    };
    let variable = (COUNTERS_VARIABLE, Box::new(counters) as _);
    let silence = shared.settings.idle_timeout;
    Ok(Box::new(Processes { program, arguments: child.collect(), variable, silence, log }))
}

/// Whether a server in process mode has started this process, to serve one connection.
#[must_use]
pub fn is_child() -> bool {
    std::env::var_os(COUNTERS_VARIABLE).is_some()
}

/// Serves the one connection that is standard input. Only those parts of the
/// configuration count that concern a connection.
///
/// # Errors
/// When standard input is not a connected socket.
pub fn serve_stdin(config: &Config) -> io::Result<()> {
    let settings = &config.session;
    let mut stream = match Stream::from_stdin(settings.idle_timeout) {
        Ok(stream) => stream,
        // The peer was gone before anything was said, which is no error of the server.
        Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Err(refusal) = Admission::new(config.limits.clone()).admit(stream.peer_ip()) {
        settings.log.say(format_args!("{} refused: {refusal}", stream.peer_name()));
        session::refuse(&mut stream, refusal, settings.framing)?;
        stream.close();
        return Ok(());
    }
    let parent = std::env::var(COUNTERS_VARIABLE).ok();
    if parent.is_some()
        && let Err(error) = follow_parent()
    {
        // The connection has a process, but not all the threads that it needs.
        session::refuse(&mut stream, Refusal::NoWorker, settings.framing)?;
        stream.close();
        return Err(error);
    }
    let counters = Counters::of_connection(parent.as_deref());
    let shared = Shared { settings: settings.clone(), counters };
    session::run(stream, &shared);
    if parent.is_some() && config.one_off && shared.counters.had_request() {
        writeln!(io::stdout(), "{REQUEST}")?;
    }
    Ok(())
}
