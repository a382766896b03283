//! The thread that writes to a session while something is queued for it.

use std::mem;
use std::sync::PoisonError;
use std::time::Instant;

use super::{ENTRIES, NO_ROOM, Outbox, Path, Writing};

impl Outbox {
    /// The work of the writer thread.
    pub(super) fn write_queue(&self) {
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
