//! The parts that `--test call` hands out: it starts this very program again as a
//! router, as callees and as callers, each in a process of its own, and talks with it
//! in lines.
//!
//! ```text
//!   parent                                   child
//!     start --role caller URL REALM … ──────▶  joins the router
//!     ◀──────────────────────────────── READY  or ERROR and why; times are in nanoseconds
//!     begin 1000000000 100 ────────────────▶  makes 100 calls, or as many as begin within a second
//!     ◀──── {"duration_ns":…,"callers":[{…}]}  and tells of them when they are over, never before
//!     go_on 1000000000 100 ────────────────▶  the same, by the same schedule
//!     ◀──── {"duration_ns":…,"callers":[{…}]}
//!     the end of its standard input ───────▶  ends: so none is left behind, however the parent has ended
//! ```
//!
//! A router says, before `READY`, where it listens. Several callers are threads of one
//! process, each with its own session, and so are their callees: the second number
//! above is what the first caller makes, and the others' follow.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, BufRead};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::json::{Map, Value};
use roundtrip::log::Log;
use roundtrip::measure::{Latency, Outcome, Sample, together};
use roundtrip::net::Address;
use roundtrip::serve::{Admission, Limits};
use roundtrip::wamp::Session;
use roundtrip::wamp::call::{Batch, Caller, offer_echo};
use roundtrip::wamp::router::realm::Settings;
use roundtrip::wamp::router::{Config, Endpoint, Router};
use roundtrip::wamp::url::Url;

use crate::output::say;

/// The first argument of a child; the second is its role.
pub const FLAG: &str = "--role";

/// What a child can be.
pub const ROUTER: &str = "router";
pub const CALLEE: &str = "callee";
pub const CALLER: &str = "caller";

/// What a caller is told: by a schedule that begins now, or that of the calls before.
pub const BEGIN: &str = "begin";
pub const GO_ON: &str = "go_on";

/// A callee that hears nothing for so long asks its router whether it is there. While
/// others have their turn that would be in their way.
const SILENCE: Duration = Duration::from_secs(60);

/// Plays a role until standard input ends.
pub fn play(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> =
        arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let played = match arguments[..] {
        [ROUTER, realm, directory] => router(realm, directory),
        [CALLEE, url, realm, procedure, callees] => callees_of(url, realm, procedure, callees),
        [CALLER, url, realm, procedure, callers, timeout, payload, interval] => {
            callers_of([url, realm, procedure], [callers, timeout, payload, interval])
        }
        _ => Err("a role and its arguments are for the client alone to give".into()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("ERROR {}", roundtrip::flags::one_line(error)));
            ExitCode::FAILURE
        }
    }
}

type Played = Result<(), Box<dyn Error>>;

/// Listens in both framings, on TCP and, where there is such a thing, on Unix sockets
/// in this directory.
fn router(realm: &str, directory: &str) -> Played {
    let tcp = || Address::Tcp { host: "127.0.0.1".into(), port: 0 };
    let unix = |name: &str| Address::Unix(format!("{directory}/{name}"));
    let mut listen = vec![Endpoint::websocket(tcp()), Endpoint::rawsocket(tcp())];
    if cfg!(unix) {
        listen.extend([Endpoint::websocket(unix("ws")), Endpoint::rawsocket(unix("rs"))]);
    }
    // It is there for these callers alone, so it has no limits of its own.
    let admission = Admission::new(Limits { max_connections: u64::MAX, ..Limits::default() });
    let idle_timeout = Duration::from_secs(u64::from(u32::MAX));
    let session = Settings { realm: realm.into(), idle_timeout, ..Settings::default() };
    // Only what has gone wrong is said there.
    let (log, _writer) = Log::to(io::stderr())?;
    let router = Router::bind(Config { listen, admission, session, log })?.start()?;
    for url in router.urls() {
        say(&url.to_string());
    }
    say("READY");
    wait_for_the_end()?;
    drop(router);
    // The parent may not have come to it.
    let _ = std::fs::remove_dir(directory);
    Ok(())
}

