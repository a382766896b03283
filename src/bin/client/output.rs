//! Where results go: standard output as text or JSON, a table, a picture; and what is
//! shown on the way.

use std::fs::File;
use std::io::{self, IsTerminal, LineWriter, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use roundtrip::json::{Map, Value};
use roundtrip::measure::environment::Environment;
use roundtrip::measure::{Direction, Measurement, Sample};
use roundtrip::report::csv;
use roundtrip::report::json::{self, Fields};
use roundtrip::report::svg::{self, Panel};
use roundtrip::report::text::{self, Lines};
use roundtrip::report::timeline::{Rate, Timeline};
use roundtrip::stats::{Recorder, Summary};
use roundtrip::wamp::call::Call;
use roundtrip::wamp::call::{self, Effects, Target};

use crate::flags::{Format, Options};
use crate::progress::Progress;

/// All of it.
pub struct Output<'a> {
    options: &'a Options,
    tests: Mutex<Vec<Value>>,
    calls: Mutex<Option<Calls>>,
    csv: Option<Mutex<LineWriter<File>>>,
    svg: Option<(File, Mutex<Vec<Drawing>>)>,
}

/// What is said of all ways that calls went, together.
struct Calls {
    /// Where the router listens, if that is TCP.
    server: Option<(String, u16)>,
    effects: Map,
    rows: Vec<(String, Summary)>,
}

/// What a panel of the picture is drawn from.
struct Drawing {
    name: String,
    rtts: (Timeline, Recorder),
    unanswered: Timeline,
    rates: [Rate; 2],
}

