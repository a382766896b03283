//! One connected byte stream, whatever carries it.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | [`socket`] | connecting, a timeout on every call, and a close that loses nothing |
//! | [`deadline`], [`receive`] | one time limit for many calls, and for the reads of one message |
//! | [`transfer`], [`watch`] | bulk data over a connection, and how to tell slow from silent |
//! | [`timed`] | bulk data for a given time |
//! | [`address`], [`listener`] | where to connect or listen |
//! | `socket_file` | the file of a Unix socket, and who may replace it |
//! | `inherited` | a listener or a connection that is standard input |
//! | [`spin`], [`offer`], [`unix`] | busy-polling; writes that may take less; Unix sockets |
//! | [`kernel`] | what the system knows of a socket |

pub mod address;
mod both;
pub mod deadline;
#[cfg(unix)]
pub mod inherited;
pub mod kernel;
pub mod listener;
pub mod offer;
pub mod receive;
pub mod socket;
#[cfg(unix)]
pub mod socket_file;
pub mod spin;
pub mod timed;
pub mod transfer;
#[cfg(unix)]
pub mod unix;
pub mod watch;
mod watched;

pub use address::{Address, Family};
pub use both::both;
pub use deadline::Deadline;
pub use listener::Listener;
pub use receive::{receive_in_time, receive_within};
pub use socket::Stream;
pub use watch::Watch;
