//! What the server says on one connection.
//!
//! A session is a plain function of a [`Stream`] and what all sessions share. It does
//! not know whether it runs in the thread that accepts, in one of its own or in a
//! process of its own: that is the business of [`serve`](crate::serve), which in turn
//! knows nothing of what is said here. So the protocol is written once, and is the same
//! in all three modes.

pub mod counters;
pub mod lag;
pub mod owner;
pub mod status;
pub mod text;

use std::fmt;
use std::io::{self, BufReader, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use counters::Counters;
pub use lag::Lag;
pub use owner::{Nobody, Owner};
use text::Conversation;

use crate::json::Map;
use crate::log::Log;
use crate::net::{Stream, receive_in_time};
use crate::serve::Refusal;
use crate::units::{MIB, float};
use crate::wire::command::{Amount, Answer, Request};
use crate::wire::framing::Framing;

/// Enough for any request but a ping with a large payload, which is read in several
/// pieces. A thousand idle connections hold a thousand of these.
const BUFFER_SIZE: usize = 4096;

/// How long a connection for which there is no place may take to ask for the status.
/// The client speaks first, so its question is here when it is accepted, or lost and on
/// its way again: that takes 200 ms and a round trip (RFC 6298, with the minimum that
/// Linux uses).
const LAST_QUESTION: Duration = Duration::from_millis(500);

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
    /// What the owner has every [status answer](status) say.
    pub info: Map,
    /// Whether status answers [repeat the
    /// question](status#whether-to-repeat-the-question).
    pub writeback: bool,
    /// Who is asked and told what concerns single connections.
    pub owner: Arc<dyn Owner>,
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
            info: Map::new(),
            writeback: true,
            owner: Arc::new(Nobody),
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
            Amount::Time(_) if self.framing == Framing::Bare => {
                Err("timed transfers need line framing".into())
            }
            _ => Ok(()),
        }
    }
}

/// What all sessions of a server share.
#[derive(Debug)]
pub struct Shared {
    /// What its owner wants.
    pub settings: Settings,
    /// What it knows of itself.
    pub counters: Counters,
}

impl Shared {
    /// All that is known now of the server: by itself, and by its owner.
    #[must_use]
    pub fn known(&self) -> Map {
        self.counters.fields(&self.settings.owner.counters())
    }
}

/// Serves one connection until it ends, in whatever way.
pub fn run(stream: Stream, shared: &Shared) {
    let (peer, settings) = (stream.peer_name(), &shared.settings);
    settings.log.say(format_args!("{peer} connected"));
    let stats = ConnectionStats::new(&shared.counters);
    let mut reader = BufReader::with_capacity(BUFFER_SIZE, stream);
    let spinning = if settings.spin { reader.get_mut().spin() } else { Ok(()) };
    let mut conversation = Conversation::new(&mut reader, shared, &stats);
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

/// Sends a connection away for which there is no place, but answers it if it only wants
/// to know the [status]: nobody wants to know how full a server is more than who finds
/// it full.
pub fn turn_away(mut stream: Stream, refusal: Refusal, shared: &Shared) {
    let framing = shared.settings.framing;
    let asks = refusal == Refusal::Full
        && framing == Framing::Line
        && stream.set_read_timeout(LAST_QUESTION).is_ok();
    if asks {
        let mut reader = BufReader::with_capacity(BUFFER_SIZE, stream);
        let mut buffer = Vec::new();
        let received = receive_in_time(&mut reader, |reader| framing.receive(reader, &mut buffer));
        let late = received.is_err();
        let peer = reader.get_ref().peer();
        let _told = match received.ok().flatten().map(Request::parse) {
            Some(Ok(Request::Status(question))) => {
                let said = status::answer(question, peer, shared);
                send_answer(&status::in_words(&said), framing, reader.get_mut())
            }
            _ => refuse(reader.get_mut(), refusal, framing),
        };
        stream = reader.into_inner();
        if late && buffer.is_empty() {
            // It said nothing, so nothing lies in the receive buffer that would make of
            // the end a reset.
            return;
        }
    } else {
        let _told = refuse(&mut stream, refusal, framing);
    }
    stream.close();
}

fn send_answer(answer: &Answer, framing: Framing, writer: &mut impl Write) -> io::Result<()> {
    let mut message = Vec::new();
    answer.encode(&mut message);
    framing.send(&mut message, writer)
}

/// What one connection did, and through it the server.
struct ConnectionStats<'a> {
    own: counters::Traffic,
    all: &'a counters::Traffic,
    since: Instant,
}

impl<'a> ConnectionStats<'a> {
    fn new(counters: &'a Counters) -> Self {
        ConnectionStats {
            own: counters::Traffic::default(),
            all: &counters.traffic,
            since: Instant::now(),
        }
    }

    fn ping(&self) {
        self.add(|traffic| &traffic.pings, 1);
    }

    fn sent(&self, bytes: u64) {
        self.add(|traffic| &traffic.sent, bytes);
    }

    fn received(&self, bytes: u64) {
        self.add(|traffic| &traffic.received, bytes);
    }

    fn add(&self, which: fn(&counters::Traffic) -> &AtomicU64, more: u64) {
        for traffic in [&self.own, self.all] {
            which(traffic).fetch_add(more, Ordering::Relaxed);
        }
    }
}

impl fmt::Display for ConnectionStats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [pings, sent, received] = [&self.own.pings, &self.own.sent, &self.own.received]
            .map(|counter| counter.load(Ordering::Relaxed));
        let mib = |bytes| float(bytes) / float(MIB);
        let unit = if pings == 1 { "ping" } else { "pings" };
        write!(f, "{pings} {unit}, {:.1} MiB sent, ", mib(sent))?;
        write!(
            f,
            "{:.1} MiB received in {:.1} s",
            mib(received),
            self.since.elapsed().as_secs_f64()
        )
    }
}
