//! The client: its flags, made measurements, run one after the other, and reported.

mod flags;
mod run;

use std::io::{self, Write};
use std::process::ExitCode;

use flags::Command;
use roundtrip::server::{Config, Server};
use roundtrip::session::Settings;

fn main() -> ExitCode {
    let mut options = match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Print(text)) => {
            say(text.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(what) => {
            complain(&what);
            return ExitCode::from(2);
        }
    };
    if !options.loopback {
        return run::all(&options);
    }
    let session = Settings { framing: options.framing, max_size: u64::MAX, ..Settings::default() };
    match Server::bind(Config { session, ..Config::default() }).and_then(Server::start) {
        Ok(server) => {
            options.host = server.address().ip().to_string();
            options.port = server.address().port();
            run::all(&options)
        }
        Err(error) => {
            complain(&format!("cannot start a server: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints a line of results. `println!` would panic when whoever reads them has read enough (`client | head -1`); then there is nobody
/// left to measure for.
fn say(line: &str) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        complain(&format!("cannot write the results: {error}"));
        std::process::exit(1);
    }
}

fn complain(what: &str) {
    // Without a standard error there is nobody to tell that there is none.
    let _ = writeln!(io::stderr(), "client: {what}");
}
