//! Pings that leave on time, whether or not the answers come.
//!
//! One thread sends, and another receives. A queue connects them. TCP keeps the order
//! of bytes, so the next answer belongs to the oldest ping in the queue.
//!
//! ```text
//!   sender     wait until due ─▶ read the clock ─▶ write ─▶ queue (due, sent)
//!                                                             │
//!   receiver   wait for an answer ─▶ read the clock ─▶ ◀──────┘ the oldest ping
//! ```

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::pings::Stamp;
use super::{Latency, Measurement, Observer, Plan};
use crate::client::{Client, Sender as Pinger};
use crate::no_thread::no_thread;
use crate::pace::Schedule;

pub(super) fn paced(
    client: &mut Client,
    count: u64,
    plan: &Plan,
    payload: Option<&[u8]>,
    observe: Observer,
) -> Latency {
    let pinger = client.another_sender();
    // The sender has to exist before its first ping is due.
    let start = Instant::now() + Duration::from_millis(1);
    let (queue, queued) = channel();
    let stop = client.stop().child();
    let end = plan.time.and_then(|time| start.checked_add(time));
    let schedule =
        Schedule { count, stop: Some(stop.clone()), ..Schedule::new(start, plan.interval) };
    let count = &AtomicU64::new(count);
    thread::scope(|scope| {
        let sending = thread::Builder::new()
            .spawn_scoped(scope, move || send_all(pinger, schedule, count, end, payload, &queue));
        let sending = match sending {
            Ok(sending) => sending,
            Err(error) => return Latency::failed(no_thread(error)),
        };
        let mut answers = Answers { client, queued, oldest: VecDeque::new() };
        let mut latency = answers.take_all(start, count, payload, observe);
        stop.stop();
        if let Ok(sent) = sending.join() {
            (latency.sent, latency.scheduling_delay) = (sent.sent, sent.scheduling_delay);
        }
        latency
    })
}

/// Sends each ping in its turn, until all are sent or none can be sent. If pings do not
/// leave as fast as they are due, the time of the plan is over before all are sent.
/// Then `count` is lowered, and before the last ping leaves, so that the receiver knows
/// that no answer follows.
fn send_all(
    mut pinger: Pinger,
    schedule: Schedule,
    count: &AtomicU64,
    end: Option<Instant>,
    payload: Option<&[u8]>,
    queue: &Sender<Stamp>,
) -> Latency {
    let mut sent = Latency::default();
    for turn in schedule {
        let stamp = sent.sending(turn);
        let last = end.is_some_and(|end| stamp.sent >= end);
        if last {
            count.store(sent.sent, Ordering::Relaxed);
        }
        // The receiver finds out by itself why this failed: the connection is gone.
        if pinger.ping(payload).is_err() || queue.send(stamp).is_err() || last {
            break;
        }
    }
    sent
}

struct Answers<'a> {
    client: &'a mut Client,
    queued: Receiver<Stamp>,
    oldest: VecDeque<Stamp>,
}

impl Answers<'_> {
    fn take_all(
        &mut self,
        start: Instant,
        count: &AtomicU64,
        payload: Option<&[u8]>,
        observe: Observer,
    ) -> Latency {
        let mut latency = Latency::default();
        while latency.rtt.count() < count.load(Ordering::Relaxed) {
            match self.take(payload) {
                Ok((stamp, arrived)) => latency.answered(stamp, arrived, start, observe),
                Err(error) => return Latency { failure: Some(error), ..latency },
            }
        }
        latency.failure = self.client.check_in_step().err();
        latency
    }

    fn take(&mut self, payload: Option<&[u8]>) -> io::Result<(Stamp, Instant)> {
        // Silence is a failure only while a ping has been pending for the timeout.
        let timeout = self.client.timeout();
        while let Err(error) = self.client.wait_for(timeout / 4) {
            self.oldest.extend(self.queued.try_iter());
            if error.kind() != ErrorKind::TimedOut {
                return Err(error);
            }
            if self.oldest.front().is_some_and(|stamp| stamp.sent.elapsed() >= timeout) {
                let what = format!("nothing arrived for {timeout:?}");
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
        }
        self.client.pong(payload)?;
        let arrived = Instant::now();
        let next = self.oldest.pop_front().or_else(|| self.queued.recv().ok());
        match next {
            Some(stamp) if stamp.sent <= arrived => Ok((stamp, arrived)),
            _ => Err(io::Error::new(
                ErrorKind::InvalidData,
                "the server answered a ping before it was sent",
            )),
        }
    }
}
