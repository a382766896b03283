//! What a server is to be.

use std::ffi::OsString;

use crate::log::Log;
use crate::serve::{Limits, Mode};
use crate::session::Settings;

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub host: String,
    /// The port to listen on; 0 lets the system choose.
    pub port: u16,
    /// How each connection is served.
    pub mode: Mode,
    /// What [`Mode::Process`] runs for each connection: a program and its arguments,
    /// normally those of the `server` binary with `--inetd`. The program has to call
    /// [`serve_stdin`](super::serve_stdin).
    pub child: Vec<OsString>,
    /// Who is let in.
    pub limits: Limits,
    /// Whether to end after one connection.
    pub one_off: bool,
    /// Settings of each session.
    pub session: Settings,
    /// The log of what concerns the server as a whole; single connections have
    /// [`Settings::log`].
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: "127.0.0.1".into(),
            port: 0,
            mode: Mode::default(),
            child: Vec::new(),
            limits: Limits::default(),
            one_off: false,
            session: Settings::default(),
            log: Log::default(),
        }
    }
}
