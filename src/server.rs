//! A server, put together: an address, a strategy from [`serve`](crate::serve) and the
//! session from [`session`].
//!
//! ```
//! use roundtrip::server::{Config, Server};
//! use roundtrip::client::Client;
//! use std::time::Duration;
//!
//! let server = Server::bind(Config::default())?.start()?; // a free port of 127.0.0.1, a thread for each connection
//! let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
//! client.ping(None)?;
//! client.quit()?;
//! # Ok::<(), std::io::Error>(())
//! ```

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::log::Log;
use crate::net::{Listener, reachable};
use crate::serve::{Acceptor, Admission, Dispatch, Limits, Mode, Sequential, Threads};
use crate::session::echo::{Echo, EchoCounts, Impairments};
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
    /// What is done to the answers to UDP pings, on the port of the same number; `None`
    /// answers none.
    pub udp: Option<Impairments>,
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
            udp: Some(Impairments::default()),
            log: Log::default(),
        }
    }
}

/// A server that listens. Connections are queued by the system until it runs.
pub struct Server {
    acceptor: Acceptor,
    address: SocketAddr,
    echo: Option<Echo>,
}

/// A server that runs in the background, until this is dropped.
///
/// Then it accepts no further connection. Those that are open go on until their clients
/// end them.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    stop_echo: Option<Arc<AtomicBool>>,
}

impl Server {
    /// Listens on the address.
    ///
    /// # Errors
    /// When the address cannot be used, the mode is not to be had on this system, or
    /// [`Settings::info`] is longer than a status answer.
    pub fn bind(config: Config) -> io::Result<Self> {
        session::status::check(&config.session.info)?;
        let (listener, socket) = sockets(&config)?;
        let address = listener.local_addr()?;
        let Config { mode, child, limits, one_off, session, udp, log, .. } = config;
        let echo = socket.zip(udp);
        let echo = echo.map(|(socket, impairments)| {
            Echo::new(socket, impairments, limits.clone(), session.spin)
        });
        let echo = echo.transpose()?;
        let admission = Admission::new(limits);
        let counters =
            Counters::of_server(mode, Arc::clone(&admission), echo.as_ref().map(Echo::counts));
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
        Ok(Server { acceptor, address, echo })
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

    /// What the answering of UDP pings has done so far, if it is done.
    #[must_use]
    pub fn echo_counts(&self) -> Option<Arc<EchoCounts>> {
        self.echo.as_ref().map(Echo::counts)
    }

    /// Serves in the calling thread: for ever, or one connection if the configuration
    /// says so. UDP pings, which belong to no connection, are answered in a thread
    /// beside it.
    ///
    /// # Errors
    /// When the system gives no thread for that.
    pub fn run(self) -> io::Result<()> {
        let Server { acceptor, echo, .. } = self;
        if let Some(echo) = echo {
            let log = acceptor.log.clone();
            thread::Builder::new().name("echo".into()).spawn(move || echo.run(&log))?;
        }
        acceptor.run();
        Ok(())
    }

    /// Serves in a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(self) -> io::Result<Running> {
        let stop_echo = self.echo.as_ref().map(Echo::stop);
        let running =
            Running { address: self.address, stop: Arc::clone(&self.acceptor.stop), stop_echo };
        let log = self.acceptor.log.clone();
        thread::Builder::new().name("accept".into()).spawn(move || {
            if let Err(error) = self.run() {
                log.say(format_args!("cannot serve: {error}"));
            }
        })?;
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
        // Neither `accept` nor `recv_from` can be interrupted, but they can be given
        // what they wait for.
        let address = reachable(self.address);
        let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        if let Some(stop) = &self.stop_echo {
            stop.store(true, Ordering::Relaxed);
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let _ = UdpSocket::bind(any).and_then(|socket| socket.send_to(&[], address));
        }
    }
}

/// Listens on the address, over TCP and, unless that is not wanted, over UDP.
fn sockets(config: &Config) -> io::Result<(TcpListener, Option<UdpSocket>)> {
    // Where the system chooses the port, it chooses one for TCP. Somebody else may have
    // the same one for UDP.
    const TRIES: u32 = 20;
    let Config { host, port, udp, .. } = config;
    let cannot = |what: &str, error: io::Error| {
        io::Error::new(error.kind(), format!("cannot listen on {host}:{port}{what}: {error}"))
    };
    for tries_left in (0..TRIES).rev() {
        let listener =
            TcpListener::bind((host.as_str(), *port)).map_err(|error| cannot("", error))?;
        if udp.is_none() {
            return Ok((listener, None));
        }
        match UdpSocket::bind(listener.local_addr()?) {
            Ok(socket) => return Ok((listener, Some(socket))),
            Err(error) if *port > 0 || tries_left == 0 => {
                return Err(cannot(" (udp; --no-udp does without)", error));
            }
            Err(_) => {}
        }
    }
    Err(ErrorKind::AddrInUse.into())
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
    use crate::serve::Processes;
    use crate::session::counters::COUNTERS_VARIABLE;
    use crate::wire::value::Value;

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
        processes
            .telling(COUNTERS_VARIABLE, move || Value::Map(shared.counters.fields()).to_string()),
    ))
}

#[cfg(not(unix))]
fn processes(_: Vec<OsString>, _: &Arc<Shared>) -> io::Result<Box<dyn Dispatch>> {
    Err(io::Error::new(ErrorKind::Unsupported, "process mode needs Unix; use thread or sequential"))
}
