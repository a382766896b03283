//! The client binary from outside: what it prints, where, and with which exit code.

mod command_line;
mod exit_codes;
mod failures;
mod results;

use std::process::Command;

use crate::support::{CLIENT, Outcome, run};

fn loopback(flags: &[&str]) -> Outcome {
    run(Command::new(CLIENT).arg("--loopback").args(flags))
}
