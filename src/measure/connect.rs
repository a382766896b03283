//! A connection for each ping: what does it cost to begin?
//!
//! ```text
//!   connect ──▶ PING ──▶ PONG ──▶ QUIT ──▶ BYE ──▶ close ──▶ connect ──▶ …
//!   └─ connect ─┘             │
//!   └─ first answer (rtt) ────┘
//! ```
//!
//! A ping on a connection that is old enough meets a thread or a process that waits for
//! it. The first ping of a connection waits until somebody serves the connection at all:
//! a thread has to be started, or a process, or an earlier client has to leave. So this
//! test tells the three modes of a server apart, and a series of pings does not.
//!
//! `connect` alone does not show that either. The system completes a connection before
//! the server accepts it, so connecting takes one round trip however busy the server is.
//! That is why there are two times: until the connection is there, and until its first
//! answer is. netperf calls this test `TCP_CRR`, and reports the rate alone.
//!
//! The name of the host is looked up once, for the first connection of a client.
//!
//! # Ports can run out
//!
//! The end that closes first keeps the connection for a minute (TIME-WAIT, RFC 9293
//! section 3.6.1), so that a late segment is not taken for one of the next connection.
//! Each connection to one address and port needs a local port of its own. Where this side
//! closes first, a machine with 28,232 local ports can make 470 connections a second, not
//! more.

use std::fs::read_to_string;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::{Latency, Measurement, Observer, Outcome, Plan, Sample};
use crate::client::{Client, Options};
use crate::net::{Stream, address};
use crate::pace::Schedule;
use crate::stats::Recorder;
use crate::units::float;

/// The connection is there, and nothing has been asked yet. The time of this sample is
/// how long connecting took.
pub const CONNECTED: Outcome =
    Outcome { word: "connected", phrase: "is connected", settled: false };

/// What connections have measured that were made for one ping each.
#[derive(Debug, Default)]
pub struct Connect {
    /// Connections that were answered, and then closed in order.
    pub connections: u64,
    /// From when each connection was begun until it was there. Connections of the warm-up
    /// are not counted.
    pub connect: Recorder,
    /// The pings, whose clocks start when their connection is begun.
    pub pings: Latency,
    /// When the first connection that counts was begun, and when the last one was closed.
    pub span: Option<(Instant, Instant)>,
    /// From the beginning of a client's first connection to the first answer, that of the
    /// warm-up included. Several clients have no common one.
    pub first_answer: Option<Duration>,
    /// The address that was connected to.
    pub peer: Option<SocketAddr>,
}

impl Connect {
    /// From the beginning of the first connection to the end of the last one; with
    /// several clients, those of all.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.span.map(|(start, end)| end.saturating_duration_since(start))
    }

    /// Connections that were made, used and closed in a second.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        let elapsed = self.elapsed().filter(|elapsed| !elapsed.is_zero())?;
        Some(float(self.connections) / elapsed.as_secs_f64())
    }
}

impl Connect {
    /// Adds what a sample tells.
    pub(crate) fn add(&mut self, sample: &Sample) {
        match *sample {
            Sample::Ping { rtt, .. } => {
                self.connections += 1;
                self.pings.sent += 1;
                self.pings.rtt.record(rtt);
            }
            Sample::Outcome { rtt: Some(took), outcome: CONNECTED, .. } => {
                self.connect.record(took);
            }
            Sample::Outcome { outcome, .. } => self.pings.sent += u64::from(outcome.settled),
            Sample::Piece { .. } => {}
        }
    }
}

