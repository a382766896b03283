//! A router, put together: endpoints, and the realm from
//! [`wamp::router::realm`](crate::wamp::router::realm) that they all lead to.
//!
//! It serves each connection in a thread, whatever the [`Mode`](crate::serve::Mode) of
//! a server beside it: its sessions talk to each other, which processes could not, and
//! one after the other they would wait for each other for ever.
//!
//! ```
//! use roundtrip::wamp::router::{Config, Endpoint, Router};
//! use roundtrip::wamp::Session;
//! use std::time::Duration;
//!
//! let endpoint = Endpoint::websocket("127.0.0.1:0".parse()?);
//! let router = Router::bind(Config { listen: vec![endpoint], ..Config::default() })?.start()?;
//! let session = Session::join(&router.urls()[0], "realm1", Duration::from_secs(5))?;
//! session.leave()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conversation;
mod dealer;
mod outbox;
pub mod realm;

use std::convert::Infallible;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::log::Log;
use crate::net::Address;
use crate::net::Listener;
use crate::net::listener::wake;
use crate::serve::refuse::Time;
use crate::serve::{Acceptor, Admission, Limits, Refuser, Threads};
use crate::wamp::opening;
use crate::wamp::url::{Framing, Url};
use crate::wamp::valid_uri;
use realm::Realm;
pub use realm::Settings;

/// How long to wait for an endpoint to be closed.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a router is to be.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: Vec<Endpoint>,
    /// Who is let in. A server beside it can [share](crate::server::Server::admission)
    /// its own.
    pub admission: Arc<Admission>,
    /// Settings of each session.
    pub session: Settings,
    /// The log of what concerns the router as a whole; single sessions have
    /// [`Settings::log`].
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

/// An address to listen on, and what is spoken there.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address; with port 0 the system chooses.
    pub socket: Address,
    /// How messages are told apart. A WebSocket is opened whatever path is asked for.
    pub framing: Framing,
}

impl Endpoint {
    /// One for WebSocket.
    #[must_use]
    pub fn websocket(socket: Address) -> Self {
        Endpoint { socket, framing: Framing::WebSocket { path: "/".into() } }
    }

    /// One for `RawSocket`.
    #[must_use]
    pub fn rawsocket(socket: Address) -> Self {
        Endpoint { socket, framing: Framing::RawSocket }
    }
}

/// A router that listens. Connections are queued by the system until it runs.
pub struct Router {
    acceptors: Vec<Acceptor>,
    urls: Vec<Url>,
    realm: Arc<Realm>,
}

/// A router that runs in the background, until this is dropped.
///
/// Then it closes its endpoints, removes the files of its Unix sockets and says goodbye
/// to every session. A process that is ended by a signal drops nothing: the files stay,
/// and whoever listens there next replaces them.
pub struct Running {
    urls: Vec<Url>,
    realm: Arc<Realm>,
    stop: Arc<AtomicBool>,
    /// Nothing is ever sent here: it ends when the thread does.
    threads: Vec<Receiver<Infallible>>,
}

impl Router {
    /// Listens on all endpoints.
    ///
    /// # Errors
    /// When one of them cannot be used, or the name of the realm is none.
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
        for Endpoint { socket, framing } in listen {
            let listener = Listener::bind(&socket)?;
            urls.push(Url {
                socket: listener.address()?,
                framing: framing.clone(),
                serializer: None,
            });
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
                listener,
                timeout: idle_timeout,
                admission: Arc::clone(&admission),
                refuser,
                dispatch: Box::new(Threads(Arc::new(move |stream| here.serve(stream, &framing)))),
                log: log.clone(),
                one_off: false,
                stop: Arc::clone(&stop),
            });
        }
        Ok(Router { acceptors, urls, realm })
    }

    /// Where it listens, with the real ports, in the order of [`Config::listen`].
    #[must_use]
    pub fn urls(&self) -> &[Url] {
        &self.urls
    }

    /// Accepts connections, in a thread for each endpoint.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(self) -> io::Result<Running> {
        let Router { acceptors, urls, realm } = self;
        let stop = acceptors.first().map(|acceptor| Arc::clone(&acceptor.stop)).unwrap_or_default();
        let mut running = Running { urls, realm, stop, threads: Vec::new() };
        for acceptor in acceptors {
            let (alive, ended) = channel();
            thread::Builder::new().name("accept".into()).spawn(move || {
                let _alive: Sender<Infallible> = alive;
                // Dropped before the sender: when that is gone, so is the endpoint.
                let acceptor = acceptor;
                acceptor.run();
            })?;
            running.threads.push(ended);
        }
        Ok(running)
    }
}

impl Running {
    /// Where it listens, with the real ports, in the order of [`Config::listen`].
    #[must_use]
    pub fn urls(&self) -> &[Url] {
        &self.urls
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for (url, ended) in self.urls.iter().zip(&self.threads) {
            wake(&url.socket);
            // That it has ended is what the error says.
            let _ = ended.recv_timeout(PATIENCE);
        }
        self.realm.shut_down();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("urls", &self.urls).finish_non_exhaustive()
    }
}
