//! The client's command line.

use std::ffi::OsString;
use std::time::Duration;

use getopts::Options as Getopts;
use roundtrip::flags::{at_least_one, some_time, value};
use roundtrip::measure::{Direction, Plan};
use roundtrip::units::{MIB, UnitError, parse_duration, parse_size};
use roundtrip::wire::command::MAX_PAYLOAD;
use roundtrip::wire::framing::Framing;

/// Clients at once: as many as there are ports for them to come from.
const MAX_CLIENTS: u64 = 65_535;

/// What the command line asks for.
pub enum Command {
    /// Measure.
    Run(Options),
    /// Print this and exit.
    Print(String),
}

/// The flags, understood.
pub struct Options {
    pub host: String,
    pub port: u16,
    /// Start a server in this process and measure that.
    pub loopback: bool,
    pub tests: Vec<Test>,
    pub plan: Plan,
    /// Bytes of each bulk transfer.
    pub size: u64,
    /// Clients at once.
    pub clients: u64,
    pub timeout: Duration,
    pub framing: Framing,
    pub quiet: bool,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Latency,
    Bulk(Direction),
}

const ALL: [Test; 3] = [Test::Latency, Test::Bulk(Direction::Download), Test::Bulk(Direction::Upload)];

fn declare() -> Getopts {
    let mut flags = Getopts::new();
    flags.optopt("", "host", "the server (default localhost)", "HOST");
    flags.optopt("", "port", "its port (default 5001)", "PORT");
    flags.optopt("", "test", "latency, download, upload, or all three of them (default all)", "TEST");
    flags.optopt("", "count", "pings (default 10)", "N");
    flags.optopt(
        "",
        "size",
        "bytes of a transfer, such as 64KiB or 1GiB; a bare number counts MiB (default 10)",
        "SIZE",
    );
    flags.optopt("", "concurrent", "clients at once (default 1); with no --test, latency", "N");
    flags.optopt("", "interval", "from one ping to the next (default 100ms); 0 sends at once", "DUR");
    flags.optopt("", "warmup", "first pings, not counted (default 1)", "N");
    flags.optopt("", "payload", "bytes added to each ping (default 0)", "SIZE");
    flags.optopt("", "timeout", "no answer for so long is a failure (default 10s)", "DUR");
    flags.optopt("", "framing", "line (default), or bare for the dialect without delimiters", "F");
    flags.optflag("", "loopback", "start a server inside this process and measure that");
    flags.optflag("q", "quiet", "results only");
    flags.optflag("h", "help", "print this");
    flags.optflag("V", "version", "print the version");
    flags
}

/// Reads the command line. An error is one line that says what is wrong and what would be right.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let declared = declare();
    let given = declared.parse(arguments).map_err(|error| format!("{error}; see client --help"))?;
    if given.opt_present("help") {
        let brief = "Usage: client [FLAGS]\n\nMeasures latency and bandwidth to a roundtrip server.";
        return Ok(Command::Print(declared.usage(brief)));
    }
    if given.opt_present("version") {
        return Ok(Command::Print(format!("roundtrip client {}\n", env!("CARGO_PKG_VERSION"))));
    }
    if let Some(stray) = given.free.first() {
        return Err(format!("unexpected argument {stray:?}; see client --help"));
    }
    let text = |name| given.opt_str(name);
    let plan = Plan::default();
    let clients = value("concurrent", text("concurrent"), 1, clients)?;
    let tests = match text("test") {
        None if clients > 1 => vec![Test::Latency],
        given => value("test", given, ALL.to_vec(), tests)?,
    };
    let options = Options {
        port: value("port", text("port"), 5001, port)?,
        loopback: given.opt_present("loopback"),
        tests,
        plan: Plan {
            count: value("count", text("count"), plan.count, at_least_one)?,
            interval: value("interval", text("interval"), plan.interval, parse_duration)?,
            warmup: value("warmup", text("warmup"), plan.warmup, warmup)?,
            payload: value("payload", text("payload"), plan.payload, payload)?,
        },
        size: value("size", text("size"), 10 * MIB, size)?,
        clients,
        timeout: value("timeout", text("timeout"), Duration::from_secs(10), some_time)?,
        framing: value("framing", text("framing"), Framing::Line, str::parse)?,
        quiet: given.opt_present("quiet"),
        host: text("host").unwrap_or_else(|| "localhost".into()),
    };
    if options.loopback && (given.opt_present("host") || given.opt_present("port")) {
        return Err("--loopback starts a server of its own; leave out --host and --port".into());
    }
    if options.framing == Framing::Bare && options.plan.payload > 0 {
        return Err("--payload needs --framing line: a bare ping has nothing to mark its end".into());
    }
    Ok(Command::Run(options))
}

fn tests(text: &str) -> Result<Vec<Test>, String> {
    match text {
        "latency" => Ok(vec![Test::Latency]),
        "download" => Ok(vec![Test::Bulk(Direction::Download)]),
        "upload" => Ok(vec![Test::Bulk(Direction::Upload)]),
        "all" => Ok(ALL.to_vec()),
        _ => Err(format!("{text:?} is no test; choose latency, download, upload or all")),
    }
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("{text:?} is not a port; write a number from 1 to 65535")),
    }
}

fn clients(text: &str) -> Result<u64, String> {
    at_least_one(text).and_then(|clients| match clients {
        1..=MAX_CLIENTS => Ok(clients),
        _ => Err(format!("{clients} clients are more than the {MAX_CLIENTS} ports that they could come from")),
    })
}

fn warmup(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is not a whole number from 0"))
}

fn payload(text: &str) -> Result<usize, String> {
    let bytes = parse_size(text, 1).map_err(|error| error.to_string())?;
    let bytes = usize::try_from(bytes).ok().filter(|&bytes| bytes <= MAX_PAYLOAD);
    bytes.ok_or_else(|| format!("{text} is more than a ping can carry: at most {MAX_PAYLOAD} bytes"))
}

fn size(text: &str) -> Result<u64, UnitError> {
    match parse_size(text, MIB)? {
        0 => Err(UnitError::NoSize),
        bytes => Ok(bytes),
    }
}
