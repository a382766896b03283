//! A realm: a name space, whose sessions can call each other.

use std::sync::Arc;
use std::time::Duration;

use super::dealer::Dealer;
use super::outbox::Queues;
use crate::json::Map;
use crate::log::Log;
use crate::serve::Budget;
use crate::session::settings::SECOND_THREADS;
use crate::wamp::message::{Message, uri};
use crate::wamp::rawsocket::MAX_MESSAGE;

/// Sixteen of the longest messages.
const ARRIVING: u64 = 256 << 20;

/// Settings of a router's sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the realm.
    pub realm: String,
    /// The longest message that the router accepts, in bytes; at most [`MAX_MESSAGE`].
    pub max_message: usize,
    /// How many bytes the messages that are arriving may have together, but for the
    /// first 64 KiB of each.
    pub arriving: Arc<Budget>,
    /// How many sessions may have a thread of their own that writes to them. A router and
    /// a [server](crate::session::Settings::second_threads) can share this.
    pub second_threads: Arc<Budget>,
    /// How long a client may send nothing, or read nothing of what is sent to it.
    pub idle_timeout: Duration,
    /// The log with a line for each session that begins or ends.
    pub log: Log,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            realm: "realm1".into(),
            max_message: MAX_MESSAGE,
            arriving: Budget::new(ARRIVING),
            second_threads: Budget::new(SECOND_THREADS),
            idle_timeout: Duration::from_secs(60),
            log: Log::default(),
        }
    }
}

/// A realm: what its sessions share.
pub(super) struct Realm {
    pub settings: Settings,
    pub dealer: Dealer,
    /// What is queued for all sessions.
    pub queued: Arc<Queues>,
}

impl Realm {
    /// A realm without sessions.
    pub fn new(settings: Settings) -> Self {
        let queued = Queues::new(Arc::clone(&settings.second_threads));
        Realm { settings, dealer: Dealer::default(), queued }
    }

    /// Sends GOODBYE to all sessions, and opens no more.
    pub fn shut_down(&self) {
        for outbox in self.dealer.close() {
            let goodbye =
                Message::Goodbye { details: Map::new(), reason: uri::SYSTEM_SHUTDOWN.into() };
            // A session that does not accept a message of this length could not have
            // been welcomed.
            let _ = outbox.send(goodbye);
        }
    }
}
