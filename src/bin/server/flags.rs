//! The command line of the server: the table of its flags, and what they mean.

use std::ffi::OsString;
use std::path::Path;

use roundtrip::flags::{Flag, Given, Parsed, Program, at_least_one, refuse, some_time};
use roundtrip::json::{self, Value};
use roundtrip::net::address;
use roundtrip::serve::{Limits, Mode};
use roundtrip::server::Config;
use roundtrip::session::{Settings, status};
use roundtrip::udp::server::Impairments;
use roundtrip::units::{MIB, parse_duration, parse_size, whole_number};
use roundtrip::wamp::router::Endpoint;
use roundtrip::wamp::valid_uri;

/// What the command line asks for.
pub enum Command {
    /// Serve, with these options.
    Run(Box<Options>),
    /// Print this and exit.
    Print(String),
}

/// The options that the flags stand for.
pub struct Options {
    /// The configuration of the server.
    pub config: Config,
    /// The impairments of the answers to UDP pings; `None` if there are no answers.
    pub udp: Option<Impairments>,
    /// Serve standard input instead of listening.
    pub inetd: bool,
    /// Log no line per connection.
    pub quiet: bool,
    /// Where the router listens; empty for no router.
    pub endpoints: Vec<Endpoint>,
    /// The realm of the router.
    pub realm: String,
}

/// Every flag but `--help` and `--version`.
pub const FLAGS: &[Flag] = &[
    Flag::new("host", "HOST", "address to listen on (default 0.0.0.0; :: for IPv6)"),
    Flag::new("port", "PORT", "port to listen on (default 5001); 0 lets the system choose"),
    Flag::new("mode", "MODE", "who serves a connection: thread (default), process or sequential"),
    Flag::new("framing", "F", "line (default), or bare for the dialect without delimiters"),
    Flag::new("inetd", "", "serve standard input: a connection, then exit; or a listener"),
    Flag::new("one-off", "", "serve one connection that asks for something, then exit")
        .excludes(&["ws", "rawsocket"], "a call through the router takes two connections"),
    Flag::new(
        "max-connections",
        "N",
        "connections at once (default 1024; at most 12000, or 2000 in process mode)",
    ),
    Flag::new("max-per-ip", "N", "connections at once from one address (default: no limit)"),
    Flag::new(
        "max-size",
        "SIZE",
        "largest bulk transfer (default 100GiB); a bare number counts MiB",
    ),
    Flag::new("max-time", "DUR", "longest timed transfer (default 1h)"),
    Flag::new(
        "idle-timeout",
        "DUR",
        "drop a peer that is silent or stalled for so long (default 60s)",
    ),
    Flag::new("allow", "CIDR", "only these networks may connect, such as 10.0.0.0/8").repeatable(),
    Flag::new("info", "KEY=VALUE", "data that every status answer holds; a VALUE that is JSON is that value, anything else a string").repeatable(),
    Flag::new("no-writeback", "", "do not repeat the question in status answers"),
    Flag::new("spin", "", "wait by asking again and again; burns a core for each connection"),
    Flag::new("no-udp", "", "do not answer UDP pings").excludes(
        &["loss", "duplicate", "reorder", "delay", "seed"],
        "that is done to the answers",
    ),
    Flag::new("loss", "PCT", "lose so many of a hundred answers to UDP pings"),
    Flag::new("duplicate", "PCT", "send so many of them twice"),
    Flag::new(
        "reorder",
        "PCT",
        "let the next one past so many of them (of two in a row, only one)",
    ),
    Flag::new("delay", "DUR", "send each of them so much later"),
    Flag::new(
        "seed",
        "N",
        "lose, send twice and let past the same ones each time, for every client",
    )
    .needs(&["loss", "duplicate", "reorder"])
    .instead("add one of them"),
    Flag::new("ws", "ADDR", "also route WAMP calls, over WebSocket, at HOST:PORT or unix:PATH, perhaps with ?serializer=json or msgpack to offer that one alone")
        .repeatable(),
    Flag::new("rawsocket", "ADDR", "also route WAMP calls, over WAMP RawSocket").repeatable(),
    Flag::new("realm", "NAME", "the realm of the router (default realm1)")
        .needs(&["ws", "rawsocket"])
        .instead("add one of them to have a router"),
    Flag::new("quiet", "", "no line per connection").short("q"),
];

