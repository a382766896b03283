//! The server: a [`Server`] as its flags describe it.
//!
//! | flag | meaning |
//! | --- | --- |
//! | `--host HOST` | address to listen on (default 0.0.0.0; :: for IPv6) |
//! | `--port PORT` | port to listen on (default 5001); 0 lets the system choose |
//! | `--mode MODE` | who serves a connection: thread (default), process or sequential |
//! | `--framing F` | line (default), or bare for the dialect without delimiters |
//! | `--inetd` | serve standard input: a connection, then exit; or a listener |
//! | `--one-off` | serve one connection that asks for something, then exit |
//! | `--max-connections N` | connections at once (default 1024; at most 12000, or 2000 in process mode) |
//! | `--max-per-ip N` | connections at once from one address (default: no limit) |
//! | `--max-size SIZE` | largest bulk transfer (default 100GiB); a bare number counts MiB |
//! | `--max-time DUR` | longest timed transfer (default 1h) |
//! | `--idle-timeout DUR` | drop a peer that is silent or stalled for so long (default 60s) |
//! | `--allow CIDR` | only these networks may connect, such as 10.0.0.0/8; repeatable |
//! | `--info KEY=VALUE` | data that every status answer holds; a VALUE that is JSON is that value, anything else a string; repeatable |
//! | `--no-writeback` | do not repeat the question in status answers |
//! | `--spin` | wait by asking again and again; burns a core for each connection |
//! | `--no-udp` | do not answer UDP pings |
//! | `--loss PCT` | lose so many of a hundred answers to UDP pings |
//! | `--duplicate PCT` | send so many of them twice |
//! | `--reorder PCT` | let the next one past so many of them (of two in a row, only one) |
//! | `--delay DUR` | send each of them so much later |
//! | `--seed N` | lose, send twice and let past the same ones each time, for every client |
//! | `--ws ADDR` | also route WAMP calls, over WebSocket, at HOST:PORT or unix:PATH, perhaps with ?serializer=json or msgpack to offer that one alone; repeatable |
//! | `--rawsocket ADDR` | also route WAMP calls, over WAMP RawSocket; repeatable |
//! | `--realm NAME` | the realm of the router (default realm1) |
//! | `-q`, `--quiet` | no line per connection |

mod flags;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use flags::{Command, Options};
use roundtrip::flags::one_line;
use roundtrip::log::Log;
#[cfg(unix)]
use roundtrip::net::inherited::{self, Inherited};
use roundtrip::serve::descriptors;
use roundtrip::server::{Config, Server};
use roundtrip::udp::server::{Impairments, bind_with_tcp};
use roundtrip::units::count;
use roundtrip::wamp::router::{self, Endpoint, Router};

fn main() -> ExitCode {
    let options = match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(options)) => *options,
        Ok(Command::Print(text)) => {
            let mut output = io::stdout();
            return match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
                // A reader that has closed the pipe has read enough.
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    complain(1, &format!("cannot write: {error}"))
                }
                _ => ExitCode::SUCCESS,
            };
        }
        Err(what) => return complain(2, &what),
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(1, &error.to_string()),
    }
}

fn complain(code: u8, what: &str) -> ExitCode {
    roundtrip::flags::complain("server", what);
    ExitCode::from(code)
}

fn run(Options { mut config, udp, inetd, quiet, endpoints, realm }: Options) -> io::Result<()> {
    let (log, writer) = match Log::to(io::stdout()) {
        Ok((log, writer)) => (log, Some(writer)),
        // A connection that is here already can do without a log.
        Err(_) if inetd => (Log::default(), None),
        Err(error) => return Err(error),
    };
    let log_is_connection = inetd && stdout_is_stdin();
    if !quiet && !log_is_connection {
        config.session.log = log.clone();
    }
    config.log = log;
    if inetd {
        serve_stdin(config)?;
    } else {
        listen(config, udp, endpoints, realm)?;
    }
    if let Some(writer) = writer {
        writer.finish(Duration::from_secs(1));
    }
    Ok(())
}

