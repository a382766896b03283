//! Everything from outside: real sockets, real processes, and peers that keep to no
//! rules.
//!
//! Begin with `first.rs`, which is a whole test to copy, and with the helpers: `support.rs`,
//! its `peer.rs` for requests byte by byte, and `document.rs` for JSON. Then read the groups
//! below one after the other; within a group any order will do.

mod document;
mod first;
mod support;

// The protocol, byte by byte, and how the server serves it to many.
mod bare;
mod children;
mod hostile;
mod limits;
mod protocol;
mod serving;
mod strangers;

// What the client does, prints and writes.
mod baseline;
mod client;
#[cfg(unix)]
mod interrupt;
mod pictures;
mod reports;

// Whether its figures are right: links that are known, and servers that lie.
mod liars;
mod links;
mod namespaces;
mod relay;
mod truth;

// Connections, lag and status.
mod connect;
mod lag;
mod status;

// The wings.
mod call;
mod router;
mod udp;
mod wamp;

// The programs of the course.
mod examples;
mod minimal;
