//! The client's command line.

use std::ffi::OsString;
use std::iter;
use std::time::Duration;

use getopts::{Matches, Options as Getopts};
use roundtrip::flags::{at_least_one, one_line, some_time, value};
use roundtrip::json;
use roundtrip::json::{Map, Value};
use roundtrip::measure::{Direction, Plan};
use roundtrip::udp::datagram::MAX_DATAGRAM_PAYLOAD;
use roundtrip::units::{MIB, UnitError, parse_duration, parse_size, whole_number};
use roundtrip::wamp::call;
use roundtrip::wamp::url::Url;
use roundtrip::wamp::valid_uri;
use roundtrip::wire::command::more::{LagPlan, MAX_LAG_COUNT, MAX_LAG_INTERVAL};
use roundtrip::wire::command::{Amount, MAX_PAYLOAD};
use roundtrip::wire::framing::{Framing, MAX_LINE};

/// Clients at once. Each is two threads where pings leave on time, and a thread takes
/// four of the 65,530 memory mappings that Linux gives a process.
const MAX_CLIENTS: usize = 7_500;

/// What a question may hold, in bytes: the rest of a line, without the word and the
/// time that is added.
const MAX_DATA: usize = MAX_LINE - "STATUS ".len() - 50;

/// What the command line asks for.
pub enum Command {
    /// Measure.
    Run(Box<Options>),
    /// Print this and exit.
    Print(String),
}

/// The flags, understood.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Options {
    pub host: String,
    pub port: u16,
    /// Start a server in this process and measure that.
    pub loopback: bool,
    pub tests: Vec<Test>,
    pub plan: Plan,
    /// How much each bulk transfer moves.
    pub amount: Amount,
    /// How long `loaded` takes.
    pub loaded: (Plan, Duration),
    /// The payloads of `sweep`.
    pub sizes: Vec<usize>,
    /// Clients at once.
    pub clients: usize,
    /// Whether somebody has said how many.
    pub listed: bool,
    /// The pings that the server is asked for.
    pub lag: LagPlan,
    /// What `status` sends.
    pub data: Map,
    pub timeout: Duration,
    pub framing: Framing,
    pub spin: bool,
    pub format: Format,
    pub csv: Option<String>,
    pub svg: Option<String>,
    /// The routers that `call` measures; none for one of its own.
    pub urls: Vec<Url>,
    /// Their realm.
    pub realm: String,
    pub trace: bool,
    pub quiet: bool,
}

