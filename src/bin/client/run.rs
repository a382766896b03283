//! One routine for every test: announce the test, let all clients measure, report. What
//! differs from test to test is data (`describe.rs`) and one closure (`run/each.rs`).

mod each;

use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options as ClientOptions, Trace};
use roundtrip::measure::environment::{Before, Environment};
use roundtrip::measure::{Bandwidth, Latency, Measurement, Sample, concurrently};
use roundtrip::net::timed::DRAIN;
use roundtrip::report::reporters::Reporters;
use roundtrip::report::{self, Report, Results, Source, Waits, limits, trace};

use crate::console::{complain, exit_code, fail, note, say};
use crate::describe::describe;
use crate::flags::{Format, Options, Test};
use crate::forms::reporters;
use crate::interrupt;

/// The exit code when all tests succeeded, and one of their figures is past a limit.
const PAST_A_LIMIT: u8 = 3;

/// Why the other tests are not run when the first one met no server of this protocol.
const NOT_TRIED: &str = "not tried: nothing has answered as a roundtrip server does";

/// Runs the tests one after the other. A test that fails does not keep the next one
/// from being tried. If `interruptible`, Ctrl-C ends the run with the results until then.
pub fn all(options: &Options, interruptible: bool) -> ExitCode {
    let reporters = match reporters(options) {
        Ok(reporters) => Arc::new(reporters),
        Err(error) => {
            complain(&error);
            return ExitCode::from(2);
        }
    };
    if interruptible {
        interrupt::watch(&options.stop, &reporters);
    }
    let mut run = Run::new(options, &reporters);
    match run.arrive() {
        Ok(()) => {
            let mut failed = 0;
            for test in &options.tests {
                if run.interrupted() {
                    break;
                }
                if failed == 0 || run.is_understood() {
                    failed += usize::from(!run.test(*test));
                } else {
                    run.unreached(*test, &io::Error::other(NOT_TRIED));
                }
            }
            run.leave();
        }
        Err(error) if run.interrupted() => run.unreached(options.tests[0], &error),
        Err(error) => {
            complain(format!("{error}{}", hint(&error, options)));
            fail(1);
            options.tests.iter().for_each(|test| run.unreached(*test, &error));
        }
    }
    // Nobody complains of a pipe that was closed: its reader has read enough.
    for error in reporters.end().iter().filter(|error| error.kind() != ErrorKind::BrokenPipe) {
        complain(error);
        fail(1);
    }
    if run.interrupted() {
        complain("interrupted");
        return ExitCode::from(interrupt::EXIT_CODE);
    }
    ExitCode::from(exit_code())
}

fn hint(error: &io::Error, options: &Options) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => format!(
            "; start one there with `server --port {}`, or try `client --loopback`",
            options.port
        ),
        _ => String::new(),
    }
}

/// When a client began to connect, and how long it took to the first answer.
type Served = (Instant, Duration);

struct Run<'a> {
    options: &'a Options,
    reporters: &'a Reporters,
    how: ClientOptions,
    /// A client that is alone keeps its connection from one test to the next, unless a
    /// test failed on it. One of several leaves as soon as it is done, since a
    /// sequential server serves the next one only then.
    kept: Vec<io::Result<Client>>,
    understood: AtomicBool,
}

/// Hands the samples of one client to all forms of report.
struct Samples<'a> {
    reporters: &'a Reporters,
    test: &'a report::Test,
    client: usize,
}

impl Samples<'_> {
    /// Those of one part of the test.
    fn of(&self, part: &str) -> impl Fn(Sample) + Sync {
        let Samples { reporters, test, client } = *self;
        move |sample| reporters.sample(Source { test, client, part }, &sample)
    }
}

impl<'a> Run<'a> {
    fn new(options: &'a Options, reporters: &'a Reporters) -> Self {
        let Options { timeout, framing, spin, family, .. } = *options;
        let trace = if options.trace { draw_messages() } else { Trace::default() };
        let stop = options.stop.clone();
        let how = ClientOptions { timeout, framing, spin, trace, family, stop };
        Run { options, reporters, how, kept: Vec::new(), understood: AtomicBool::default() }
    }