fn wait_for_the_end() -> Played {
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// One session for each callee, and in each one procedure.
fn callees_of(url: &str, realm: &str, procedure: &str, callees: &str) -> Played {
    let url: Url = url.parse()?;
    let join = |number| {
        let mut session = Session::join(&url, realm, SILENCE)?;
        offer_echo(&mut session, &numbered(procedure, number))?;
        io::Result::Ok(session)
    };
    let sessions = (0..callees.parse()?).map(join).collect::<io::Result<Vec<_>>>()?;
    for mut session in sessions {
        // How it ends, its caller hears from the router.
        thread::Builder::new().stack_size(STACK_SIZE).spawn(move || session.serve())?;
    }
    say("READY");
    wait_for_the_end()
}

/// As [callers](fn@together) have.
const STACK_SIZE: usize = 256 * 1024;

fn numbered(procedure: &str, number: usize) -> String {
    format!("{procedure}_{number}")
}

fn callers_of(
    [url, realm, procedure]: [&str; 3],
    [callers, timeout, payload, interval]: [&str; 4],
) -> Played {
    let url: Url = url.parse()?;
    let timeout = Duration::from_nanos(timeout.parse()?);
    let interval = Duration::from_nanos(interval.parse()?);
    let payload = payload.parse()?;
    let join = |number| {
        let session = Session::join(&url, realm, timeout)?;
        io::Result::Ok(Caller::new(session, &numbered(procedure, number), payload))
    };
    let mut callers = (0..callers.parse()?).map(join).collect::<io::Result<Vec<_>>>()?;
    // The end of the input has to end also a caller that waits for its answer.
    let (sender, commands) = channel();
    thread::Builder::new().spawn(move || {
        let _ =
            io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
        std::process::exit(0);
    })?;
    say("READY");
    for command in commands {
        let (word, numbers) = command.split_once(' ').unwrap_or_default();
        let numbers = numbers.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let [time, counts @ ..] = &numbers[..] else {
            return Err("a command without numbers".into());
        };
        let batch =
            Batch { count: 0, time: Duration::from_nanos(*time), interval, goes_on: word == GO_ON };
        say(&make_calls(&mut callers, batch, counts).to_string());
    }
    Ok(())
}

/// What one caller has to tell.
struct Told {
    begin: Instant,
    end: Instant,
    latency: Latency,
    samples: [Vec<Value>; 3],
}

/// All callers at once, each making its number of calls.
fn make_calls(callers: &mut [Caller], batch: Batch, counts: &[u64]) -> Value {
    let work = |(caller, &count): (&mut Caller, &u64)| {
        let samples = Mutex::new([const { Vec::new() }; 3]);
        let begin = Instant::now();
        let latency = caller.batch(&Batch { count, ..batch }, &|sample| {
            if let (Sample::Ping { at, rtt, due, .. }, Ok(mut samples)) = (sample, samples.lock()) {
                samples[0].push(nanoseconds(at));
                samples[1].push(nanoseconds(rtt));
                samples[2].extend(due.map(nanoseconds));
            }
        });
        Told {
            begin,
            end: Instant::now(),
            latency,
            samples: samples.into_inner().unwrap_or_default(),
        }
    };
    let told = together(callers.iter_mut().zip(counts).collect(), work);
    let known = || told.iter().flatten();
    let duration = known().map(|one| one.end).max().zip(known().map(|one| one.begin).min());
    let duration =
        duration.map_or(Duration::ZERO, |(end, begin)| end.saturating_duration_since(begin));
    let callers: Vec<Value> = told
        .into_iter()
        .map(|one| Value::Map(one.map_or_else(|error| refused(&error), Told::into_map)))
        .collect();
    Map::from([("duration_ns", nanoseconds(duration)), ("callers", callers.into())]).into()
}

impl Told {
    fn into_map(self) -> Map {
        let mut map = Map::from([("sent", self.latency.sent.into())]);
        for (name, samples) in ["at_ns", "rtt_ns", "due_ns"].into_iter().zip(self.samples) {
            map.insert(name, samples);
        }
        if let Some(error) = self.latency.failure() {
            map.insert("error", error.to_string());
        }
        map
    }
}

/// A caller that the system gave no thread.
fn refused(error: &io::Error) -> Map {
    Map::from([("error", error.to_string().into())])
}

fn nanoseconds(duration: Duration) -> Value {
    roundtrip::units::nanoseconds(duration).into()
}