impl Options {
    /// The server as `HOST:PORT`. An IPv6 address has colons of its own.
    pub fn address(&self) -> String {
        let Options { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// What `call` measures.
    pub fn calls(&self) -> call::Plan {
        // Without a path it is not found when it is started, and that is reported.
        let program = std::env::current_exe().unwrap_or_default();
        call::Plan {
            calls: self.plan,
            callers: self.clients,
            timeout: self.timeout,
            urls: self.urls.clone(),
            realm: self.realm.clone(),
            worker: vec![program.into(), crate::ROLE.into()],
        }
    }
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    JsonStream,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Latency,
    Bulk(Direction),
    Bidirectional,
    Loaded,
    Sweep,
    Udp,
    Lag,
    Status,
    Call,
}

impl Test {
    const BY_NAME: [Test; 10] = [
        Test::Latency,
        Test::Bulk(Direction::Download),
        Test::Bulk(Direction::Upload),
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
            Test::Bidirectional => "bidirectional",
            Test::Loaded => "loaded",
            Test::Sweep => "sweep",
            Test::Udp => "udp",
            Test::Lag => "lag",
            Test::Status => "status",
            Test::Call => "call",
        }
    }

    /// Whether it talks over a TCP connection that was made before it.
    pub fn needs_connection(self) -> bool {
        !matches!(self, Test::Udp | Test::Status | Test::Call)
    }
}

/// What `--test all` stands for.
const ALL: [Test; 3] =
    [Test::Latency, Test::Bulk(Direction::Download), Test::Bulk(Direction::Upload)];

fn declare() -> Getopts {
    let mut flags = Getopts::new();
    flags.optopt("", "host", "the server (default localhost)", "HOST");
    flags.optopt("", "port", "its port (default 5001)", "PORT");
    flags.optopt(
        "",
        "test",
        "latency, download, upload, all of these (default), bidirectional, loaded, sweep, udp, lag, status or call",
        "TEST",
    );
    flags.optopt(
        "",
        "count",
        "pings (default 10), or calls of each combination (default 1000)",
        "N",
    );
    flags.optopt(
        "",
        "size",
        "bytes of a transfer, such as 64KiB or 1GiB; a bare number counts MiB (default 10)",
        "SIZE",
    );
    flags.optopt("", "time", "run for so long, instead of --count or --size", "DUR");
    flags.optopt("", "concurrent", "clients at once (default 1); with no --test, latency", "N");
    flags.optopt(
        "",
        "interval",
        "from one ping to the next (default 100ms; loaded: 10ms; call: 0); 0 sends at once",
        "DUR",
    );
    flags.optopt("", "warmup", "first pings or calls, not counted (default 1)", "N");
    flags.optopt(
        "",
        "payload",
        "bytes added to each ping or call (default 0); a bare number counts bytes",
        "SIZE",
    );
    flags.optopt(
        "",
        "sizes",
        "payloads of sweep, from A to B, each K times the one before (default 1:64KiB:*2)",
        "A:B:*K",
    );
    flags.optopt("", "data", "what status sends, a JSON object (default {})", "JSON");
    flags.optopt(
        "",
        "timeout",
        "no answer for so long is a failure (default 10s), or a loss over UDP (default 2s)",
        "DUR",
    );
    flags.optopt("", "framing", "line (default), or bare for the dialect without delimiters", "F");
    flags.optflag("", "spin", "wait by asking again and again; burns a core");
    flags.optmulti(
        "",
        "url",
        "the router that call measures: ws://HOST:PORT/PATH, ws+unix:PATH, rs://HOST:PORT or rs+unix:PATH, perhaps with \
         ?serializer=json or msgpack; repeatable (default: one of its own, in every combination)",
        "URL",
    );
    flags.optopt("", "realm", "the realm of call at the router (default realm1)", "NAME");
    flags.optflag("", "loopback", "start a server inside this process and measure that");
    flags.optflag("", "json", "one JSON document at the end");
    flags.optflag(
        "",
        "json-stream",
        "a JSON event a line, as it happens; the last one is the document",
    );
    flags.optopt("", "csv", "write every sample to this file", "FILE");
    flags.optopt("", "svg", "draw a picture into this file", "FILE");
    flags.optflag("", "trace", "draw each message that is sent and received");
    flags.optflag("q", "quiet", "results only");
    flags.optflag("h", "help", "print this");
    flags.optflag("V", "version", "print the version");
    flags
}

/// Reads the command line. An error is one line that says what is wrong and what would
/// be right.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let declared = declare();
    let given = declared
        .parse(arguments)
        .map_err(|error| format!("{}; see client --help", one_line(&error)))?;
    if given.opt_present("help") {
        let brief =
            "Usage: client [FLAGS]\n\nMeasures latency and bandwidth to a roundtrip server.";
        return Ok(Command::Print(declared.usage(brief)));
    }
    if given.opt_present("version") {
        return Ok(Command::Print(format!("roundtrip client {}\n", env!("CARGO_PKG_VERSION"))));
    }
    if let Some(stray) = given.free.first() {
        return Err(format!("unexpected argument {stray:?}; see client --help"));
    }
    check_combinations(&given)?;
    let text = |name| given.opt_str(name);
    let mut plan = Plan::default();
    if text("test").as_deref() == Some("call") {
        plan = Plan { count: 1000, interval: Duration::ZERO, ..plan };
    }
    let time = value("time", text("time"), None, |text| some_time(text).map(Some))?;
    let clients = value("concurrent", text("concurrent"), 1, clients)?;
    let spin = given.opt_present("spin");
    let plan = Plan {
        count: value("count", text("count"), plan.count, at_least_one)?,
        time,
        interval: value("interval", text("interval"), plan.interval, parse_duration)?,
        warmup: value("warmup", text("warmup"), plan.warmup, warmup)?,
        payload: value("payload", text("payload"), plan.payload, payload)?,
        one_at_a_time: spin,
    };
    let loaded = match text("interval") {
        Some(_) => plan,
        None => Plan { interval: Duration::from_millis(10), ..plan },
    };
    let size = value("size", text("size"), 10 * MIB, size)?;
    let tests = match text("test") {
        None if given.opt_present("concurrent") => vec![Test::Latency],
        given => value("test", given, ALL.to_vec(), tests)?,
    };
    let timeout = Duration::from_secs(if tests == [Test::Udp] { 2 } else { 10 });
    let lag = if tests.contains(&Test::Lag) { lag(&plan)? } else { LagPlan::default() };
    let options = Options {
        host: value("host", text("host"), "localhost".into(), host)?,
        port: value("port", text("port"), 5001, port)?,
        loopback: given.opt_present("loopback"),
        tests,
        lag,
        data: value("data", text("data"), Map::new(), data)?,
        plan,
        amount: time.map_or(Amount::Bytes(size), Amount::Time),
        loaded: (loaded, time.unwrap_or(Duration::from_secs(9))),
        sizes: value("sizes", text("sizes"), sizes("1:64KiB:*2")?, sizes)?,
        clients,
        listed: given.opt_present("concurrent"),
        timeout: value("timeout", text("timeout"), timeout, some_time)?,
        framing: value("framing", text("framing"), Framing::Line, str::parse)?,
        spin,
        format: match (given.opt_present("json"), given.opt_present("json-stream")) {
            (false, false) => Format::Text,
            (true, _) => Format::Json,
            (_, true) => Format::JsonStream,
        },
        csv: value("csv", text("csv"), None, file)?,
        svg: value("svg", text("svg"), None, file)?,
        urls: given.opt_strs("url").iter().map(|text| url(text)).collect::<Result<_, _>>()?,
        realm: value("realm", text("realm"), "realm1".into(), realm)?,
        trace: given.opt_present("trace"),
        quiet: given.opt_present("quiet"),
    };
    check_call(&given, &options)?;
    check_meaning(&given, &options)?;
    check_framing(&options)?;
    check_datagram(&options)?;
    Ok(Command::Run(Box::new(options)))
}

