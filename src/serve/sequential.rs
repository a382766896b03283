//! One connection at a time.
//!
//! The simplest server there is: accept, serve, accept again. While one client is
//! served, the system completes the connections of others and queues them, 128 of them
//! by `std`'s choice; each believes itself connected and hears nothing. Right for work
//! that is over in microseconds. Wrong as soon as one client can be slow, since that
//! one decides how long all the others wait.

use std::io;

use super::{Connection, Dispatch};
use crate::net::Stream;

/// Serves each connection in the thread that accepted it.
pub struct Sequential<S> {
    session: S,
}

impl<S: Fn(Stream) + Send + Sync> Sequential<S> {
    /// `session` is called with each connection.
    pub fn new(session: S) -> Self {
        Sequential { session }
    }
}

impl<S: Fn(Stream) + Send + Sync> Dispatch for Sequential<S> {
    fn dispatch(&self, Connection { stream, permit }: Connection) -> io::Result<()> {
        (self.session)(stream);
        drop(permit);
        Ok(())
    }
}
