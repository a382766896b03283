//! The command line of the client: what its flags mean.

mod table;
mod values;

use std::ffi::OsString;
use std::time::Duration;

use roundtrip::flags::{Parsed, at_least_one, nearest, refuse, some_time};
use roundtrip::json::Map;
use roundtrip::measure::{Direction, Load, Plan};
use roundtrip::net::{Family, address};
use roundtrip::pace::Stop;
use roundtrip::report::limits::Limit;
use roundtrip::udp::datagram::MAX_DATAGRAM_PAYLOAD;
use roundtrip::units::{MIB, parse_duration};
use roundtrip::wamp::call;
use roundtrip::wamp::url::Url;
use roundtrip::wire::command::Amount;
use roundtrip::wire::command::more::LagPlan;
use roundtrip::wire::framing::Framing;

pub use table::means;
use table::{FLAGS, PROGRAM};

/// What the command line asks for.
pub enum Command {
    /// Measure, with these options.
    Run(Box<Options>),
    /// Print this and exit.
    Print(String),
}

/// The options that the flags stand for.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Options {
    pub host: String,
    pub port: u16,
    pub family: Family,
    /// Start a server in this process, and measure that.
    pub loopback: bool,
    pub tests: Vec<Test>,
    pub plan: Plan,
    /// The size or the time of each bulk transfer.
    pub amount: Amount,
    /// The pings of `loaded`, and what loads the line.
    pub loaded: (Plan, Load),
    /// The payloads of `sweep`.
    pub sizes: Vec<usize>,
    /// How many clients run concurrently.
    pub clients: usize,
    /// Whether the number of clients was given, so that each is listed.
    pub listed: bool,
    /// The pings that the server is asked for.
    pub lag: LagPlan,
    /// The question that `status` sends.
    pub data: Map,
    pub timeout: Duration,
    pub framing: Framing,
    pub spin: bool,
    pub format: Format,
    /// How often to report while a test runs.
    pub every: Option<Duration>,
    /// How much of the start of a timed transfer is not counted.
    pub slow_start: Duration,
    /// How often the server reports of an upload while it runs.
    pub reports: Option<Duration>,
    /// What is not to hold of any test.
    pub fail_if: Vec<Limit>,
    pub label: Option<String>,
    pub csv: Option<String>,
    pub svg: Option<String>,
    /// The table of an earlier run.
    pub baseline: Option<String>,
    /// The routers that `call` measures; empty to start one.
    pub urls: Vec<Url>,
    /// The realm of the routers.
    pub realm: String,
    pub trace: bool,
    pub quiet: bool,
    /// Ends the run early.
    pub stop: Stop,
}

impl Options {
    /// The server as `HOST:PORT`.
    pub fn address(&self) -> String {
        address::name(&self.host, self.port)
    }

    /// The plan of `call`.
    pub fn calls(&self) -> call::Plan {
        // Without a path it is not found when it is started, and that is reported.
        let program = std::env::current_exe().unwrap_or_default();
        call::Plan {
            calls: self.plan,
            batch: self.every,
            callers: self.clients,
            timeout: self.timeout,
            urls: self.urls.clone(),
            realm: self.realm.clone(),
            worker: vec![program.into(), crate::ROLE.into()],
            stop: self.stop.clone(),
        }
    }
}

/// The form of the results on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    JsonStream,
}

/// One test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Latency,
    Bulk(Direction),
    Connect,
    Bidirectional,
    Loaded,
    Sweep,
    Udp,
    Lag,
    Status,
    Call,
}

impl Test {
    const BY_NAME: [Test; 11] = [
        Test::Latency,
        Test::Bulk(Direction::Download),
        Test::Bulk(Direction::Upload),
        Test::Connect,
        Test::Bidirectional,
        Test::Loaded,
        Test::Sweep,
        Test::Udp,
        Test::Lag,
        Test::Status,
        Test::Call,
    ];

    /// The name that `--test` takes.
    pub fn name(self) -> &'static str {
        match self {
            Test::Latency => "latency",
            Test::Bulk(direction) => direction.name(),
            Test::Connect => "connect",
            Test::Bidirectional => "bidirectional",
            Test::Loaded => "loaded",
            Test::Sweep => "sweep",
            Test::Udp => "udp",
            Test::Lag => "lag",
            Test::Status => "status",
            Test::Call => "call",
        }
    }

    /// Whether the test moves data in bulk.
    pub fn transfers(self) -> bool {
        matches!(self, Test::Bulk(_) | Test::Bidirectional | Test::Loaded)
    }

    /// Whether the test sends pings, or calls.
    pub fn pings(self) -> bool {
        !matches!(self, Test::Bulk(_) | Test::Bidirectional)
    }

    /// Whether the test needs a TCP connection that was made before.
    pub fn needs_connection(self) -> bool {
        !matches!(self, Test::Connect | Test::Udp | Test::Status | Test::Call)
    }
}

/// How often the server reports of an upload, where that is of use.
pub const REPORTS: Duration = Duration::from_millis(50);