/// Flags that contradict each other.
fn check_combinations(given: &Matches) -> Result<(), String> {
    for (one, other, why) in [
        ("loopback", "host", "--loopback starts a server of its own; leave out --host"),
        ("loopback", "port", "--loopback starts a server of its own; leave out --port"),
        ("time", "count", "--time takes the place of --count; leave out one of them"),
        ("time", "size", "--time takes the place of --size; leave out one of them"),
        (
            "json",
            "json-stream",
            "--json and --json-stream both write to standard output; leave out one of them",
        ),
        ("json", "trace", "--trace is drawn for a person; leave out --json"),
        ("json-stream", "trace", "--trace is drawn for a person; leave out --json-stream"),
    ] {
        if given.opt_present(one) && given.opt_present(other) {
            return Err(why.into());
        }
    }
    Ok(())
}

/// What only `call` has, and what it does not have.
fn check_call(given: &Matches, options: &Options) -> Result<(), String> {
    let call = options.tests == [Test::Call];
    for (flag, needed, why) in [
        (
            "url",
            true,
            "--url names a router, which only --test call measures; add that, or write --host and --port",
        ),
        (
            "realm",
            true,
            "--realm is a router's, which only --test call measures; add that, or leave it out",
        ),
        ("host", false, "--test call measures a router: write --url instead of --host"),
        ("port", false, "--test call measures a router: write --url instead of --port"),
        (
            "framing",
            false,
            "--test call measures both of its framings; leave out --framing, or choose one with --url",
        ),
        ("spin", false, "--test call always sleeps while it waits; leave out --spin"),
        (
            "trace",
            false,
            "--trace draws the text protocol, which --test call does not speak; leave it out",
        ),
    ] {
        if given.opt_present(flag) && call != needed {
            return Err(why.into());
        }
    }
    if options.loopback && !options.urls.is_empty() {
        return Err("--loopback starts a router of its own; leave out --url".into());
    }
    Ok(())
}

/// Flags that would change nothing.
fn check_meaning(given: &Matches, options: &Options) -> Result<(), String> {
    let only = |test| options.tests == [test];
    for (flag, meaningless, why) in [
        (
            "data",
            !only(Test::Status),
            "--data is what --test status sends; add that, or leave it out",
        ),
        (
            "payload",
            only(Test::Lag),
            "--payload is not for lag: the server's pings have none; leave it out",
        ),
        (
            "payload",
            only(Test::Status),
            "--payload is not for status: that sends --data; leave it out",
        ),
        (
            "warmup",
            only(Test::Lag),
            "--warmup is not for lag: the server counts all of its pings; leave it out",
        ),
        (
            "warmup",
            only(Test::Status),
            "--warmup is not for status, which is one question; leave it out",
        ),
    ] {
        if meaningless && given.opt_present(flag) {
            return Err(why.into());
        }
    }
    Ok(())
}