const PROGRAM: Program = Program {
    name: "server",
    about: "Answers the roundtrip client: pings and bulk transfers over TCP, pings over UDP. \
            With --ws or --rawsocket it is a WAMP router as well.",
    plain: "",
    flags: FLAGS,
    examples: &[],
};

/// Reads the command line. An error is one line that says what is wrong and what would
/// be right.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let arguments: Vec<OsString> = arguments.collect();
    let given = match roundtrip::flags::parse(&PROGRAM, &arguments)? {
        Parsed::Print(text) => return Ok(Command::Print(text)),
        Parsed::Given(given) => given,
    };
    refuse(FLAGS, |flag| given.has(flag), "", &[])?;
    let mut endpoints = given.values("ws", |text| Endpoint::parse(text, Endpoint::websocket))?;
    endpoints.extend(given.values("rawsocket", |text| Endpoint::parse(text, Endpoint::rawsocket))?);
    Ok(Command::Run(Box::new(Options {
        udp: udp(&given)?,
        inetd: given.has("inetd"),
        quiet: given.has("quiet"),
        endpoints,
        realm: given.value("realm", "realm1".into(), realm)?,
        config: config(&given, arguments)?,
    })))
}

fn config(given: &Given, arguments: Vec<OsString>) -> Result<Config, String> {
    let (limits, session) = (Limits::default(), Settings::default());
    let mode = given.value("mode", Mode::default(), str::parse)?;
    let limits = Limits {
        max_connections: given
            .value("max-connections", limits.max_connections, |text| connections(text, mode))?,
        max_per_ip: given.value("max-per-ip", None, |text| at_least_one(text).map(Some))?,
        allow: given.values("allow", str::parse)?,
    };
    let session = Settings {
        framing: given.value("framing", session.framing, str::parse)?,
        max_size: given.value("max-size", session.max_size, |text| parse_size(text, MIB))?,
        max_time: given.value("max-time", session.max_time, some_time)?,
        spin: given.has("spin"),
        idle_timeout: given.value("idle-timeout", session.idle_timeout, some_time)?,
        info: given.values("info", info)?.into_iter().collect(),
        writeback: !given.has("no-writeback"),
        ..session
    };
    status::check(&session.info).map_err(|error| format!("--info: {error}"))?;
    Ok(Config {
        host: given.value("host", "0.0.0.0".into(), host)?,
        port: given.value("port", 5001, port)?,
        mode,
        child: child(arguments)?,
        limits,
        one_off: given.has("one-off"),
        session,
        ..Config::default()
    })
}

/// The impairments of the answers to UDP pings, unless there are no answers.
fn udp(given: &Given) -> Result<Option<Impairments>, String> {
    let none = Impairments::default();
    let impairments = Impairments {
        loss: given.value("loss", none.loss, percent)?,
        duplicate: given.value("duplicate", none.duplicate, percent)?,
        reorder: given.value("reorder", none.reorder, percent)?,
        delay: given.value("delay", none.delay, parse_duration)?,
        seed: given.value("seed", none.seed, |text| seed(text).map(Some))?,
    };
    Ok((!given.has("no-udp")).then_some(impairments))
}

fn realm(text: &str) -> Result<String, String> {
    if valid_uri(text) {
        return Ok(text.into());
    }
    Err(format!(
        "{text:?} cannot be the name of a realm; write words with dots between them, such as realm1"
    ))
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

/// The command line of a child in process mode: that of its parent, and `--inetd`,
/// since the connection is its standard input. The flags for listening have no effect
/// there.
fn child(arguments: Vec<OsString>) -> Result<Vec<OsString>, String> {
    // Linux keeps the program of a process, even if its file was replaced or deleted.
    // The path leads to another version then, or nowhere.
    let own_image = Path::new("/proc/self/exe");
    let program = if cfg!(target_os = "linux") && own_image.exists() {
        own_image.into()
    } else {
        std::env::current_exe()
            .map_err(|error| format!("cannot find out which program this is: {error}"))?
    };
    let inetd = (!arguments.iter().any(|argument| argument == "--inetd")).then(|| "--inetd".into());
    Ok([program.into_os_string()].into_iter().chain(inetd).chain(arguments).collect())
}

fn port(text: &str) -> Result<u16, String> {
    whole_number(text)
        .ok_or_else(|| format!("{text:?} is not a port; write a number from 0 to 65535"))
}

/// A connection takes a thread, and a thread takes four of the 65,530 memory mappings
/// that Linux gives a process; `std` aborts where one is missing. The second threads
/// that some sessions have (`Settings::second_threads`) need room, too. In process mode
/// a connection takes a process of three threads, and one more in the parent, of the
/// 32,768 numbers that Linux has for them by default; and about 300 KiB.
fn connections(text: &str, mode: Mode) -> Result<u64, String> {
    let most = if mode == Mode::Process { 2_000 } else { 12_000 };
    at_least_one(text).and_then(|connections| {
        if connections <= most {
            return Ok(connections);
        }
        Err(format!("{connections} connections are more than {most}, the most in {mode} mode"))
    })
}

fn info(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some(("roundtrip", _)) => {
            Err("\"roundtrip\" is where the server itself says what it is; choose another key"
                .into())
        }
        Some((key, value)) if !key.is_empty() => {
            let json = json::parse(value.as_bytes()).ok();
            Ok((key.into(), json.unwrap_or_else(|| value.into())))
        }
        _ => Err(format!("{text:?} is no data; write KEY=VALUE, such as name=mine")),
    }
}

