//! Pings without a connection: what TCP does for every program, and what it hides.
//!
//! TCP delivers a stream: complete, in order, once. The network delivers packets: some
//! late, some twice, some never. UDP (RFC 768) shows them as they are. So a ping needs
//! a number of its own, a lost answer is a result and not an error, and the two
//! directions can be told apart. `examples/12_udp.rs` shows what happens to a client
//! that ignores this.
//!
//! ```text
//!   client                                       server: one socket for all clients
//!   ├ sender    PING 7 ───────────────────────▶  count ping 7, stamp it, send it back
//!   │           PING 8 ──── lost                                │
//!   └ receiver  ◀───────── PING 7, stamped ─────────────────────┘
//!       └ an entry for each ping: 7 answered, 8 pending, later lost
//! ```
//!
//! The files, in reading order:
//!
//! | file | what it teaches |
//! | --- | --- |
//! | [`datagram`] | a message that arrives whole or not at all, and its answer |
//! | [`client`] | a connected socket: one server, and news of a closed port |
//! | [`server`] | answering strangers safely, and a bad network on purpose |
//! | [`measure`] | sending on time while answers are outstanding |
//! | `pings`, `entries` | an entry for each ping: pending, answered, late or lost |
//! | `tally`, `series` | what each datagram says, and who reads them |
//! | [`measured`] | what is reported, as plain data |
//! | [`jitter`] | how much the transit time varies (RFC 3550) |
//! | [`one_way`] | each direction by itself, with two clocks that disagree (RFC 5905) |
//! | `exchange`, `clock`, `moves` | four times; a clock that was set, or drifts |
//! | `bound` | how wrong a one-way delay can be |
//! | `diagnosis` | why nothing came back |
//! | `dropped` | what the system dropped before the program could read it |
//! | [`report`] | the figures as text and as JSON |

mod bound;
pub mod client;
mod clock;
pub mod datagram;
mod diagnosis;
mod dropped;
mod entries;
mod exchange;
pub mod jitter;
pub mod measure;
pub mod measured;
mod moves;
pub mod one_way;
mod pings;
pub mod report;
mod series;
pub mod server;
mod tally;

pub use client::UdpClient;
pub use exchange::Exchange;
pub use jitter::Jitter;
pub use measure::udp;
pub use measured::Udp;
pub use moves::ClockChange;
pub use one_way::{OneWay, OneWaySummary};
