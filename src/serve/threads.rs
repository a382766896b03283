//! A thread for each connection.
//!
//! Starting a thread costs tens of microseconds. All threads see the same memory, so
//! what sessions share is simply shared, behind an [`Arc`]. A panic unwinds its own
//! thread and no other: that connection is closed, and the others go on. What ends the
//! whole process (an abort, the system's out-of-memory killer) ends all of them.

use std::io;
use std::sync::Arc;
use std::thread;

use crate::no_thread::no_thread;

use super::dispatch::{Connection, Dispatch, Session};

/// Address space for a thread's stack. The default is 2 MiB, and a thousand times that
/// is more than some systems let a process reserve.
const STACK_SIZE: usize = 256 * 1024;

/// Serves each connection in a thread of its own.
pub struct Threads(pub Session);

impl Dispatch for Threads {
    fn dispatch(&self, Connection { stream, permit }: Connection) -> io::Result<()> {
        let session = Arc::clone(&self.0);
        spawn("session", move || {
            // Dropped when the thread ends, even if it ends by panicking.
            let _permit = permit;
            session(stream);
        })
    }
}

/// Starts a thread that nobody joins. Unlike [`thread::spawn`], this function does not
/// panic when the system has no more threads to give.
///
/// # Errors
/// When the system refuses the thread.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.into()).stack_size(STACK_SIZE);
    thread.spawn(work).map(drop).map_err(no_thread)
}
