//! The two ends of a call: one that asks, one that repeats.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use crate::json::Value;
use crate::measure::{Latency, Observer};
use crate::pace::Schedule;
use crate::wamp::Payload;
use crate::wamp::Session;

/// A session that calls one procedure again and again.
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
/// let batch = Batch { count: 10, time: Duration::from_secs(5), interval: Duration::ZERO, goes_on: false };
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
    /// What each call has besides its number.
    padding: Option<Value>,
    number: u64,
    start: Instant,
    /// When the next call is due.
    due: Instant,
    /// When the last batch was over.
    paused: Instant,
}

/// How many calls to make in one go.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// So many.
    pub count: u64,
    /// Or as many as begin within this time, if those are fewer.
    pub time: Duration,
    /// From one call to the next, by a fixed schedule; zero makes each call as soon as
    /// the one before is answered.
    pub interval: Duration,
    /// Whether the schedule is that of the batch before, and not a new one. Its clock
    /// stands still in between: what happens there delays no call. But calls that were
    /// overdue then still are: what has held them up may not hide between two batches.
    pub goes_on: bool,
}

impl Caller {
    /// Prepares to call a procedure with a number, and with a string of so many bytes
    /// if there are to be any. It has to return its arguments, as that of
    /// [`offer_echo`] does.
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

    /// Makes calls one after the other, and tells the observer of each that is
    /// answered. A call that is not, or whose result is anything but its arguments, is
    /// the last.
    pub fn batch(&mut self, batch: &Batch, observe: Observer) -> Latency {
        let begin = Instant::now();
        self.due = if batch.goes_on {
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

    /// No two calls have the same, so that a result cannot be taken for that of
    /// another.
    fn next_arguments(&mut self) -> Vec<Value> {
        self.number += 1;
        [Some(Value::from(self.number)), self.padding.clone()].into_iter().flatten().collect()
    }
}

/// Registers a procedure that returns its arguments. It does so while the session
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
    fn a_callee_that_stalls_delays_what_was_due_meanwhile_across_batches() {
        const STALL: Duration = Duration::from_millis(100);
        // Ten calls later, one each millisecond.
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
            |count, goes_on| caller.batch(&Batch { count, time, interval, goes_on }, &mut |_| {});

        assert_eq!(batch(1, false).rtt.count(), 1);
        let due = batch(10, true).due.summary().unwrap();
        assert!(due.min >= OVERDUE, "{due:?}");
        // As soon as a new schedule begins it is over.
        let lateness = batch(1, false).lateness.summary().unwrap();
        assert!(lateness.min < OVERDUE, "{lateness:?}");
        handle.abort();
        serving.join().unwrap().unwrap();
    }
}
