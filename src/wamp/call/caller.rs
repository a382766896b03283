//! The two ends of a call: a caller, and a callee that returns the arguments.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::json::Value;
use crate::measure::{Latency, Observer};
use crate::pace::Schedule;
use crate::wamp::client::Session;
use crate::wamp::message::Payload;

/// A session that calls one procedure again and again, and measures each call.
///
/// ```
/// use roundtrip::wamp::call::{Batch, Caller, offer_echo};
/// use roundtrip::wamp::router::{Config, Router};
/// use roundtrip::wamp::Session;
/// use std::thread;
/// use std::time::Duration;
///
/// let router = Router::bind(Config::default())?.start()?;
/// let join = || Session::join(&router.urls()[0], "realm1", Duration::from_secs(5));
/// let mut callee = join()?;
/// offer_echo(&mut callee, "echo")?;
/// let handle = callee.handle();
/// let serving = thread::spawn(move || callee.serve());
///
/// let mut caller = Caller::new(join()?, "echo", 0);
/// let (time, interval) = (Duration::from_secs(5), Duration::ZERO);
/// let batch = Batch { count: 10, time, interval, resume: false };
/// let calls = caller.batch(&batch, &mut |sample| println!("{sample:?}"));
/// assert_eq!((calls.sent, calls.rtt.count()), (10, 10));
///
/// handle.abort();
/// serving.join().expect("no panic")?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Caller {
    session: Session,
    procedure: String,
    /// The argument of each call after its number.
    padding: Option<Value>,
    number: u64,
    start: Instant,
    /// When the next call is due.
    due: Instant,
    /// When the last batch ended.
    paused: Instant,
}

/// How many calls to make, and when.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// The number of calls.
    pub count: u64,
    /// No call begins after this time, even if there were fewer than `count`.
    pub time: Duration,
    /// The time from one call to the next, by a fixed schedule; zero makes each call as
    /// soon as the one before is answered.
    pub interval: Duration,
    /// Whether to resume the schedule of the batch before, and not to begin a new one.
    /// The schedule pauses between two batches, so the pause delays no call. But calls
    /// that were overdue at the end of a batch are overdue in the next one: a stall
    /// must not hide between two batches.
    pub resume: bool,
}

impl Caller {
    /// Prepares to call a procedure, which has to return its arguments, as that of
    /// [`offer_echo`] does. The arguments are a number and, unless `payload` is 0, a
    /// string of that many bytes.
    #[must_use]
    pub fn new(session: Session, procedure: &str, payload: usize) -> Self {
        let padding = (payload > 0).then(|| "x".repeat(payload).into());
        let start = Instant::now();
        Caller {
            session,
            procedure: procedure.into(),
            padding,
            number: 0,
            start,
            due: start,
            paused: start,
        }
    }

    /// The address of the router, unless its socket is a Unix socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.session.peer()
    }

    /// Makes calls one after the other, and notifies the observer of each answer. After
    /// a call without an answer, or with a wrong result, no other call follows.
    pub fn batch(&mut self, batch: &Batch, observe: Observer) -> Latency {
        let begin = Instant::now();
        self.due = if batch.resume {
            self.due + begin.saturating_duration_since(self.paused)
        } else {
            begin
        };
        let latency = self.calls(batch, begin, observe);
        self.paused = Instant::now();
        latency
    }

    fn calls(&mut self, batch: &Batch, begin: Instant, observe: Observer) -> Latency {
        let mut latency = Latency::default();
        let mut schedule = Schedule {
            count: batch.count,
            end: begin.checked_add(batch.time),
            ..Schedule::new(self.due, batch.interval)
        };
        while let Some(turn) = schedule.next() {
            self.due = schedule.due;
            let arguments = self.next_arguments();
            let expected = Some(arguments.clone());
            let stamp = latency.sending(turn);
            let answer = self.session.call(&self.procedure, Payload::of(arguments));
            let arrived = Instant::now();
            match answer {
                Ok(result) if result.arguments == expected => {
                    latency.answered(stamp, arrived, self.start, observe);
                }
                Ok(_) => {
                    let what = "the call returned something else than its arguments";
                    return Latency {
                        failure: Some(io::Error::new(ErrorKind::InvalidData, what)),
                        ..latency
                    };
                }
                Err(error) => return Latency { failure: Some(error.into()), ..latency },
            }
        }
        latency
    }

    /// Returns the arguments of the next call. No two calls have the same arguments, so
    /// the result of one cannot be mistaken for that of another.
    fn next_arguments(&mut self) -> Vec<Value> {
        self.number += 1;
        [Some(Value::from(self.number)), self.padding.clone()].into_iter().flatten().collect()
    }
}

/// Registers a procedure that returns its arguments while the session
/// [serves](Session::serve).
///
/// # Errors
/// When the router refuses, or does not answer.
pub fn offer_echo(session: &mut Session, procedure: &str) -> io::Result<()> {
    session.register(procedure, Ok)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wamp::router::{Config, Router};
    use std::thread;

    #[test]
    fn a_stall_of_the_callee_makes_the_calls_of_the_next_batch_late() {
        const STALL: Duration = Duration::from_millis(100);
        // After ten more calls, due one each millisecond.
        const OVERDUE: Duration = Duration::from_millis(89);
        let router = Router::bind(Config::default()).unwrap().start().unwrap();
        let join = || Session::join(&router.urls()[0], "realm1", Duration::from_secs(60)).unwrap();
        let mut echo = join();
        let mut calls = 0;
        let stall_once = move |payload| {
            calls += 1;
            thread::sleep(if calls == 1 { STALL } else { Duration::ZERO });
            Ok(payload)
        };
        echo.register("echo", stall_once).unwrap();
        let handle = echo.handle();
        let serving = thread::spawn(move || echo.serve());
        let mut caller = Caller::new(join(), "echo", 0);
        let (time, interval) = (Duration::from_secs(60), Duration::from_millis(1));
        let mut batch =
            |count, resume| caller.batch(&Batch { count, time, interval, resume }, &mut |_| {});

        assert_eq!(batch(1, false).rtt.count(), 1);
        let due = batch(10, true).due.summary().unwrap();
        assert!(due.min >= OVERDUE, "{due:?}");
        // A new schedule begins without overdue calls.
        let scheduling_delay = batch(1, false).scheduling_delay.summary().unwrap();
        assert!(scheduling_delay.min < OVERDUE, "{scheduling_delay:?}");
        handle.abort();
        serving.join().unwrap().unwrap();
    }
}
