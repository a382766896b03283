//! A callee and a caller, or several of both, in two processes, and what they have
//! measured.

#![allow(clippy::similar_names, reason = "that is what a caller and a callee are called")]

use std::io;
use std::time::{Duration, Instant};

use roundtrip::json;
use roundtrip::json::Value;
use roundtrip::measure::{Latency, Outcome, Sample};
use roundtrip::stats::Recorder;
use roundtrip::wamp::call::{Call, Route};
use roundtrip::wamp::url::Url;

use super::process::Process;
use crate::flags::Options;
use crate::roles::{BEGIN, CALLEE, CALLER, GO_ON};

/// Calls are asked for in pieces that take no longer, and that are no more. So nothing
/// grows with `--count` or `--time`, and a child that is silent for much longer has
/// failed.
const SLICE: Duration = Duration::from_secs(1);
const MOST: u64 = 10_000;

/// A caller that waits for its turn reads nothing, not even its router's question
/// whether it is still there. So it makes a call now and then that is not counted.
const WAITING: Duration = Duration::from_secs(10);

/// What a process may need to start and to answer, besides what it does.
const MARGIN: Duration = Duration::from_secs(10);

/// Two processes, and the way between them.
pub struct Pair {
    pub route: Route,
    /// What each caller has measured.
    pub calls: Vec<Call>,
    processes: Option<(Process, Process)>,
    /// That of the next calls.
    schedule: &'static str,
    used: Instant,
}

/// Where the calls of a batch go: to its figures, and one by one, with the index of
/// their caller, to everywhere else.
type Taking<'a> = (&'a mut Recorder, &'a dyn Fn(usize, &Sample));

/// When a batch is over: after so many calls of each caller in all, or after so much
/// time in all.
#[derive(Clone, Copy)]
pub enum Until {
    Count(u64),
    Time(Duration),
}

impl Pair {
    /// Starts the callee at this router, unless it is known why there is none.
    pub fn start(route: Route, url: io::Result<Url>, procedure: &str, options: &Options) -> Self {
        let number = options.clients.to_string();
        let calls = (0..options.clients).map(|_| Call::on(route.clone())).collect();
        let mut pair =
            Pair { route, calls, processes: None, schedule: BEGIN, used: Instant::now() };
        let Options { plan, timeout, realm, .. } = options;
        let numbers = [timeout.as_nanos(), plan.payload as u128, plan.interval.as_nanos()]
            .map(|n| n.to_string());
        let start = |url: Url| {
            let url = url.to_string();
            let mut callee = Process::start(CALLEE, &[&url, realm, procedure, &number])?;
            callee.ready(*timeout + MARGIN)?;
            let [timeout_ns, payload, interval] = &numbers;
            let arguments = [&url, realm, procedure, &number, timeout_ns, payload, interval];
            let mut caller = Process::start(CALLER, &arguments)?;
            caller.ready(*timeout + MARGIN)?;
            Ok((callee, caller))
        };
        match url.and_then(start) {
            Ok(processes) => pair.processes = Some(processes),
            Err(error) => pair.fail(&error),
        }
        pair
    }

    /// Whether there is still a caller that has not failed.
    pub fn works(&self) -> bool {
        self.processes.is_some() && self.calls.iter().any(|call| call.failure().is_none())
    }

    /// Makes calls until the batch is over, and tells `take` of each with the index of
    /// its caller. Returns those of this batch. In between `others` is called, now and
    /// then.
    pub fn batch(
        &mut self,
        until: Until,
        options: &Options,
        take: &dyn Fn(usize, &Sample),
        mut others: impl FnMut(),
    ) -> Recorder {
        let mut batch = Recorder::default();
        while self.works() && !self.is_over(until) {
            let most = (MOST / self.calls.len() as u64).max(1);
            let left = |call: &Call| match until {
                _ if call.failure().is_some() => 0,
                Until::Count(count) => count.saturating_sub(call.latency.sent).min(most),
                Until::Time(_) => most,
            };
            let counts: Vec<u64> = self.calls.iter().map(left).collect();
            let time = match until {
                Until::Count(_) => SLICE,
                Until::Time(time) => time.saturating_sub(self.calls[0].duration).min(SLICE),
            };
            self.piece(time, &counts, options, Some((&mut batch, take)));
            // A stall may be longer than what is left of its batch: its calls are
            // overdue in the next one, too.
            self.schedule = GO_ON;
            others();
        }
        batch
    }