    /// Whether a server has given a valid answer, or the tests do without one so far.
    fn is_understood(&self) -> bool {
        self.understood.load(Ordering::Relaxed)
    }

    fn interrupted(&self) -> bool {
        self.options.stop.is_stopped()
    }

    /// Connects all clients, if the tests need that; fails when not one of them can be.
    fn arrive(&mut self) -> io::Result<()> {
        let clients = self.options.clients;
        // Other tests connect by themselves: a connection that is only held would take
        // a place that they do not need.
        if !self.options.tests.iter().any(|test| test.needs_connection()) {
            return Ok(());
        }
        self.kept = self.connect();
        if self.kept.iter().all(Result::is_err) {
            return self.kept.pop().map_or(Ok(()), |client| client.map(drop));
        }
        if let Some(peer) = self.kept.iter().flatten().find_map(Client::peer) {
            self.reporters.peer(peer);
        }
        let clients = if clients > 1 { format!(" ({clients} clients)") } else { String::new() };
        let line = format!("[CLIENT] connected to {}{clients}", self.options.address());
        self.reporters.connected(&line);
        Ok(())
    }

    fn connect(&self) -> Vec<io::Result<Client>> {
        let clients = concurrently(vec![(); self.options.clients], |()| self.connect_one());
        clients.into_iter().map(|client| client?).collect()
    }

    /// Makes kept connections ready for the next test, or replaces them.
    fn settle(&self, kept: Vec<io::Result<Client>>) -> Vec<io::Result<Client>> {
        let settled = |client: io::Result<Client>| {
            let mut client = client?;
            if client.settle(DRAIN).is_ok() {
                return Ok(client);
            }
            // A sequential server serves the next connection only when this one is gone.
            drop(client);
            self.connect_one()
        };
        kept.into_iter().map(settled).collect()
    }

    fn connect_one(&self) -> io::Result<Client> {
        connect(self.options, &self.how)
    }

    /// A test in which every client has a connection.
    fn connected<R: Report + Send>(
        &mut self,
        test: &report::Test,
        work: impl Fn(&mut Client, &Samples) -> R + Sync,
    ) -> bool {
        let kept = std::mem::take(&mut self.kept);
        let (alone, stays) = (self.options.clients == 1, Mutex::new(Vec::new()));
        let served = Mutex::new(vec![None; self.options.clients]);
        let measure = || {
            let clients = if kept.is_empty() { self.connect() } else { self.settle(kept) };
            let results = self.at_once(test, clients, |client, samples| {
                let mut client = match client {
                    Ok(client) => client,
                    Err(error) => return R::failed(error),
                };
                let is_new = client.times().first_answer.is_none();
                let result = work(&mut client, samples);
                if client.is_understood() {
                    self.understood.store(true, Ordering::Relaxed);
                }
                if let Some(first) = client.times().first_answer.filter(|_| is_new)
                    && let Ok(mut served) = served.lock()
                {
                    served[samples.client - 1] = Some((client.times().began, first));
                }
                if result.failure().is_some() {
                    return result;
                }
                if !alone {
                    return leave(client).map_or_else(R::failed, |()| result);
                }
                if let Ok(mut stays) = stays.lock() {
                    stays.push(Ok(client));
                }
                result
            });
            (results, served.into_inner().unwrap_or_default())
        };
        let ok = self.run_test(test, measure);
        self.kept = stays.into_inner().unwrap_or_default();
        ok
    }

    /// A test in which every client connects by itself, or not at all.
    fn unconnected<R: Report + Send>(
        &self,
        test: &report::Test,
        work: impl Fn(&Samples) -> R + Sync,
    ) -> bool {
        let clients = vec![(); self.options.clients];
        let measure = || self.at_once(test, clients, |(), samples| work(samples));
        self.run_test(test, || (measure(), Vec::new()))
    }

