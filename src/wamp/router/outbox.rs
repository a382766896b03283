//! Writing to a session that others are waiting for, and hardly waiting for it.
//!
//! Whoever has something for a session writes it, in whatever thread that is: handing
//! it to a thread of the session's own would wake that thread first, and waking up is
//! most of what a message costs. But a session that stops reading fills its socket's
//! buffer, and then a write waits. So a write here waits for some milliseconds at most
//! ([`OFFER`]). What did not fit goes into a queue, and until that is empty this
//! session has a thread of its own after all, its slow lane:
//!
//! ```text
//!   direct      send ─▶ write ──────────────────────────────▶ socket
//!   slow lane   send ─▶ queue ─▶ thread ─▶ write, write, … ──▶ socket     everything, in order
//!   over        send ─▶ nothing                                           too much in the queue, or no progress
//! ```
//!
//! So the others wait a little each time a session enters the slow lane. The last of
//! [`ENTRIES`] times it stays there: otherwise one that reads just enough could cost
//! everybody the wait for ever.
//!
//! A queue is bounded. A call that finds it full is refused, and its caller hears so
//! and can ask again. An answer has more room; if that is full too, the caller gets an
//! error in its place, which is short. A session that has no room for even that asks
//! for more than it takes, and is given up. All queues together are bounded as well,
//! but a little of its own each session has in any case: a crowd that takes nothing may
//! cost the others their longest messages, and nobody else the session.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::net::Stream;
use crate::serve::threads;
use crate::wamp::Message;
use crate::wamp::connection::Encoder;
use crate::wamp::rawsocket::FrameError;

/// How long a direct write may go on, and after how long without room it is over. The
/// system counts the latter in ticks of its own: where one is 4 ms, 8 to 12 ms were
/// seen. Zero is not to be had.
const OFFER: Duration = Duration::from_millis(5);
const NO_ROOM: Duration = Duration::from_millis(1);

/// How many bytes a direct write hands over at once. Linux cuts what is written into a
/// Unix socket into pieces of some 48 KiB, and has its timeout begin anew with each: a
/// reader that takes one now and then would prolong a single write of 16 MiB to hours.
const PIECE: usize = 32 * 1024;

/// How long a write of the slow lane may wait, before it is looked whether to go on.
const LANE_OFFER: Duration = Duration::from_millis(100);

/// How often a session may enter the slow lane.
const ENTRIES: u32 = 16;

/// How many bytes may be queued before another call is.
const CALLS: Room = Room { own: 64 << 10, one: 4 << 20, all: 256 << 20 };

/// The same for an answer that is passed on.
const ANSWERS: Room = Room { own: 64 << 10, one: 16 << 20, all: 512 << 20 };

/// The same for what the router says itself, which is short. There is never more than
/// this, what each session has of its own, and one message of each thread that is
/// writing.
const WORDS: Room = Room { own: 128 << 10, one: 17 << 20, all: 512 << 20 };

/// How long [`Outbox::finish`] waits for a queue to become empty.
const LINGER: Duration = Duration::from_secs(2);

/// Memory that is kept from one message for the next.
const KEPT: usize = 64 * 1024;

struct Room {
    /// For one session, however much the others have.
    own: usize,
    /// For one session, if there is room for all.
    one: usize,
    all: usize,
}

/// What is to be sent to one session.
pub struct Outbox {
    writing: Mutex<Writing>,
    changed: Condvar,
    stream: Stream,
    idle_timeout: Duration,
    total: Arc<Total>,
}

/// How many bytes are queued in the whole router.
#[derive(Default)]
pub struct Total(AtomicUsize);

struct Writing {
    /// Gone once the last word has been said: nothing follows that.
    encoder: Option<Encoder>,
    /// What is about to be written.
    out: Vec<u8>,
    way: Way,
    /// Bytes that are queued, or that the slow lane is just writing.
    waiting: usize,
    /// How often the session has been in the slow lane.
    entries: u32,
    /// Why it was given up, if it was.
    why: Option<String>,
}

enum Way {
    Direct,
    Slow(Vec<u8>),
    Over,
}

/// Why a message is not sent.
#[derive(Debug)]
pub enum Unsent {
    /// It is longer than the session takes.
    TooLong(FrameError),
    /// Too much is queued. Only what is passed on can hear this.
    Full,
}

