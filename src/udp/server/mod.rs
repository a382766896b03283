//! An echo server over UDP: how to answer strangers without a connection.
//!
//! One thread serves one socket. There is nobody to accept, no end of a stream to
//! notice and nothing to close, so none of the three strategies of
//! [`serve`](crate::serve) applies. In return all clients share the socket. A bad peer
//! of a TCP server costs its own connection; here it would cost everybody the service.
//! So no datagram and no error ends this loop. (On some systems an answer to a port
//! that has been closed comes back as an error of a *later* call.)
//!
//! ```text
//!   receive ─▶ a ping? allowed? ─▶ count ─▶ draw its fate ─┬─▶ stamp ─▶ send
//!                    │                                     ├─▶ lost
//!                    └─▶ ignored                           └─▶ stamp ─▶ delay ─▶ send
//! ```
//!
//! The sender's address on a datagram can be forged. So an answer must not be a
//! question to anyone: with one forged ping a stranger could make two servers answer
//! each other for ever. An answer with stamps is not a question, since servers do not
//! answer it. A ping without room for stamps comes back unchanged, and could be one. So
//! the server answers a bounded number of these to each peer, and a loop ends
//! (`allowance`). It answers pings with room for stamps always: no server sends them.
//!
//! On a machine with several addresses, a server that listens on all of them sends its
//! answers from the address that the system chooses. A client that asked another
//! address does not receive them, and says so. Give such a server its `--host`.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | `echo` | the loop, and the answer to one ping |
//! | [`EchoCounts`] (`counts`) | what the server has done: the truth for tests |
//! | `allowance` | how a loop between two servers ends |
//! | `peers` | counting the pings of each client in bounded memory |
//! | `visits` | a line in the log when a peer begins, and one when it has left |
//! | [`impair`] | a bad network on purpose: what happens to which answer |
//! | `delayed` | answers that wait, in a thread of their own |
//! | [`bind_with_tcp`] (`with_tcp`) | one port number for TCP and UDP |

mod allowance;
mod counts;
mod delayed;
mod echo;
pub mod impair;
mod peers;
mod visits;
mod with_tcp;

pub use counts::EchoCounts;
pub use echo::{EchoServer, RunningEchoServer};
pub use impair::Impairments;
pub use with_tcp::bind_with_tcp;
