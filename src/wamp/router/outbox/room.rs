//! How much may be queued for a session, and for all of them.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::serve::Budget;

/// The room for a call.
pub const CALLS: Room = Room { own: 64 << 10, session: 4 << 20, router: 256 << 20 };

/// The room for an answer that is passed on.
pub const ANSWERS: Room = Room { own: 64 << 10, session: 16 << 20, router: 512 << 20 };

/// The room for the router's own messages, which are short. The queues never hold more
/// than this, the sessions' own room, and one message of each thread that is writing.
pub const OWN_MESSAGES: Room = Room { own: 128 << 10, session: 17 << 20, router: 512 << 20 };

/// How many bytes may be queued.
pub struct Room {
    /// For one session, however much the others have, and with the new message.
    pub own: usize,
    /// For one session, before the new message.
    pub session: usize,
    /// For all sessions, before the new message.
    pub router: usize,
}

/// The queues of a whole router.
pub struct Queues {
    /// How many bytes are queued.
    pub bytes: AtomicUsize,
    /// The threads that write to sessions with a queue.
    pub writers: Arc<Budget>,
}

impl Queues {
    /// Queues that are empty. Each writer thread takes one of this budget.
    pub fn new(writers: Arc<Budget>) -> Arc<Self> {
        Arc::new(Queues { bytes: AtomicUsize::new(0), writers })
    }
}