/// The tests that `--test all` stands for.
const ALL: [Test; 3] =
    [Test::Latency, Test::Bulk(Direction::Download), Test::Bulk(Direction::Upload)];

/// Reads the command line. An error is one line that says what is wrong and what would
/// be right.
pub fn parse(arguments: &[OsString]) -> Result<Command, String> {
    let given = match roundtrip::flags::parse(&PROGRAM, arguments)? {
        Parsed::Print(text) => return Ok(Command::Print(text)),
        Parsed::Given(given) => given,
    };
    let test = given
        .text("test")
        .unwrap_or_else(|| if given.has("concurrent") { "latency".into() } else { "all".into() });
    let tests = tests(&test).map_err(|error| format!("--test: {error}"))?;
    let names: Vec<&str> = tests.iter().map(|test| test.name()).collect();
    refuse(FLAGS, |flag| given.has(flag), &test, &names)?;
    if let Some(host) = given.plain() {
        let why = if given.has("loopback") { "--loopback starts one" } else { "write --url" };
        if given.has("loopback") || names == ["call"] {
            return Err(format!("{host:?} is no server to measure here: {why}; leave it out"));
        }
    }

    let is = |test| tests == [test];
    let count = if is(Test::Call) { 1000 } else { 10 };
    let at_once = is(Test::Call) || is(Test::Connect);
    let interval = if at_once { Duration::ZERO } else { Duration::from_millis(100) };
    let spin = given.has("spin");
    let time = given.value("time", None, |text| some_time(text).map(Some))?;
    let loaded_time = time.unwrap_or(Duration::from_secs(9));
    let lasts = if is(Test::Loaded) { Some(loaded_time / 3) } else { time };
    let (warmup, slow_start) = values::warmup(given.text("warmup"), &tests, lasts)?;
    let every = given.value("every", None, |text| some_time(text).map(Some))?;
    let reports = (every.is_some() || !slow_start.is_zero()).then_some(REPORTS);
    let plan = Plan {
        count: given.value("count", count, at_least_one)?,
        time,
        interval: given.value("interval", interval, parse_duration)?,
        warmup,
        payload: given.value("payload", 0, values::payload)?,
        one_at_a_time: spin,
    };
    let often = Duration::from_millis(10);
    let loaded = Plan { interval: given.value("interval", often, parse_duration)?, ..plan };
    let size = given.value("size", 10 * MIB, values::size)?;
    let (host, port) = values::server(&given)?;
    let timeout = Duration::from_secs(if is(Test::Udp) { 2 } else { 10 });
    let options = Options {
        host,
        port,
        family: match (given.has("4"), given.has("6")) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            _ => Family::Any,
        },
        loopback: given.has("loopback"),
        lag: if is(Test::Lag) { values::lag(&plan)? } else { LagPlan::default() },
        data: given.value("data", Map::new(), values::data)?,
        plan,
        amount: time.map_or(Amount::Bytes(size), Amount::Time),
        loaded: (loaded, Load { time: loaded_time, warmup: slow_start, reports }),
        sizes: given.value("sizes", values::sizes("1:64KiB:*2")?, values::sizes)?,
        clients: given.value("concurrent", 1, values::clients)?,
        listed: given.has("concurrent"),
        timeout: given.value("timeout", timeout, some_time)?,
        framing: given.value("framing", Framing::Line, str::parse)?,
        spin,
        format: match (given.has("json"), given.has("json-stream")) {
            (false, false) => Format::Text,
            (true, _) => Format::Json,
            (_, true) => Format::JsonStream,
        },
        every,
        slow_start,
        reports,
        fail_if: given.values("fail-if", |text| values::limit(text, &names))?,
        label: given.value("label", None, values::label)?,
        csv: given.value("csv", None, values::file)?,
        svg: given.value("svg", None, values::file)?,
        baseline: given.value("baseline", None, values::file)?,
        urls: given.values("url", str::parse)?,
        realm: given.value("realm", "realm1".into(), values::realm)?,
        trace: given.has("trace"),
        quiet: given.has("quiet"),
        stop: Stop::default(),
        tests,
    };
    if options.csv.is_some() && options.csv == options.svg {
        return Err("--csv and --svg name the same file; choose another one for one of them".into());
    }
    check_framing(&options)?;
    check_datagram(&options)?;
    Ok(Command::Run(Box::new(options)))
}

fn tests(name: &str) -> Result<Vec<Test>, String> {
    if name == "all" {
        return Ok(ALL.to_vec());
    }
    let named = Test::BY_NAME.into_iter().find(|test| test.name() == name);
    named.map(|test| vec![test]).ok_or_else(|| {
        let choices = Test::BY_NAME.map(Test::name);
        let meant = nearest(name, choices);
        let meant = meant.map_or(String::new(), |meant| format!(" did you mean {meant}?"));
        format!("{name:?} is no test;{meant} choose all or one of {}", choices.join(", "))
    })
}

