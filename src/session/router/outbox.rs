//! Writing to a session that others are waiting for, and never waiting for it.
//!
//! Whoever has something for a session writes it, in whatever thread that is: handing it to a thread of the session's
//! own would wake that thread first, and waking up is most of what a message costs. But a session that stops reading
//! fills its socket's buffer, and then a write waits. So a write here waits for some milliseconds at most
//! ([`OFFER`]). What did not fit goes into a queue, and from then on and for ever this session has a thread of its
//! own after all, its slow lane:
//!
//! ```text
//!   direct      send ─▶ write ──────────────────────────────▶ socket
//!   slow lane   send ─▶ queue ─▶ thread ─▶ write, write, … ──▶ socket     everything, in order
//!   over        send ─▶ nothing                                           too much in the queue, or no progress
//! ```
//!
//! A session therefore costs others that short wait once in its life. It does not get out of the slow lane again:
//! otherwise one that reads just enough could cost everybody the wait time after time.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::net::Stream;
use crate::serve::threads;
use crate::wamp::transport::Encoder;
use crate::wire::rawsocket::FrameError;
use crate::wire::wamp::Message;

/// How long a direct write may wait. The system counts in ticks of its own: where one is 4 ms, 8 to 12 ms were seen.
/// Zero is not to be had.
const OFFER: Duration = Duration::from_millis(1);

/// How long a write of the slow lane may wait, before it is looked whether to go on.
const LANE_OFFER: Duration = Duration::from_millis(100);

/// How many bytes may be queued before another message is. So there is never more than this and one message.
const QUEUE: usize = 4 << 20;

/// How many sessions of a router may be in the slow lane at once, and how many bytes may be queued for all of them;
/// the session that would be one more is ended.
const LANES: usize = 256;
const QUEUES: usize = 256 << 20;

/// How long [`Outbox::finish`] waits for a queue to become empty.
const LINGER: Duration = Duration::from_secs(2);

/// Memory that is kept from one message for the next.
const KEPT: usize = 64 * 1024;

/// What is to be sent to one session.
pub struct Outbox {
    writing: Mutex<Writing>,
    changed: Condvar,
    stream: Stream,
    idle_timeout: Duration,
    lanes: Arc<Lanes>,
}

/// What is in use of slow lanes, in the whole router.
#[derive(Default)]
pub struct Lanes {
    threads: AtomicUsize,
    bytes: AtomicUsize,
}

struct Writing {
    encoder: Encoder,
    /// What is about to be written.
    out: Vec<u8>,
    way: Way,
    /// Bytes that are queued, or that the slow lane is just writing.
    waiting: usize,
}

enum Way {
    Direct,
    Slow(Vec<u8>),
    Over,
}

impl Outbox {
    /// Prepares for writing to this stream.
    ///
    /// # Errors
    /// When the system sets no timeout.
    pub fn new(stream: Stream, encoder: Encoder, idle: Duration, lanes: &Arc<Lanes>) -> io::Result<Arc<Self>> {
        stream.set_offer_timeout(OFFER)?;
        let writing = Mutex::new(Writing { encoder, out: Vec::new(), way: Way::Direct, waiting: 0 });
        Ok(Arc::new(Outbox { writing, changed: Condvar::new(), stream, idle_timeout: idle, lanes: Arc::clone(lanes) }))
    }

    /// Sends a message, or queues it. That it never arrives, its session's own thread finds out.
    ///
    /// # Errors
    /// When it is longer than the session takes.
    pub fn send(self: &Arc<Self>, message: Message) -> Result<(), FrameError> {
        self.hold().send(message)
    }

