//! Writing to a session without waiting for a client that does not read.
//!
//! A thread that has a message for a session writes it itself. Handing the message to a
//! thread of that session would wake that thread first, and waking up is most of what a
//! message costs. But the socket of a client that stops reading has a full buffer, and
//! then a write waits. So a write here waits for some milliseconds at most ([`OFFER`]).
//! The rest of its bytes go into a queue, and until the queue is empty the session has
//! a writer thread of its own:
//!
//! ```text
//!   direct   send ─▶ write ─────────────────────────────▶ socket
//!   queued   send ─▶ queue ─▶ thread ─▶ write, write, … ─▶ socket  all, in order
//!   closed   send ─▶ nothing        the queue was full, or there was no progress
//! ```
//!
//! So each time that a session begins to queue, the others wait a little. The last of
//! [`ENTRIES`] times it stays queued: otherwise a client that reads just enough could
//! delay everybody again and again.
//!
//! A queue is bounded. A call that does not fit is refused, and its caller receives an
//! error and can try again. A result has more room; if that is full too, the caller
//! receives an error in its place, which is short. A client whose queue has no room
//! even for that asks for more than it reads: a slow consumer, whose session is closed.
//! All queues together are bounded as well, but each session has some room of its own
//! in any case. So a crowd that reads nothing may cost the others their longest
//! messages, but never their sessions.

mod held;
mod room;
mod writer;

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use held::Held;
pub use room::Queues;

use crate::net::Stream;
use crate::wamp::connection::Encoder;
use crate::wamp::message::Message;
use crate::wamp::rawsocket::FrameError;

/// The longest time that a direct write goes on. It ends after [`NO_ROOM`] without
/// progress.
const OFFER: Duration = Duration::from_millis(5);

/// How long a direct write waits for room. The system rounds this up to its own clock
/// ticks: with ticks of 4 ms, waits of 8 to 12 ms were seen. A timeout of zero does not
/// exist.
const NO_ROOM: Duration = Duration::from_millis(1);

/// How many bytes a direct write hands over at once. Linux divides a write to a Unix
/// socket into pieces of some 48 KiB, and starts its timeout again with each. A client
/// that reads one piece now and then could prolong a single write of 16 MiB to hours.
const PIECE: usize = 32 * 1024;

/// How long a write of the writer thread waits before the thread checks its limits.
const WRITER_OFFER: Duration = Duration::from_millis(100);

/// How often a session may begin to queue.
const ENTRIES: u32 = 16;

/// How long [`Outbox::finish`] waits for a queue to become empty.
const LINGER: Duration = Duration::from_secs(2);

/// The memory that is kept from one message for the next.
const KEPT: usize = 64 * 1024;

/// What is sent to one session.
pub struct Outbox {
    writing: Mutex<Writing>,
    changed: Condvar,
    stream: Stream,
    idle_timeout: Duration,
    /// What is queued in the whole router.
    total: Arc<Queues>,
}

struct Writing {
    /// `None` after the last message: nothing may follow it.
    encoder: Option<Encoder>,
    /// Encoded, but neither written nor queued yet.
    out: Vec<u8>,
    path: Path,
    /// Bytes that are queued, or that the writer thread is writing.
    queued: usize,
    /// How often the session has begun to queue.
    entries: u32,
    /// Why the session is a slow consumer, if it is.
    reason: Option<String>,
}

enum Path {
    Direct,
    Queued(Vec<u8>),
    Closed,
}

/// Why a message is not sent.
#[derive(Debug)]
pub enum Unsent {
    /// The message is longer than the client accepts.
    TooLong(FrameError),
    /// Too much is queued. This happens only to messages that are passed on.
    Full,
}

