//! The client: runs the tests that its flags ask for, and reports them.
//!
//! | flag | meaning |
//! | --- | --- |
//! | `--host HOST` | the server, as HOST or HOST:PORT (default localhost); not for call |
//! | `--port PORT` | its port (default 5001); not for call |
//! | `--loopback` | start a server inside this process and measure that |
//! | `-4` | only addresses of IPv4; not for call |
//! | `-6` | only addresses of IPv6; not for call |
//! | `--test TEST` | latency, download, upload, all of these (default), connect, bidirectional, loaded, sweep, udp, lag, status or call |
//! | `--count N` | pings or connections (default 10), or calls of each transport (default 1000); for latency, connect, sweep, udp, lag, call |
//! | `--size SIZE` | bytes of a transfer, such as 64KiB or 1GiB; a bare number counts MiB (default 10); for download, upload, bidirectional |
//! | `--time DUR` | run for so long, instead of --count or --size; not for status |
//! | `--concurrent N` | clients at once (default 1); with no --test, latency |
//! | `--interval DUR` | from one ping to the next (default 100ms; loaded: 10ms; connect, call: 0); 0 sends at once; not for download, upload, bidirectional, status |
//! | `--warmup N` | first pings, connections or calls, not counted (default 1); a time, such as 2s: so much of the start of a timed transfer is not counted; not for lag, status |
//! | `--payload SIZE` | bytes added to each ping or call (default 0); a bare number counts bytes; for latency, connect, loaded, udp, call |
//! | `--sizes A:B:*K` | payloads from A to B, each K times the one before (default 1:64KiB:*2); for sweep |
//! | `--data JSON` | the question, a JSON object (default {}); for status |
//! | `--timeout DUR` | no answer for so long is a failure (default 10s), or a loss over UDP (default 2s) |
//! | `--framing F` | line (default), or bare for the dialect without delimiters; not for udp, call |
//! | `--spin` | wait by asking again and again; burns a core; not for status, call |
//! | `--url URL` | a router to measure: ws://HOST:PORT/PATH, ws+unix:PATH, rs://HOST:PORT or rs+unix:PATH, perhaps with ?serializer=json or msgpack (default: one of its own, through every transport); repeatable; for call |
//! | `--realm NAME` | the realm of the router (default realm1); for call |
//! | `--json` | one JSON document at the end |
//! | `--json-stream` | a JSON event a line, as it happens; the last one is the document |
//! | `--every DUR` | a line or an event with the figures of each such interval; not for status |
//! | `--fail-if COND` | exit with 3 if this holds, such as p99>5ms, loss>1% or rate<100Mbit; repeatable |
//! | `--label TEXT` | a title for this run, in the JSON and in the picture |
//! | `--csv FILE` | write every sample to this file |
//! | `--svg FILE` | draw a picture into this file |
//! | `--baseline FILE` | compare with the --csv table of an earlier run |
//! | `--trace` | draw each message that is sent and received; not for call |
//! | `-q`, `--quiet` | results only |

mod console;
mod describe;
mod flags;
mod forms;
mod interrupt;
mod run;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use console::{complain, say};
use flags::Command;
use roundtrip::log::Log;
use roundtrip::serve::Limits;
use roundtrip::server::Config;
use roundtrip::session::Settings;
use roundtrip::udp::server::{Impairments, bind_with_tcp};
use roundtrip::wamp::call::worker;

/// The first argument of a process that `--test call` starts.
pub const ROLE: &str = "--role";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == ROLE).is_some() {
        return worker::play(arguments);
    }
    if arguments.next_if(|first| first == interrupt::WATCHER).is_some() {
        interrupt::wait();
        return ExitCode::SUCCESS;
    }
    let interruptible = arguments.next_if(|first| first == interrupt::INTERRUPTIBLE).is_some();
    let arguments: Vec<OsString> = arguments.collect();
    let mut options = match flags::parse(&arguments) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Print(text)) => {
            say(text.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(what) => {
            complain(what);
            return ExitCode::from(2);
        }
    };
    if interruptible {
        // An upload that is interrupted has figures, too.
        options.reports = options.reports.or(Some(flags::REPORTS));
        options.loaded.1.reports = options.reports;
    } else {
        interrupt::prepare(&arguments);
    }
    // A router of its own is what calls go through anyway.
    if !options.loopback || options.tests == [flags::Test::Call] {
        return run::all(&options, interruptible);
    }
    // It is there for this one client, so it has no limits of its own.
    let forever = Duration::from_secs(u64::from(u32::MAX));
    let session = Settings {
        framing: options.framing,
        max_size: u64::MAX,
        max_time: forever,
        idle_timeout: forever,
        spin: options.spin,
        ..Settings::default()
    };
    let limits = Limits { max_connections: u64::MAX, ..Limits::default() };
    let config = Config { session, limits, ..Config::default() };
    let started = bind_with_tcp(&config, Impairments::default())
        .and_then(|(server, echo)| Ok((server.start()?, echo.start(Log::default())?)));
    match started {
        Ok((server, _echo)) => {
            options.host = server.address().ip().to_string();
            options.port = server.address().port();
            run::all(&options, interruptible)
        }
        Err(error) => {
            complain(format!("cannot start a server: {error}"));
            ExitCode::FAILURE
        }
    }
}
