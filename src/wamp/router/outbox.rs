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

use std::io;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::net::Stream;
use crate::serve::{Budget, threads};
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

/// The room for a call.
const CALLS: Room = Room { own: 64 << 10, session: 4 << 20, router: 256 << 20 };

/// The room for an answer that is passed on.
const ANSWERS: Room = Room { own: 64 << 10, session: 16 << 20, router: 512 << 20 };

/// The room for the router's own messages, which are short. The queues never hold more
/// than this, the sessions' own room, and one message of each thread that is writing.
const OWN_MESSAGES: Room = Room { own: 128 << 10, session: 17 << 20, router: 512 << 20 };

/// How long [`Outbox::finish`] waits for a queue to become empty.
const LINGER: Duration = Duration::from_secs(2);

/// The memory that is kept from one message for the next.
const KEPT: usize = 64 * 1024;

/// How many bytes may be queued.
struct Room {
    /// For one session, however much the others have, and with the new message.
    own: usize,
    /// For one session, before the new message.
    session: usize,
    /// For all sessions, before the new message.
    router: usize,
}

/// The queues of a whole router.
pub struct Queues {
    /// How many bytes are queued.
    bytes: AtomicUsize,
    /// The threads that write to sessions with a queue.
    writers: Arc<Budget>,
}

impl Queues {
    /// Queues that are empty. Each writer thread takes one of this budget.
    pub fn new(writers: Arc<Budget>) -> Arc<Self> {
        Arc::new(Queues { bytes: AtomicUsize::new(0), writers })
    }
}

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

    /// The work of the writer thread.
    fn write_queue(&self) {
        while let Some(queued) = self.take_queue() {
            let mut progress = Instant::now();
            let mut rest = &queued[..];
            while !rest.is_empty() {
                match self.stream.offer(rest) {
                    Ok(0) if progress.elapsed() < self.idle_timeout => {}
                    Ok(0) => {
                        let idle = self.idle_timeout;
                        let reason = format!("it took nothing of what was sent to it for {idle:?}");
                        return self.close(&mut self.lock(), Some(reason));
                    }
                    Err(_) => return self.close(&mut self.lock(), None),
                    Ok(written) => {
                        rest = &rest[written..];
                        progress = Instant::now();
                    }
                }
            }
            self.remove(&mut self.lock(), queued.len());
            self.changed.notify_all();
        }
    }

    /// Takes what is queued, and waits for that if necessary; `None` when the writer
    /// thread has to end. If the session may queue again, that is when the queue is
    /// empty.
    fn take_queue(&self) -> Option<Vec<u8>> {
        let is_empty = |writing: &mut Writing| match &writing.path {
            Path::Queued(queue) => queue.is_empty(),
            _ => false,
        };
        let mut writing = self.lock();
        if writing.entries < ENTRIES
            && is_empty(&mut writing)
            && self.stream.set_offer_timeout(NO_ROOM).is_ok()
        {
            writing.path = Path::Direct;
            return None;
        }
        let mut writing =
            self.changed.wait_while(writing, is_empty).unwrap_or_else(PoisonError::into_inner);
        if let Path::Queued(queue) = &mut writing.path { Some(mem::take(queue)) } else { None }
    }
}

/// An outbox to which no other thread sends while this is held.
pub struct Held<'a> {
    outbox: &'a Arc<Outbox>,
    writing: MutexGuard<'a, Writing>,
}

impl Held<'_> {
    /// Does what [`Outbox::send`] does.
    ///
    /// # Errors
    /// [`Unsent::TooLong`].
    pub fn send(&mut self, message: Message) -> Result<(), Unsent> {
        self.encode(message)?;
        self.deliver();
        Ok(())
    }

    fn pass_on(&mut self, message: Message) -> Result<(), Unsent> {
        let is_call = matches!(message, Message::Invocation { .. });
        self.encode(message)?;
        if !self.fits(if is_call && self.writing.queued > 0 { &CALLS } else { &ANSWERS }) {
            self.clear();
            return Err(Unsent::Full);
        }
        self.deliver();
        Ok(())
    }

    /// Encodes a message into `out`, unless the last one has been sent.
    fn encode(&mut self, message: Message) -> Result<(), Unsent> {
        let Writing { encoder, out, .. } = &mut *self.writing;
        encoder
            .as_mut()
            .map_or(Ok(()), |encoder| encoder.message(message, out))
            .map_err(Unsent::TooLong)
    }

    /// Whether what is in `out` could be queued. Nothing is queued for a closed
    /// session.
    fn fits(&self, room: &Room) -> bool {
        let Writing { out, queued, path, .. } = &*self.writing;
        let all = self.outbox.total.bytes.load(Ordering::Relaxed);
        matches!(path, Path::Closed)
            || queued + out.len() <= room.own
            || *queued <= room.session && all <= room.router
    }

    /// Writes or queues what is in `out`, or closes a slow consumer.
    fn deliver(&mut self) {
        if self.fits(&OWN_MESSAGES) {
            self.flush();
        } else {
            let (bytes, queued) = (self.writing.out.len(), self.writing.queued);
            let all = self.outbox.total.bytes.load(Ordering::Relaxed);
            let reason = format!(
                "no room for {bytes} bytes to it: {queued} bytes are queued, and {all} in all"
            );
            self.outbox.close(&mut self.writing, Some(reason));
        }
        self.clear();
    }

    fn flush(&mut self) {
        let Writing { out, path, queued, .. } = &mut *self.writing;
        match path {
            // RawSocket has no frame for closing.
            _ if out.is_empty() => {}
            Path::Closed => {}
            Path::Queued(queue) => {
                self.outbox.add(queued, out.len());
                queue.append(out);
                self.outbox.changed.notify_all();
            }
            Path::Direct => match self.outbox.write(out) {
                Ok(written) if written == out.len() => {}
                Ok(written) => self.begin_to_queue(written),
                Err(_) => self.outbox.close(&mut self.writing, None),
            },
        }
    }

    /// Queues what follows the bytes that were written, and starts the writer thread.
    fn begin_to_queue(&mut self, written: usize) {
        let rest = self.writing.out.split_off(written);
        self.outbox.add(&mut self.writing.queued, rest.len());
        self.writing.path = Path::Queued(rest);
        self.writing.entries += 1;
        let (outbox, share) = (Arc::clone(self.outbox), self.outbox.total.writers.take(1));
        // The thread waits for the lock, so it sees the queue.
        let started = share.is_some_and(|share| {
            let work = move || {
                let _share = share;
                outbox.write_queue();
            };
            threads::spawn("writer", work).is_ok()
        });
        if !started || self.outbox.stream.set_offer_timeout(WRITER_OFFER).is_err() {
            let reason = "there was no thread to write to it".into();
            self.outbox.close(&mut self.writing, Some(reason));
        }
    }

    fn clear(&mut self) {
        self.writing.out.clear();
        self.writing.out.shrink_to(KEPT);
    }
}

#[cfg(all(test, unix))]
mod tests;
