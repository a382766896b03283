//! What the server says on one connection.
//!
//! A session is a plain function of a [`Stream`] and what all sessions share. It does not know whether it runs in the
//! thread that accepts, in one of its own or in a process of its own: that is the business of
//! [`serve`](crate::serve), which in turn knows nothing of what is said here. So the protocol is written once, and is
//! the same in all three modes.

pub mod echo;
pub mod router;
pub mod text;

use std::fmt;
use std::io::{self, BufReader, Write};
use std::time::{Duration, Instant};

use text::Conversation;

use crate::log::Log;
use crate::net::Stream;
use crate::serve::Refusal;
use crate::units::{MIB, float};
use crate::wire::command::{Amount, Answer};
use crate::wire::framing::Framing;

/// Enough for any request but a ping with a large payload, which is read in several pieces. A thousand idle
/// connections hold a thousand of these.
const BUFFER_SIZE: usize = 4096;

/// Settings of every session of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How requests and answers are told apart.
    pub framing: Framing,
    /// The largest bulk transfer, in bytes; a larger request is refused.
    pub max_size: u64,
    /// The longest timed transfer, likewise.
    pub max_time: Duration,
    /// How long a peer may be silent, or take nothing of what is sent to it.
    pub idle_timeout: Duration,
    /// Whether to wait by [spinning](crate::net#spinning).
    pub spin: bool,
    /// Where a line is written when a connection begins and when it ends.
    pub log: Log,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            framing: Framing::Line,
            max_size: 100 << 30,
            max_time: Duration::from_secs(3600),
            idle_timeout: Duration::from_secs(60),
            spin: false,
            log: Log::default(),
        }
    }
}

impl Settings {
    /// Whether so much may be transferred; if not, the reason.
    fn grant(&self, amount: Amount) -> Result<(), String> {
        match amount {
            Amount::Bytes(bytes) if bytes > self.max_size => {
                Err(format!("{bytes} bytes are over the limit of {} bytes", self.max_size))
            }
            Amount::Time(time) if time > self.max_time => {
                Err(format!("{time:?} is over the limit of {:?}", self.max_time))
            }
            Amount::Time(_) if self.framing == Framing::Bare => Err("timed transfers need line framing".into()),
            _ => Ok(()),
        }
    }
}

/// Serves one connection until it ends, in whatever way.
pub fn run(stream: Stream, settings: &Settings) {
    let peer = stream.peer_name();
    settings.log.say(format_args!("{peer} connected"));
    let mut stats = ConnectionStats::new();
    let mut reader = BufReader::with_capacity(BUFFER_SIZE, stream);
    let spinning = if settings.spin { reader.get_mut().spin() } else { Ok(()) };
    let mut conversation = Conversation { reader: &mut reader, settings, stats: &mut stats };
    match spinning.and_then(|()| conversation.run()) {
        Ok(()) => settings.log.say(format_args!("{peer} closed: {stats}")),
        Err(reason) => settings.log.say(format_args!("{peer} closed: {stats} ({reason})")),
    }
    reader.into_inner().close();
}

/// Tells a connection that it will not be served, and why.
///
/// # Errors
/// When it cannot be told.
pub fn refuse(stream: &mut Stream, refusal: Refusal, framing: Framing) -> io::Result<()> {
    send_answer(&Answer::Error(&refusal.to_string()), framing, stream)
}

fn send_answer(answer: &Answer, framing: Framing, writer: &mut impl Write) -> io::Result<()> {
    let mut message = Vec::new();
    answer.encode(&mut message);
    framing.send(&mut message, writer)
}

/// What one connection did.
struct ConnectionStats {
    pings: u64,
    bytes_sent: u64,
    bytes_received: u64,
    since: Instant,
}

impl ConnectionStats {
    fn new() -> Self {
        ConnectionStats { pings: 0, bytes_sent: 0, bytes_received: 0, since: Instant::now() }
    }
}

impl fmt::Display for ConnectionStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes| float(bytes) / float(MIB);
        let pings = if self.pings == 1 { "ping" } else { "pings" };
        write!(f, "{} {pings}, {:.1} MiB sent, ", self.pings, mib(self.bytes_sent))?;
        write!(f, "{:.1} MiB received in {:.1} s", mib(self.bytes_received), self.since.elapsed().as_secs_f64())
    }
}
