//! Everything from outside: real sockets, real processes, and peers that keep to no
//! rules.

mod bare;
mod baseline;
mod call;
mod children;
mod client;
mod connect;
mod examples;
mod hostile;
#[cfg(unix)]
mod interrupt;
mod lag;
mod liars;
mod limits;
mod links;
mod minimal;
mod namespaces;
mod pictures;
mod protocol;
mod relay;
mod reports;
mod router;
mod serving;
mod status;
mod strangers;
mod support;
mod truth;
mod udp;
mod wamp;
