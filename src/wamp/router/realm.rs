//! What a router says on one connection: it opens sessions, and passes calls from one
//! to another.
//!
//! ```text
//!   thread of the caller's session              thread of the callee's session
//!     read CALL
//!     look up who, note who waits
//!     write INVOCATION ──────────▶ callee
//!                                  callee ─────▶ read YIELD
//!                                                look up who waits
//!     caller ◀────────────────────────────────── write RESULT
//! ```
//!
//! Each session has a thread, which reads. What it has read is passed on at once by the
//! same thread: it writes to the *other* session's connection. So a call wakes two
//! threads in here, one for each direction, and no fewer would do. That nobody has to
//! wait for a session that does not read is the business of the outbox, beside this
//! file.
//!
//! This is one realm and the role of dealer in the basic profile of
//! <https://wamp-proto.org>: routed remote procedure calls, without publishing and
//! subscribing, which measure nothing that a call does not. What two programs say to
//! each other is passed on as it is, as far as JSON can say it where that is spoken:
//! there an extension, an infinity or NaN is null, and an integer of more than 64 bits
//! becomes the nearest `f64`.
//!
//! CANCEL is from the advanced profile: whoever gives up a call says it unasked. The
//! call is forgotten then. The callee does not learn that (there is no INTERRUPT), and
//! its answer is passed over.
//!
//! | what goes wrong | what happens |
//! | --- | --- |
//! | nobody has registered the procedure | ERROR `wamp.error.no_such_procedure` |
//! | somebody else has | ERROR `wamp.error.procedure_already_exists` |
//! | a name is none | ERROR `wamp.error.invalid_uri` |
//! | to unregister what is not one's own | ERROR `wamp.error.no_such_registration` |
//! | to register with a pattern, or to share a procedure | ERROR `wamp.error.option_not_allowed` |
//! | the callee goes before it has answered, or the caller gives up | ERROR `wamp.error.canceled` |
//! | a message is longer than its receiver takes | ERROR `wamp.error.payload_size_exceeded` |
//! | too many calls without an answer; too many procedures | ERROR `roundtrip.error.too_many` |
//! | 4 MiB wait for the callee already, or 16 MiB for the caller; or, where more than 64 KiB wait, 256 and 512 MiB in all | the same |
//! | a session takes nothing of what is sent to it for the whole idle timeout, or has 17 MiB waiting | the connection is closed |
//! | the realm is another | ABORT `wamp.error.no_such_realm` |
//! | the router ends before the session is open | ABORT `wamp.close.system_shutdown` |
//! | a message that is none, has more than [`MAX_VALUES`](crate::json::MAX_VALUES) values, or is out of turn | ABORT `wamp.error.protocol_violation` |
//! | nothing comes for the whole idle timeout, nor an answer to the ping after half of it | the connection is closed |
//!
//! # What it costs
//!
//! Little more than a relay that passes on bytes and looks at none of them: in a run of
//! `cargo run --release --example versus -- --calls` a call took 2% longer than that
//! over Unix sockets, and 5% over TCP with WebSocket and JSON. Nearly all of the rest
//! is waking threads up. Where all share one processor, four switches from one thread
//! to another would do for a call, and a relay needs 5.6 over TCP and 7.7 over Unix
//! sockets (`ctxt_switches` in `/proc/PID/task/*/status` of the three processes): Linux
//! tells the sender, when its bytes are taken out of a Unix socket, that there is room
//! again, and that wakes whoever waits at the same socket for an answer. With
//! [`yield_now`](std::thread::yield_now) before each read the others are mostly done
//! before anyone waits, and half of the time is saved. But where another program is
//! busy on that processor, who has yielded gets it back only after milliseconds. So
//! nobody yields here.
//!
//! Of memory it takes, at worst, 16 MiB for each session whose message is arriving and
//! some 50 MiB more while that is passed on, and 512 MiB for what is waiting to be
//! sent; and the allocator may keep for a while what has been given back.
//! `--max-connections` keeps the first in bounds.
//!
//! Waiting by [spinning](crate::net#spinning) is not offered here: a call waits in four
//! threads one after the other, and four that spin need four cores.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::conversation::{Conversation, End};
use super::dealer::Dealer;
use super::outbox::{Outbox, Total};

