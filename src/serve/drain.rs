//! Emptying the system's queue before anything else.
//!
//! The system completes connections by itself and queues them for `accept`, 128 by
//! `std`'s choice. A connect that finds this queue full is not refused. Its first
//! packet is dropped, and sent again after a second (RFC 6298 section 2.1): one client
//! of a burst measures a second where the others measure a tenth of a millisecond.
//! Serving a connection, by a thread or a process, takes longer than accepting one. So
//! a server that does both in turn has a full queue sooner than one that first accepts
//! all there is:
//!
//! ```text
//!   in turn    accept, spawn, accept, spawn, …      the system's queue holds the burst
//!   drained    accept, accept, accept, …, spawn …   this process holds the burst
//! ```
//!
//! A server that serves one connection after the other does not drain. Its clients have
//! to wait somewhere. If the queue is too short, hand in a listener with a longer one
//! ([`inherited`](crate::net::inherited)).

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::descriptors::{Spare, is_room};
use super::limits::Refusal;
use super::refuse::Refuser;
use crate::net::{Listener, Stream};

/// Connections as they come.
pub struct Incoming {
    listener: Listener,
    /// The timeout of each read and write on an accepted connection.
    timeout: Duration,
    waiting: VecDeque<Stream>,
    /// How many connections may wait here.
    most: usize,
    spare: Spare,
}

impl Incoming {
    /// Accepts one connection at a time. Each read and write on a connection may take
    /// `timeout`.
    #[must_use]
    pub fn new(listener: Listener, timeout: Duration) -> Self {
        let (waiting, spare) = (VecDeque::new(), Spare::new());
        Incoming { listener, timeout, waiting, most: 0, spare }
    }

    /// Keeps the system's queue empty. Up to `most` connections wait in this process.
    #[must_use]
    pub fn drained(self, most: u64) -> Self {
        Incoming { most: usize::try_from(most).unwrap_or(usize::MAX), ..self }
    }

    /// Returns these connections before all others.
    #[must_use]
    pub fn after(mut self, first: impl IntoIterator<Item = Stream>) -> Self {
        self.waiting.extend(first);
        self
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    /// When the system gives no connection; `ConnectionAborted` when the peer is gone
    /// already.
    pub(super) fn next(&mut self) -> io::Result<Stream> {
        // A thread may have taken its descriptor while a connection was refused.
        self.spare.take_back();
        if self.most > 0 && self.listener.set_nonblocking(true).is_ok() {
            while self.waiting.len() < self.most {
                match self.listener.accept(self.timeout) {
                    // What serving a connection takes has to remain.
                    Ok(stream) if !is_room(&stream) => {
                        self.waiting.push_back(stream);
                        break;
                    }
                    Ok(stream) => self.waiting.push_back(stream),
                    Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                    Err(_) => break,
                }
            }
            self.listener.set_nonblocking(false)?;
        }
        match self.waiting.pop_front() {
            Some(stream) => Ok(stream),
            None => self.listener.accept(self.timeout),
        }
    }

    /// Keeps a connection that could not be served to try it again, and returns the last
    /// one that waits. If none does, the connection itself is the error.
    pub(super) fn trade(&mut self, stream: Stream) -> Result<Stream, Stream> {
        let Some(last) = self.waiting.pop_back() else { return Err(stream) };
        self.waiting.push_front(stream);
        Ok(last)
    }

    /// Refuses what the system has queued, one after the other, with the descriptor
    /// that is kept for this.
    pub(super) fn refuse_waiting(&mut self, refuser: &Refuser) {
        if !self.spare.is_there() || self.listener.set_nonblocking(true).is_err() {
            return;
        }
        loop {
            self.spare.give();
            let Ok(stream) = self.listener.accept(self.timeout) else { break };
            refuser.refuse_at_once(stream, Refusal::NoDescriptor);
            self.spare.take_back();
        }
        self.spare.take_back();
        let _ = self.listener.set_nonblocking(false);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_spare_descriptor_that_was_lost_is_replaced() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut incoming = Incoming::new(Listener::Tcp(listener), Duration::from_secs(5));
        incoming.spare.give();
        let stream = incoming.next().unwrap();
        assert_eq!(stream.peer(), client.local_addr().ok());
        assert!(incoming.spare.is_there());
    }
}