impl Outbox {
    /// Prepares for writing to this stream.
    ///
    /// # Errors
    /// When the system sets no timeout.
    pub fn new(
        stream: Stream,
        encoder: Encoder,
        idle_timeout: Duration,
        total: &Arc<Total>,
    ) -> io::Result<Arc<Self>> {
        stream.set_offer_timeout(NO_ROOM)?;
        let encoder = Some(encoder);
        let writing = Writing {
            encoder,
            out: Vec::new(),
            way: Way::Direct,
            waiting: 0,
            entries: 0,
            why: None,
        };
        let (writing, changed, total) = (Mutex::new(writing), Condvar::new(), Arc::clone(total));
        Ok(Arc::new(Outbox { writing, changed, stream, idle_timeout, total }))
    }

    /// Sends a message, or queues it. That it never arrives, its session's own thread
    /// finds out.
    ///
    /// # Errors
    /// When it cannot be sent to this session, whatever becomes of the session.
    pub fn send(self: &Arc<Self>, message: Message) -> Result<(), Unsent> {
        self.hold().send(message)
    }

    /// As [`send`](Outbox::send), for what another session has said: it is refused
    /// where too much is queued.
    ///
    /// # Errors
    /// Those of [`send`](Outbox::send), and [`Unsent::Full`].
    pub fn pass_on(self: &Arc<Self>, message: Message) -> Result<(), Unsent> {
        self.hold().pass_on(message)
    }

    /// Keeps others from sending, so that something can be done before what follows it
    /// is sent.
    pub fn hold(self: &Arc<Self>) -> Held<'_> {
        Held { outbox: self, writing: self.lock() }
    }

    /// Sends what is not a message.
    pub fn control(self: &Arc<Self>, encode: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut held = self.hold();
        let Writing { encoder: Some(encoder), out, .. } = &mut *held.writing else { return };
        encode(encoder, out);
        held.leave();
    }

    /// Says the last word, closes with this code, where the framing has one, and sends
    /// nothing more: not what others are just about to send, either.
    pub fn last(self: &Arc<Self>, word: Option<Message>, code: u16) {
        let mut held = self.hold();
        if let Some(word) = word {
            let _ = held.send(word);
        }
        let Writing { encoder, out, .. } = &mut *held.writing;
        if let Some(mut encoder) = encoder.take() {
            encoder.close(code, "", out);
        }
        held.leave();
    }

    /// Whether something is still to be written.
    pub fn is_busy(&self) -> bool {
        self.lock().waiting > 0
    }

    /// Waits until all is written, but not for long, and sends nothing more.
    pub fn finish(&self) {
        let writing = self.lock();
        let wait = self.changed.wait_timeout_while(writing, LINGER, |writing| writing.waiting > 0);
        let (mut writing, _) = wait.unwrap_or_else(PoisonError::into_inner);
        writing.way = Way::Over;
        let given_up = writing.waiting;
        self.done(&mut writing, given_up);
        self.changed.notify_all();
    }

    /// Why the session was given up, if it was for what it did not take.
    pub fn why(&self) -> Option<String> {
        self.lock().why.clone()
    }

    /// Nothing is behind the lock that could be half done: at worst a message is lost
    /// with the thread that sent it.
    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the session up, and wakes its thread.
    fn give_up(&self, writing: &mut Writing, why: Option<String>) {
        writing.way = Way::Over;
        // What fails afterwards fails for that.
        writing.why = writing.why.take().or(why);
        self.done(writing, writing.waiting);
        self.stream.abort();
        self.changed.notify_all();
    }

    /// So many bytes wait no longer. A session that was given up meanwhile has none
    /// that wait.
    fn done(&self, writing: &mut Writing, bytes: usize) {
        let bytes = bytes.min(writing.waiting);
        writing.waiting -= bytes;
        self.total.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// So many more bytes wait.
    fn more(&self, waiting: &mut usize, bytes: usize) {
        *waiting += bytes;
        self.total.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Writes what the connection takes at once, and returns how much that was.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() <= PIECE {
            return self.stream.offer(bytes);
        }
        let begin = Instant::now();
        let mut written = 0;
        for piece in bytes.chunks(PIECE) {
            let taken = self.stream.offer(piece)?;
            written += taken;
            if taken < piece.len() || begin.elapsed() >= OFFER {
                break;
            }
        }
        Ok(written)
    }

    /// The slow lane.
    fn drain(&self) {
        while let Some(queued) = self.take() {
            let mut progress = Instant::now();
            let mut rest = &queued[..];
            while !rest.is_empty() {
                match self.stream.offer(rest) {
                    Ok(0) if progress.elapsed() < self.idle_timeout => {}
                    Ok(0) => {
                        let why = format!(
                            "it took nothing of what was sent to it for {:?}",
                            self.idle_timeout
                        );
                        return self.give_up(&mut self.lock(), Some(why));
                    }
                    Err(_) => return self.give_up(&mut self.lock(), None),
                    Ok(written) => {
                        rest = &rest[written..];
                        progress = Instant::now();
                    }
                }
            }
            self.done(&mut self.lock(), queued.len());
            self.changed.notify_all();
        }
    }

    /// What is in the queue; `None` when the slow lane is at its end. One that may be
    /// entered again ends as soon as the queue is empty.
    fn take(&self) -> Option<Vec<u8>> {
        let empty =
            |writing: &mut Writing| matches!(&writing.way, Way::Slow(queue) if queue.is_empty());
        let mut writing = self.lock();
        if writing.entries < ENTRIES
            && empty(&mut writing)
            && self.stream.set_offer_timeout(NO_ROOM).is_ok()
        {
            writing.way = Way::Direct;
            return None;
        }
        let mut writing =
            self.changed.wait_while(writing, empty).unwrap_or_else(PoisonError::into_inner);
        if let Way::Slow(queue) = &mut writing.way { Some(mem::take(queue)) } else { None }
    }
}

