#![doc = "placeholder"]
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
pub mod units;
pub mod wire;
