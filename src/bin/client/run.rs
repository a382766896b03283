//! Measure, then say what was measured: for one client in detail, for many a line each
//! and the total.

mod call;
mod lag;
mod status;
mod udp;

use std::io::{self, ErrorKind};
use std::process::ExitCode;
use std::time::Instant;

use roundtrip::client::{Client, Options as ClientOptions, Trace};
use roundtrip::measure::environment::{Before, Environment};
use roundtrip::measure::{
    Bandwidth, Bidirectional, Direction, Latency, Loaded, Measurement, Phase, Sweep, bandwidth,
    bidirectional, latency, loaded, sweep, together,
};
use roundtrip::report::json::Fields;
use roundtrip::report::text::{self, Lines};
use roundtrip::report::{trace, warnings};
use roundtrip::units::size;
use roundtrip::wire::command::Amount;

use crate::flags::{Format, Options, Test};
use crate::output::{Output, complain, note, say};
use crate::progress::{Goal, Progress};

/// Runs the tests one after the other. A test that fails does not keep the next one
/// from being tried.
pub fn all(options: &Options) -> ExitCode {
    let output = match Output::new(options) {
        Ok(output) => output,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let mut ok = true;
    match Run::new(options, &output) {
        Ok(mut run) => {
            for test in &options.tests {
                ok &= run.test(*test);
            }
            ok &= run.leave();
        }
        Err(error) => {
            complain(&format!("{error}{}", hint(&error, options)));
            ok = false;
            if options.format != Format::Text {
                for test in &options.tests {
                    output.unreached(test.name(), &error);
                }
            }
        }
    }
    if let Err(error) = output.finish() {
        complain(&format!("cannot write the picture: {error}"));
        ok = false;
    }
    if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn hint(error: &io::Error, options: &Options) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            format!(
                "; start one there with `server --port {}`, or try `client --loopback`",
                options.port
            )
        }
        _ => String::new(),
    }
}

struct Run<'a> {
    options: &'a Options,
    output: &'a Output<'a>,
    how: ClientOptions,
    /// A client that is alone keeps its connection from one test to the next, unless a
    /// test failed on it. One of several leaves as soon as it is done, since a
    /// sequential server serves the next one only then.
    kept: Vec<io::Result<Client>>,
}

impl<'a> Run<'a> {
    /// Connects all clients, if there is a test that needs it; fails when not one of
    /// them can be.
    fn new(options: &'a Options, output: &'a Output<'a>) -> io::Result<Self> {
        let Options { timeout, framing, spin, .. } = *options;
        let trace = if options.trace { draw_messages() } else { Trace::default() };
        let how = ClientOptions { timeout, framing, spin, trace };
        let mut run = Run { options, output, how, kept: Vec::new() };
        // Others connect by themselves: a connection that is only held would take a
        // place that they do not need.
        if !options.tests.iter().any(|test| test.needs_connection()) {
            return Ok(run);
        }
        run.kept = run.connect();
        if run.kept.iter().all(Result::is_err)
            && let Some(Err(error)) = run.kept.pop()
        {
            return Err(error);
        }
        let clients = if options.clients > 1 {
            format!(" ({} clients)", options.clients)
        } else {
            String::new()
        };
        output.detail(&format!("[CLIENT] connected to {}:{}{clients}", options.host, options.port));
        Ok(run)
    }

    fn connect(&self) -> Vec<io::Result<Client>> {
        let connect = |()| self.connect_one();
        together(vec![(); self.options.clients], connect)
            .into_iter()
            .map(|client| client?)
            .collect()
    }

    fn connect_one(&self) -> io::Result<Client> {
        Client::connect_with(&self.options.host, self.options.port, &self.how)
    }

    fn test(&mut self, test: Test) -> bool {
        self.output.begin(test.name());
        match test {
            Test::Latency => self.latency(),
            Test::Bulk(direction) => self.bandwidth(direction),
            Test::Bidirectional => self.bidirectional(),
            Test::Loaded => self.loaded(),
            Test::Sweep => self.sweep(),
            Test::Udp => self.udp(),
            Test::Lag => self.lag(),
            Test::Status => self.status(),
            Test::Call => self.call(),
        }
    }

