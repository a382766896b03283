//! `roundtrip` measures a network between two programs, and is written to be read.
//!
//! The two programs are [`server`](../server/index.html) and
//! [`client`](../client/index.html). This library is what they are made of. It uses
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
//! let port = server.address().port();
//! let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
//! let plan = Plan { count: 100, interval: Duration::ZERO, ..Plan::default() };
//! let measured = latency(&mut client, &plan, &mut |_| {});
//! let summary = measured.rtt.summary().expect("a hundred answers");
//! println!("median {:?}, one in a hundred over {:?}", summary.p50, summary.p99);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The map
//!
//! The core is layers. A module uses what stands above it in this table, never what
//! stands below:
//!
//! | module | what it teaches |
//! | --- | --- |
//! | [`units`], [`log`](mod@log), [`pace`], [`flags`] | sizes and durations as people write them; a log that makes no connection wait; being on time; a command line from one table |
//! | [`json`] | values, read from strangers and written for programs |
//! | [`wire`] | the text protocol as bytes; it has never seen a socket or a clock |
//! | [`stats`] | what many durations have in common; it reads no clock |
//! | [`net`] | one connection: timeouts, deadlines, transfers, and a close that loses nothing |
//! | [`serve`] | one accept loop, and three answers to "who does the work?"; it knows no protocol |
//! | [`session`] | what a server says on one connection, the same in all three modes |
//! | [`server`] | `serve` and `session` put together |
//! | [`client`] | the other half of the conversation |
//! | [`measure`] | clocks around conversations, returning plain data; it prints nothing |
//! | [`report`] | plain data made text, JSON, a table, a picture; it measures nothing |
//!
//! Each other protocol is a wing: one folder that uses the core, and that nothing in the
//! core knows. The features `udp` and `wamp` prove it, since the core compiles without
//! them, and each of them without the other:
//!
//! | wing | what it teaches |
//! | --- | --- |
//! | `udp` | pings without a connection: loss, order, and each way by itself |
//! | `wamp` | calling a procedure in another program, through a router |
//!
//! # Reading order
//!
//! The core, steps 0 to 7, is read in an afternoon: three hours at 200 words of prose or
//! 12 lines of code a minute, tests not counted. Each step begins with a program that runs
//! (`cargo run --release --example 01_framing`), and names the files that do it right.
//! *Doors* names what these files use from other files, with a few words for each. You
//! can read on without opening them.
//!
//! If you have never opened a socket, run `examples/00_socket.rs` first. [`labs`] lays the
//! same material out as a course of thirteen labs.
//!
//! 0. The whole idea on a few pages (15 min): `examples/minimal_server.rs` and
//!    `examples/minimal_client.rs`. Every later step mends one thing that is wrong with
//!    them.
//! 1. What is said, and where a message ends (22 min): `examples/01_framing.rs`,
//!    `src/wire/framing.rs`, `src/wire/command.rs`. Doors: `bare` reads messages that
//!    have no mark; `amount` says how much to transfer, as bytes or as a time; `parse`
//!    splits a message behind its first space or colon, which stays with the word,
//!    reads whole numbers, and makes a stranger's bytes printable (`excerpt`);
//!    [`wire::command::more`] adds the requests of later chapters.
//! 2. A ping, and when its clock starts and stops (33 min): `examples/02_latency.rs`,
//!    `src/client/mod.rs`, `src/measure/mod.rs`, `src/measure/pings.rs`,
//!    `src/measure/latency.rs`. Doors: [`net::Stream`] is a connection, and
//!    [`net::receive_in_time`] reads one message from it; [`net::address`] looks up
//!    names; [`client::Options`] and [`client::Times`] are what a client is told and
//!    what it remembers; `client::sender` sends requests, and [`client::trace`] shows
//!    them; `client::stranger` notices a server of another protocol; [`pace`] says when
//!    each ping is due (`Schedule`, `Turn`), and lets a program end a measurement early
//!    (`Stop`, `Hook`); [`stats::Recorder`] takes samples and gives their summary;
//!    [`measure::paced`] sends pings while others are unanswered, with what
//!    `client::pipeline` adds; [`measure::Outcome`], and `settle` in [`client::timed`],
//!    belong to later chapters.
//! 3. Serving many (41 min): `examples/03_serving.rs`, `src/serve/mod.rs`,
//!    `src/serve/dispatch.rs`, `src/serve/sequential.rs`, `src/serve/threads.rs`,
//!    `src/serve/processes.rs`, `src/session/mod.rs`, `src/session/text.rs`,
//!    `src/server/mod.rs`. Doors: [`serve::drain`] accepts, [`serve::limits`] gives
//!    permits, [`serve::refuse`] speaks to those who get none, `serve::supervise`
//!    watches over a child; `session::strangers` receives a request, if it is one of
//!    ours; [`session::settings`] and [`session::counters`] are what sessions share
//!    (`Traffic` counts one connection); [`session::more`] answers the requests of
//!    later chapters, and has what a session does first (`begin`) and at each request
//!    (`note`); [`server::Config`] says what a server is to be, `server::strategy`
//!    chooses one of the three strategies, and `server::child` is what a child process
//!    runs; [`log`](mod@log) is where lines go; [`net::Listener`] accepts on a port or
//!    a Unix socket; [`net::transfer`] is step 4.
//! 4. Bulk data, and when it has arrived (31 min): `examples/04_bandwidth.rs`,
//!    `src/wire/bulk.rs`, `src/net/transfer.rs`, `src/client/bulk.rs`,
//!    `src/measure/bandwidth.rs`. Doors: [`net::Watch`] tells slow from silent, and
//!    `net::watched` asks it at each read and write, until the end in time, if there is
//!    one; [`client::Asked`] knows when the clock started; `client::done` waits for the
//!    server's report of an upload, and asks why the server broke off (`reason`);
//!    [`net::timed`] and [`client::timed`] add transfers for a given time;
//!    [`measure::environment`] knows how much of a processor a thread uses.
//! 5. From many figures, a few (9 min): `examples/05_summary.rs`,
//!    `src/stats/summary.rs`. Doors: [`units`] writes durations as numbers;
//!    [`stats::recorder`], of step 9, computes the figures.
//! 6. What dropping a socket does, and why every call needs a timeout (22 min):
//!    `examples/06_last_word.rs`, `src/net/socket.rs`. Doors: [`net::deadline`] is one
//!    time limit for many calls, and [`net::receive`] sets it for one message;
//!    [`net::spin`] waits without sleeping; [`net::offer`] writes what fits;
//!    `net::unix` is for Unix sockets; `Stop` and `Hook` are those of step 2.
//! 7. Many clients that are at work at the same time (8 min):
//!    `examples/07_concurrently.rs`, `src/measure/concurrently.rs`.
//!
//! The later chapters can be skipped at a first reading:
//!
//! 8. Why a client that waits for answers does not see a stall:
//!    `examples/08_due.rs`, `src/pace.rs`, `src/measure/paced.rs`.
//! 9. Percentiles without the samples: `examples/09_histogram.rs`,
//!    `src/stats/histogram.rs`, `src/stats/recorder.rs`.
//! 10. What a full line does to an answer: `examples/10_loaded.rs`,
//!     `src/measure/loaded.rs`, `src/measure/sweep.rs`.
//! 11. How much of a round trip is waking up: `examples/11_spin.rs`, `src/net/spin.rs`.
//! 12. Slow, or silent: `examples/17_deadline.rs`, `src/net/deadline.rs`,
//!     `src/net/receive.rs`, `src/net/watch.rs`, `src/net/timed.rs`,
//!     `src/wire/bulk/chunks.rs`.
//! 13. What TCP does for everyone: `examples/12_udp.rs`, `src/udp/mod.rs`, which has the
//!     wing's own reading order.
//! 14. The server has the clock: `examples/13_lag.rs`, `src/session/lag.rs`,
//!     `src/measure/lag.rs`.
//! 15. One question, one answer, and what a process can know of others:
//!     `examples/14_status.rs`, `src/session/status.rs`, `src/session/counters.rs`,
//!     `src/measure/status.rs`, `src/session/hooks.rs`.
//! 16. A call through a third program: `examples/call_roundtrip.rs`, `src/wamp/mod.rs`,
//!     which has the wing's own reading order.
//! 17. Two runs and chance: `examples/21_chance.rs`, `src/stats/compare.rs`,
//!     `src/report/baseline.rs`.
//! 18. What each way to serve carries, costs and survives: `examples/compare_modes.rs`,
//!     `examples/15_crash.rs`, `src/serve/supervise.rs`, `src/measure/connect.rs`.
//! 19. The queue that nobody sees: `examples/18_backlog.rs`, `src/serve/drain.rs`.
//! 20. Both ends write, and neither reads: `examples/16_deadlock.rs`,
//!     `src/measure/bidirectional.rs`.
//! 21. Pools, and no worker at all: `examples/19_pools.rs`, `src/serve/limits.rs`.
//! 22. Your own protocol in all three modes: `examples/20_your_protocol.rs`.
//! 23. What the tool cannot see, and how figures are shown:
//!     `src/measure/environment.rs`, `src/report/mod.rs`.
//! 24. A server that is left running: `src/server/promises.rs`, `src/serve/budget.rs`,
//!     `src/serve/descriptors.rs`, `src/net/inherited.rs`, `src/net/socket_file.rs`,
//!     `src/session/strangers.rs`.
//!
//! # Words
//!
//! * **peer**: the program at the other end of a connection.
//! * **link**: what carries bytes between two machines.
//! * **loopback**: the network of a machine with itself, `127.0.0.1` and `::1`. What it
//!   shows is the operating system, not a network.
//! * **port**: a number that tells the programs of one machine apart.
//! * **socket**: a program's end of a connection, or its place to listen.
//! * **listener**: a socket at which connections come in. To **accept** is to take one.
//! * **TCP** connects two programs, and carries a stream of bytes each way. **UDP**
//!   carries single messages, without a connection.
//! * **handshake**: what two systems exchange to open a connection.
//! * **Unix socket**: a socket between programs of one machine. It is named by a file,
//!   and not by an address and a port.
//! * **parent** and **child**: a process, and one that it has started.
//! * **system call**: a request to the operating system, such as `read` or `write`.
//! * **descriptor**: the number by which a program names an open file or socket to the
//!   system. There is a limit on how many.
//! * **socket buffer**: what the system has taken from a program and not sent yet, or
//!   received and not handed over yet.
//! * **backlog**: how many finished connections the system queues for a listener that has
//!   not accepted them yet.
//! * **permit**: the right of one connection to be served. There are as many as the server
//!   can carry.
//! * **segment**: a piece of a TCP stream as it travels. Its bounds are not those of the
//!   writes.
//! * **datagram**: a message over UDP, which arrives whole or not at all.
//! * **acknowledgement**: a receiver's word that a segment has arrived. TCP sends a segment
//!   again that is not acknowledged.
//! * **framing**: how the messages of a stream are told apart. Bare framing marks nothing.
//! * **payload**: the bytes that are carried for their own sake. A **bulk transfer** carries
//!   many.
//! * **round-trip time (RTT)**: from when a request is sent until its answer is here;
//!   the whole way, never halved.
//! * **one-way delay**: the time of one way alone, which takes two clocks to measure.
//! * **lag**: the round-trip time that the server measures, with pings of its own.
//! * **turnaround time**: from when a ping was read to when its echo was written.
//! * **jitter**: how much one round-trip time differs from the next.
//! * **goodput**: payload that has arrived, over the time that it took.
//! * **half-close**: ending one direction of a connection; the other goes on.
//! * **reset**: a connection's sudden end, which discards what was not delivered.
//! * **timeout**: how long one call may wait. A **deadline** is a time limit for many calls.
//! * **Nagle's algorithm**: small writes wait until earlier ones are acknowledged.
//!   `TCP_NODELAY` turns it off.
//! * **non-blocking**: a call that returns immediately, even if there is nothing to read.
//! * **busy-polling** (spinning): calling again and again instead of sleeping.
//! * **p99**: 99 of 100 samples are at most this long. **p50** is the median.
//! * **sample**: one measured duration.
//! * **warm-up**: pings that are sent first, and not counted.
//! * **stall**: a time in which a program does nothing, and all who ask it wait.
//! * **due**: when a ping should have been sent, by the schedule.
//! * **scheduling delay**: how much later than due a ping was really sent.
//! * **coordinated omission**: a client that waits for a late answer does not send the
//!   pings that would have been late, too.
//! * **flow control**: a receiver that does not read stops the sender.
//! * **deadlock**: each of two waits until the other goes on.
//! * **panic**: an error that ends its thread. A process that **aborts** ends as a whole.
//!   To abort a connection is to end it at once.
//! * **TIME-WAIT**: the end that closed first remembers a connection for a minute.
//! * **bufferbloat**: queues on the way that are so long that every answer waits in them.
//! * **inetd**: a Unix program that accepts connections, and starts a program for each with
//!   the connection as its standard input.
//! * **zombie**: a process that has ended, and whose parent has not asked how.
//!
//! # How to add a test to the client
//!
//! 1. Write the measurement in `measure`: a function that takes a client and a plan and
//!    returns plain data, and a [`Measurement`](measure::Measurement) for that data. A new
//!    request goes into [`wire::command::more`] first.
//! 2. Write its [`Report`](report::Report): lines for people, fields for programs.
//! 3. Give the test a name and a row in the client's `Test`, and say in the table of flags
//!    which flags mean something for it.
//! 4. Add an arm to the client's `run`: a heading, a goal, and one closure that measures.
//! 5. Write a test from outside (copy `tests/suite/first.rs`), a row in
//!    `tests/fuzz/hostile/mod.rs`, a lesson in `examples`, and a row in the README's map.
//!
//! # What holds everywhere
//!
//! * A clock stops when the last byte has *arrived*. If data may have been on its way
//!   before the clock started, no rate is given. A round-trip time is the whole round trip.
//!   A lost answer is never a number. What is not known is absent.
//! * Everything from outside is bounded before memory is taken for it. Every wait on a
//!   connection has a timeout or a deadline; the system decides how long the lookup of a
//!   name takes. A peer's figure is checked before it becomes a result.
//! * No input from outside causes a panic. One bad peer costs its own connection.
//!   `tests/fuzz/main.rs` tries thousands of wrong inputs, or as many as an hour allows.
//! * What was measured before something failed is reported.

#![forbid(unsafe_code)]

pub mod client;
pub mod flags;
pub mod json;
pub mod labs;
pub mod log;
pub mod measure;
pub mod measured;
pub mod net;
mod no_thread;
pub mod pace;
pub mod recipes;
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