/// An outbox into which nobody else puts anything as long as this is held.
pub struct Held<'a> {
    outbox: &'a Arc<Outbox>,
    writing: MutexGuard<'a, Writing>,
}

impl Held<'_> {
    /// As [`Outbox::send`].
    ///
    /// # Errors
    /// Those of [`Outbox::send`].
    pub fn send(&mut self, message: Message) -> Result<(), Unsent> {
        self.encode(message)?;
        self.leave();
        Ok(())
    }

    fn pass_on(&mut self, message: Message) -> Result<(), Unsent> {
        let is_call = matches!(message, Message::Invocation { .. });
        self.encode(message)?;
        if !self.has(if is_call && self.writing.waiting > 0 { &CALLS } else { &ANSWERS }) {
            self.clear();
            return Err(Unsent::Full);
        }
        self.leave();
        Ok(())
    }

    /// Makes bytes of a message, unless the last word has been said.
    fn encode(&mut self, message: Message) -> Result<(), Unsent> {
        let Writing { encoder, out, .. } = &mut *self.writing;
        encoder
            .as_mut()
            .map_or(Ok(()), |encoder| encoder.message(message, out))
            .map_err(Unsent::TooLong)
    }

    /// Whether there is so much room for what is about to be written, in case that it
    /// has to wait.
    fn has(&self, room: &Room) -> bool {
        let Writing { out, waiting, way, .. } = &*self.writing;
        let all = self.outbox.total.0.load(Ordering::Relaxed);
        // Who has been given up needs none.
        matches!(way, Way::Over)
            || waiting + out.len() <= room.own
            || *waiting <= room.one && all <= room.all
    }

    /// Writes it, or leaves it to the slow lane.
    fn leave(&mut self) {
        if self.has(&WORDS) {
            self.flush();
        } else {
            let (bytes, waiting) = (self.writing.out.len(), self.writing.waiting);
            let all = self.outbox.total.0.load(Ordering::Relaxed);
            let why = format!(
                "no room for {bytes} bytes to it: {waiting} bytes waited, and {all} in all"
            );
            self.outbox.give_up(&mut self.writing, Some(why));
        }
        self.clear();
    }

    fn flush(&mut self) {
        let Writing { out, way, waiting, .. } = &mut *self.writing;
        match way {
            // RawSocket has no word for closing.
            _ if out.is_empty() => {}
            Way::Over => {}
            Way::Slow(queue) => {
                self.outbox.more(waiting, out.len());
                queue.append(out);
                self.outbox.changed.notify_all();
            }
            Way::Direct => match self.outbox.write(out) {
                Ok(written) if written == out.len() => {}
                Ok(written) => self.slow_down(written),
                Err(_) => self.outbox.give_up(&mut self.writing, None),
            },
        }
    }

    /// Leaves what follows the bytes that were written to a thread.
    fn slow_down(&mut self, written: usize) {
        let rest = self.writing.out.split_off(written);
        self.outbox.more(&mut self.writing.waiting, rest.len());
        self.writing.way = Way::Slow(rest);
        self.writing.entries += 1;
        let outbox = Arc::clone(self.outbox);
        // The thread waits for the lock, so it sees the queue.
        let started = threads::spawn("slow lane", move || outbox.drain()).is_ok();
        if !started || self.outbox.stream.set_offer_timeout(LANE_OFFER).is_err() {
            self.outbox.give_up(
                &mut self.writing,
                Some("the system gave no thread to write to it".into()),
            );
        }
    }

    fn clear(&mut self) {
        self.writing.out.clear();
        self.writing.out.shrink_to(KEPT);
    }
}

#[cfg(all(test, unix))]
mod tests;