/// Refuses what needs a mark at the end of a message, which bare framing has not.
fn check_framing(options: &Options) -> Result<(), String> {
    let timed = |test: &Test| {
        let pings = matches!(test, Test::Latency | Test::Connect);
        *test == Test::Loaded || (!pings && options.plan.time.is_some())
    };
    let unframed = |test: &Test| {
        timed(test) || matches!(test, Test::Bidirectional | Test::Sweep | Test::Lag | Test::Status)
    };
    if options.framing == Framing::Line {
        Ok(())
    } else if options.plan.payload > 0 {
        Err("--payload needs --framing line: a bare ping has nothing to mark its end".into())
    } else if let Some(test) = options.tests.iter().find(|test| unframed(test)) {
        Err(format!(
            "this {} test needs --framing line: nothing marks the end of a bare message",
            test.name()
        ))
    } else {
        Ok(())
    }
}

/// Refuses a payload that a datagram cannot hold.
fn check_datagram(options: &Options) -> Result<(), String> {
    if options.tests == [Test::Udp] && options.plan.payload > MAX_DATAGRAM_PAYLOAD {
        Err(format!(
            "--payload {} is more than a datagram holds: at most {MAX_DATAGRAM_PAYLOAD}",
            options.plan.payload
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roundtrip::flags::markdown;

    fn read(line: &str) -> Result<Options, String> {
        match parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())? {
            Command::Run(options) => Ok(*options),
            Command::Print(text) => Err(text),
        }
    }

    #[test]
    fn the_page_of_the_program_lists_every_flag() {
        let page = include_str!("../main.rs");
        let table = format!("//! {}\n", markdown(FLAGS).trim_end().replace('\n', "\n//! "));
        assert!(page.contains(&table), "the page of the client has this list:\n{table}");
    }

    #[test]
    fn every_test_of_the_table_exists() {
        for name in FLAGS.iter().flat_map(|flag| flag.only.iter().chain(flag.never)) {
            assert!(Test::BY_NAME.iter().any(|test| test.name() == *name), "{name}");
        }
        for other in FLAGS.iter().flat_map(|flag| flag.excluded) {
            assert!(FLAGS.iter().any(|flag| flag.name == *other), "{other}");
        }
    }

    #[test]
    fn without_flags_three_tests_run() {
        let options = read("").unwrap();
        assert_eq!(options.tests, ALL);
        assert_eq!((options.host.as_str(), options.port, options.clients), ("localhost", 5001, 1));
        assert_eq!((options.plan.count, options.plan.interval), (10, Duration::from_millis(100)));
        assert_eq!(options.amount, Amount::Bytes(10 * MIB));
        assert!(options.format == Format::Text && !options.listed);
        assert_eq!(read("--concurrent 3").unwrap().tests, [Test::Latency]);
    }

    #[test]
    fn each_test_has_its_own_defaults() {
        let call = read("--test call").unwrap().plan;
        assert_eq!((call.count, call.interval), (1000, Duration::ZERO));
        assert_eq!(read("--test connect").unwrap().plan.interval, Duration::ZERO);
        assert_eq!(read("--test udp").unwrap().timeout, Duration::from_secs(2));
        assert_eq!(read("--test loaded").unwrap().loaded.0.interval, Duration::from_millis(10));
        let slow = read("--test loaded --interval 50ms --time 6s").unwrap().loaded;
        assert_eq!(
            (slow.0.interval, slow.1.time),
            (Duration::from_millis(50), Duration::from_secs(6))
        );
        assert_eq!(read("--test sweep --sizes 10:1KiB:*10").unwrap().sizes, [10, 100, 1000]);
    }

    #[test]
    fn a_flag_that_would_change_nothing_is_refused() {
        for line in [
            "--test download --count 5",
            "--test latency --size 1MiB",
            "--test udp --framing bare",
            "--test sweep --payload 5",
            "--test status --interval 1s",
            "--test status --time 1s",
            "--test status --spin",
            "--test lag --warmup 0",
            "--test loaded --count 5",
            "--test upload --interval 1s",
            "--test latency --data {}",
            "--concurrent 3 --size 5",
            "--sizes 1:2:*2",
            "--realm realm1",
        ] {
            let why = read(line).err().unwrap_or_default();
            assert!(
                why.contains(" means nothing to --test ") && why.contains("; leave it out"),
                "{line}: {why}"
            );
        }
        let why = read("--test download --count 5").err().unwrap();
        assert_eq!(
            why,
            "--count means nothing to --test download: it is for latency, connect, sweep, udp, lag, call; leave it out"
        );
        // Something in `all` uses each of these.
        assert!(read("--test all --count 5 --size 5 --payload 5 --warmup 0 --spin").is_ok());
        assert!(read("--time 1s --interval 0").is_ok());
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused() {
        for line in [
            "--time 1s --count 5",
            "--size 5 --time 1s",
            "--json --json-stream",
            "--trace --json",
            "--loopback --host localhost",
            "--test call --loopback --url rs://localhost:1",
        ] {
            let why = read(line).err().unwrap_or_default();
            assert!(
                why.contains(" excludes --") && why.ends_with("; leave out one of them"),
                "{line}: {why}"
            );
        }
    }
}
