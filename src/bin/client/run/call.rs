//! Calls through a router: ours, in every combination of socket, framing and
//! serialization, or somebody else's.
//!
//! ```text
//!   this process ─┬─ router                     a process each, and all there before the first call
//!                 ├─ callee ┐
//!                 ├─ caller ┘ tcp websocket json         batch 1     batch 2     batch 3 …
//!                 ├─ callee ┐                                 │           ▲
//!                 ├─ caller ┘ tcp websocket msgpack      batch 1     batch 2     one at a time, there and back
//!                 └─ …                                        ▼           │
//! ```

mod pair;
mod process;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use roundtrip::measure::Outcome;
use roundtrip::measure::environment::{Before, Environment};
use roundtrip::net::Address;
use roundtrip::report::text;
use roundtrip::stats::Summary;
use roundtrip::wamp::call::Call;
use roundtrip::wamp::call::{Combination, Effects, Route, Socket, effects, report};
use roundtrip::wamp::url::Url;

use super::{Run, in_words};
use crate::flags::{Format, Options};
use crate::output::{Sink, note};
use crate::progress::{Goal, Progress};
use crate::roles::ROUTER;
use pair::{Pair, Until};
use process::Process;

/// Batches on each way, if there are calls enough. Among so many it shows if the first
/// ones are slower.
const BATCHES: u32 = 10;

/// The address of a Unix socket has room for a path of 104 bytes on some systems, and
/// 108 on Linux (`man 7 unix`), of which 40 are needed here.
const LONGEST: usize = 60;

/// How long a router may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

impl Run<'_> {
    pub(super) fn call(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        let calls = in_words(options, "calls");
        output
            .text(&format!("call: {calls} on each way{}", self.each().trim_start_matches(" each")));
        if options.urls.is_empty() && !cfg!(unix) && options.format == Format::Text {
            note("Unix sockets need Unix: only the combinations with TCP are measured");
        }
        let before = Before::now();
        let ours = options.urls.is_empty().then(|| OurRouter::start(&options.realm));
        let mut pairs = pairs(options, ours.as_ref());
        let progress = self.progress_of_calls(pairs.len() as u64);
        let sinks: Vec<Vec<Sink>> = pairs
            .iter()
            .map(|pair| {
                let sink = |client| output.sink("call", client, pair.route.to_string(), &progress);
                (1..=options.clients).map(sink).collect()
            })
            .collect();
        for pair in &mut pairs {
            (0..options.plan.warmup).for_each(|_| pair.try_out(options));
        }
        let batches =
            options.plan.time.map_or(options.plan.count.min(BATCHES.into()), |_| BATCHES.into());
        for batch in 1..=batches {
            // There and back: nobody is always the one after the slowest, or always
            // early.
            let there = 0..pairs.len();
            let order: Vec<usize> =
                if batch % 2 == 1 { there.collect() } else { there.rev().collect() };
            for index in order {
                let (earlier, rest) = pairs.split_at_mut(index);
                let Some((pair, later)) = rest.split_first_mut() else { continue };
                let others = || {
                    earlier
                        .iter_mut()
                        .chain(later.iter_mut())
                        .for_each(|pair| pair.keep_alive(options));
                };
                let take = |client: usize, sample: &_| sinks[index][client].take(sample);
                let calls = pair.batch(until(options, batch, batches), options, &take, others);
                output.batch(&pair.route, (batch, batches), &calls);
            }
        }
        drop(sinks);
        drop(progress);
        let environment = before.until_now();
        let ways: Vec<(Route, Vec<Call>)> =
            pairs.into_iter().map(|pair| (pair.route, pair.calls)).collect();
        let urls = match &ours {
            None => &options.urls[..],
            Some(router) => router.as_ref().map_or(&[][..], |router| &router.urls[..]),
        };
        self.tell(&ways, urls.iter().find_map(server), &environment)
    }

    /// Says what was measured on each way, and what to make of it.
    fn tell(
        &self,
        ways: &[(Route, Vec<Call>)],
        server: Option<(String, u16)>,
        environment: &Environment,
    ) -> bool {
        let (options, output) = (self.options, self.output);
        let totals: Vec<Call> = ways.iter().map(|(_, calls)| total(calls)).collect();
        for (route, calls) in ways.iter().filter(|(_, calls)| calls.len() > 1) {
            output.detail(&format!("  {route}"));
            output.clients(calls);
        }
        let effects = compare(&totals, &options.urls);
        for line in report::table(&totals).into_iter().chain(report::effects(&effects)) {
            output.text(&format!("  {line}"));
        }
        if !options.urls.is_empty() && effects.iter().next().is_some() {
            output.text("  That takes all URLs for those of one router.");
        }
        output.detail(&format!("  {}", text::environment(environment, None)));
        output.calls(server, &effects, &totals);
        let mut ok = true;
        for (route, calls) in ways {
            ok &= output.end_part("call", &format!("call, {route}"), calls, Some(environment));
        }
        ok
    }

    fn progress_of_calls(&self, ways: u64) -> Progress {
        let Options { plan, clients, format, quiet, .. } = self.options;
        let goal = match plan.time {
            None => Goal::Calls(plan.count.saturating_mul(*clients as u64).saturating_mul(ways)),
            Some(time) => Goal::Time(time.saturating_mul(u32::try_from(ways).unwrap_or(u32::MAX))),
        };
        // Each batch shows how far it is, if it is shown.
        Progress::start("call", goal, !quiet && *format != Format::Text)
    }
}

