//! Several targets measured in turns, so that a moment in which the machine is slow
//! counts against all of them.
//!
//! ```text
//!   this process ─┬─ router              all processes start before the first call
//!                 ├─ callee ┐
//!                 ├─ caller ┘ tcp websocket json      batch 1    batch 2   batch 3 …
//!                 ├─ callee ┐                            │          ▲
//!                 ├─ caller ┘ tcp websocket msgpack   batch 1    batch 2   one at a time,
//!                 └─ …                                   ▼          │      there and back
//! ```

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::IpAddr;

use super::effects::{Effects, effects};
use super::own_router::OwnRouter;
use super::pair::Pair;
use super::plan::Plan;
use super::result::Call;
use super::transport::Target;
use crate::measure::{Measurement, Sample};
use crate::net::Address;
use crate::stats::Recorder;
use crate::wamp::url::Url;

/// What an observer is notified of while a measurement runs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A call was answered.
    Call {
        /// The index of the target in [`Plan::targets`].
        target: usize,
        /// The index of the caller.
        caller: usize,
        /// The call.
        sample: Sample,
    },
    /// A batch has ended.
    Batch {
        /// The index of the target in [`Plan::targets`].
        target: usize,
        /// The number of the batch, from 1.
        batch: u64,
        /// How many batches there are for each target, if it is known.
        batches: Option<u64>,
        /// The round-trip times of this batch.
        rtt: &'a Recorder,
    },
}

/// What one caller, or several concurrently, measured at all targets.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The calls to each target.
    pub calls: Vec<Call>,
    /// Where the routers listen; empty if the measurement could start none.
    pub urls: Vec<Url>,
    /// Whether the measurement has started the router itself, so that all targets are
    /// known to be the same router.
    pub own: bool,
}

/// Measures the targets of a plan, and notifies the observer of each call and each
/// batch. A target that fails does not keep the others from being measured. Returns
/// what each caller measured.
///
/// ```no_run
/// use roundtrip::measure::Measurement;
/// use roundtrip::wamp::call::{Comparison, Event, Plan, measure, report, worker};
/// use std::process::ExitCode;
/// use std::time::Duration;
///
/// fn main() -> ExitCode {
///     let mut arguments = std::env::args_os().skip(1).peekable();
///     if arguments.next_if(|first| first == "--role").is_some() {
///         return worker::play(arguments);
///     }
///     let program = std::env::current_exe().expect("a program has a path");
///     let interval = Duration::ZERO;
///     let plan = Plan {
///         calls: roundtrip::measure::Plan { interval, ..Default::default() },
///         batch: None,
///         callers: 1,
///         timeout: Duration::from_secs(10),
///         urls: Vec::new(),
///         realm: "realm1".into(),
///         worker: vec![program.into(), "--role".into()],
///         stop: Default::default(),
///     };
///     let measured = measure(&plan, &mut |event| println!("{event:?}"));
///     let measured = Comparison::total(&measured);
///     report::effects(&measured.effects()).iter().for_each(|line| println!("{line}"));
///     ExitCode::SUCCESS
/// }
/// ```
pub fn measure(plan: &Plan, observe: &mut dyn FnMut(Event)) -> Vec<Comparison> {
    let start_own = || OwnRouter::start(&plan.worker, &plan.stop, &plan.realm);
    let own = plan.urls.is_empty().then(start_own).transpose();
    let urls = own.as_ref().map(|own| own.as_ref().map_or(&plan.urls[..], |own| &own.urls));
    let router = own.as_ref().ok().and_then(Option::as_ref).map(|own| &own.process);
    let pair = |target| Pair::new(target, plan.callers);
    let mut pairs: Vec<Pair> = plan.targets().into_iter().map(pair).collect();
    match urls {
        Ok(urls) => start(&mut pairs, plan, urls),
        Err(error) => pairs.iter_mut().for_each(|pair| pair.fail(error)),
    }
    for pair in &mut pairs {
        (0..plan.calls.warmup).for_each(|_| pair.warm_up(plan));
    }
    let batches = plan.batches();
    let mut batch = 0;
    while !plan.stop.is_stopped() && !pairs.iter().all(|pair| pair.is_over(plan.end())) {
        batch += 1;
        // There and back: none always follows the slowest, or is always early.
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        if batch % 2 == 0 {
            order.reverse();
        }
        for target in order {
            let mut rtt = Recorder::default();
            let mut observe_call = |caller, sample| {
                if let Sample::Ping { rtt: time, .. } = sample {
                    rtt.record(time);
                }
                observe(Event::Call { target, caller, sample });
            };
            let until = plan.until(batch);
            while !plan.stop.is_stopped()
                && pairs[target].make_calls(until, plan, router, &mut observe_call)
            {
                for other in &mut pairs {
                    other.keep_alive(plan);
                }
            }
            observe(Event::Batch { target, batch, batches, rtt: &rtt });
        }
    }
    let (urls, own) = (urls.unwrap_or_default(), plan.urls.is_empty());
    let mut of_pairs: Vec<_> = pairs.into_iter().map(|pair| pair.calls.into_iter()).collect();
    let of_caller = |_| Comparison {
        calls: of_pairs.iter_mut().filter_map(Iterator::next).collect(),
        urls: urls.to_vec(),
        own,
    };
    (0..plan.callers).map(of_caller).collect()
}