    /// Has every client do its work, all at once.
    fn together<R: Measurement + Send>(
        &mut self,
        work: impl Fn(usize, &mut Client) -> R + Sync,
    ) -> (Vec<R>, Environment) {
        let connected = match std::mem::take(&mut self.kept) {
            kept if kept.is_empty() => self.connect(),
            kept => kept,
        };
        let before = Before::now();
        let alone = self.options.clients == 1;
        let results =
            together(connected.into_iter().enumerate().collect(), |(index, client)| match client {
                Ok(mut client) => {
                    let result = work(index + 1, &mut client);
                    match result.failure() {
                        None if alone => (result, Some(client)),
                        None => (leave(client).map_or_else(R::failed, |()| result), None),
                        Some(_) => (result, None),
                    }
                }
                Err(error) => (R::failed(error), None),
            });
        let environment = before.until_now();
        let mut measured = Vec::new();
        for result in results {
            match result {
                Ok((result, kept)) => {
                    measured.push(result);
                    self.kept.extend(kept.map(Ok));
                }
                Err(error) => measured.push(R::failed(error)),
            }
        }
        (measured, environment)
    }

    fn latency(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        output.text(&format!("latency: {}{}", in_words(options, "pings"), self.each()));
        let progress = self.progress_of_pings("latency");
        let (results, environment) = self.together(|client, connection| {
            let sink = output.sink("latency", client, String::new(), &progress);
            latency(connection, &options.plan, &mut |sample| sink.take(&sample))
        });
        drop(progress);
        self.end_of_pings("latency", &results, &environment, |total| total, warnings::latency)
    }

    fn bandwidth(&mut self, direction: Direction) -> bool {
        let (options, output, name) = (self.options, self.output, text::direction(direction));
        let progress = Progress::start(name, self.goal(), !options.quiet);
        let (results, environment) = self.together(|client, connection| {
            let sink = output.sink(name, client, String::new(), &progress);
            bandwidth(connection, direction, options.amount, &mut |sample| sink.take(&sample))
        });
        drop(progress);
        let total = Bandwidth::total(&results);
        if options.clients == 1 {
            let total = total.lines().concat();
            let incomplete =
                if results.iter().any(|one| one.failure.is_some()) { ", incomplete" } else { "" };
            output.text(&format!("{:<9} {total}{incomplete}", format!("{name}:")));
        } else {
            output.text(&format!("{name}: {}{}", amount(options.amount), self.each()));
            self.report(&results);
        }
        if options.tests.len() == 1 {
            output.detail(&format!("  {}", text::environment(&environment, None)));
        }
        let ok = output.end(name, &results, Some(&environment));
        self.notes(ok, &warnings::bandwidth(&total));
        ok
    }

    fn bidirectional(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        output.text(&format!("bidirectional: {} each way{}", amount(options.amount), self.each()));
        let progress = Progress::start("bidirectional", self.goal(), !options.quiet);
        let (results, environment) = self.together(|client, connection| {
            let sink = output.sink("bidirectional", client, String::new(), &progress);
            bidirectional(connection, options.amount, &|sample| sink.take(&sample))
        });
        drop(progress);
        let _: Bidirectional = self.report(&results);
        output.detail(&format!("  {}", text::environment(&environment, None)));
        output.end("bidirectional", &results, Some(&environment))
    }

    fn loaded(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        let (plan, time) = options.loaded;
        output.text(&format!(
            "loaded: {time:?}, idle, then with a download, then with an upload{}",
            self.each()
        ));
        let progress = Progress::start("loaded", Goal::Time(time), !options.quiet);
        let second: Vec<io::Result<Client>> = self.connect();
        let second: Vec<_> =
            second.into_iter().map(|client| std::sync::Mutex::new(Some(client))).collect();
        let (results, environment) = self.together(|client, pinging| {
            let parts = ["idle", "download", "upload"];
            let sinks = parts.map(|part| output.sink("loaded", client, part.into(), &progress));
            let observe = |phase, sample| match phase {
                Phase::Idle => sinks[0].take(&sample),
                Phase::Busy(Direction::Download) => sinks[1].take(&sample),
                Phase::Busy(Direction::Upload) => sinks[2].take(&sample),
            };
            let taken = second[client - 1].lock().ok().and_then(|mut second| second.take());
            match taken.unwrap_or_else(|| Err(ErrorKind::NotConnected.into())) {
                Ok(mut loading) => {
                    let result = loaded(pinging, &mut loading, &plan, time, &observe);
                    let _ = leave(loading);
                    result
                }
                Err(error) => Loaded::failed(error),
            }
        });
        drop(progress);
        let _: Loaded = self.report(&results);
        output.detail(&format!("  {}", text::environment(&environment, None)));
        output.end("loaded", &results, Some(&environment))
    }

