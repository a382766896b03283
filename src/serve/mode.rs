//! The three strategies by name.

use std::fmt;
use std::str::FromStr;

/// How each connection is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By a thread of its own: [`Threads`](super::Threads).
    #[default]
    Thread,
    /// By a process of its own: [`Processes`](super::processes::Processes).
    Process,
    /// By the accepting thread: [`Sequential`](super::Sequential).
    Sequential,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Thread => "thread",
            Mode::Process => "process",
            Mode::Sequential => "sequential",
        })
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "thread" => Ok(Mode::Thread),
            "process" => Ok(Mode::Process),
            "sequential" => Ok(Mode::Sequential),
            _ => Err(format!("{text:?} is no mode; choose thread, process or sequential")),
        }
    }
}
