//! How to talk to a server.

use std::time::Duration;

use super::trace::Trace;
use crate::net::Family;
use crate::pace::Stop;
use crate::wire::framing::Framing;

/// How to talk to a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long connecting, and then each read and each write, may take. The system
    /// decides how long the lookup of a name takes.
    pub timeout: Duration,
    /// How messages are told apart. Client and server have to agree.
    pub framing: Framing,
    /// Whether to wait by [busy-polling](crate::net::spin).
    pub spin: bool,
    /// Called with each message.
    pub trace: Trace,
    /// Which addresses of a host to try.
    pub family: Family,
    /// Ends measurements early, and then the connection.
    pub stop: Stop,
}

impl Default for Options {
    fn default() -> Self {
        let (framing, trace, family) = (Framing::Line, Trace::default(), Family::Any);
        let (timeout, stop) = (Duration::from_secs(10), Stop::default());
        Options { timeout, framing, spin: false, trace, family, stop }
    }
}