impl<'a> Output<'a> {
    /// Opens the files, so that a mistake in their names costs no measurement.
    pub fn new(options: &'a Options) -> io::Result<Self> {
        let create = |name: &String| {
            File::create(name).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot write {name:?}: {error}"))
            })
        };
        let csv = options
            .csv
            .as_ref()
            .map(create)
            .transpose()?
            .map(|file| Mutex::new(LineWriter::new(file)));
        let svg =
            options.svg.as_ref().map(create).transpose()?.map(|file| (file, Mutex::default()));
        let output = Output { options, tests: Mutex::default(), calls: Mutex::default(), csv, svg };
        output.write_csv(csv::HEADER);
        Ok(output)
    }

    /// A line for a person, unless a program is reading.
    pub fn text(&self, line: &str) {
        if self.options.format == Format::Text {
            say(line);
        }
    }

    /// A line that is left out when only results are wanted.
    pub fn detail(&self, line: &str) {
        if !self.options.quiet {
            self.text(line);
        }
    }

    /// Takes the samples of one client in one part of a test.
    pub fn sink<'b>(
        &'b self,
        test: &'static str,
        client: usize,
        part: String,
        progress: &'b Progress,
    ) -> Sink<'b> {
        Sink { output: self, test, client, part, progress, slots: Mutex::default() }
    }

    /// Says that a test begins.
    pub fn begin(&self, test: &str) {
        if self.options.format == Format::JsonStream {
            let mut event = Map::default();
            event.insert("event", "start");
            event.insert("test", test);
            say(&Value::Map(event).to_string());
        }
    }

    /// Keeps the result of a test, and says why it failed if it did. Returns whether it
    /// succeeded.
    pub fn end<R: Measurement + Fields>(
        &self,
        test: &str,
        results: &[R],
        environment: Option<&Environment>,
    ) -> bool {
        self.end_part(test, test, results, environment)
    }

    /// The same for a part of a test that has an object of its own.
    pub fn end_part<R: Measurement + Fields>(
        &self,
        test: &str,
        part: &str,
        results: &[R],
        environment: Option<&Environment>,
    ) -> bool {
        let object = json::test(test, results, self.options.listed, environment);
        if self.options.format == Format::JsonStream {
            let mut event = Map::default();
            event.insert("event", "result");
            object.iter().for_each(|(key, value)| event.insert(key, value.clone()));
            say(&Value::Map(event).to_string());
        }
        lock(&self.tests).push(Value::Map(object));
        let failure = text::failure(part, results);
        if let Some(why) = &failure {
            complain(why);
        }
        failure.is_none()
    }

    /// Says that a batch of calls has ended.
    pub fn batch(&self, target: &Target, (number, batches): (u64, u64), calls: &Recorder) {
        if let Some(summary) = calls.summary() {
            self.detail(&format!(
                "  {}",
                call::report::batch(target, number, batches, summary.mean)
            ));
            if self.options.format == Format::JsonStream {
                say(&Value::Map(call::json::batch(target, number, batches, calls)).to_string());
            }
        }
    }

    /// Keeps what all calls together have shown.
    pub fn calls(&self, server: Option<(String, u16)>, effects: &Effects, totals: &[Call]) {
        let row =
            |total: &Call| Some((total.target.as_ref()?.to_string(), total.latency.rtt.summary()?));
        let rows = totals.iter().filter_map(row).collect();
        *lock(&self.calls) = Some(Calls { server, effects: call::json::effects(effects), rows });
    }

    /// Keeps that a test could not begin.
    pub fn unreached(&self, test: &str, error: &io::Error) {
        let mut object = Map::default();
        object.insert("test", test);
        object.insert("ok", false);
        object.insert("error", error.to_string());
        if matches!(test, "latency" | "lag") {
            object.insert("sent", 0);
            object.insert("received", 0);
        }
        lock(&self.tests).push(Value::Map(object));
    }

    /// Several clients' results line by line, if there are several.
    pub fn clients<R: Measurement + Lines>(&self, results: &[R]) {
        if results.len() > 1 {
            for (index, result) in results.iter().enumerate() {
                self.detail(&format!("  {}", text::client(index, results.len(), result)));
            }
        }
    }

    /// Writes what is written at the end.
    pub fn finish(self) -> io::Result<()> {
        let tests = self.tests.into_inner().unwrap_or_else(PoisonError::into_inner);
        let calls = self.calls.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Options { host, port, format, .. } = self.options;
        let (server, effects) = match &calls {
            None => (Some((host.as_str(), *port)), None),
            Some(Calls { server, effects, .. }) => {
                (server.as_ref().map(|(host, port)| (host.as_str(), *port)), Some(effects))
            }
        };
        let document = || {
            let mut document = json::document(server, tests);
            if let Some(effects) = effects {
                document.insert("effects", effects.clone());
            }
            document
        };
        match format {
            Format::Text => {}
            Format::Json => say(roundtrip::json::pretty(&Value::Map(document())).trim_end()),
            Format::JsonStream => {
                let mut event = Map::default();
                event.insert("event", "document");
                document().iter().for_each(|(key, value)| event.insert(key, value.clone()));
                say(&Value::Map(event).to_string());
            }
        }
        if let Some((mut file, drawings)) = self.svg {
            let drawings = drawings.into_inner().unwrap_or_else(PoisonError::into_inner);
            file.write_all(draw(self.options, &drawings, calls.as_ref()).as_bytes())?;
        }
        Ok(())
    }

    fn write_csv(&self, line: &str) {
        if let Some(csv) = &self.csv
            && let Err(error) = writeln!(lock(csv), "{line}")
        {
            complain(&format!("cannot write the table: {error}"));
            std::process::exit(1);
        }
    }

    fn draw_sample(&self, name: &str, sample: &Sample) {
        let Some((_, drawings)) = &self.svg else { return };
        let mut drawings = lock(drawings);
        let index = drawings.iter().position(|drawing| drawing.name == name).unwrap_or_else(|| {
            let (rtts, unanswered, rates) = Default::default();
            drawings.push(Drawing { name: name.into(), rtts, unanswered, rates });
            drawings.len() - 1
        });
        let Drawing { rtts, unanswered, rates, .. } = &mut drawings[index];
        match *sample {
            Sample::Ping { at, rtt, .. } => {
                rtts.0.record(at, rtt);
                rtts.1.record(rtt);
            }
            Sample::Outcome { at, outcome, .. } if outcome.settled => {
                unanswered.record(at, Duration::ZERO);
            }
            Sample::Outcome { .. } => {}
            Sample::Piece { direction, at, bytes } => rates[slot(direction)].record(at, bytes),
        }
    }
}

/// The samples of one client in one part of a test, on their way to everywhere they go.
pub struct Sink<'a> {
    output: &'a Output<'a>,
    test: &'static str,
    client: usize,
    part: String,
    progress: &'a Progress,
    /// The tenth of a second that is being filled, for each direction: pieces are too
    /// many to tell of each.
    slots: Mutex<[(Duration, u64); 2]>,
}

const TENTH: Duration = Duration::from_millis(100);

