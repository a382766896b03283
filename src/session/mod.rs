//! What the server says on one connection.
//!
//! A session is a plain function of a [`Stream`] and what all sessions share. It does not know whether it runs in the thread
//! that accepts, in one of its own or in a process of its own: that is the business of [`serve`](crate::serve), which in turn knows
//! nothing of what is said here. So the protocol is written once, and is the same in all three modes.

mod text;

use std::fmt;
use std::io::{self, BufReader, Write};
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::net::Stream;
use crate::units::{MIB, ratio};
use crate::wire::command::Answer;
use crate::wire::framing::Framing;

/// Enough for any request but a ping with a large payload, which is read in several pieces. A thousand idle connections hold a thousand
/// of these.
const BUFFER_SIZE: usize = 4096;

/// What every session of a server goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How requests and answers are told apart.
    pub framing: Framing,
    /// The largest bulk transfer, in bytes; a larger request is refused.
    pub max_size: u64,
    /// How long a peer may be silent, or take nothing of what is sent to it.
    pub idle_timeout: Duration,
    /// Where a line is written when a connection begins and when it ends.
    pub log: Log,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            framing: Framing::Line,
            max_size: 100 << 30,
            idle_timeout: Duration::from_secs(60),
            log: Log::default(),
        }
    }
}

/// Serves one connection until it ends, in whatever way.
pub fn run(stream: Stream, settings: &Settings) {
    let peer = stream.peer_name();
    settings.log.say(format_args!("{peer} connected"));
    let mut tally = Tally::new();
    let mut reader = BufReader::with_capacity(BUFFER_SIZE, stream);
    match text::converse(&mut reader, settings, &mut tally) {
        Ok(()) => settings.log.say(format_args!("{peer} closed: {tally}")),
        Err(reason) => settings.log.say(format_args!("{peer} closed: {tally} ({reason})")),
    }
    reader.into_inner().close();
}

/// Tells a connection that it will not be served, and why.
pub fn refuse(mut stream: Stream, reason: &str, framing: Framing) {
    if answer(&Answer::Error(reason), framing, &mut Vec::new(), &mut stream).is_ok() {
        stream.close();
    }
}

fn answer(answer: &Answer, framing: Framing, buffer: &mut Vec<u8>, writer: &mut impl Write) -> io::Result<()> {
    answer.encode(buffer);
    framing.send(buffer, writer)
}

/// What one connection did.
struct Tally {
    pings: u64,
    bytes_sent: u64,
    bytes_received: u64,
    since: Instant,
}

impl Tally {
    fn new() -> Self {
        Tally { pings: 0, bytes_sent: 0, bytes_received: 0, since: Instant::now() }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes| ratio(bytes, MIB);
        let pings = if self.pings == 1 { "ping" } else { "pings" };
        write!(f, "{} {pings}, {:.1} MiB sent, ", self.pings, mib(self.bytes_sent))?;
        write!(f, "{:.1} MiB received in {:.1} s", mib(self.bytes_received), self.since.elapsed().as_secs_f64())
    }
}