fn listen(
    config: Config,
    udp: Option<Impairments>,
    endpoints: Vec<Endpoint>,
    realm: String,
) -> io::Result<()> {
    let (log, mode, most) = (config.log.clone(), config.mode, config.limits.max_connections);
    let (connections, idle_timeout) = (config.session.log.clone(), config.session.idle_timeout);
    let second_threads = Arc::clone(&config.session.second_threads);
    let (server, echo) = match udp {
        None => (Server::bind(config)?, None),
        Some(impairments) => {
            let (server, echo) = bind_with_tcp(&config, impairments)?;
            (server, Some(echo))
        }
    };
    let session = router::Settings {
        realm,
        idle_timeout,
        second_threads,
        log: connections,
        ..router::Settings::default()
    };
    let ready = format!("wamp router, realm {}", one_line(&session.realm));
    // Without an endpoint it listens nowhere, and is nothing.
    let router = Router::bind(router::Config {
        listen: endpoints,
        admission: server.admission(),
        session,
        log: log.clone(),
    })?;
    log.say(format_args!("listening on {} (tcp, {mode} mode)", server.address()));
    if echo.is_some() {
        log.say(format_args!("listening on {} (udp)", server.address()));
    }
    for url in router.urls() {
        log.say(format_args!("listening on {url} ({ready})"));
    }
    compare_with_descriptors(most, &log);
    let _router = router.start()?;
    let _echo = echo.map(|echo| echo.start(log)).transpose()?;
    server.run();
    Ok(())
}

/// Says if there may be more connections than this process may have descriptors.
fn compare_with_descriptors(connections: u64, log: &Log) {
    if let Some(limit) = descriptors::limit()
        && connections.saturating_add(descriptors::OTHERS) > limit
    {
        let what = format!("the limit of {limit} descriptors allows");
        log.say(match limit.saturating_sub(descriptors::OTHERS) {
            0 => format!("{what} few connections, or none: raise it (ulimit -n)"),
            room => format!(
                "{what} {}, not {connections}: raise it (ulimit -n), or set --max-connections {room}",
                count(room, "connection")
            ),
        });
    }
}

#[cfg(unix)]
fn serve_stdin(config: Config) -> io::Result<()> {
    // A child that took its standard input for a listener would start children itself.
    if roundtrip::server::is_child() {
        return roundtrip::server::serve_stdin(&config);
    }
    match inherited::stdin(config.session.idle_timeout)? {
        Inherited::Connection => roundtrip::server::serve_stdin(&config),
        Inherited::Listener(listener, first) => {
            let address = listener.address()?;
            let (log, mode, most) =
                (config.log.clone(), config.mode, config.limits.max_connections);
            let acceptor = Server::accept_from(listener, first, config)?;
            log.say(format_args!("listening on {address} (standard input, {mode} mode)"));
            compare_with_descriptors(most, &log);
            acceptor.run();
            Ok(())
        }
    }
}

#[cfg(not(unix))]
fn serve_stdin(_: Config) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "--inetd needs Unix"))
}

/// Under `inetd` standard output *is* the connection, and a log line in it would be
/// taken for an answer. In a child of process mode standard output leads to
/// the parent, which collects the log.
#[cfg(unix)]
fn stdout_is_stdin() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let inode = |fd: io::Result<std::os::fd::OwnedFd>| {
        let metadata = std::fs::File::from(fd?).metadata()?;
        io::Result::Ok((metadata.dev(), metadata.ino()))
    };
    let stdin = inode(io::stdin().as_fd().try_clone_to_owned());
    let stdout = inode(io::stdout().as_fd().try_clone_to_owned());
    matches!((stdin, stdout), (Ok(stdin), Ok(stdout)) if stdin == stdout)
}

#[cfg(not(unix))]
fn stdout_is_stdin() -> bool {
    false
}
