//! The client binary from outside: what it prints, where, and with which exit code.

mod command_line;
mod exit_codes;
mod failures;
mod results;
