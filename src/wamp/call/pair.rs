//! A callee and a caller, or several of both, in two processes, and what they have
//! measured.

#![allow(clippy::similar_names, reason = "a caller and a callee are called so")]

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::plan::{Plan, Until};
use super::process::Process;
use super::protocol::{CALLEE, CALLER, Line, Request};
use super::result::Call;
use super::transport::Target;
use super::usage::{self, Usage};
use crate::measure::{Latency, Measurement, Sample};
use crate::units::nanoseconds;
use crate::wamp::url::Url;

/// One request asks for no more calls than these, and for no more time. So memory does
/// not grow with the measurement, a worker that is silent for much longer has failed, and
/// a measurement that is stopped ends soon.
const MOST: u64 = 10_000;
const SLICE: Duration = Duration::from_millis(200);

/// A caller that waits for its turn reads nothing, not even its router's pings. So it
/// makes an uncounted call after each such time.
const WAITING: Duration = Duration::from_secs(10);

/// What a process may need to start and to answer, in addition to its work.
const MARGIN: Duration = Duration::from_secs(10);

/// The two processes that measure one target.
pub struct Pair {
    pub target: Target,
    /// What each caller has measured.
    pub calls: Vec<Call>,
    processes: Option<(Process, Process)>,
    /// Whether the next calls follow the schedule of those before.
    resume: bool,
    used: Instant,
}

/// Is called with the index of a caller and one of its calls.
type Observer<'a> = &'a mut dyn FnMut(usize, Sample);

impl Pair {
    /// A pair without processes.
    pub fn new(target: Target, callers: usize) -> Self {
        let calls = (0..callers).map(|_| Call::to(target.clone())).collect();
        Pair { target, calls, processes: None, resume: false, used: Instant::now() }
    }

