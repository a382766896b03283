//! The server under test. It is a process of its own, so that what it uses can be seen,
//! and what ends it ends nothing else.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{self, Child, Command, Stdio};
use std::sync::Arc;

use roundtrip::json::{Map, Value};
use roundtrip::serve::Mode;
use roundtrip::server::Config;
use roundtrip::session::{Hooks, Settings};

use super::usage::Usage;

/// A server that runs until this is dropped.
pub struct Server {
    process: Child,
    pub port: u16,
}

impl Server {
    pub fn start(mode: Mode) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--serve", &mode.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null()) // Where it panics, it is meant to.
            .spawn()?;
        let mut port = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut port)?;
        }
        let port = port.trim().parse().map_err(io::Error::other)?;
        Ok(Server { process, port })
    }

    /// What the server and its children use now; `None` where there is no `/proc`.
    pub fn usage(&self) -> Option<Usage> {
        Usage::of(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The part of the server. In process mode it runs this program for each connection.
pub fn serve(mode: Mode) -> io::Result<()> {
    let child = vec![std::env::current_exe()?.into(), "--inetd".into()];
    let server = roundtrip::server::Server::bind(Config { mode, child, ..config() })?;
    println!("{}", server.address().port());
    server.run();
    Ok(())
}

/// The part of a child in process mode.
#[cfg(unix)]
pub fn serve_stdin() -> io::Result<()> {
    roundtrip::server::serve_stdin(&config())
}

fn config() -> Config {
    let session = Settings { hooks: Arc::new(Crash), ..Settings::default() };
    Config { session, ..Config::default() }
}

/// Crashes as a `STATUS` request says; otherwise answers with the number of its process.
#[derive(Debug)]
struct Crash;

impl Hooks for Crash {
    fn on_status(&self, question: &Map, _: Option<SocketAddr>) -> Map {
        match question.get("crash").and_then(Value::as_str) {
            Some("panic") => panic!("as a client asked"),
            Some("abort") => process::abort(),
            Some("loop") => loop {
                std::hint::spin_loop();
            },
            _ => Map::from([("pid", u64::from(process::id()).into())]),
        }
    }
}
