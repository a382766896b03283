//! Round-trip time: how long until an answer is back?
//!
//! The clock starts before the request is handed to the system and stops when the whole
//! answer has been read. So the figure holds the way there, the way back, and
//! everything that wakes, copies and schedules at both ends; on loopback that is all
//! there is. It is never halved: the two ways need not be alike, and half a round trip
//! has never been measured by anyone.
//!
//! The first ping meets cold caches and, on a new connection, a server that is still
//! starting a thread or a process for it. It is sent but not counted: that is the
//! warm-up.
//!
//! # From when it was due
//!
//! With an interval, pings leave on a schedule, also while an answer is late. Waiting
//! for it would be kind to the server and false to the reader: a stall of a second
//! would cost one bad sample and hide the nine pings that should have been sent
//! meanwhile, each of which would have waited too. (Gil Tene calls this *coordinated
//! omission*.) So there are two figures, from when a ping was sent and from when it was
//! *due*. They differ when pings leave late, because the connection takes nothing or
//! this machine is busy; then the second is what a user would have felt.
//!
//! Three cases send one ping at a time all the same: no interval, where each answer is
//! what sends the next ping; [bare framing](crate::wire::framing), where two answers
//! that arrive together are one; and [spinning](crate::net#spinning), where a second
//! thread would only be in the way. There, the figure from the due time alone shows a
//! stall.

use std::time::Instant;

use super::{Latency, Measurement, Observer, Plan, paced};
use crate::client::Client;
use crate::pace::Schedule;

/// Sends pings as planned.
///
/// ```
/// use roundtrip::measure::{Plan, latency};
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let plan = Plan { count: 3, interval: Duration::ZERO, ..Plan::default() };
/// let latency = latency(&mut client, &plan, &mut |sample| println!("{sample:?}"));
/// assert_eq!((latency.sent, latency.rtt.count()), (3, 3));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn latency(client: &mut Client, plan: &Plan, observe: Observer) -> Latency {
    let payload = vec![b'x'; plan.payload];
    let payload = (plan.payload > 0).then_some(&payload[..]);
    for _ in 0..plan.warmup {
        if let Err(error) = client.ping(payload).and_then(|()| client.check_in_step()) {
            // It does not count as long as all is well. Unanswered, it is a ping that
            // was lost.
            return Latency { sent: 1, ..Latency::failed(error) };
        }
    }
    match plan.pings() {
        Some(count) if !plan.interval.is_zero() && !plan.one_at_a_time && client.can_pipeline() => {
            paced::paced(client, count, plan, payload, observe)
        }
        count => one_at_a_time(client, plan, count.unwrap_or(u64::MAX), payload, observe),
    }
}

fn one_at_a_time(
    client: &mut Client,
    plan: &Plan,
    count: u64,
    payload: Option<&[u8]>,
    observe: Observer,
) -> Latency {
    let mut latency = Latency::default();
    let start = Instant::now();
    let end = plan.time.and_then(|time| start.checked_add(time));
    for turn in (Schedule { count, end, ..Schedule::new(start, plan.interval) }) {
        let stamp = latency.sending(turn);
        match client.ping(payload) {
            Ok(()) => latency.answered(stamp, Instant::now(), start, observe),
            Err(error) => return Latency { failure: Some(error), ..latency },
        }
        if let Err(error) = client.check_in_step() {
            return Latency { failure: Some(error), ..latency };
        }
    }
    latency
}
