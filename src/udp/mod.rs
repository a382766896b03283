//! Pings without a connection: what TCP does for everyone, and what it hides.
//!
//! | file | what it teaches |
//! | --- | --- |
//! | [`datagram`] | a message that arrives whole, or not at all |
//! | [`client`] | a socket that hears one server |
//! | [`server`] | answering strangers without being of use to an attacker |
//! | [`measure`] | one state for each ping: answered, late or lost |
//! | [`jitter`] | how much the travel time varies |
//! | [`one_way`] | each way by itself, with two clocks |

pub mod client;
pub mod datagram;
mod dropped;
pub mod jitter;
pub mod measure;
pub mod one_way;
mod report;
mod series;
pub mod server;

pub use client::UdpClient;
pub use jitter::Jitter;
pub use measure::{Udp, udp};
pub use one_way::{Exchange, OneWay, OneWaySummary};
