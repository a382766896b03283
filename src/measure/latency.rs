//! Round-trip time: how long until an answer is back?
//!
//! The clock starts before the request is handed to the system and stops when the whole answer has been read. So the figure holds the way
//! there, the way back, and everything that wakes, copies and schedules at both ends; on loopback that is all there is. It is never halved: the
//! two ways need not be alike, and half a round trip has never been measured by anyone.
//!
//! The first ping of a connection meets cold caches and, on a new connection, a server that is still starting a thread or a process for
//! it. It is sent but not counted: that is the warm-up.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::Outcome;
use crate::client::Client;

/// What to send, and when.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Pings that count.
    pub count: u64,
    /// From one ping to the next. When an answer takes longer, the next ping leaves as soon as it is there.
    pub interval: Duration,
    /// Pings before them that do not count.
    pub warmup: u64,
    /// Bytes added to each ping.
    pub payload: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Plan { count: 10, interval: Duration::from_millis(100), warmup: 1, payload: 0 }
    }
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Latency {
    /// Pings sent, those of the warm-up left out.
    pub sent: u64,
    /// The round-trip time of each ping that was answered, in order.
    pub rtts: Vec<Duration>,
    /// Why the series ended early.
    pub failure: Option<io::Error>,
}

impl Outcome for Latency {
    fn failed(error: io::Error) -> Self {
        Latency { failure: Some(error), ..Latency::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        all.iter().fold(Latency::default(), |mut total, one| {
            total.sent += one.sent;
            total.rtts.extend(&one.rtts);
            total
        })
    }
}

/// Sends pings one after the other, and tells `observe` of each round-trip time with its number, from 1.
///
/// ```
/// use roundtrip::measure::{Plan, latency};
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let plan = Plan { count: 3, interval: Duration::ZERO, ..Plan::default() };
/// let latency = latency(&mut client, &plan, |number, rtt| println!("ping {number}: {rtt:?}"));
/// assert_eq!((latency.sent, latency.rtts.len()), (3, 3));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn latency(client: &mut Client, plan: &Plan, mut observe: impl FnMut(u64, Duration)) -> Latency {
    let payload = vec![b'x'; plan.payload];
    let payload = (plan.payload > 0).then_some(&payload[..]);
    let mut latency = Latency::default();
    for _ in 0..plan.warmup {
        if let Err(error) = client.ping(payload) {
            // It does not count as long as all is well. Unanswered, it is a ping that was lost.
            return Latency { sent: 1, ..Latency::failed(error) };
        }
    }
    let mut due = Instant::now();
    for number in 1..=plan.count {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due += plan.interval;
        latency.sent += 1;
        let sent = Instant::now();
        match client.ping(payload) {
            Ok(()) => {
                let rtt = sent.elapsed();
                latency.rtts.push(rtt);
                observe(number, rtt);
            }
            Err(error) => {
                latency.failure = Some(error);
                break;
            }
        }
    }
    latency
}
