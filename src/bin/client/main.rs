//! The client: its flags, made measurements, run one after the other, and reported.

mod console;
mod flags;

mod run;

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
    let mut options = match flags::parse(arguments) {
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
    // A router of its own is what calls go through anyway.
    if !options.loopback || options.tests == [flags::Test::Call] {
        return run::all(&options);
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
            run::all(&options)
        }
        Err(error) => {
            complain(format!("cannot start a server: {error}"));
            ExitCode::FAILURE
        }
    }
}