/// A name or an address; one of IPv6 may stand in brackets, as clients write it.
fn host(text: &str) -> Result<String, String> {
    match address::target(text) {
        Ok((host, None)) => Ok(host.into()),
        Ok((host, Some(port))) => {
            Err(format!("{text:?} has a port; write --host {host} --port {port}"))
        }
        Err(_) => Err(format!("{text:?} is no address, such as 0.0.0.0 or ::; a port is --port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roundtrip::flags::markdown;
    use std::time::Duration;

    fn read(line: &str) -> Result<Options, String> {
        match parse(line.split_whitespace().map(OsString::from))? {
            Command::Run(options) => Ok(*options),
            Command::Print(text) => Err(text),
        }
    }

    #[test]
    fn the_page_of_the_program_lists_every_flag() {
        let page = include_str!("main.rs");
        let table = format!("//! {}\n", markdown(FLAGS).trim_end().replace('\n', "\n//! "));
        assert!(page.contains(&table), "the page of the server has this list:\n{table}");
    }

    #[test]
    fn flags_become_a_configuration() {
        let options = read("").unwrap();
        assert_eq!((options.config.host.as_str(), options.config.port), ("0.0.0.0", 5001));
        assert!(options.udp.is_some() && options.endpoints.is_empty() && !options.inetd);
        let line = "--mode process --max-time 5s --info a=1 --info b=x --no-udp --ws 127.0.0.1:0";
        let Options { config, udp, endpoints, .. } = read(line).unwrap();
        assert_eq!((config.mode, config.session.max_time), (Mode::Process, Duration::from_secs(5)));
        assert_eq!(config.session.info.len(), 2);
        assert!(udp.is_none() && endpoints.len() == 1);
        // A child has the same command line, with `--inetd` in front.
        assert_eq!(config.child[1..3], ["--inetd", "--mode"]);
        // As it is if its parent serves a listener that was handed in.
        assert_eq!(
            read("--mode process --inetd").unwrap().config.child[1..],
            ["--mode", "process", "--inetd"]
        );
    }

    #[test]
    fn an_address_may_stand_in_brackets_and_has_no_port() {
        for (host, read_as) in
            [("::", "::"), ("[::1]", "::1"), ("fe80::1%eth0", "fe80::1%eth0"), ("a.b", "a.b")]
        {
            assert_eq!(read(&format!("--host {host}")).unwrap().config.host, read_as);
        }
        for (host, right) in [("127.0.0.1:80", "--port 80"), ("[::1]:80", "--host ::1 --port 80")] {
            let why = read(&format!("--host {host}")).err().unwrap();
            assert!(why.ends_with(right), "{why}");
        }
        assert!(read("--host [::1").is_err());
    }

    #[test]
    fn a_flag_that_would_change_nothing_is_refused() {
        for (line, why) in [
            (
                "--seed 5",
                "--seed means nothing without --loss or --duplicate or --reorder; add one of them",
            ),
            (
                "--realm a",
                "--realm means nothing without --ws or --rawsocket; add one of them to have a router",
            ),
            (
                "--no-udp --loss 5",
                "--no-udp excludes --loss: that is done to the answers; leave out one of them",
            ),
            (
                "--one-off --ws 127.0.0.1:0",
                "--one-off excludes --ws: a call through the router takes two connections; leave out one of them",
            ),
            ("stray", "unexpected argument \"stray\"; see server --help"),
        ] {
            assert_eq!(read(line).err().as_deref(), Some(why));
        }
        assert!(read("--seed 5 --reorder 1").is_ok());
    }
}