use crate::json::Map;
use crate::log::Log;
use crate::net::Stream;
use crate::wamp::connection::Incoming;
use crate::wamp::opening;
use crate::wamp::rawsocket::MAX_MESSAGE;
use crate::wamp::url::Framing;
use crate::wamp::{Message, uri};

/// How long a client may take from connecting to its HELLO.
const OPENING: Duration = Duration::from_secs(10);

/// Settings of a router's sessions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the realm.
    pub realm: String,
    /// The longest message, in bytes; at most [`MAX_MESSAGE`].
    pub max_message: usize,
    /// How long a peer may be silent, or take nothing of what is sent to it.
    pub idle_timeout: Duration,
    /// Where a line is written when a session begins and when it ends.
    pub log: Log,
}

impl Default for Settings {
    fn default() -> Self {
        let idle_timeout = Duration::from_secs(60);
        Settings {
            realm: "realm1".into(),
            max_message: MAX_MESSAGE,
            idle_timeout,
            log: Log::default(),
        }
    }
}

/// A realm, and all that its sessions have in common.
pub struct Realm {
    pub(super) settings: Settings,
    pub(super) dealer: Dealer,
    /// How much is queued for its sessions.
    pub(super) queued: Arc<Total>,
}

impl Realm {
    /// One without any sessions.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Realm { settings, dealer: Dealer::default(), queued: Arc::default() }
    }

    /// Serves one connection until it ends, in whatever way.
    pub fn serve(&self, stream: Stream, framing: &Framing) {
        let (peer, log) = (stream.peer_name(), &self.settings.log);
        let opened = Instant::now();
        let time = OPENING.min(self.settings.idle_timeout);
        let (incoming, outbox, name) = match self.open(stream, framing, time) {
            Ok(opened) => opened,
            Err((stream, error)) => {
                log.say(format_args!("{peer} closed: {error}"));
                return stream.close();
            }
        };
        let mut session = Conversation::new(self, incoming, outbox);
        let end = match session.hello(opened, time) {
            Err(end) => {
                log.say(format_args!("{peer} closed: {end}"));
                end
            }
            Ok(id) => {
                log.say(format_args!("{peer} joined {} ({name})", self.settings.realm));
                let since = Instant::now();
                let end = session.converse(id);
                let (calls, invocations) =
                    (count(session.calls, "call"), count(session.invocations, "invocation"));
                let done =
                    format!("{calls}, {invocations} in {:.1} s", since.elapsed().as_secs_f64());
                match end {
                    End::Goodbye | End::GoodbyeAndOut => {
                        log.say(format_args!("{peer} left: {done}"));
                    }
                    _ => log.say(format_args!("{peer} left: {done} ({end})")),
                }
                end
            }
        };
        session.end(&end);
    }

    fn open(
        &self,
        mut stream: Stream,
        framing: &Framing,
        time: Duration,
    ) -> Result<Opened, (Stream, io::Error)> {
        if let Err(error) = stream.set_read_timeout(time) {
            return Err((stream, error));
        }
        let (incoming, encoder) =
            opening::accept(stream, framing, self.settings.max_message, time)?;
        let name = format!("{}, {}", encoder.framing(), incoming.serializer());
        let stream = incoming.stream().clone();
        match Outbox::new(stream.clone(), encoder, self.settings.idle_timeout, &self.queued) {
            Ok(outbox) => Ok((incoming, outbox, name)),
            Err(error) => Err((stream, error)),
        }
    }

    /// Asks everyone to go, and lets nobody in any more.
    pub fn shut_down(&self) {
        for outbox in self.dealer.close() {
            let goodbye =
                Message::Goodbye { details: Map::new(), reason: uri::SYSTEM_SHUTDOWN.into() };
            // A session that takes no message of this length cannot have been welcomed.
            let _ = outbox.send(goodbye);
        }
    }
}

type Opened = (Incoming, Arc<Outbox>, String);

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
