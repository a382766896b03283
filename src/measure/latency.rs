//! Round-trip time: how long until an answer is back?
//!
//! The clock starts before the request is handed to the system, and stops when the
//! whole answer has been read. The time between holds the path there, the path back,
//! and all the work of waking, copying and scheduling at both ends. On loopback that
//! work is all there is. The round-trip time is never halved: the two directions may
//! differ, and nobody has measured half of it.
//!
//! The first ping meets cold caches, and a server that may still be starting a thread
//! or a process for the new connection. So the first pings, the warm-up, are not
//! counted.
//!
//! # From when a ping was due
//!
//! With an interval, pings leave on a [schedule](crate::pace), even while an answer is
//! late. A client that waited for the late answer would report too little: a stall of a
//! second would cost one slow sample, and the nine pings that should have left
//! meanwhile would be missing, although each of them would have been slow, too. Gil
//! Tene calls this *coordinated omission*. So there are two times for each ping: from
//! when it was sent, and from when it was *due*. They differ when pings leave late,
//! because the connection takes no more bytes or because this machine is busy. Then the
//! second time is what a user would have felt.
//!
//! In three cases only one ping is sent at a time. Without an interval, each answer
//! triggers the next ping. With [bare framing](crate::wire::framing), two answers that
//! arrive together look like one. With [busy-polling](crate::net::spin), a second
//! thread would compete for the processor, so the plan says `one_at_a_time`. In the
//! last two cases, only the time from when a ping was due shows a stall. In the first
//! case, no figure shows it.

use std::time::Instant;

use super::{Latency, Measurement, Observer, Plan, paced};
use crate::client::Client;
use crate::pace::Schedule;

/// Sends pings as planned, and hands each answered one to the observer.
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
            // A warm-up ping is not counted as long as all is well. Without an answer
            // it is a ping that was lost.
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
    let stop = Some(client.stop().clone());
    for turn in (Schedule { count, end, stop, ..Schedule::new(start, plan.interval) }) {
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