impl Sink<'_> {
    /// Takes a sample.
    pub fn take(&self, sample: &Sample) {
        let name = if self.part.is_empty() {
            self.test.into()
        } else {
            format!("{}, {}", self.test, self.part)
        };
        // Of calls, the picture shows what they took, not when.
        if self.test != "call" {
            self.output.draw_sample(&name, sample);
        }
        match *sample {
            Sample::Ping { number, rtt, .. } => {
                self.progress.add(1);
                self.show(&text::ping(number, self.output.options.plan.pings(), rtt));
                self.tell(sample);
            }
            Sample::Outcome { number, rtt, outcome, .. } => {
                self.progress.add(u64::from(outcome.settled));
                self.show(&text::outcome(number, rtt, outcome));
                self.tell(sample);
            }
            Sample::Piece { direction, at, bytes } => {
                self.progress.add(bytes);
                let mut slots = lock(&self.slots);
                let (end, sum) = &mut slots[slot(direction)];
                if at >= *end + TENTH && *sum > 0 {
                    self.tell(&Sample::Piece { direction, at: *end, bytes: std::mem::take(sum) });
                }
                if *sum == 0 {
                    let tenths =
                        u32::try_from(at.as_millis() / TENTH.as_millis() + 1).unwrap_or(u32::MAX);
                    *end = TENTH * tenths;
                }
                *sum += bytes;
            }
        }
    }

    /// A line for one ping, while a single client sends them.
    fn show(&self, line: &str) {
        if self.output.options.clients == 1
            && (matches!(self.test, "latency" | "udp") || self.part == "rtt")
        {
            self.output.detail(&format!("  {line}"));
        }
    }

    fn tell(&self, sample: &Sample) {
        if self.output.options.format == Format::JsonStream {
            say(&Value::Map(json::event(self.test, self.client, &self.part, sample)).to_string());
        }
        // What is overdue is not over: the table has what became of it in the end.
        let over =
            !matches!(sample, Sample::Outcome { outcome, rtt: None, .. } if !outcome.settled);
        if self.output.csv.is_some() && over {
            self.output.write_csv(&csv::line(self.test, self.client, &self.part, sample));
        }
    }
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        let slots = *lock(&self.slots);
        for (direction, (at, bytes)) in
            [Direction::Download, Direction::Upload].into_iter().zip(slots)
        {
            if bytes > 0 {
                self.tell(&Sample::Piece { direction, at, bytes });
            }
        }
    }
}

fn slot(direction: Direction) -> usize {
    match direction {
        Direction::Download => 0,
        Direction::Upload => 1,
    }
}

fn draw(options: &Options, drawings: &[Drawing], calls: Option<&Calls>) -> String {
    let names = ["download", "upload"];
    let series: Vec<Vec<(&str, &Rate)>> = drawings
        .iter()
        .map(|drawing| {
            names.into_iter().zip(&drawing.rates).filter(|(_, rate)| rate.bytes() > 0).collect()
        })
        .collect();
    let mut panels = Vec::new();
    for (Drawing { name, rtts: (timeline, recorder), unanswered, .. }, series) in
        drawings.iter().zip(&series)
    {
        if recorder.count() > 0 {
            panels.push(Panel::Rtt { name, timeline, recorder, unanswered });
        }
        if !series.is_empty() {
            panels.push(Panel::Throughput { name, series });
        }
    }
    if let Some(Calls { rows, .. }) = calls {
        panels.push(Panel::Calls { name: "call", rows });
    }
    let when = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let clients = if options.clients == 1 {
        "one client".into()
    } else {
        format!("{} clients", options.clients)
    };
    let title = match calls {
        None => format!("roundtrip to {}:{}", options.host, options.port),
        Some(_) => "roundtrip through a router".into(),
    };
    svg::picture(&title, &format!("{clients}, {}", roundtrip::units::utc(when)), &panels)
}

/// A thread that panicked has left data, not a mess.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints a line of results. `println!` would panic when whoever reads them has read
/// enough (`client | head -1`); then there is nobody left to measure for.
pub fn say(line: &str) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        complain(&format!("cannot write the results: {error}"));
        std::process::exit(1);
    }
}

/// Says what went wrong.
pub fn complain(what: &str) {
    // Without a standard error there is nobody to tell that there is none.
    let _ = writeln!(io::stderr(), "client: {what}");
}

/// Says what to mistrust.
pub fn note(what: &str) {
    // On a terminal, and if nobody objects (no-color.org), in yellow.
    let colour = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (on, off) = if colour { ("\x1b[33m", "\x1b[0m") } else { ("", "") };
    let _ = writeln!(io::stderr(), "client: {on}note:{off} {what}");
}
