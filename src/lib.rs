//! `roundtrip` measures a network between two programs, and is written to be read.
//!
//! The two programs are [`server`](../server/index.html) and
//! [`client`](../client/index.html); this library is what they are made of. It uses
//! nothing but `std`, and everything in it blocks: a thread that waits is the simplest
//! thing there is to read, and measuring one connection needs nothing faster.
//!
//! ```
//! use roundtrip::client::Client;
//! use roundtrip::measure::{Plan, latency};
//! use roundtrip::server::{Config, Server};
//! use std::time::Duration;
//!
//! let server = Server::bind(Config::default())?.start()?;
//! let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
//! let plan = Plan { count: 100, interval: Duration::ZERO, ..Plan::default() };
//! let measured = latency(&mut client, &plan, &mut |_| {});
//! let summary = measured.rtt.summary().expect("a hundred answers");
//! println!("median {:?}, one in a hundred over {:?}", summary.p50, summary.p99);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The map
//!
//! What stands below may use what stands above it, never the other way round:
//!
//! | module | what it teaches |
//! | --- | --- |
//! | [`units`] | how sizes and durations are written |
//! | [`wire`] | bytes and messages; has never seen a socket or a clock |
//! | [`stats`] | what a series of durations has in common; reads no clock |
//! | [`net`] | one connected stream: timeouts, and a close that does not take back the last word |
//! | [`pace`] | being on time |
//! | [`wamp`] | calling a procedure in another program, through a router |
//! | [`log`](mod@log) | a log that makes no connection wait |
//! | [`serve`] | one accept loop, and three answers to "who does the work"; knows no protocol |
//! | [`session`] | what a server says on one connection, the same in all three |
//! | [`server`] | the two put together |
//! | [`client`] | the other half of the conversation |
//! | [`measure`] | clocks around conversations, returning plain data; prints nothing |
//! | [`report`] | plain data made text, JSON, a table, a picture; measures nothing |
//!
//! [`flags`] holds what the two binaries' command lines share.
//!
//! # Reading order
//!
//! The core is an afternoon's worth, and each step runs (`cargo run --release --example
//! …`):
//!
//! 1. `01_framing`, then [`wire::framing`] and [`wire::command`]: what is said, and
//!    where a message ends.
//! 2. `02_latency`, then [`client`] and [`measure::latency`](mod@measure::latency): a
//!    ping, and when its clock starts and stops.
//! 3. `03_serving`, then [`serve`], its [`sequential`](serve::sequential),
//!    [`threads`](serve::threads) and [`processes`](serve::processes) side by side, and
//!    [`session`] with its [`text`](session::text).
//! 4. `04_bandwidth`, then [`wire::bulk`] and
//!    [`measure::bandwidth`](mod@measure::bandwidth): why the last `write` proves
//!    nothing.
//! 5. `05_summary`, then [`stats::summary`]: why the mean is a time that nobody saw.
//! 6. `06_last_word`, then [`net`]: what dropping a socket does, and why every call
//!    needs a timeout.
//! 7. `07_concurrently`, then [`measure::concurrently`](mod@measure::concurrently): many clients
//!    that really are at work at once.
//!
//! What follows can be skipped at a first reading:
//!
//! 8. `08_due`, then [`measure::paced`] and [`pace`]: why a client that waits for
//!    answers does not see a stall.
//! 9. `09_histogram`, then [`stats::histogram`] and [`stats::recorder`]: percentiles
//!    without the samples.
//! 10. `10_loaded`, then [`measure::loaded`](mod@measure::loaded): what a full line
//!     does to an answer; and [`measure::sweep`](mod@measure::sweep), where size begins
//!     to matter.
//! 11. `11_spin`, then [`net`](net#spinning) again: how much of a round trip is waking
//!     up.
//! 12. `12_udp`, then [`udp::datagram`], [`udp::measure`](mod@udp::measure) and
//!     [`udp::server`]: what TCP does for everyone, and [`udp::one_way`]: what two
//!     clocks can know.
//! 13. `13_lag`, then [`session::lag`] and [`measure::lag`](mod@measure::lag): the same
//!     round trip, timed by the server for each of many clients.
//! 14. `14_status`, then [`session::status`], [`session::counters`] and
//!     [`measure::status`]: one question, one answer; and what a process can know of
//!     the others.
//! 15. [`wamp`], which lists its files in reading order, from [`wamp::message`] to
//!     [`wamp::router`]: a call through a third program, which must not let one client
//!     wait for another.
//! 16. `call_roundtrip`, then [`wamp::call`]: which of three choices makes a call
//!     slow, and why two figures cannot tell.
//! 17. [`measure::environment`]: what the tool cannot see; and [`report`], how figures
//!     are shown.
//!
//! # What holds everywhere
//!
//! * A clock stops when the last byte has *arrived*; a round-trip time is the whole
//!   round trip; a lost answer is never a number.
//! * Whatever comes from outside is bounded before memory is taken for it, and every
//!   read and write of it has a timeout.
//! * Nothing panics on it. One bad peer costs its own connection.
//! * What was measured before something failed is reported.

#![forbid(unsafe_code)]

pub mod client;
pub mod flags;
pub mod json;
pub mod log;
pub mod measure;
pub mod net;
pub mod pace;
pub mod report;
pub mod serve;
pub mod server;
pub mod session;
pub mod stats;
#[cfg(feature = "udp")]
pub mod udp;
pub mod units;
#[cfg(feature = "wamp")]
pub mod wamp;
pub mod wire;