    /// One call of each caller that does not count.
    pub fn try_out(&mut self, options: &Options) {
        if self.works() {
            let counts: Vec<u64> =
                self.calls.iter().map(|call| call.failure().is_none().into()).collect();
            self.piece(SLICE, &counts, options, None);
        }
    }

    /// The same, if they have had nothing to do for long.
    pub fn keep_alive(&mut self, options: &Options) {
        if self.used.elapsed() > WAITING {
            self.try_out(options);
        }
    }

    fn is_over(&self, until: Until) -> bool {
        let mut working = self.calls.iter().filter(|call| call.failure().is_none());
        match until {
            Until::Count(count) => working.all(|call| call.latency.sent >= count),
            Until::Time(time) => working.all(|call| call.duration >= time),
        }
    }

    fn piece(
        &mut self,
        time: Duration,
        counts: &[u64],
        options: &Options,
        mut counted: Option<Taking>,
    ) {
        let Some((callee, caller)) = &mut self.processes else { return };
        let counts = counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let patience = time + options.plan.interval + options.timeout + MARGIN;
        let told = caller.ask(&format!("{} {} {counts}", self.schedule, time.as_nanos()), patience);
        let told = told.and_then(|line| Ok(json::parse(line.as_bytes())?));
        self.used = Instant::now();
        let told = match told {
            Ok(told) => told,
            Err(error) => return self.fail(&error),
        };
        let duration = Duration::from_nanos(
            told.get("duration_ns").and_then(Value::as_u64).unwrap_or_default(),
        );
        let callers = told.get("callers").and_then(Value::as_list).unwrap_or_default();
        for (index, (call, told)) in self.calls.iter_mut().zip(callers).enumerate() {
            if let Some((batch, take)) = &mut counted {
                call.duration += duration;
                call.latency.sent += told.get("sent").and_then(Value::as_u64).unwrap_or_default();
                for (at, rtt, due) in samples(told) {
                    batch.record(rtt);
                    take(index, &record(&mut call.latency, at, rtt, due));
                }
            }
            if let Some(error) = told.get("error").and_then(Value::as_str) {
                let callee = callee.ended().map_or_else(String::new, |how| format!("; {how}"));
                call.latency
                    .failure
                    .get_or_insert_with(|| io::Error::other(format!("{error}{callee}")));
                // It does not count as long as all is well. Unanswered, it is a call
                // that was lost.
                call.latency.sent += u64::from(counted.is_none());
            }
        }
    }

    /// For all callers.
    fn fail(&mut self, error: &io::Error) {
        self.processes = None;
        for call in &mut self.calls {
            call.latency
                .failure
                .get_or_insert_with(|| io::Error::new(error.kind(), error.to_string()));
        }
    }
}

/// Each call's time, from when it was sent and from when it was due.
fn samples(told: &Value) -> impl Iterator<Item = (Duration, Duration, Option<Duration>)> {
    let list = |name| told.get(name).and_then(Value::as_list).unwrap_or_default();
    let nanoseconds = |value: &Value| value.as_u64().map(Duration::from_nanos);
    let due = list("due_ns").iter().map(nanoseconds).chain(std::iter::repeat(None));
    let both = list("at_ns").iter().zip(list("rtt_ns")).zip(due);
    both.filter_map(move |((at, rtt), due)| Some((nanoseconds(at)?, nanoseconds(rtt)?, due)))
}

fn record(latency: &mut Latency, at: Duration, rtt: Duration, due: Option<Duration>) -> Sample {
    latency.rtt.record(rtt);
    if let Some(due) = due {
        latency.due.record(due);
        latency.lateness.record(due.saturating_sub(rtt));
    }
    Sample::Ping { number: latency.rtt.count(), at, rtt, due }
}