    /// Lets all clients work concurrently.
    fn at_once<C: Send, R: Report + Send>(
        &self,
        test: &report::Test,
        clients: Vec<C>,
        work: impl Fn(C, &Samples) -> R + Sync,
    ) -> Vec<R> {
        let clients = (1..).zip(clients).collect();
        let results = concurrently(clients, |(number, client)| {
            work(client, &Samples { reporters: self.reporters, test, client: number })
        });
        results.into_iter().map(|result| result.unwrap_or_else(R::failed)).collect()
    }

    /// Every test: announce it, measure, report.
    fn run_test<R: Report>(
        &self,
        test: &report::Test,
        measure: impl FnOnce() -> (Vec<R>, Vec<Option<Served>>),
    ) -> bool {
        self.reporters.begin(test);
        let (before, begin) = (Before::now(), Instant::now());
        let (clients, served) = measure();
        let start = served.iter().flatten().map(|(began, _)| *began).fold(begin, Instant::min);
        let first_answers = if served.is_empty() {
            clients.iter().map(Report::first_answer).collect()
        } else {
            served.iter().map(|served| Some(served.as_ref()?.1)).collect()
        };
        let waits = Waits { elapsed: start.elapsed(), first_answers };
        self.report(test, &clients, &before.until_now(), &waits)
    }

    /// Reports what the clients have measured. Returns whether all of them succeeded.
    fn report<R: Report>(
        &self,
        test: &report::Test,
        clients: &[R],
        environment: &Environment,
        waits: &Waits,
    ) -> bool {
        let sum;
        let total: &dyn Report = if let [only] = clients {
            only
        } else {
            sum = R::total(clients);
            &sum
        };
        let clients = clients.iter().map(|client| client as &dyn Report).collect();
        let (environment, waits) = (Some(environment), Some(waits));
        let interrupted = self.interrupted();
        let results = Results { clients, total, environment, waits, interrupted };
        if let Some(peer) = total.peer() {
            self.reporters.peer(peer);
        }
        self.reporters.result(test, &results);
        let failures = results.failures(test);
        for failure in &failures {
            complain(failure);
            fail(1);
        }
        for line in limits::passed(&self.options.fail_if, test.name, &results) {
            complain(line);
            fail(PAST_A_LIMIT);
        }
        if failures.is_empty() && self.options.format == Format::Text && !self.options.quiet {
            total.warnings().iter().for_each(note);
        }
        failures.is_empty()
    }

    /// Reports, to programs, that a test could not begin.
    fn unreached(&self, test: Test, error: &io::Error) {
        if self.options.format == Format::Text {
            return;
        }
        let (test, error) =
            (describe(self.options, test), io::Error::new(error.kind(), error.to_string()));
        // No ping was sent. Of anything else nothing is known.
        let failed: Box<dyn Report> = match test.shown {
            Some(_) => Box::new(Latency::failed(error)),
            None => Box::new(Bandwidth::failed(error)),
        };
        let total = failed.as_ref();
        let (environment, waits, interrupted) = (None, None, self.interrupted());
        let results = Results { clients: vec![total], total, environment, waits, interrupted };
        self.reporters.result(&test, &results);
    }

    /// Ends the conversation that was kept.
    fn leave(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        if let Err(error) = kept.into_iter().flatten().try_for_each(leave) {
            complain(format!("at the end: {error}"));
            fail(1);
        }
    }
}

/// Connects, unless Ctrl-C ends the run meanwhile.
fn connect(options: &Options, how: &ClientOptions) -> io::Result<Client> {
    let (host, port, how) = (options.host.clone(), options.port, how.clone());
    how.stop.clone().unless_aborted(move || Client::connect_with(&host, port, &how))?
}

/// Everything is measured by now: a server that does not say `BYE` spoils nothing. But
/// one that says something else has been out of step, and nobody knows for how long.
fn leave(client: Client) -> io::Result<()> {
    match client.quit() {
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(error),
        _ => Ok(()),
    }
}

/// Draws each message as it comes and goes.
fn draw_messages() -> Trace {
    let start = Instant::now();
    say(trace::heading());
    Trace::new(move |message| say(trace::arrow(start.elapsed(), message)))
}
