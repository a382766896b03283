//! A router: it opens sessions, and routes calls from one to another.
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
//! measure nothing that a call does not. A procedure has one callee, so every policy of
//! a shared registration is the same (`invoke`: `single`, `roundrobin`, `random`,
//! `first`, `last`), and a second registration is refused. The arguments of a call are
//! passed on unchanged, with two exceptions where one side speaks JSON: an extension,
//! an infinity or NaN becomes null, and an integer of more than 64 bits becomes the
//! nearest `f64`.
//!
//! CANCEL, with which a caller gives up a call, is from the advanced profile. The
//! router then forgets the call. The callee is not notified (there is no INTERRUPT),
//! and its answer is ignored.
//!
//! A router serves each connection in a thread, whatever the
//! [`Mode`](crate::serve::Mode) of a server beside it. Sessions send to each other,
//! which needs common memory: processes have none. And a router that served one
//! connection after the other would let a caller wait for its callee for ever.
//!
//! ```
//! use roundtrip::wamp::router::{Config, Endpoint, Router};
//! use roundtrip::wamp::Session;
//! use std::time::Duration;
//!
//! let listen = vec![Endpoint::websocket("127.0.0.1:0".parse()?)];
//! let router = Router::bind(Config { listen, ..Config::default() })?.start()?;
//! let session = Session::join(&router.urls()[0], "realm1", Duration::from_secs(5))?;
//! session.leave()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | what it does, in reading order |
//! | --- | --- |
//! | `realm.rs` | what the sessions of a router share |
//! | `dealer.rs` | the sessions, the procedures and the pending calls |
//! | `serve.rs` | one connection, from accepting to closing |
//! | `conversation.rs` | the messages of one session |
//! | `end.rs` | why a session ends |
//! | `outbox.rs` | writing to a session, without waiting for slow readers |
//! | `endpoints.rs` | the addresses on which a router listens |
//!
//! # What may go wrong
//!
//! | what goes wrong | what happens |
//! | --- | --- |
//! | the procedure is not registered | ERROR `wamp.error.no_such_procedure` |
//! | the procedure is registered already | ERROR `wamp.error.procedure_already_exists` |
//! | a name is not a valid URI | ERROR `wamp.error.invalid_uri` |
//! | a session unregisters what it has not registered | ERROR `wamp.error.no_such_registration` |
//! | an unknown value of `match` or `invoke`; a registration by pattern | ERROR `wamp.error.option_not_allowed` |
//! | SUBSCRIBE, UNSUBSCRIBE, or a PUBLISH that wants to be acknowledged | ERROR `wamp.error.feature_not_supported` |
//! | a key that is not a string, a number beyond `f64`, half of a surrogate pair, or more than [`MAX_DEPTH`](crate::json::MAX_DEPTH) lists and maps nested, in a message that has the number of a request | ERROR `wamp.error.invalid_argument` |
//! | more than [`MAX_VALUES`](crate::json::MAX_VALUES) values in such a message | ERROR `wamp.error.payload_size_exceeded` |
//! | the callee leaves before it has answered, or the caller gives up | ERROR `wamp.error.canceled` |
//! | a message is longer than its receiver accepts | ERROR `wamp.error.payload_size_exceeded` |
//! | too many pending calls: 1,000 of a session, but 64 or 1 MiB at a callee that others call, too; too many procedures | ERROR `roundtrip.error.too_many` |
//! | too much is queued: 4 MiB for the callee of a call, 16 MiB for the caller of a result, or 256 and 512 MiB for all sessions; 64 KiB for one session are always allowed | ERROR `roundtrip.error.too_many` |
//! | more than 256 MiB of long messages are arriving in all sessions; the first 64 KiB of each do not count | ABORT `roundtrip.error.too_many` |
//! | a session reads nothing for the whole idle timeout, or 17 MiB are queued for it | the connection is closed |
//! | HELLO names another realm | ABORT `wamp.error.no_such_realm` |
//! | the router shuts down before the session is open | ABORT `wamp.close.system_shutdown` |
//! | a message cannot be decoded otherwise, or comes out of turn; a HELLO has more than 64 KiB, whatever the handshake allows | ABORT `wamp.error.protocol_violation` |
//! | nothing arrives for the whole idle timeout, not even an answer to the ping after half of it | the connection is closed |
//!
//! Over `RawSocket` a session that has a procedure, waits for a result, or has a call
//! to answer may be silent for ever, and receives no ping: widespread clients do not
//! know pings. If such a client vanishes without closing its connection, the router
//! notices when it has something to send to it.
//!
//! A WebSocket is closed with a code. For a client that has broken a rule, of WebSocket
//! or of WAMP, it is 1002, or the one that RFC 6455 names for that fault: 1007 for a
//! text that is not UTF-8, 1009 for a message that is too long. It is 1008 for a HELLO
//! that breaks no rule and is refused, 1001 when the router shuts down or the client
//! reads or sends nothing, 1013 when it has no memory for a message, and else 1000.
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
//! The router needs, at worst, 64 KiB of memory for each session, 512 MiB for the long
//! messages that are arriving (256 MiB in buffers that grow by doubling), three times
//! as much while they are passed on, and 512 MiB for what is queued. The allocator may
//! keep freed memory for a while. `--max-connections` bounds the number of sessions.
//!
//! The router does not offer to wait by [spinning](crate::net#spinning): a call waits
//! in four threads one after the other, and four spinning threads need four cores.

mod conversation;
mod dealer;
mod end;
mod endpoints;
mod outbox;
mod realm;
mod serve;

pub use endpoints::{Config, Endpoint, Router, Running};
pub use realm::Settings;
