//! One connection at a time.
//!
//! The simplest server there is: accept, serve, accept again. While one client is
//! served, the system completes the connections of others and queues them, 128 by
//! `std`'s choice. Each of those clients believes itself connected and hears nothing.
//! This is right for work that is over in microseconds. It is wrong as soon as one
//! client can be slow, since that client decides how long all the others wait.

use std::io;

use super::dispatch::{Connection, Dispatch, Session};

/// Serves each connection in the thread that accepted it.
pub struct Sequential(pub Session);

impl Dispatch for Sequential {
    fn dispatch(&self, Connection { stream, permit }: Connection) -> io::Result<()> {
        (self.0)(stream);
        drop(permit);
        Ok(())
    }
}
