//! One routine for every test: announce, measure with all clients, report. A test is a
//! few lines of data and one closure.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use roundtrip::client::{Client, Options as ClientOptions, Trace};
use roundtrip::measure::environment::{Before, Environment};
use roundtrip::measure::{
    Asked, LagView, Latency, Loaded, Measurement, Phase, Sample, ask_status, bandwidth,
    bidirectional, concurrently, lag, latency, loaded, sweep,
};
use roundtrip::report::json::{Document, Json};
use roundtrip::report::progress::Progress;
use roundtrip::report::reporters::Reporters;
use roundtrip::report::stream::stream;
use roundtrip::report::svg::Svg;
use roundtrip::report::text::Text;
use roundtrip::report::{self, Goal, Report, Reporter, Results, Source, Title, csv, trace};
use roundtrip::udp::{Udp, UdpClient, udp};
use roundtrip::units::{size, utc};
use roundtrip::wamp::call::{self, Event, measure};
use roundtrip::wire::command::Amount;

use crate::console::{Output, complain, note, say};
use crate::flags::{Format, Options, Test};

/// Runs the tests one after the other. A test that fails does not keep the next one
/// from being tried.
pub fn all(options: &Options) -> ExitCode {
    let reporters = match forms(options) {
        Ok(forms) => Reporters::new(forms),
        Err(error) => {
            complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let mut run = Run::new(options, &reporters);
    let mut ok = match run.arrive() {
        Ok(()) => {
            let failed = options.tests.iter().filter(|test| !run.test(**test)).count();
            run.leave() && failed == 0
        }
        Err(error) => {
            complain(format!("{error}{}", hint(&error, options)));
            options.tests.iter().for_each(|test| run.unreached(*test, &error));
            false
        }
    };
    for error in reporters.end() {
        complain(&error);
        ok = false;
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The forms of report that are asked for. Files are opened before anything is measured,
/// so that a mistake in a name costs no measurement.
fn forms(options: &Options) -> io::Result<Vec<Box<dyn Reporter>>> {
    let create = |name: &String| {
        let why = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot write {name:?}: {error}"))
        };
        File::create(name).map_err(why)
    };
    let Options { host, port, quiet, clients, .. } = options;
    let server = (options.tests != [Test::Call]).then_some((host.as_str(), *port));
    let document = Document::new(server, options.listed);
    let mut forms: Vec<Box<dyn Reporter>> = Vec::new();
    // The first, so that the line is gone when the others write.
    if !quiet && io::stderr().is_terminal() {
        forms.push(Box::new(Progress::default()));
    }
    forms.push(match options.format {
        Format::Text => Box::new(Text::new(Output, *quiet)),
        Format::Json => Box::new(Json::new(Output, document)),
        Format::JsonStream => Box::new(stream(Output, document)),
    });
    if let Some(name) = &options.csv {
        forms.push(Box::new(csv::csv(create(name)?)));
    }
    if let Some(name) = &options.svg {
        let title = server.map_or("roundtrip through a router".into(), |(host, port)| {
            format!("roundtrip to {host}:{port}")
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let clients =
            if *clients == 1 { "one client".into() } else { format!("{clients} clients") };
        forms.push(Box::new(Svg::new(create(name)?, title, format!("{clients}, {}", utc(now)))));
    }
    Ok(forms)
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

struct Run<'a> {
    options: &'a Options,
    reporters: &'a Reporters,
    how: ClientOptions,
    /// A client that is alone keeps its connection from one test to the next, unless a
    /// test failed on it. One of several leaves as soon as it is done, since a
    /// sequential server serves the next one only then.
    kept: Vec<io::Result<Client>>,
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
        let Options { timeout, framing, spin, .. } = *options;
        let trace = if options.trace { draw_messages() } else { Trace::default() };
        let how = ClientOptions { timeout, framing, spin, trace };
        Run { options, reporters, how, kept: Vec::new() }
    }

    /// Connects all clients, if the tests need that; fails when not one of them can be.
    fn arrive(&mut self) -> io::Result<()> {
        let Options { host, port, clients, .. } = self.options;
        // Other tests connect by themselves: a connection that is only held would take a
        // place that they do not need.
        if !self.options.tests.iter().any(|test| test.needs_connection()) {
            return Ok(());
        }
        self.kept = self.connect();
        if self.kept.iter().all(Result::is_err) {
            return self.kept.pop().map_or(Ok(()), |client| client.map(drop));
        }
        if self.options.format == Format::Text && !self.options.quiet {
            let clients =
                if *clients > 1 { format!(" ({clients} clients)") } else { String::new() };
            say(format!("[CLIENT] connected to {host}:{port}{clients}"));
        }
        Ok(())
    }

    fn connect(&self) -> Vec<io::Result<Client>> {
        let clients = concurrently(vec![(); self.options.clients], |()| self.connect_one());
        clients.into_iter().map(|client| client?).collect()
    }

    fn connect_one(&self) -> io::Result<Client> {
        Client::connect_with(&self.options.host, self.options.port, &self.how)
    }

    /// Returns whether the test succeeded.
    fn test(&mut self, test: Test) -> bool {
        let options = self.options;
        let Options { plan, amount, .. } = options;
        let this = self.describe(test);
        match test {
            Test::Latency => {
                self.connected(&this, |client, samples| latency(client, plan, &mut samples.of("")))
            }
            Test::Bulk(direction) => self.connected(&this, |client, samples| {
                bandwidth(client, direction, *amount, &mut samples.of(""))
            }),
            Test::Bidirectional => self.connected(&this, |client, samples| {
                bidirectional(client, *amount, &samples.of(""))
            }),
            Test::Loaded => {
                let (plan, time) = &options.loaded;
                let (host, port, how) = (&options.host, options.port, self.how.clone());
                self.connected(&this, |client, samples| {
                    let mut loading = match Client::connect_with(host, port, &how) {
                        Ok(loading) => loading,
                        Err(error) => return Loaded::failed(error),
                    };
                    let result = loaded(client, &mut loading, plan, *time, &|phase, sample| {
                        samples.of(match phase {
                            Phase::Idle => "idle",
                            Phase::Busy(direction) => direction.name(),
                        })(sample);
                    });
                    let _ = leave(loading);
                    result
                })
            }
            Test::Sweep => {
                let names: Vec<String> = options.sizes.iter().map(usize::to_string).collect();
                self.connected(&this, |client, samples| {
                    sweep(client, plan, &options.sizes, &mut |index, sample| {
                        samples.of(&names[index])(sample);
                    })
                })
            }
            Test::Lag => self.connected(&this, |client, samples| {
                lag(client, options.lag, &mut |view, sample| {
                    samples.of(match view {
                        LagView::Turnaround => "turnaround",
                        LagView::RoundTrip => "rtt",
                    })(sample);
                })
            }),
            Test::Udp => self.unconnected(&this, |samples| {
                match UdpClient::connect(&options.host, options.port, &self.how) {
                    Ok(socket) => udp(&socket, plan, &mut samples.of("")),
                    Err(error) => Udp::failed(error),
                }
            }),
            Test::Status => self.unconnected(&this, |samples| {
                let status =
                    ask_status(&options.address(), &options.data, options.timeout, &self.how.trace);
                if let Ok(status) = &status {
                    let (at, rtt) = (Duration::ZERO, status.delay);
                    samples.of("")(Sample::Ping { number: 1, at, rtt, due: None });
                }
                Asked::from(status)
            }),
            Test::Call => self.run_test(&this, || self.call(&this)),
        }
    }

    fn call(&self, this: &report::Test) -> Vec<call::Comparison> {
        let plan = self.options.calls();
        if plan.urls.is_empty() && !cfg!(unix) && self.options.format == Format::Text {
            note("Unix sockets need Unix: only the transports over TCP are measured");
        }
        let names: Vec<String> = plan.targets().iter().map(ToString::to_string).collect();
        measure(&plan, &mut |event| match event {
            Event::Call { target, caller, sample } => {
                let source = Source { test: this, client: caller + 1, part: &names[target] };
                self.reporters.sample(source, &sample);
            }
            Event::Batch { target, batch, batches, rtt } => {
                let target = &plan.targets()[target];
                if let Some(summary) = rtt.summary() {
                    let line = call::report::batch(target, batch, batches, summary.mean);
                    let event = call::json::batch(target, batch, batches, rtt);
                    self.reporters.note(this, &line, &event);
                }
            }
        })
    }

    /// A test in which every client has a connection.
    fn connected<R: Report + Send>(
        &mut self,
        test: &report::Test,
        work: impl Fn(&mut Client, &Samples) -> R + Sync,
    ) -> bool {
        let kept = std::mem::take(&mut self.kept);
        let (alone, stays) = (self.options.clients == 1, Mutex::new(Vec::new()));
        let measure = || {
            let clients = if kept.is_empty() { self.connect() } else { kept };
            self.at_once(test, clients, |client, samples| {
                let mut client = match client {
                    Ok(client) => client,
                    Err(error) => return R::failed(error),
                };
                let result = work(&mut client, samples);
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
            })
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
        self.run_test(test, || self.at_once(test, clients, |(), samples| work(samples)))
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
    fn run_test<R: Report>(&self, test: &report::Test, measure: impl FnOnce() -> Vec<R>) -> bool {
        self.reporters.begin(test);
        let before = Before::now();
        let clients = measure();
        self.report(test, &clients, Some(&before.until_now()))
    }

    /// Reports what the clients have measured. Returns whether all of them succeeded.
    fn report<R: Report>(
        &self,
        test: &report::Test,
        clients: &[R],
        environment: Option<&Environment>,
    ) -> bool {
        let sum;
        let total: &dyn Report = if let [only] = clients {
            only
        } else {
            sum = R::total(clients);
            &sum
        };
        let clients = clients.iter().map(|client| client as &dyn Report).collect();
        let results = Results { clients, total, environment };
        self.reporters.result(test, &results);
        let failures = results.failures(test);
        failures.iter().for_each(complain);
        if failures.is_empty() && self.options.format == Format::Text && !self.options.quiet {
            total.warnings().iter().for_each(note);
        }
        failures.is_empty()
    }

    /// Reports, to programs, that a test could not begin.
    fn unreached(&self, test: Test, error: &io::Error) {
        if self.options.format != Format::Text {
            let failed = Latency::failed(io::Error::new(error.kind(), error.to_string()));
            let total: &dyn Report = &failed;
            let results = Results { clients: vec![total], total, environment: None };
            self.reporters.result(&self.describe(test), &results);
        }
    }

    /// Ends the conversation that was kept.
    fn leave(&mut self) -> bool {
        let kept = std::mem::take(&mut self.kept);
        let left: io::Result<()> = kept.into_iter().flatten().try_for_each(leave);
        left.inspect_err(|error| complain(format!("at the end: {error}"))).is_ok()
    }

    /// What the forms of report need to know of a test.
    fn describe(&self, test: Test) -> report::Test {
        let options = self.options;
        let Options { plan, clients, .. } = options;
        let (name, each) = (test.name(), self.each());
        let at_once = each.trim_start_matches(" each");
        let for_a_person = options.format == Format::Text;
        let above = |what: String| Title::Above(format!("{name}: {what}"));
        let pings = |each: u64| Goal::Pings(each.saturating_mul(*clients as u64));
        let until = |count: Option<u64>| match (plan.time, count) {
            (None, Some(count)) => pings(count),
            (time, _) => Goal::Time(time.unwrap_or_default()),
        };
        let (amount, bytes) = match options.amount {
            Amount::Bytes(bytes) => {
                (size(bytes), Goal::Bytes(bytes.saturating_mul(*clients as u64)))
            }
            Amount::Time(time) => (format!("{time:?}"), Goal::BytesFor(time)),
        };
        let this = report::Test {
            name,
            title: above(format!("{}{each}", in_words(options, "pings"))),
            unit: "ping",
            clients: *clients,
            count: plan.pings(),
            shown: None,
            goal: Some(until(plan.pings())),
            unseen: true,
        };
        match test {
            // The pings themselves show how far it is, if they are shown.
            Test::Latency | Test::Udp => report::Test {
                shown: Some(""),
                goal: this.goal.filter(|_| !for_a_person || *clients > 1),
                ..this
            },
            Test::Bulk(_) if *clients == 1 => report::Test {
                title: Title::Before(format!("{name}:")),
                goal: Some(bytes),
                unseen: options.tests.len() == 1,
                ..this
            },
            Test::Bulk(_) => {
                let unseen = options.tests.len() == 1;
                report::Test { title: above(amount + &each), goal: Some(bytes), unseen, ..this }
            }
            Test::Bidirectional => {
                let title = above(format!("{amount} each way{each}"));
                report::Test { title, goal: Some(bytes), ..this }
            }
            Test::Loaded => {
                let time = options.loaded.1;
                let what =
                    format!("{time:?}, idle, then with a download, then with an upload{each}");
                report::Test { title: above(what), goal: Some(Goal::Time(time)), ..this }
            }
            Test::Sweep => {
                let (sizes, pings) = (options.sizes.len(), in_words(options, "pings"));
                let title = above(format!("{sizes} sizes, {pings} of each{at_once}"));
                let goal = until(Some(plan.count.saturating_mul(sizes as u64)));
                report::Test { title, goal: Some(goal), ..this }
            }
            Test::Lag => {
                let count = options.lag.count;
                let title = above(format!("{count} pings from the server{each}"));
                let (shown, goal) = (Some("rtt"), Some(pings(count)));
                report::Test { title, shown, goal, count: Some(count), ..this }
            }
            Test::Status => {
                let title = Title::Before(format!("status of {}:", options.address()));
                report::Test { title, goal: Some(pings(1)), unseen: false, ..this }
            }
            Test::Call => {
                let targets = options.calls().targets().len();
                let title =
                    above(format!("{} to each target{at_once}", in_words(options, "calls")));
                let goal = match plan.time {
                    Some(time) => {
                        Goal::Time(time.saturating_mul(u32::try_from(targets).unwrap_or(u32::MAX)))
                    }
                    None => pings(plan.count.saturating_mul(targets as u64)),
                };
                // Each batch shows how far it is, if it is shown.
                report::Test {
                    title,
                    unit: "call",
                    goal: Some(goal).filter(|_| !for_a_person),
                    ..this
                }
            }
        }
    }

    fn each(&self) -> String {
        match self.options.clients {
            1 => String::new(),
            clients => format!(" each, {clients} clients at once"),
        }
    }
}

/// Everything is measured by now: a server that does not say `BYE` spoils nothing. But
/// one that says something else has been out of step, and nobody knows for how long.
fn leave(client: Client) -> io::Result<()> {
    match client.quit() {
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(error),
        _ => Ok(()),
    }
}

fn in_words(options: &Options, what: &str) -> String {
    match options.plan.time {
        None => format!("{} {what}", options.plan.count),
        Some(time) => format!("{what} for {time:?}"),
    }
}

/// Draws each message as it comes and goes.
fn draw_messages() -> Trace {
    let start = Instant::now();
    say(trace::heading());
    Trace::new(move |message| say(trace::arrow(start.elapsed(), message)))
}
