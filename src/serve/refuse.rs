//! A connection that cannot be served is told why.
//!
//! That takes time: the client may ask one question, whether the server is full, and the
//! answer has to arrive before the connection is closed. The accept loop has no time,
//! since everyone waits for it. So a thread speaks to the client. There are permits for
//! these threads, too. Where none is left, the answer is only written: a few bytes
//! always fit in the send buffer of a new connection.

use std::sync::{Arc, mpsc};

use super::limits::{Admission, Limits, Refusal};
use super::threads;
use crate::log::Log;
use crate::net::Stream;

/// How many clients can be refused at once with time for each. No single address gets
/// all of these permits.
const REFUSALS: Limits = Limits { max_connections: 64, max_per_ip: Some(48), allow: Vec::new() };

/// How much time there is for a connection that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Enough to hear a question, and to make sure that the answer arrives.
    Enough,
    /// None: whatever is done must not wait.
    None,
}

/// Tells a connection that it is refused, and ends it.
type Farewell = Arc<dyn Fn(Stream, Refusal, Time) + Send + Sync>;

/// Speaks to those who are not let in.
#[derive(Clone)]
pub struct Refuser {
    farewell: Farewell,
    permits: Arc<Admission>,
    log: Log,
}

impl Refuser {
    /// `farewell` is called with each refused connection. Each one is a line in `log`.
    pub fn new(log: Log, farewell: impl Fn(Stream, Refusal, Time) + Send + Sync + 'static) -> Self {
        Refuser { farewell: Arc::new(farewell), permits: Admission::new(REFUSALS), log }
    }

    /// Refuses a connection, and returns at once.
    pub fn refuse(&self, stream: Stream, refusal: Refusal) {
        self.log.say(format_args!("{} refused: {refusal}", stream.peer_name()));
        let (hand_over, handed_over) = mpsc::channel();
        let farewell = Arc::clone(&self.farewell);
        let thread = self.permits.admit(stream.peer_ip()).map(|permit| {
            threads::spawn("refuse", move || {
                let _permit = permit;
                if let Ok(stream) = handed_over.recv() {
                    farewell(stream, refusal, Time::Enough);
                }
            })
        });
        if let Ok(Ok(())) = thread {
            // The thread waits for this, so the channel has a receiver.
            let _ = hand_over.send(stream);
        } else {
            (self.farewell)(stream, refusal, Time::None);
        }
    }

    /// Refuses a connection without a thread: its descriptor is wanted back.
    pub(super) fn refuse_at_once(&self, stream: Stream, refusal: Refusal) {
        self.log.say(format_args!("{} refused: {refusal}", stream.peer_name()));
        (self.farewell)(stream, refusal, Time::None);
    }
}
