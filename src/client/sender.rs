//! The half of a client that sends.

use std::io;

use super::trace::{Message, Trace};
use crate::net::Stream;
use crate::wire::command::Request;
use crate::wire::framing::Framing;

/// Sends requests on a connection whose answers somebody else receives, perhaps in
/// another thread.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(super) stream: Stream,
    pub(super) framing: Framing,
    pub(super) trace: Trace,
    /// The request while it is put together.
    buffer: Vec<u8>,
}

impl Sender {
    pub(super) fn new(stream: Stream, framing: Framing, trace: Trace) -> Self {
        Sender { stream, framing, trace, buffer: Vec::new() }
    }

    pub(super) fn send(&mut self, request: &Request) -> io::Result<()> {
        request.encode(&mut self.buffer);
        self.trace.show(Message::Sent(&self.buffer));
        self.framing.send(&mut self.buffer, &mut self.stream)
    }

    /// Sends a ping, and waits for nothing.
    pub fn ping(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        self.send(&Request::Ping(payload))
    }
}
