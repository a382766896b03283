//! What a router does: it opens sessions, and routes calls from one to another.
//!
//! ```text
//!   thread of the caller's session              thread of the callee's session
//!     read CALL
//!     look up the callee, record the call
//!     write INVOCATION ──────────▶ callee
//!                                  callee ─────▶ read YIELD
//!                                                look up the caller
//!     caller ◀────────────────────────────────── write RESULT
//! ```
//!
//! Each session has a thread, which reads. The same thread passes on what it has read:
//! it writes to the connection of the *other* session. So a call wakes two threads of
//! the router, one for each direction, and it cannot wake fewer. A session that does
//! not read must not make the others wait: `outbox.rs` solves that.
//!
//! A realm is a name space: sessions of one realm can call each other. This router has
//! one realm, and the role of dealer in the basic profile of <https://wamp-proto.org>:
//! routed remote procedure calls. It does not publish and subscribe, which would
//! measure nothing that a call does not. The arguments of a call are passed on
//! unchanged, with two exceptions where one side speaks JSON: an extension, an infinity
//! or NaN becomes null, and an integer of more than 64 bits becomes the nearest `f64`.
//!
//! CANCEL, with which a caller gives up a call, is from the advanced profile. The
//! router then forgets the call. The callee is not notified (there is no INTERRUPT),
//! and its answer is ignored.
//!
//! | what goes wrong | what happens |
//! | --- | --- |
//! | the procedure is not registered | ERROR `wamp.error.no_such_procedure` |
//! | the procedure is registered already | ERROR `wamp.error.procedure_already_exists` |
//! | a name is not a valid URI | ERROR `wamp.error.invalid_uri` |
//! | a session unregisters what it has not registered | ERROR `wamp.error.no_such_registration` |
//! | a registration by pattern, or of a shared procedure | ERROR `wamp.error.option_not_allowed` |
//! | the callee leaves before it has answered, or the caller gives up | ERROR `wamp.error.canceled` |
//! | a message is longer than its receiver accepts | ERROR `wamp.error.payload_size_exceeded` |
//! | too many pending calls; too many procedures | ERROR `roundtrip.error.too_many` |
//! | too much is queued for the receiver: 4 MiB before a call, 16 MiB before a result; or, if more than 64 KiB are queued for it, 256 MiB and 512 MiB for all sessions | ERROR `roundtrip.error.too_many` |
//! | a session reads nothing for the whole idle timeout, or 17 MiB are queued for it | the connection is closed |
//! | HELLO names another realm | ABORT `wamp.error.no_such_realm` |
//! | the router shuts down before the session is open | ABORT `wamp.close.system_shutdown` |
//! | a message cannot be decoded, has more than [`MAX_VALUES`](crate::json::MAX_VALUES) values, or comes out of turn | ABORT `wamp.error.protocol_violation` |
//! | nothing arrives for the whole idle timeout, not even an answer to the ping after half of it | the connection is closed |
//!
//! # What it costs
//!
//! In a run of `cargo run --release --example versus -- --calls` a call took 2% longer
//! through this router than through a relay that passes on bytes and looks at none of
//! them, over Unix sockets, and 5% longer over TCP with WebSocket and JSON. Nearly all
//! of the remaining time is waking up threads.
//!
//! If all programs share one processor, four switches from one thread to another would
//! do for a call. A relay needs 5.6 over TCP and 7.7 over Unix sockets (`ctxt_switches`
//! in `/proc/PID/task/*/status` of the three processes). The reason: when bytes are
//! taken out of a Unix socket, Linux notifies the sender that there is room again, and
//! that wakes a thread that waits at the same socket for an answer. A call of
//! [`yield_now`](std::thread::yield_now) before each read saves half of the time, since
//! the others are mostly done before a thread waits. But where another program uses
//! that processor, a thread that has yielded gets it back only after milliseconds. So
//! the router does not yield.
//!
//! The router needs, at worst, 16 MiB of memory for each session whose message is
//! arriving, 50 MiB more while that message is passed on, and 512 MiB for what is
//! queued. The allocator may keep freed memory for a while. `--max-connections` bounds
//! the number of sessions.
//!
//! The router does not offer to wait by [spinning](crate::net#spinning): a call waits
//! in four threads one after the other, and four spinning threads need four cores.

use std::sync::Arc;
use std::time::Duration;

use super::dealer::Dealer;
use super::outbox::Total;
use crate::json::Map;
use crate::log::Log;
use crate::wamp::message::{Message, uri};
use crate::wamp::rawsocket::MAX_MESSAGE;

/// Settings of a router's sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the realm.
    pub realm: String,
    /// The longest message that the router accepts, in bytes; at most [`MAX_MESSAGE`].
    pub max_message: usize,
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
            idle_timeout: Duration::from_secs(60),
            log: Log::default(),
        }
    }
}

/// A realm: what its sessions share.
pub(super) struct Realm {
    pub settings: Settings,
    pub dealer: Dealer,
    /// How much is queued for all sessions.
    pub queued: Arc<Total>,
}

impl Realm {
    /// A realm without sessions.
    pub fn new(settings: Settings) -> Self {
        Realm { settings, dealer: Dealer::default(), queued: Arc::default() }
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
