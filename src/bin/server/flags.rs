//! The server's command line.

use std::ffi::OsString;

use getopts::{Matches, Options as Getopts};
use roundtrip::flags::{at_least_one, one_line, some_time, value};
use roundtrip::json::Value;
use roundtrip::serve::{Limits, Mode};
use roundtrip::server::Config;
use roundtrip::session::{Settings, status};
use roundtrip::udp::server::Impairments;
use roundtrip::units::{MIB, parse_duration, parse_size, whole_number};
use roundtrip::wamp::router::Endpoint;
use roundtrip::wamp::valid_uri;

/// What the command line asks for.
pub enum Command {
    /// Serve.
    Run(Box<Options>),
    /// Print this and exit.
    Print(String),
}

/// The flags, understood.
pub struct Options {
    /// What the server is to be.
    pub config: Config,
    /// What is done to the answers to UDP pings; none are given without.
    pub udp: Option<Impairments>,
    /// Serve standard input instead of listening.
    pub inetd: bool,
    /// Log no connections.
    pub quiet: bool,
    /// Where the router listens, if there is to be one.
    pub endpoints: Vec<Endpoint>,
    /// The name of its realm.
    pub realm: String,
}

fn declare() -> Getopts {
    let mut flags = Getopts::new();
    flags.optopt("", "host", "address to listen on (default 0.0.0.0; :: for IPv6)", "HOST");
    flags.optopt("", "port", "port to listen on (default 5001); 0 lets the system choose", "PORT");
    flags.optopt(
        "",
        "mode",
        "who serves a connection: thread (default), process or sequential",
        "MODE",
    );
    flags.optopt("", "framing", "line (default), or bare for the dialect without delimiters", "F");
    flags.optflag("", "inetd", "serve the one connection that is standard input, then exit");
    flags.optflag("", "one-off", "serve one connection, then exit");
    flags.optopt("", "max-connections", "connections at once (default 1024)", "N");
    flags.optopt("", "max-per-ip", "connections at once from one address (default: no limit)", "N");
    flags.optopt(
        "",
        "max-size",
        "largest bulk transfer (default 100GiB); a bare number counts MiB",
        "SIZE",
    );
    flags.optopt("", "max-time", "longest timed transfer (default 1h)", "DUR");
    flags.optopt(
        "",
        "idle-timeout",
        "drop a peer that is silent or stalled for so long (default 60s)",
        "DUR",
    );
    flags.optmulti(
        "",
        "allow",
        "only these networks may connect, such as 10.0.0.0/8; repeatable",
        "CIDR",
    );
    flags.optmulti("", "info", "data that every status answer holds; repeatable", "KEY=VALUE");
    flags.optflag("", "no-writeback", "do not repeat the question in status answers");
    flags.optflag("", "spin", "wait by asking again and again; burns a core for each connection");
    flags.optflag("", "no-udp", "do not answer UDP pings");
    flags.optopt("", "loss", "lose so many of a hundred answers to UDP pings", "PCT");
    flags.optopt("", "duplicate", "send so many of them twice", "PCT");
    flags.optopt(
        "",
        "reorder",
        "let the next one past so many of them (of two in a row, only one)",
        "PCT",
    );
    flags.optopt("", "delay", "send each of them so much later", "DUR");
    flags.optopt(
        "",
        "seed",
        "lose, send twice and let past the same ones each time, for every client",
        "N",
    );
    flags.optmulti(
        "",
        "ws",
        "also route WAMP calls, over WebSocket, at HOST:PORT or unix:PATH; repeatable",
        "ADDR",
    );
    flags.optmulti("", "rawsocket", "the same over WAMP RawSocket; repeatable", "ADDR");
    flags.optopt("", "realm", "the realm of the router (default realm1)", "NAME");
    flags.optflag("q", "quiet", "no line per connection");
    flags.optflag("h", "help", "print this");
    flags.optflag("V", "version", "print the version");
    flags
}

/// Reads the command line. An error is one line that says what is wrong and what would
/// be right.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let arguments: Vec<OsString> = arguments.collect();
    let declared = declare();
    let given = declared
        .parse(&arguments)
        .map_err(|error| format!("{}; see server --help", one_line(&error)))?;
    if given.opt_present("help") {
        let brief = "Usage: server [FLAGS]\n\nAnswers the roundtrip client: pings and bulk transfers over TCP, pings \
                     over UDP. With --ws or\n--rawsocket it is a WAMP router as well.";
        return Ok(Command::Print(declared.usage(brief)));
    }
    if given.opt_present("version") {
        return Ok(Command::Print(format!("roundtrip server {}\n", env!("CARGO_PKG_VERSION"))));
    }
    if let Some(stray) = given.free.first() {
        return Err(format!("unexpected argument {stray:?}; see server --help"));
    }
    let text = |name| given.opt_str(name);
    let (limits, session) = (Limits::default(), Settings::default());
    let config = Config {
        host: value("host", text("host"), "0.0.0.0".into(), host)?,
        port: value("port", text("port"), 5001, port)?,
        mode: value("mode", text("mode"), Mode::default(), str::parse)?,
        child: child(arguments)?,
        limits: Limits {
            max_connections: value(
                "max-connections",
                text("max-connections"),
                limits.max_connections,
                connections,
            )?,
            max_per_ip: value("max-per-ip", text("max-per-ip"), None, |text| {
                at_least_one(text).map(Some)
            })?,
            allow: given
                .opt_strs("allow")
                .iter()
                .map(|network| network.parse().map_err(|error| format!("--allow: {error}")))
                .collect::<Result<_, _>>()?,
        },
        one_off: given.opt_present("one-off"),
        session: Settings {
            framing: value("framing", text("framing"), session.framing, str::parse)?,
            max_size: value("max-size", text("max-size"), session.max_size, |text| {
                parse_size(text, MIB)
            })?,
            max_time: value("max-time", text("max-time"), session.max_time, some_time)?,
            spin: given.opt_present("spin"),
            idle_timeout: value(
                "idle-timeout",
                text("idle-timeout"),
                session.idle_timeout,
                some_time,
            )?,
            info: given.opt_strs("info").iter().map(|text| info(text)).collect::<Result<_, _>>()?,
            writeback: !given.opt_present("no-writeback"),
            ..session
        },
        ..Config::default()
    };
    status::check(&config.session.info).map_err(|error| format!("--info: {error}"))?;
    let (inetd, quiet) = (given.opt_present("inetd"), given.opt_present("quiet"));
    let (endpoints, realm) = router(&given)?;
    Ok(Command::Run(Box::new(Options {
        config,
        udp: udp(&given)?,
        inetd,
        quiet,
        endpoints,
        realm,
    })))
}