impl Outbox {
    /// Prepares for writing to this stream.
    ///
    /// # Errors
    /// When the system does not set the timeout.
    pub fn new(
        stream: Stream,
        encoder: Encoder,
        idle_timeout: Duration,
        total: &Arc<Queues>,
    ) -> io::Result<Arc<Self>> {
        stream.set_offer_timeout(NO_ROOM)?;
        let writing = Writing {
            encoder: Some(encoder),
            out: Vec::new(),
            path: Path::Direct,
            queued: 0,
            entries: 0,
            reason: None,
        };
        let (writing, changed, total) = (Mutex::new(writing), Condvar::new(), Arc::clone(total));
        Ok(Arc::new(Outbox { writing, changed, stream, idle_timeout, total }))
    }

    /// Sends or queues a message of the router itself. If the connection fails, the
    /// session's own thread finds out.
    ///
    /// # Errors
    /// [`Unsent::TooLong`].
    pub fn send(self: &Arc<Self>, message: Message) -> Result<(), Unsent> {
        self.hold().send(message)
    }

    /// Sends or queues a message that another session has caused, unless too much is
    /// queued.
    ///
    /// # Errors
    /// [`Unsent::TooLong`] and [`Unsent::Full`].
    pub fn pass_on(self: &Arc<Self>, message: Message) -> Result<(), Unsent> {
        self.hold().pass_on(message)
    }

    /// Keeps other threads from sending, so that something can be done before what they
    /// send.
    pub fn hold(self: &Arc<Self>) -> Held<'_> {
        Held { outbox: self, writing: self.lock() }
    }

    /// Sends a control frame.
    pub fn control(self: &Arc<Self>, encode: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut held = self.hold();
        let Writing { encoder: Some(encoder), out, .. } = &mut *held.writing else { return };
        encode(encoder, out);
        held.deliver();
    }

    /// Sends the last message, and closes with this code if the framing has one. What
    /// other threads send afterwards is dropped.
    pub fn send_last(self: &Arc<Self>, message: Option<Message>, code: u16) {
        let mut held = self.hold();
        if let Some(message) = message {
            let _ = held.send(message);
        }
        let Writing { encoder, out, .. } = &mut *held.writing;
        if let Some(mut encoder) = encoder.take() {
            encoder.close(code, "", out);
        }
        held.deliver();
    }

    /// Whether something is still to be written.
    pub fn is_busy(&self) -> bool {
        self.lock().queued > 0
    }

    /// Waits for [`LINGER`] at most until everything is written, then closes.
    pub fn finish(&self) {
        let writing = self.lock();
        let wait = self.changed.wait_timeout_while(writing, LINGER, |writing| writing.queued > 0);
        let (mut writing, _) = wait.unwrap_or_else(PoisonError::into_inner);
        writing.path = Path::Closed;
        let rest = writing.queued;
        self.remove(&mut writing, rest);
        self.changed.notify_all();
    }

    /// Why the session is a slow consumer, if it is.
    pub fn reason(&self) -> Option<String> {
        self.lock().reason.clone()
    }

    /// Locks the state. A thread that panicked while it held the lock has lost, at
    /// worst, its message.
    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connection, and so wakes the session's thread.
    fn close(&self, writing: &mut Writing, reason: Option<String>) {
        writing.path = Path::Closed;
        // The first reason is the cause of later ones.
        writing.reason = writing.reason.take().or(reason);
        self.remove(writing, writing.queued);
        self.stream.abort();
        self.changed.notify_all();
    }

    /// Subtracts bytes that are no longer queued. A session that was closed meanwhile
    /// has none.
    fn remove(&self, writing: &mut Writing, bytes: usize) {
        let bytes = bytes.min(writing.queued);
        writing.queued -= bytes;
        self.total.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn add(&self, queued: &mut usize, bytes: usize) {
        *queued += bytes;
        self.total.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Writes directly what the connection accepts, and returns how many bytes that
    /// was.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() <= PIECE {
            return self.stream.offer(bytes);
        }
        let begin = Instant::now();
        let mut written = 0;
        for piece in bytes.chunks(PIECE) {
            let accepted = self.stream.offer(piece)?;
            written += accepted;
            if accepted < piece.len() || begin.elapsed() >= OFFER {
                break;
            }
        }
        Ok(written)
    }
}

#[cfg(all(test, unix))]
mod tests;
