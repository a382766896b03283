//! Sending to a session: directly, or into its queue.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use super::room::{ANSWERS, CALLS, OWN_MESSAGES, Room};
use super::{KEPT, Outbox, Path, Unsent, WRITER_OFFER, Writing};
use crate::serve::threads;
use crate::wamp::message::Message;

/// An outbox to which no other thread sends while this is held.
pub struct Held<'a> {
    pub(super) outbox: &'a Arc<Outbox>,
    pub(super) writing: MutexGuard<'a, Writing>,
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

    pub(super) fn pass_on(&mut self, message: Message) -> Result<(), Unsent> {
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
    pub(super) fn deliver(&mut self) {
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
