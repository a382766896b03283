//! A thread for each connection.
//!
//! Starting one costs tens of microseconds. All threads see the same memory, so what
//! sessions share is simply shared, behind an [`Arc`]. A panic unwinds its own thread
//! and no other: that connection is closed, the rest go on. What takes the whole
//! process down (an abort, the system's out-of-memory killer) takes all of them.

use std::io;
use std::sync::Arc;
use std::thread;

use super::{Connection, Dispatch};
use crate::net::Stream;

/// Address space for a thread's stack; the default is 2 MiB. Memory is taken a page at
/// a time as the stack is touched, so a large number would cost little, but a thousand
/// times 2 MiB is more than some systems let a process reserve.
const STACK_SIZE: usize = 256 * 1024;

/// Serves each connection in a thread of its own.
pub struct Threads<S> {
    session: Arc<S>,
}

impl<S: Fn(Stream) + Send + Sync + 'static> Threads<S> {
    /// `session` is called with each connection.
    pub fn new(session: S) -> Self {
        Threads { session: Arc::new(session) }
    }
}

impl<S: Fn(Stream) + Send + Sync + 'static> Dispatch for Threads<S> {
    fn dispatch(&self, Connection { stream, permit }: Connection) -> io::Result<()> {
        let session = Arc::clone(&self.session);
        spawn("session", move || {
            // Held by name: it is free again when the thread ends, also when it ends by
            // panicking.
            let _permit = permit;
            session(stream);
        })
    }
}

/// Starts a thread that nobody joins. Unlike [`thread::spawn`], it does not panic when
/// the system has no more threads to give.
///
/// # Errors
/// When the system refuses the thread.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).stack_size(STACK_SIZE).spawn(work).map(drop)
}
