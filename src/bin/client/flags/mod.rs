//! The command line of the client: what its flags mean.

mod options;
mod table;
mod test;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::OsString;
use std::time::Duration;

use roundtrip::flags::{Parsed, at_least_one, refuse, some_time};
use roundtrip::json::Map;
use roundtrip::measure::{Load, Plan};
use roundtrip::net::Family;
use roundtrip::pace::Stop;
use roundtrip::udp::datagram::MAX_DATAGRAM_PAYLOAD;
use roundtrip::units::{MIB, parse_duration};
use roundtrip::wire::command::Amount;
use roundtrip::wire::command::more::LagPlan;
use roundtrip::wire::framing::Framing;

pub use options::{Format, Options};
pub use table::means;
use table::{FLAGS, PROGRAM};
pub use test::Test;

/// What the command line asks for.
pub enum Command {
    /// Measure, with these options.
    Run(Box<Options>),
    /// Print this and exit.
    Print(String),
}

/// How often the server reports of an upload, where that is of use.
pub const REPORTS: Duration = Duration::from_millis(50);

/// Reads the command line. An error is one line that says what is wrong and what would
/// be right.
pub fn parse(arguments: &[OsString]) -> Result<Command, String> {
    let given = match roundtrip::flags::parse(&PROGRAM, arguments)? {
        Parsed::Print(text) => return Ok(Command::Print(text)),
        Parsed::Given(given) => given,
    };
    let name = given
        .text("test")
        .unwrap_or_else(|| if given.has("concurrent") { "latency".into() } else { "all".into() });
    let tests = test::named(&name).map_err(|error| format!("--test: {error}"))?;
    let names: Vec<&str> = tests.iter().map(|test| test.name()).collect();
    refuse(FLAGS, |flag| given.has(flag), &name, &names)?;
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