impl Measurement for Connect {
    fn failed(error: io::Error) -> Self {
        Connect { pings: Latency::failed(error), ..Connect::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.pings.failure()
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Connect::default();
        for one in all {
            total.connections += one.connections;
            total.connect.merge(&one.connect);
            total.pings.add(&one.pings);
        }
        total.peer = all.iter().find_map(|one| one.peer);
        let spans = all.iter().filter_map(|one| one.span);
        total.span = spans.reduce(|(start, end), one| (start.min(one.0), end.max(one.1)));
        total
    }
}

/// Makes a connection for each ping, one after the other, as planned. The observer is
/// given [`CONNECTED`] and then the answer, whose round-trip time begins with
/// connecting.
///
/// ```
/// use roundtrip::measure::{Plan, connect};
/// # use roundtrip::{client::Options, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let port = server.address().port();
/// let plan = Plan { count: 3, interval: Duration::ZERO, ..Plan::default() };
/// let measured = connect("127.0.0.1", port, &Options::default(), &plan, &mut |_| {});
/// assert_eq!((measured.connections, measured.pings.rtt.count()), (3, 3));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn connect(
    host: &str,
    port: u16,
    options: &Options,
    plan: &Plan,
    observe: Observer,
) -> Connect {
    let payload = vec![b'x'; plan.payload];
    let payload = (plan.payload > 0).then_some(&payload[..]);
    let (began, mut measured) = (Instant::now(), Connect::default());
    let mut target = Target { host, port, address: None, options };
    for _ in 0..plan.warmup {
        let answered = target.connect().and_then(|mut client| {
            client.ping(payload)?;
            measured.first_answer.get_or_insert_with(|| began.elapsed());
            client.quit()
        });
        if let Err(error) = answered {
            measured.pings.failure = Some(error);
            return measured;
        }
    }
    let start = Instant::now();
    let end = plan.time.and_then(|time| start.checked_add(time));
    let count = plan.pings().unwrap_or(u64::MAX);
    let stop = Some(options.stop.clone());
    for turn in (Schedule { count, end, stop, ..Schedule::new(start, plan.interval) }) {
        let stamp = measured.pings.sending(turn);
        let done = target.connect().and_then(|mut client| {
            let (number, at) = (turn.number, stamp.sent.saturating_duration_since(start));
            let took = stamp.sent.elapsed();
            measured.connect.record(took);
            observe(Sample::Outcome { number, at, rtt: Some(took), outcome: CONNECTED });
            client.ping(payload)?;
            measured.pings.answered(stamp, Instant::now(), start, observe);
            measured.first_answer.get_or_insert_with(|| began.elapsed());
            client.quit()
        });
        measured.span = Some((start, Instant::now()));
        measured.peer = target.address;
        if let Err(error) = done {
            measured.pings.failure = Some(error);
            break;
        }
        measured.connections += 1;
    }
    measured
}

/// Where to connect.
struct Target<'a> {
    host: &'a str,
    port: u16,
    /// The address that accepted the first connection.
    address: Option<SocketAddr>,
    options: &'a Options,
}

impl Target<'_> {
    fn connect(&mut self) -> io::Result<Client> {
        let Target { host, port, options, .. } = *self;
        let stream = match self.address {
            Some(address) => Stream::dial(address, options.timeout).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot connect to {address}: {error}"))
            }),
            None => address::resolve(host, port, options.family).and_then(|addresses| {
                Stream::connect_to(&addresses, &address::name(host, port), options.timeout)
            }),
        };
        let stream = stream.map_err(|error| match ports_ran_out(&error) {
            Some(why) => io::Error::new(error.kind(), why),
            None => error,
        })?;
        self.address = stream.peer();
        Client::over(stream, options)
    }
}

/// What to say when connecting failed because this machine has no local port left.
fn ports_ran_out(error: &io::Error) -> Option<String> {
    if error.kind() != ErrorKind::AddrNotAvailable {
        return None;
    }
    let (ports, (open, waiting)) = (local_ports()?, tcp_sockets()?);
    let (first, last) = (*ports.start(), *ports.end());
    let all = u64::from(last.saturating_sub(first)) + 1;
    // An address that this machine cannot reach by its protocol gives the same error.
    (open + waiting >= all / 2).then(|| {
        format!(
            "no local port is left: there are {all}, from {first} to {last} \
             (/proc/sys/net/ipv4/ip_local_port_range), {open} sockets are in use and \
             {waiting} are in TIME-WAIT, which takes a minute; wait, or make fewer connections \
             (--count, --interval)"
        )
    })
}

/// The ports that the system gives to connections that ask for none.
fn local_ports() -> Option<RangeInclusive<u16>> {
    let range = read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = range.split_whitespace().map(str::parse);
    Some(ends.next()?.ok()?..=ends.next()?.ok()?)
}

/// How many TCP sockets of this machine are in use, and how many are in TIME-WAIT.
fn tcp_sockets() -> Option<(u64, u64)> {
    let counters = read_to_string("/proc/self/net/sockstat").ok()?;
    let line = counters.lines().find_map(|line| line.strip_prefix("TCP: "))?;
    let count = |name| {
        let mut words = line.split(' ').skip_while(|word| *word != name).skip(1);
        words.next()?.parse().ok()
    };
    Some((count("inuse")?, count("tw")?))
}