    /// Starts the callee, then the caller, at the router at this URL.
    pub fn start(&mut self, url: &Url, procedure: &str, plan: &Plan) {
        let start = |role, arguments: &[&dyn Display]| {
            let mut process = Process::start(&plan.worker, &plan.stop, role, arguments)?;
            let before = process.ready(plan.timeout + MARGIN)?;
            io::Result::Ok((process, before))
        };
        let (callers, payload) = (self.calls.len(), plan.calls.payload);
        let (timeout, interval) = (nanoseconds(plan.timeout), nanoseconds(plan.calls.interval));
        let both: [&dyn Display; 5] = [url, &plan.realm, &procedure, &callers, &timeout];
        let started = start(CALLEE, &both).and_then(|(callee, _)| {
            let arguments = [&both[..], &[&payload, &interval]].concat();
            Ok((callee, start(CALLER, &arguments)?))
        });
        match started {
            Ok((callee, (caller, before))) => {
                let peer = before.first().and_then(|address| address.parse().ok());
                self.calls.iter_mut().for_each(|call| call.peer = peer);
                self.processes = Some((callee, caller));
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Gives up all callers for this reason.
    pub fn fail(&mut self, error: &io::Error) {
        self.processes = None;
        self.calls.iter_mut().for_each(|call| call.fail(error));
    }

    /// Makes calls of a batch with one request, unless the batch is over. Returns
    /// whether it was not.
    pub fn make_calls(
        &mut self,
        until: Until,
        plan: &Plan,
        router: Option<&Process>,
        observe: Observer,
    ) -> bool {
        if self.is_over(until) {
            return false;
        }
        let most = (MOST / self.calls.len() as u64).max(1);
        let left = |call: &Call| match call.failure() {
            Some(_) => 0,
            None => until.count.saturating_sub(call.latency.sent).min(most),
        };
        let counts = self.calls.iter().map(left).collect();
        let time = until.time.saturating_sub(self.calls[0].duration).min(SLICE);
        let [router_before, callee_before] = self.usage(router);
        self.request(&Request { resume: self.resume, time, counts }, plan, Some(observe));
        let [router, callee] = self.usage(router);
        let since = |after: Option<Usage>, before| Some(after?.since(before?));
        for call in &mut self.calls {
            usage::add(&mut call.used.router, since(router, router_before));
            usage::add(&mut call.used.callee, since(callee, callee_before));
        }
        // A stall may be longer than the rest of its batch: the calls of the next batch
        // are late, too.
        self.resume = true;
        true
    }

    /// What the router, if it is this process, and the callee have used since they
    /// started.
    fn usage(&self, router: Option<&Process>) -> [Option<Usage>; 2] {
        let callee = self.processes.as_ref().map(|(callee, _)| callee);
        [router, callee].map(|process| process.and_then(Process::usage))
    }

    /// Makes one uncounted call with each caller.
    pub fn warm_up(&mut self, plan: &Plan) {
        let counts = self.calls.iter().map(|call| call.failure().is_none().into()).collect();
        self.request(&Request { resume: self.resume, time: SLICE, counts }, plan, None);
    }

    /// Makes one uncounted call with each caller, if they have had nothing to do for
    /// long.
    pub fn keep_alive(&mut self, plan: &Plan) {
        if self.used.elapsed() > WAITING {
            self.warm_up(plan);
        }
    }

    /// Whether there is nothing left to do until then.
    pub fn is_over(&self, until: Until) -> bool {
        let over = |call: &Call| {
            call.failure().is_some()
                || call.latency.sent >= until.count
                || call.duration >= until.time
        };
        self.processes.is_none() || self.calls.iter().all(over)
    }

    /// Sends a request to the callers and reads their answer. Without an observer the
    /// calls are not counted.
    fn request(&mut self, request: &Request, plan: &Plan, observe: Option<Observer>) {
        let Some((callee, caller)) = &mut self.processes else { return };
        let timeout = request.time + plan.calls.interval + plan.timeout + MARGIN;
        let sent = caller.send(request);
        let next = || caller.line(timeout)?.parse().map_err(io::Error::other);
        let reason = |why| match callee.ended() {
            None => io::Error::other(why),
            Some(how) => io::Error::other(format!("{why}; {how}")),
        };
        let answer = sent
            .and_then(|()| read_answer(&mut self.calls, &request.counts, next, reason, observe));
        self.used = Instant::now();
        if let Err(error) = answer {
            self.fail(&error);
        }
    }
}

/// Reads the lines that answer a request for so many calls of each caller. A worker
/// cannot report more calls than it was asked for, nor more lines than they need.
fn read_answer(
    calls: &mut [Call],
    counts: &[u64],
    mut next: impl FnMut() -> io::Result<Line>,
    mut reason: impl FnMut(String) -> io::Error,
    mut observe: Option<Observer>,
) -> io::Result<()> {
    let wrong = || io::Error::new(ErrorKind::InvalidData, "the caller reports too many calls");
    let counted = observe.is_some();
    let most = counts.iter().sum::<u64>() + 2 * counts.len() as u64 + 2;
    // With each caller: how many calls it may still have made, and how many of those
    // that it has made may still be reported as answered.
    let mut callers: Vec<(&mut Call, u64, u64)> =
        calls.iter_mut().zip(counts).map(|(call, &count)| (call, count, 0)).collect();
    for _ in 0..most {
        match next()? {
            Line::Sent { caller, calls } => {
                let (call, allowed, pending) = callers.get_mut(caller).ok_or_else(wrong)?;
                *allowed = allowed.checked_sub(calls).ok_or_else(wrong)?;
                *pending += calls;
                call.latency.sent += if counted { calls } else { 0 };
            }
            Line::Call { caller, at, rtt, due } => {
                let (call, _, pending) = callers.get_mut(caller).ok_or_else(wrong)?;
                *pending = pending.checked_sub(1).ok_or_else(wrong)?;
                if let Some(observe) = &mut observe {
                    observe(caller, record(&mut call.latency, at, rtt, due));
                }
            }
            Line::Failed { caller, why } => {
                let (call, ..) = callers.get_mut(caller).ok_or_else(wrong)?;
                call.fail(&reason(why));
                // A warm-up call does not count, unless it is never answered.
                call.latency.sent += u64::from(!counted);
            }
            Line::Used(usage) => {
                for (call, ..) in callers.iter_mut().filter(|_| counted) {
                    usage::add(&mut call.used.caller, Some(usage));
                }
            }
            Line::Done(duration) => {
                let duration = if counted { duration } else { Duration::ZERO };
                for call in calls {
                    call.duration += duration;
                }
                return Ok(());
            }
        }
    }
    Err(wrong())
}

fn record(latency: &mut Latency, at: Duration, rtt: Duration, due: Option<Duration>) -> Sample {
    latency.rtt.record(rtt);
    if let Some(due) = due {
        latency.due.record(due);
        latency.scheduling_delay.record(due.saturating_sub(rtt));
    }
    Sample::Ping { number: latency.rtt.count(), at, rtt, due }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wamp::call::Transport;

    /// Reads this answer to a request for five calls of each of two callers.
    fn read(answer: &str, counted: bool) -> (io::Result<()>, Vec<Call>, Vec<(usize, u64)>) {
        let mut pair = Pair::new(Target::Transport(Transport::ALL[0]), 2);
        let mut lines = answer.lines();
        let next =
            || lines.next().ok_or(ErrorKind::UnexpectedEof)?.parse().map_err(io::Error::other);
        let mut seen = Vec::new();
        let mut observe = |caller, sample| match sample {
            Sample::Ping { number, .. } => seen.push((caller, number)),
            other => panic!("{other:?}"),
        };
        let observe: Option<Observer> = counted.then_some(&mut observe);
        let read = read_answer(&mut pair.calls, &[5, 5], next, io::Error::other, observe);
        (read, pair.calls, seen)
    }

    #[test]
    fn calls_are_counted_for_their_caller() {
        let answer = "sent 0 2\ncall 0 5 7\ncall 0 20 9\nsent 1 1\nfailed 1 too late\ndone 30\n";
        let (read, calls, seen) = read(answer, true);
        read.unwrap();
        assert_eq!(seen, [(0, 1), (0, 2)]);
        assert_eq!(calls.iter().map(|call| call.latency.sent).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(calls[0].duration, Duration::from_nanos(30));
        assert_eq!(calls[1].failure().unwrap().to_string(), "too late");
    }

    #[test]
    fn a_warm_up_counts_only_the_call_that_was_never_answered() {
        let answer = "sent 0 1\ncall 0 5 7\nsent 1 1\nfailed 1 too late\ndone 30\n";
        let (read, calls, seen) = read(answer, false);
        read.unwrap();
        assert_eq!(seen, []);
        assert_eq!(calls.iter().map(|call| call.latency.sent).collect::<Vec<_>>(), [0, 1]);
        assert!(calls[0].duration.is_zero() && calls[0].latency.rtt.count() == 0);
    }

    #[test]
    fn a_worker_reports_no_more_than_it_was_asked_for() {
        let endless = "sent 0 0\n".repeat(100);
        for (answer, wrong) in [
            ("sent 0 6\ndone 1", "too many calls"),
            ("sent 0 5\nsent 0 1\ndone 1", "too many calls"),
            ("sent 2 1\ndone 1", "too many calls"),
            ("call 0 1 1\ndone 1", "too many calls"),
            ("sent 0 1\ncall 0 1 1\ncall 0 2 1\ndone 1", "too many calls"),
            ("failed 2 why\ndone 1", "too many calls"),
            (&endless, "too many calls"),
            ("sent 0 1\n{}\n", "is no report"),
            ("sent 0 1\n", "unexpected end of file"),
        ] {
            let error = read(answer, true).0.unwrap_err().to_string();
            assert!(error.contains(wrong), "{answer:?}: {error}");
        }
    }
}
