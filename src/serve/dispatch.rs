//! Who does the work of a connection: what the three strategies have in common.

use std::io;
use std::sync::Arc;

use super::limits::Permit;
use crate::net::Stream;

/// Serves one connection from its beginning to its end: any function of a stream.
/// Several threads may call it at the same time, each for another connection.
pub type Session = Arc<dyn Fn(Stream) + Send + Sync>;

/// An accepted connection, and the permit that it was given. The permit is free again
/// when it is dropped.
#[derive(Debug)]
pub struct Connection {
    /// The connection itself.
    pub stream: Stream,
    /// Its permit.
    pub permit: Permit,
}

/// Decides who does the work of a connection.
pub trait Dispatch: Send + Sync {
    /// Takes a connection to be served, and returns when the next one may be accepted.
    ///
    /// # Errors
    /// When the system gives no thread or no process. The client has heard nothing then.
    fn dispatch(&self, connection: Connection) -> io::Result<()>;
}
