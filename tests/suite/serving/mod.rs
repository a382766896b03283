//! What differs between the strategies, and what the accept loop survives.

mod command_line;
mod faults;
mod inetd;
mod modes;