/// Where the router is to listen, and the name of its realm.
fn router(given: &Matches) -> Result<(Vec<Endpoint>, String), String> {
    let realm = value("realm", given.opt_str("realm"), "realm1".into(), realm)?;
    let mut endpoints = Vec::new();
    for (flag, endpoint) in
        [("ws", Endpoint::websocket as fn(_) -> _), ("rawsocket", Endpoint::rawsocket)]
    {
        for address in given.opt_strs(flag) {
            endpoints
                .push(endpoint(address.parse().map_err(|error| format!("--{flag}: {error}"))?));
        }
    }
    if given.opt_present("realm") && endpoints.is_empty() {
        return Err(
            "--realm is the realm of the router; add --ws or --rawsocket to have one".into()
        );
    }
    if given.opt_present("one-off") && !endpoints.is_empty() {
        return Err(
            "--one-off serves one connection, and a call through the router takes two; leave out one of them".into()
        );
    }
    Ok((endpoints, realm))
}

fn realm(text: &str) -> Result<String, String> {
    if valid_uri(text) {
        return Ok(text.into());
    }
    Err(format!(
        "{text:?} cannot be the name of a realm; write words with dots between them, such as realm1"
    ))
}

/// What is to be done to the answers to UDP pings.
fn udp(given: &Matches) -> Result<Option<Impairments>, String> {
    let (text, none) = (|name| given.opt_str(name), Impairments::default());
    let impairments = Impairments {
        loss: value("loss", text("loss"), none.loss, percent)?,
        duplicate: value("duplicate", text("duplicate"), none.duplicate, percent)?,
        reorder: value("reorder", text("reorder"), none.reorder, percent)?,
        delay: value("delay", text("delay"), none.delay, parse_duration)?,
        seed: value("seed", text("seed"), none.seed, |text| seed(text).map(Some))?,
    };
    if !given.opt_present("no-udp") {
        return Ok(Some(impairments));
    }
    match ["loss", "duplicate", "reorder", "delay", "seed"]
        .into_iter()
        .find(|flag| given.opt_present(flag))
    {
        Some(flag) => Err(format!("--{flag} is done to answers to UDP pings; leave out --no-udp")),
        None => Ok(None),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent = text.parse().ok().filter(|percent| plain && (0.0..=100.0).contains(percent));
    percent.ok_or_else(|| {
        format!("{text:?} is not a percentage; write a number from 0 to 100, such as 30 or 0.5")
    })
}

fn seed(text: &str) -> Result<u64, String> {
    whole_number(text).ok_or_else(|| format!("{text:?} is not a whole number from 0"))
}

/// A child of process mode is told what its parent was told, and that its connection is
/// on standard input. What concerns listening means nothing to it.
fn child(arguments: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let program = std::env::current_exe()
        .map_err(|error| format!("cannot find out which program this is: {error}"))?;
    Ok([program.into_os_string(), "--inetd".into()].into_iter().chain(arguments).collect())
}

fn port(text: &str) -> Result<u16, String> {
    whole_number(text)
        .ok_or_else(|| format!("{text:?} is not a port; write a number from 0 to 65535"))
}

/// A connection takes a thread, and two while pings leave it on time or data goes both
/// ways. A thread takes four of the 65,530 memory mappings that Linux gives a process,
/// and `std` aborts where one is missing. A session of the router has two as well,
/// while its peer takes less than is sent to it.
fn connections(text: &str) -> Result<u64, String> {
    at_least_one(text).and_then(|connections| match connections {
        1..=7_500 => Ok(connections),
        _ => Err(format!("{connections} connections are more than 7500, which is the most")),
    })
}

fn info(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some(("roundtrip", _)) => Err(
            "--info: \"roundtrip\" is where the server itself says what it is; choose another key"
                .into(),
        ),
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err(format!("--info: {text:?} is no data; write KEY=VALUE, such as name=mine")),
    }
}

fn host(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must not be empty, such as 0.0.0.0".into()) } else { Ok(text.into()) }
}