    /// Keeps others from sending, so that something can be done before what follows it is sent.
    pub fn hold(self: &Arc<Self>) -> Held<'_> {
        Held { outbox: self, writing: self.lock() }
    }

    /// Sends what is not a message.
    pub fn control(self: &Arc<Self>, encode: impl FnOnce(&mut Encoder, &mut Vec<u8>)) {
        let mut held = self.hold();
        let Writing { encoder, out, .. } = &mut *held.writing;
        encode(encoder, out);
        held.flush();
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

    /// Nothing is behind the lock that could be half done: at worst a message is lost with the thread that sent it.
    fn lock(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the session up, and wakes its thread.
    fn end(&self, writing: &mut Writing) {
        writing.way = Way::Over;
        self.done(writing, writing.waiting);
        self.stream.abort();
        self.changed.notify_all();
    }

    /// So many bytes wait no longer. A session that was given up meanwhile has none that wait.
    fn done(&self, writing: &mut Writing, bytes: usize) {
        let bytes = bytes.min(writing.waiting);
        writing.waiting -= bytes;
        self.lanes.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// So many more bytes wait; `false` if there are too many of them already.
    fn more(&self, waiting: &mut usize, bytes: usize) -> bool {
        *waiting += bytes;
        self.lanes.bytes.fetch_add(bytes, Ordering::Relaxed) <= QUEUES && *waiting - bytes <= QUEUE
    }

    /// The slow lane.
    fn drain(&self) {
        while let Some(queued) = self.take() {
            let mut progress = Instant::now();
            let mut rest = &queued[..];
            while !rest.is_empty() {
                match self.stream.offer(rest) {
                    Ok(0) if progress.elapsed() < self.idle_timeout => {}
                    Ok(0) | Err(_) => return self.end(&mut self.lock()),
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

    /// What is in the queue, as soon as there is something in it.
    fn take(&self) -> Option<Vec<u8>> {
        let empty = |writing: &mut Writing| matches!(&writing.way, Way::Slow(queue) if queue.is_empty());
        let mut writing = self.changed.wait_while(self.lock(), empty).unwrap_or_else(PoisonError::into_inner);
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
    /// When the message is longer than the session takes.
    pub fn send(&mut self, message: Message) -> Result<(), FrameError> {
        let Writing { encoder, out, .. } = &mut *self.writing;
        encoder.message(message, out)?;
        self.flush();
        Ok(())
    }

    fn flush(&mut self) {
        let Writing { out, way, waiting, .. } = &mut *self.writing;
        match way {
            // RawSocket has no word for closing.
            _ if out.is_empty() => {}
            Way::Over => {}
            Way::Slow(queue) if self.outbox.more(waiting, out.len()) => {
                queue.append(out);
                self.outbox.changed.notify_all();
            }
            Way::Slow(_) => self.outbox.end(&mut self.writing),
            Way::Direct => match self.outbox.stream.offer(out) {
                Ok(written) if written == out.len() => {}
                Ok(written) => self.slow_down(written),
                Err(_) => self.outbox.end(&mut self.writing),
            },
        }
        self.writing.out.clear();
        self.writing.out.shrink_to(KEPT);
    }

    /// Leaves what follows the bytes that were written to a thread.
    fn slow_down(&mut self, written: usize) {
        let rest = self.writing.out.split_off(written);
        let room = self.outbox.more(&mut self.writing.waiting, rest.len());
        self.writing.way = Way::Slow(rest);
        let lane = Lane::enter(self.outbox).filter(|_| room);
        // The thread waits for the lock, so it sees the queue.
        let started = lane.is_some_and(|lane| threads::spawn("slow lane", move || lane.0.drain()).is_ok());
        if !started || self.outbox.stream.set_offer_timeout(LANE_OFFER).is_err() {
            self.outbox.end(&mut self.writing);
        }
    }
}

/// A place in the slow lane, given back when it is dropped.
struct Lane(Arc<Outbox>);

impl Lane {
    fn enter(outbox: &Arc<Outbox>) -> Option<Self> {
        let lane = Lane(Arc::clone(outbox));
        (outbox.lanes.threads.fetch_add(1, Ordering::Relaxed) < LANES).then_some(lane)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.lanes.threads.fetch_sub(1, Ordering::Relaxed);
    }
}