/// Of several callers, as one that has failed if one of them has.
fn total(calls: &[Call]) -> Call {
    let mut total = Call::total(calls);
    let failure = calls.iter().find_map(Call::failure);
    total.latency.failure = failure.map(again);
    total
}

/// When this batch is over, counted from the first one's beginning.
fn until(options: &Options, batch: u64, batches: u64) -> Until {
    let share = |whole: u128| whole * u128::from(batch) / u128::from(batches);
    let share = |whole: u128| u64::try_from(share(whole)).unwrap_or(u64::MAX);
    match options.plan.time {
        None => Until::Count(share(options.plan.count.into())),
        Some(time) => Until::Time(Duration::from_nanos(share(time.as_nanos()))),
    }
}

/// A pair for each way that is to be measured, all ready to start.
///
/// They are started in a random order. The system tends to place one process here, the
/// next one there, and to leave them there: started one after the other, every second
/// combination would have the better place, and that would look like an effect of the
/// serialization.
fn pairs(options: &Options, ours: Option<&io::Result<OurRouter>>) -> Vec<Pair> {
    let ways: Vec<(Route, io::Result<Url>)> = match ours {
        None => {
            options.urls.iter().map(|url| (Route::Url(url.to_string()), Ok(url.clone()))).collect()
        }
        Some(router) => {
            let combinations =
                Combination::ALL.into_iter().filter(|one| cfg!(unix) || one.socket == Socket::Tcp);
            let url = |one| {
                router.as_ref().map_or_else(|error| Err(again(error)), |router| router.url(one))
            };
            combinations.map(|one| (Route::Combination(one), url(one))).collect()
        }
    };
    // Another client may be at work at the same router.
    let random = RandomState::new();
    let run = random.hash_one("run");
    let mut ways: Vec<_> = ways.into_iter().enumerate().collect();
    ways.sort_by_key(|(index, _)| random.hash_one(index));
    let start = |(index, (route, url))| {
        (index, Pair::start(route, url, &format!("roundtrip.echo.{run:x}.{index}"), options))
    };
    let mut pairs: Vec<(usize, Pair)> = ways.into_iter().map(start).collect();
    pairs.sort_by_key(|(index, _)| *index);
    pairs.into_iter().map(|(_, pair)| pair).collect()
}

/// The same error once more.
fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// The effects among those that have been measured to the end. URLs can be compared if
/// they say all that matters, and lead to one machine. That they lead to one router
/// there is for whoever gives them to know.
fn compare(totals: &[Call], urls: &[Url]) -> Effects {
    if !on_one_machine(urls) {
        return Effects::default();
    }
    let combination = |(index, total): (usize, &Call)| match &total.route {
        Some(Route::Combination(combination)) => Some(*combination),
        _ => Combination::of(urls.get(index)?),
    };
    let measured = totals.iter().enumerate().filter(|(_, total)| total.failure().is_none());
    let measured =
        measured.filter_map(|one| Some((combination(one)?, one.1.latency.rtt.summary()?)));
    effects(&measured.collect::<Vec<(Combination, Summary)>>())
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

/// A router in a process of its own, with a directory for its Unix sockets.
struct OurRouter {
    urls: Vec<Url>,
    // In this order: nobody is left in the directory when it goes.
    _process: Process,
    _directory: Directory,
}

impl OurRouter {
    fn start(realm: &str) -> io::Result<Self> {
        let directory = Directory::new()?;
        let path = directory
            .0
            .to_str()
            .ok_or_else(|| io::Error::other("the directory for temporary files has no name"))?;
        let mut process = Process::start(ROUTER, &[realm, path])?;
        let urls =
            process.ready(PATIENCE)?.into_iter().map(|line| line.parse().map_err(io::Error::other));
        let urls = urls.collect::<io::Result<_>>()?;
        Ok(OurRouter { urls, _process: process, _directory: directory })
    }

    /// Where it listens for this combination.
    fn url(&self, combination: Combination) -> io::Result<Url> {
        let url = combination.among(&self.urls);
        url.ok_or_else(|| io::Error::other(format!("the router does not listen for {combination}")))
    }
}

/// A directory that did not exist before and does not when this is dropped. Nobody else
/// may enter it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> io::Result<Self> {
        let number = RandomState::new().hash_one(0);
        let temporary = Some(std::env::temp_dir()).filter(|path| path.as_os_str().len() <= LONGEST);
        let temporary = temporary.unwrap_or_else(|| "/tmp".into());
        let path = temporary.join(format!("roundtrip-{}-{number:x}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let what = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot make {}: {error}", path.display()))
        };
        builder.create(&path).map_err(what)?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
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