/// Starts the processes of all pairs in a random order, at one of these routers.
///
/// The system tends to place one process here, the next one there, and to leave them
/// there. Started in order, every second transport would have the better place, and
/// that would look like an effect of the serializer.
fn start(pairs: &mut [Pair], plan: &Plan, routers: &[Url]) {
    // Another client may be using the same router.
    let random = RandomState::new();
    let run = random.hash_one("run");
    let mut order: Vec<(usize, &mut Pair)> = pairs.iter_mut().enumerate().collect();
    order.sort_by_key(|(index, _)| random.hash_one(index));
    for (index, pair) in order {
        if plan.stop.is_stopped() {
            return;
        }
        let url = match &pair.target {
            Target::Url(url) => Some(url.clone()),
            Target::Transport(transport) => transport.among(routers),
        };
        match url {
            Some(url) => pair.start(&url, &format!("roundtrip.echo.{run:x}.{index}"), plan),
            None => pair.fail(&io::Error::other("the router does not listen there")),
        }
    }
}

impl Comparison {
    /// The effects of the three choices, from the targets that were measured to the
    /// end.
    ///
    /// URLs can be compared if they name their serializer and lead to one machine. They
    /// may still lead to different routers: only the person who gave them knows.
    #[must_use]
    pub fn effects(&self) -> Effects {
        if !on_one_machine(&self.urls) {
            return Effects::default();
        }
        let measured = self.calls.iter().filter(|calls| calls.failure().is_none());
        let summary = |calls: &Call| {
            Some((calls.target.as_ref()?.transport()?, calls.latency.rtt.summary()?))
        };
        effects(&measured.filter_map(summary).collect::<Vec<_>>())
    }

    /// The host and the port of the first router that listens on TCP.
    #[must_use]
    pub fn server(&self) -> Option<(String, u16)> {
        self.urls.iter().find_map(server)
    }
}

impl Measurement for Comparison {
    fn failed(error: io::Error) -> Self {
        Comparison { calls: vec![Call::failed(error)], ..Comparison::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.calls.iter().find_map(Call::failure)
    }

    /// The calls to a target have failed if those of one caller have.
    fn total(all: &[Self]) -> Self {
        let targets = all.iter().map(|one| one.calls.len()).max().unwrap_or_default();
        let total = |target| {
            let calls = || all.iter().filter_map(move |one| one.calls.get(target));
            let mut total = Call::sum(calls());
            calls().filter_map(Call::failure).for_each(|error| total.fail(error));
            total
        };
        let calls = (0..targets).map(total).collect();
        let first = all.first();
        let urls = first.map(|one| one.urls.clone()).unwrap_or_default();
        Comparison { calls, urls, own: first.is_some_and(|one| one.own) }
    }
}

fn on_one_machine(urls: &[Url]) -> bool {
    let hosts = || urls.iter().filter_map(server).map(|(host, _)| host);
    let is_this = |host: String| {
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    };
    hosts().all(is_this)
        || hosts().count() == urls.len() && hosts().all(|host| Some(host) == hosts().next())
}

fn server(url: &Url) -> Option<(String, u16)> {
    match &url.socket {
        Address::Tcp { host, port } => Some((host.clone(), *port)),
        Address::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_can_be_compared_on_one_machine_alone() {
        let one = |urls: &[&str]| {
            on_one_machine(&urls.iter().map(|url| url.parse().unwrap()).collect::<Vec<_>>())
        };
        assert!(one(&[]) && one(&["rs+unix:/a", "ws+unix:/b"]));
        assert!(
            one(&["rs://far.example:1", "ws://far.example:2"])
                && !one(&["rs://far.example:1", "rs://a.example:1"])
        );
        assert!(one(&["rs+unix:/a", "rs://localhost:1", "rs://127.0.0.1:2", "ws://[::1]:3"]));
        assert!(
            !one(&["rs+unix:/a", "rs://far.example:1"])
                && !one(&["rs://localhost:1", "rs://10.0.0.1:1"])
        );
    }
}
