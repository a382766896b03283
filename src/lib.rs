//! `roundtrip` measures a network between two programs, and is written to be read.
//!
//! The two programs are [`server`](../server/index.html) and [`client`](../client/index.html); this library is what
//! they are made of. It uses nothing but `std`, and everything in it blocks: a thread that waits is the simplest
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
//! let measured = latency(&mut client, &plan, &|_| {});
//! let summary = measured.rtt.summary().expect("a hundred answers");
//! println!("median {:?}, one in a hundred over {:?}", summary.p50, summary.p99);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The map
//!
//! What stands below may use what stands above it, never the other way round:
//!
//! | room | what it teaches |
//! | --- | --- |
//! | [`wire`] | bytes and messages: framing, parsing what strangers send, moving exactly n bytes. Has never seen a socket or a clock |
//! | [`stats`] | what a series of durations has in common. Reads no clock |
//! | [`units`] | how sizes and durations are written |
//! | [`net`] | one connected stream: deadlines, and a close that does not take back the last word |
//! | [`log`](mod@log) | a log that makes no connection wait |
//! | [`serve`] | one accept loop, and three answers to "who does the work": itself, a thread, a process. Knows no protocol |
//! | [`session`] | what a server says on one connection, the same in all three |
//! | [`server`] | the two put together |
//! | [`client`] | the other half of the conversation |
//! | [`measure`] | clocks around conversations, returning plain data. Prints nothing |
//! | [`report`] | plain data made text. Measures nothing |
//!
//! [`flags`] holds what the two binaries' command lines share.
//!
//! # Reading order
//!
//! An afternoon's worth, and each step runs (`cargo run --release --example …`):
//!
//! 1. `01_framing`, then [`wire::framing`] and [`wire::command`]: what is said, and where a message ends.
//! 2. `02_latency`, then [`client`] and [`measure::latency()`]: a ping, and when its clock starts and stops.
//! 3. `03_serving`, then [`serve`] and its three strategies side by side, and [`session`].
//! 4. `04_bandwidth`, then [`wire::bulk`] and [`measure::bandwidth()`]: why the last `write` proves nothing.
//! 5. `05_summary`, then [`stats::Summary`]: why the mean is a time that nobody saw.
//! 6. `06_last_word`, then [`net`]: what dropping a socket does, and why every call needs a deadline.
//! 7. `07_together`, then [`measure::together()`]: many clients that really are at work at once.
//!
//! # What holds everywhere
//!
//! * A clock stops when the last byte has *arrived*; a round-trip time is the whole round trip; a lost answer is
//!   never a number.
//! * Whatever comes from outside is bounded before memory is taken for it, and waited for no longer than a deadline.
//! * Nothing panics on it. One bad peer costs its own connection.
//! * What was measured before something failed is reported.

#![forbid(unsafe_code)]

pub mod client;
pub mod flags;
pub mod log;
pub mod measure;
pub mod net;
pub mod report;
pub mod serve;
pub mod server;
pub mod session;
pub mod stats;
pub mod transfer;
pub mod units;
pub mod wire;