    fn sweep(&mut self) -> bool {
        let (options, output) = (self.options, self.output);
        let (sizes, each) = (options.sizes.len(), self.each());
        output.text(&format!(
            "sweep: {sizes} sizes, {} of each{}",
            in_words(options, "pings"),
            each.trim_start_matches(" each")
        ));
        let goal = match options.plan.time {
            Some(time) => Goal::Time(time),
            None => Goal::Pings(
                options.plan.count.saturating_mul((options.sizes.len() * options.clients) as u64),
            ),
        };
        let progress = Progress::start("sweep", goal, !options.quiet);
        let (results, environment) = self.together(|client, connection| {
            let sinks: Vec<_> = options
                .sizes
                .iter()
                .map(|size| output.sink("sweep", client, size.to_string(), &progress))
                .collect();
            sweep(connection, &options.plan, &options.sizes, &mut |index, sample| {
                if let Some(sink) = sinks.get(index) {
                    sink.take(&sample);
                }
            })
        });
        drop(progress);
        let _: Sweep = self.report(&results);
        output.detail(&format!("  {}", text::environment(&environment, None)));
        output.end("sweep", &results, Some(&environment))
    }

    fn progress_of_pings(&self, test: &'static str) -> Progress {
        let Options { plan, clients, format, quiet, .. } = self.options;
        // The pings themselves show how far it is, if they are shown.
        let shown = *clients == 1 && *format == Format::Text;
        let goal = match (plan.time, plan.pings()) {
            (None, Some(pings)) => Goal::Pings(pings.saturating_mul(*clients as u64)),
            (time, _) => Goal::Time(time.unwrap_or_default()),
        };
        Progress::start(test, goal, !quiet && !shown)
    }

    /// Reports a test that is a series of pings, and what it was done with. Returns
    /// whether it succeeded.
    fn end_of_pings<R: Measurement + Lines + Fields>(
        &self,
        test: &str,
        results: &[R],
        environment: &Environment,
        pings: fn(&R) -> &Latency,
        notes: fn(&Latency) -> Vec<String>,
    ) -> bool {
        let total = self.report(results);
        let pings = pings(&total);
        for line in text::distribution(&pings.rtt) {
            self.output.detail(&format!("  {line}"));
        }
        self.output.detail(&format!("  {}", text::environment(environment, Some(&pings.lateness))));
        let ok = self.output.end(test, results, Some(environment));
        self.notes(ok, &notes(pings));
        ok
    }

    /// Says what each client and what all of them measured.
    fn report<R: Measurement + Lines + Fields>(&self, results: &[R]) -> R {
        self.output.clients(results);
        let total = R::total(results);
        for line in total.lines() {
            self.output.text(&format!("  {line}"));
        }
        total
    }

    fn notes(&self, ok: bool, notes: &[String]) {
        if ok && !self.options.quiet && self.options.format == Format::Text {
            for what in notes {
                note(what);
            }
        }
    }

    fn goal(&self) -> Goal {
        match self.options.amount {
            Amount::Bytes(bytes) => Goal::Bytes(bytes.saturating_mul(self.options.clients as u64)),
            Amount::Time(time) => Goal::BytesFor(time),
        }
    }

    fn each(&self) -> String {
        match self.options.clients {
            1 => String::new(),
            clients => format!(" each, {clients} clients at once"),
        }
    }

    /// Ends the conversation that was kept.
    fn leave(self) -> bool {
        let left: io::Result<()> = self.kept.into_iter().flatten().try_for_each(leave);
        left.inspect_err(|error| complain(&format!("at the end: {error}"))).is_ok()
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

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Bytes(bytes) => size(bytes),
        Amount::Time(time) => format!("{time:?}"),
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
    say(&trace::heading());
    Trace::new(move |message| say(&trace::arrow(start.elapsed(), message)))
}
