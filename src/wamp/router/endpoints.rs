//! The addresses on which a router listens, and the router that serves them.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::realm::{Realm, Settings};
use super::serve::serve;
use crate::log::Log;
use crate::net::Address;
use crate::net::Listener;
use crate::net::listener::wake;
use crate::no_thread::no_thread;
use crate::serve::refuse::Time;
use crate::serve::{Acceptor, Admission, Incoming, Limits, Refuser, Threads};
use crate::wamp::message::valid_uri;
use crate::wamp::opening;
use crate::wamp::serializer::Serializer;
use crate::wamp::url::{Framing, Url, split_serializer};

/// How long dropping a router waits for its endpoints to close.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many connections may wait in this process until they are served.
const QUEUE: u64 = 1024;

/// The configuration of a router.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the router listens.
    pub listen: Vec<Endpoint>,
    /// Who may connect. A router and a [server](crate::server::Server::admission) can
    /// share their limits.
    pub admission: Arc<Admission>,
    /// Settings of each session.
    pub session: Settings,
    /// The log for the router as a whole; single sessions have [`Settings::log`].
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: vec![Endpoint::rawsocket(Address::Tcp { host: "127.0.0.1".into(), port: 0 })],
            admission: Admission::new(Limits::default()),
            session: Settings::default(),
            log: Log::default(),
        }
    }
}

/// An address to listen on, and the framing there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address; with port 0 the system chooses the port.
    pub socket: Address,
    /// How the bytes are divided into messages. A WebSocket may ask for any path.
    pub framing: Framing,
    /// The only serializer that is offered there; `None` offers both.
    pub serializer: Option<Serializer>,
}

impl Endpoint {
    /// An endpoint for WebSocket.
    #[must_use]
    pub fn websocket(socket: Address) -> Self {
        let framing = Framing::WebSocket { path: "/".into() };
        Endpoint { socket, framing, serializer: None }
    }

    /// An endpoint for `RawSocket`.
    #[must_use]
    pub fn rawsocket(socket: Address) -> Self {
        Endpoint { socket, framing: Framing::RawSocket, serializer: None }
    }

    /// Parses an address that may end with `?serializer=json` or `?serializer=msgpack`.
    ///
    /// ```
    /// use roundtrip::wamp::Serializer;
    /// use roundtrip::wamp::router::Endpoint;
    ///
    /// let both = Endpoint::parse("unix:/tmp/router", Endpoint::rawsocket)?;
    /// assert_eq!(both.serializer, None);
    /// let one = Endpoint::parse("[::1]:9000?serializer=json", Endpoint::websocket)?;
    /// assert_eq!(one.serializer, Some(Serializer::Json));
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// Explains what is wrong with the text.
    pub fn parse(text: &str, framing: fn(Address) -> Self) -> Result<Self, String> {
        let (address, serializer) = split_serializer(text)?;
        Ok(Endpoint { serializer, ..framing(address.parse()?) })
    }
}

/// A router that listens. The system queues connections until
/// [`start`](Router::start).
pub struct Router {
    acceptors: Vec<Acceptor>,
    urls: Vec<Url>,
    realm: Arc<Realm>,
}

/// A router that runs in the background until this is dropped.
///
/// Dropping it closes the endpoints, removes the files of Unix sockets and sends
/// GOODBYE to every session. A process that a signal ends drops nothing: the files
/// stay, and the next router that listens there replaces them.
pub struct Running {
    urls: Vec<Url>,
    realm: Arc<Realm>,
    stop: Arc<AtomicBool>,
    /// Nothing is ever sent here: the channel ends with the last thread.
    threads: Receiver<Infallible>,
}

impl Router {
    /// Listens on all endpoints.
    ///
    /// # Errors
    /// When the system refuses an address, or the name of the realm is not a valid URI.
    pub fn bind(config: Config) -> io::Result<Self> {
        let Config { listen, admission, session, log } = config;
        if !valid_uri(&session.realm) {
            let what = format!(
                "{:?} cannot be the name of a realm; write one such as realm1",
                session.realm
            );
            return Err(io::Error::new(ErrorKind::InvalidInput, what));
        }
        let (idle_timeout, connections) = (session.idle_timeout, session.log.clone());
        let (realm, stop) = (Arc::new(Realm::new(session)), Arc::<AtomicBool>::default());
        let (mut acceptors, mut urls) = (Vec::new(), Vec::new());
        for Endpoint { socket, framing, serializer } in listen {
            let listener = Listener::bind(&socket)?;
            urls.push(Url { socket: listener.address()?, framing: framing.clone(), serializer });
            let here = Arc::clone(&realm);
            let refuser = {
                let framing = framing.clone();
                Refuser::new(connections.clone(), move |mut stream, refusal, time| {
                    let refused = opening::refuse(&mut stream, &framing, &refusal.to_string());
                    if refused.is_ok() && time == Time::Enough {
                        stream.close();
                    }
                })
            };
            acceptors.push(Acceptor {
                incoming: Incoming::new(listener, idle_timeout).drained(QUEUE),
                admission: Arc::clone(&admission),
                refuser,
                dispatch: Box::new(Threads(Arc::new(move |stream| {
                    serve(&here, stream, &framing, serializer);
                }))),
                log: log.clone(),
                one_off: false,
                stop: Arc::clone(&stop),
            });
        }
        Ok(Router { acceptors, urls, realm })
    }

    /// Where the router listens, with the real ports, in the order of
    /// [`Config::listen`].
    #[must_use]
    pub fn urls(&self) -> &[Url] {
        &self.urls
    }

    /// Starts to accept connections, in a thread for each endpoint.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(self) -> io::Result<Running> {
        let Router { acceptors, urls, realm } = self;
        let stop = acceptors.first().map(|acceptor| Arc::clone(&acceptor.stop)).unwrap_or_default();
        let (alive, threads) = channel();
        // Exists before the threads, so that an error stops those that have started.
        let running = Running { urls, realm, stop, threads };
        for acceptor in acceptors {
            let alive: Sender<Infallible> = alive.clone();
            thread::Builder::new()
                .name("accept".into())
                .spawn(move || {
                    // Dropped after the acceptor, so that the endpoint is closed when the
                    // channel ends.
                    let _alive = alive;
                    acceptor.run();
                })
                .map_err(no_thread)?;
        }
        Ok(running)
    }
}

impl Running {
    /// Where the router listens, with the real ports, in the order of
    /// [`Config::listen`].
    #[must_use]
    pub fn urls(&self) -> &[Url] {
        &self.urls
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for url in &self.urls {
            wake(&url.socket);
        }
        // An error means that the channel has ended.
        let _ = self.threads.recv_timeout(PATIENCE);
        self.realm.shut_down();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("urls", &self.urls).finish_non_exhaustive()
    }
}
