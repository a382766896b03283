//! From the name of a mode to the strategy that serves.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use crate::serve::{Dispatch, Mode, Sequential, Session, Threads};
use crate::session::{self, Shared};

/// The strategy of this mode. In process mode it runs `command` for each connection.
pub(super) fn strategy(
    mode: Mode,
    command: Vec<OsString>,
    shared: &Arc<Shared>,
) -> io::Result<Box<dyn Dispatch>> {
    let here = Arc::clone(shared);
    let session: Session = Arc::new(move |stream| session::run(stream, &here));
    match mode {
        Mode::Sequential => Ok(Box::new(Sequential(session))),
        Mode::Thread => Ok(Box::new(Threads(session))),
        #[cfg(unix)]
        Mode::Process => super::child::processes(command, shared),
        #[cfg(not(unix))]
        Mode::Process => {
            let what = "process mode needs Unix; use thread or sequential";
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        }
    }
}
