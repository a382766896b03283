//! A server, put together: an address, a strategy from [`serve`](crate::serve) and the
//! session from [`session`].
//!
//! ```
//! use roundtrip::server::{Config, Server};
//! use roundtrip::client::Client;
//! use std::time::Duration;
//!
//! // A free port of 127.0.0.1, and a thread for each connection.
//! let server = Server::bind(Config::default())?.start()?;
//! let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
//! client.ping(None)?;
//! client.quit()?;
//! # Ok::<(), std::io::Error>(())
//! ```

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::log::Log;
use crate::net::Listener;
use crate::net::listener::wake;
use crate::serve::{Acceptor, Admission, Dispatch, Limits, Mode, Sequential, Threads};
use crate::session::{self, Counters, Settings, Shared};

/// How many refused connections are seen off at once. No single address takes all of
/// the places.
const REFUSALS: Limits = Limits { max_connections: 64, max_per_ip: Some(48), allow: Vec::new() };

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub host: String,
    /// The port to listen on; 0 lets the system choose.
    pub port: u16,
    /// How each connection is served.
    pub mode: Mode,
    /// What [`Mode::Process`] runs for each connection: a program and its arguments,
    /// normally those of the `server` binary with `--inetd`. Whatever it is, it has to
    /// end with [`serve_stdin`].
    pub child: Vec<OsString>,
    /// Who is let in.
    pub limits: Limits,
    /// Serve one connection, then end.
    pub one_off: bool,
    /// Settings of each session.
    pub session: Settings,
    /// The log of what concerns the server as a whole; single connections have
    /// [`Settings::log`].
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: "127.0.0.1".into(),
            port: 0,
            mode: Mode::default(),
            child: Vec::new(),
            limits: Limits::default(),
            one_off: false,
            session: Settings::default(),
            log: Log::default(),
        }
    }
}

/// A server that listens. Connections are queued by the system until it runs.
pub struct Server {
    acceptor: Acceptor,
    address: SocketAddr,
}

/// A server that runs in the background, until this is dropped.
///
/// Then it accepts no further connection. Those that are open go on until their clients
/// end them.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Listens on the address.
    ///
    /// # Errors
    /// When the address cannot be used, the mode is not to be had on this system, or
    /// [`Settings::info`] is longer than a status answer.
    pub fn bind(config: Config) -> io::Result<Self> {
        session::status::check(&config.session.info)?;
        let Config { host, port, mode, child, limits, one_off, session, log } = config;
        let listener = TcpListener::bind((host.as_str(), port)).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {host}:{port}: {error}"))
        })?;
        let address = listener.local_addr()?;
        let admission = Admission::new(limits);
        let counters = Counters::of_server(mode, Arc::clone(&admission));
        let shared = Arc::new(Shared { settings: session, counters });
        let dispatch = strategy(mode, child, &shared)?;
        let settings = &shared.settings;
        let (framing, refused) = (settings.framing, Arc::clone(&shared));
        let acceptor = Acceptor {
            listener: Listener::Tcp(listener),
            idle_timeout: settings.idle_timeout,
            admission,
            dispatch,
            refuse: Box::new(move |stream, refusal| session::refuse(stream, refusal, framing)),
            turn_away: Arc::new(move |stream, refusal| {
                session::turn_away(stream, refusal, &refused);
            }),
            refusals: Admission::new(REFUSALS),
            log,
            connections: settings.log.clone(),
            one_off,
            stop: Arc::default(),
        };
        Ok(Server { acceptor, address })
    }

    /// The address it listens on, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who is let in, and how many there are, to be shared with what else listens in
    /// the same process.
    #[must_use]
    pub fn admission(&self) -> Arc<Admission> {
        Arc::clone(&self.acceptor.admission)
    }

    /// Serves in the calling thread: for ever, or one connection if the configuration says
    /// so.
    pub fn run(self) {
        self.acceptor.run();
    }

    /// Serves in a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(self) -> io::Result<Running> {
        let running = Running { address: self.address, stop: Arc::clone(&self.acceptor.stop) };
        thread::Builder::new().name("accept".into()).spawn(move || self.run())?;
        Ok(running)
    }
}

impl Running {
    /// The address it listens on, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // `accept` cannot be interrupted, but it can be given what it waits for.
        wake(&self.address.into());
    }
}

/// Serves the one connection that is standard input: what a child does in
/// [`Mode::Process`], and any program under `inetd`. Of the configuration, only what
/// concerns the connection counts.
///
/// # Errors
/// When standard input is not a socket.
#[cfg(unix)]
pub fn serve_stdin(config: &Config) -> io::Result<()> {
    use crate::net::Stream;
    use crate::session::counters::COUNTERS_VARIABLE;

    let settings = &config.session;
    let mut stream = match Stream::from_stdin(settings.idle_timeout) {
        Ok(stream) => stream,
        // The peer was gone before anything was said: its own business.
        Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(Err(refusal)) =
        stream.peer_ip().map(|ip| Admission::new(config.limits.clone()).admit(ip))
    {
        settings.log.say(format_args!("{} refused: {refusal}", stream.peer_name()));
        session::refuse(&mut stream, refusal, settings.framing)?;
        stream.close();
        return Ok(());
    }
    let told = std::env::var(COUNTERS_VARIABLE).ok();
    let counters = Counters::of_connection(told.as_deref());
    session::run(stream, &Shared { settings: settings.clone(), counters });
    Ok(())
}

fn strategy(
    mode: Mode,
    child: Vec<OsString>,
    shared: &Arc<Shared>,
) -> io::Result<Box<dyn Dispatch>> {
    let sharing = Arc::clone(shared);
    let session = move |stream| session::run(stream, &sharing);
    match mode {
        Mode::Sequential => Ok(Box::new(Sequential::new(session))),
        Mode::Thread => Ok(Box::new(Threads::new(session))),
        Mode::Process => processes(child, shared),
    }
}

#[cfg(unix)]
fn processes(child: Vec<OsString>, shared: &Arc<Shared>) -> io::Result<Box<dyn Dispatch>> {
    use crate::json::Value;
    use crate::serve::Processes;
    use crate::session::counters::COUNTERS_VARIABLE;

    let mut child = child.into_iter();
    let Some(program) = child.next() else {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "process mode needs to be told which program to run",
        ));
    };
    let processes = Processes::new(program, child.collect(), shared.settings.log.clone());
    let shared = Arc::clone(shared);
    Ok(Box::new(
        processes.telling(COUNTERS_VARIABLE, move || Value::Map(shared.known()).to_string()),
    ))
}

#[cfg(not(unix))]
fn processes(_: Vec<OsString>, _: &Arc<Shared>) -> io::Result<Box<dyn Dispatch>> {
    Err(io::Error::new(ErrorKind::Unsupported, "process mode needs Unix; use thread or sequential"))
}
