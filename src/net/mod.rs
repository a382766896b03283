//! One connected byte stream, whatever carries it.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | [`socket`] | connecting, a timeout on every call, and a close that loses nothing |
//! | [`deadline`] | one time limit for many calls |
//! | [`transfer`] | bulk data over a connection: for so many bytes or for so long |
//! | [`address`], [`listener`] | where to connect or listen |
//! | [`spin`], [`offer`], [`unix`] | busy-polling; writes that may take less; Unix sockets |

pub mod address;
pub mod deadline;
pub mod listener;
pub mod offer;
pub mod socket;
pub mod spin;
pub mod transfer;
#[cfg(unix)]
pub mod unix;

pub use address::Address;
pub use deadline::Deadline;
pub use listener::Listener;
pub use socket::{Stream, receive_in_time, receive_within};