/// What cannot be done where nothing marks the end of a message.
fn check_framing(options: &Options) -> Result<(), String> {
    let timed = |test: &Test| {
        *test == Test::Loaded || (*test != Test::Latency && options.plan.time.is_some())
    };
    let unframed = |test: &Test| {
        timed(test) || matches!(test, Test::Bidirectional | Test::Sweep | Test::Lag | Test::Status)
    };
    if options.framing == Framing::Line || options.tests == [Test::Udp] {
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

/// What a datagram cannot hold.
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

fn tests(text: &str) -> Result<Vec<Test>, String> {
    if text == "all" {
        return Ok(ALL.to_vec());
    }
    let named = Test::BY_NAME.into_iter().find(|test| test.name() == text);
    named.map(|test| vec![test]).ok_or_else(|| {
        let choices = Test::BY_NAME.map(Test::name).join(", ");
        format!("{text:?} is no test; choose all or one of {choices}")
    })
}

/// What a server can be asked for.
fn lag(plan: &Plan) -> Result<LagPlan, String> {
    let interval = plan.interval;
    if !interval.as_nanos().is_multiple_of(1_000_000) || interval > MAX_LAG_INTERVAL {
        return Err(format!(
            "--interval: {interval:?} is none for lag; write whole milliseconds up to {MAX_LAG_INTERVAL:?}, such as 5ms"
        ));
    }
    match plan.pings() {
        None => {
            Err("--time needs an --interval for lag: the server is asked for a number of pings"
                .into())
        }
        Some(count) if count > MAX_LAG_COUNT => {
            Err(format!("{count} pings are more than {MAX_LAG_COUNT}, which is the most for lag"))
        }
        Some(count) => Ok(LagPlan { count, interval }),
    }
}

fn data(text: &str) -> Result<Map, String> {
    match json::parse(text.as_bytes()) {
        Ok(Value::Map(map)) => match Value::Map(map.clone()).to_string().len() {
            0..=MAX_DATA => Ok(map),
            bytes => Err(format!(
                "{bytes} bytes are more than {MAX_DATA}, which is the most for a question"
            )),
        },
        Ok(_) => Err("it has to be a JSON object, such as {\"from\":\"me\"}".into()),
        Err(error) => Err(format!(
            "{error}, where there has to be a JSON object, such as {{\"from\":\"me\"}}"
        )),
    }
}

fn host(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("must not be empty, such as localhost".into())
    } else {
        Ok(text.into())
    }
}

fn file(name: &str) -> Result<Option<String>, String> {
    if name.is_empty() {
        Err("must not be empty, such as rtt.out".into())
    } else {
        Ok(Some(name.into()))
    }
}

fn port(text: &str) -> Result<u16, String> {
    let port = whole_number(text).filter(|&port| port > 0);
    port.ok_or_else(|| format!("{text:?} is not a port; write a number from 1 to 65535"))
}

fn url(text: &str) -> Result<Url, String> {
    text.parse().map_err(|error| format!("--url: {error}"))
}

fn realm(text: &str) -> Result<String, String> {
    let valid = valid_uri(text).then(|| text.into());
    valid.ok_or_else(|| {
        format!("{text:?} is no realm; write words between dots, such as realm1 or com.example")
    })
}

fn clients(text: &str) -> Result<usize, String> {
    at_least_one(text).and_then(|clients| match usize::try_from(clients) {
        Ok(clients) if clients <= MAX_CLIENTS => Ok(clients),
        _ => Err(format!("{clients} clients are more than {MAX_CLIENTS}, which is the most")),
    })
}

fn warmup(text: &str) -> Result<u64, String> {
    whole_number(text).ok_or_else(|| format!("{text:?} is not a whole number from 0"))
}

/// Reads `A:B:*K`, all sizes that a ping can carry.
fn sizes(text: &str) -> Result<Vec<usize>, String> {
    let wrong = || format!("{text:?} are no sizes; write FIRST:LAST:*FACTOR, such as 1:64KiB:*2");
    let [first, last, factor] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err(wrong());
    };
    let factor =
        factor.strip_prefix('*').and_then(whole_number::<usize>).filter(|&factor| factor > 1);
    let (first, last) = (payload(first)?, payload(last)?);
    match factor {
        Some(factor) if 0 < first && first <= last => {
            Ok(iter::successors(Some(first), |size| size.checked_mul(factor))
                .take_while(|&size| size <= last)
                .collect())
        }
        _ => Err(wrong()),
    }
}

fn payload(text: &str) -> Result<usize, String> {
    let bytes = parse_size(text, 1).map_err(|error| error.to_string())?;
    let bytes = usize::try_from(bytes).ok().filter(|&bytes| bytes <= MAX_PAYLOAD);
    bytes
        .ok_or_else(|| format!("{text} is more than a ping can carry: at most {MAX_PAYLOAD} bytes"))
}

fn size(text: &str) -> Result<u64, UnitError> {
    match parse_size(text, MIB)? {
        0 => Err(UnitError::NoSize),
        bytes => Ok(bytes),
    }
}
