//! The processes that a measurement of calls starts: a router, callees and callers.
//!
//! Each is the measuring program itself, started again with a role as its argument. It
//! talks to its parent in the lines of [`protocol`](super::protocol), on standard input
//! and output, and ends when its standard input does. So no worker is left behind,
//! however its parent ends.
//!
//! Several callers are threads of one process, each with its own session, and so are
//! their callees.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, BufRead, BufWriter, Write};
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::caller::{Batch, Caller, offer_echo};
use super::protocol::{CALLEE, CALLER, ERROR, Line, READY, ROUTER, Request};
use super::usage::{Usage, switches_of_this_thread};
use crate::flags::one_line;
use crate::log::Log;
use crate::measure::environment::cpu_time;
use crate::measure::{Measurement, Sample, concurrently};
use crate::net::Address;
use crate::no_thread::no_thread;
use crate::serve::{Admission, Limits};
use crate::wamp::client::Session;
use crate::wamp::router::{Config, Endpoint, Router, Settings};
use crate::wamp::url::Url;

/// A callee that receives nothing for so long sends its router a ping, which would
/// disturb the measurement of the others.
const SILENCE: Duration = Duration::from_secs(60);

/// The stack of a callee's thread, as small as those of the
/// [callers](fn@crate::measure::concurrently).
const STACK_SIZE: usize = 256 * 1024;

type Played = Result<(), Box<dyn Error>>;

/// Plays the role that these arguments describe until standard input ends, and returns
/// the exit code. [`Plan::worker`](super::Plan::worker) explains which program has to
/// call this function, and when.
#[must_use]
pub fn play(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> =
        arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let played = match arguments[..] {
        [ROUTER, realm, directory] => router(realm, directory),
        [CALLEE, url, realm, procedure, callees, timeout] => {
            callees_of([url, realm, procedure], callees, timeout)
        }
        [CALLER, url, realm, procedure, callers, timeout, payload, interval] => {
            callers_of([url, realm, procedure], [callers, timeout, payload, interval])
        }
        _ => Err("only the client itself gives a role, with its arguments".into()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent may be gone.
            let _ = say(&format!("{ERROR}{}", one_line(error)));
            ExitCode::FAILURE
        }
    }
}

/// Listens with both framings, on TCP and, where they exist, on Unix sockets in this
/// directory.
fn router(realm: &str, directory: &str) -> Played {
    let tcp = || Address::Tcp { host: "127.0.0.1".into(), port: 0 };
    let unix = |name: &str| Address::Unix(format!("{directory}/{name}"));
    let mut listen = vec![Endpoint::websocket(tcp()), Endpoint::rawsocket(tcp())];
    if cfg!(unix) {
        listen.extend([Endpoint::websocket(unix("ws")), Endpoint::rawsocket(unix("rs"))]);
    }
    // Only these callers and callees connect, so no limit is needed.
    let admission = Admission::new(Limits { max_connections: u64::MAX, ..Limits::default() });
    let idle_timeout = Duration::from_secs(u64::from(u32::MAX));
    let session = Settings { realm: realm.into(), idle_timeout, ..Settings::default() };
    // The router's own log; the sessions have none.
    let (log, _writer) = Log::to(io::stderr())?;
    let router = Router::bind(Config { listen, admission, session, log })?.start()?;
    for url in router.urls() {
        say(&url.to_string())?;
    }
    say(READY)?;
    wait_for_the_end()?;
    drop(router);
    // The parent does this, unless it was killed.
    let _ = std::fs::remove_dir(directory);
    Ok(())
}

/// Joins with one session for each callee, and registers one procedure in each.
fn callees_of([url, realm, procedure]: [&str; 3], callees: &str, timeout: &str) -> Played {
    let url: Url = url.parse()?;
    let timeout = Duration::from_nanos(timeout.parse()?);
    let join = |number| {
        let mut session = Session::join(&url, realm, timeout)?;
        offer_echo(&mut session, &numbered(procedure, number))?;
        session.set_timeout(SILENCE)?;
        io::Result::Ok(session)
    };
    let sessions = (0..callees.parse()?).map(join).collect::<io::Result<Vec<_>>>()?;
    for mut session in sessions {
        // If it fails, its caller learns that from the router.
        thread::Builder::new()
            .stack_size(STACK_SIZE)
            .spawn(move || session.serve())
            .map_err(no_thread)?;
    }
    say(READY)?;
    wait_for_the_end()
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
    // When the input ends, a caller that still waits for a result has to end, too.
    let (sender, requests) = channel();
    thread::Builder::new().spawn(move || {
        let mut lines = io::stdin().lock().lines().map_while(Result::ok);
        let _ = lines.try_for_each(|line| sender.send(line));
        std::process::exit(0);
    })?;
    if let Some(peer) = callers.first().and_then(Caller::peer) {
        say(&peer.to_string())?;
    }
    say(READY)?;
    for request in requests {
        make_calls(&mut callers, &request.parse()?, interval)?;
    }
    Ok(())
}

/// Lets all callers make their calls concurrently, then reports them.
fn make_calls(callers: &mut [Caller], request: &Request, interval: Duration) -> io::Result<()> {
    let &Request { resume, time, .. } = request;
    let work = |(caller, &count): (&mut Caller, &u64)| {
        let mut samples = Vec::new();
        let switches = switches_of_this_thread();
        let begin = Instant::now();
        let latency = caller.batch(&Batch { count, time, interval, resume }, &mut |sample| {
            samples.push(sample);
        });
        let span = begin..Instant::now();
        let switches =
            switches_of_this_thread().zip(switches).map(|(after, before)| after - before);
        (span, latency, samples, switches)
    };
    let before = cpu_time("self");
    let made = concurrently(callers.iter_mut().zip(&request.counts).collect(), work);
    let spans = || made.iter().flatten().map(|(span, ..)| span);
    let begin_and_end =
        spans().map(|span| span.start).min().zip(spans().map(|span| span.end).max());
    // The time of a whole process, since threads that have ended are not shown. And the
    // switches of the threads, since a whole process shows those of its first thread.
    let used = cpu_time("self").zip(before).map(|(after, before)| Usage {
        user: after.0.saturating_sub(before.0),
        system: after.1.saturating_sub(before.1),
        switches: made.iter().flatten().filter_map(|(.., switches)| *switches).sum(),
    });
    let duration = begin_and_end.map_or(Duration::ZERO, |(begin, end)| end - begin);
    let mut out = BufWriter::new(io::stdout().lock());
    for (caller, made) in made.iter().enumerate() {
        let failure = match made {
            Err(refused) => Some(refused),
            Ok((_, latency, samples, _)) => {
                writeln!(out, "{}", Line::Sent { caller, calls: latency.sent })?;
                for sample in samples {
                    if let Sample::Ping { at, rtt, due, .. } = *sample {
                        writeln!(out, "{}", Line::Call { caller, at, rtt, due })?;
                    }
                }
                latency.failure()
            }
        };
        if let Some(why) = failure.map(ToString::to_string) {
            writeln!(out, "{}", Line::Failed { caller, why })?;
        }
    }
    if let Some(used) = used {
        writeln!(out, "{}", Line::Used(used))?;
    }
    writeln!(out, "{}", Line::Done(duration))?;
    out.flush()
}

fn numbered(procedure: &str, number: usize) -> String {
    format!("{procedure}_{number}")
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

fn wait_for_the_end() -> Played {
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
