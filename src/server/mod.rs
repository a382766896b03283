//! A server, put together: an address, a strategy from [`serve`](crate::serve) and the
//! session from [`session`].
//!
//! ```
//! use roundtrip::client::Client;
//! use roundtrip::server::{Config, Server};
//! use std::time::Duration;
//!
//! // A free port of 127.0.0.1, and a thread for each connection.
//! let server = Server::bind(Config::default())?.start()?;
//! let port = server.address().port();
//! let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
//! client.ping(None)?;
//! client.quit()?;
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(unix)]
pub mod child;
mod config;
pub mod promises;
mod strategy;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[cfg(unix)]
pub use child::{is_child, serve_stdin};
pub use config::Config;

use crate::net::listener::{cannot_listen, wake};
use crate::net::{Listener, Stream, address};
use crate::serve::{Acceptor, Admission, Incoming, Mode, Refuser};
use crate::session::{self, Counters, Shared};
use strategy::strategy;

/// A server that listens. The system queues connections until the server runs.
pub struct Server {
    acceptor: Acceptor,
    address: SocketAddr,
}

/// A server that runs in the background, until this is dropped.
///
/// After that, no connection is accepted. Those that are open go on until their clients
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
    /// When the address cannot be used, this system does not have the mode, or
    /// [`Settings::info`](session::Settings::info) is longer than a status answer.
    pub fn bind(config: Config) -> io::Result<Self> {
        let Config { host, port, .. } = &config;
        let listener = TcpListener::bind((host.as_str(), *port))
            .map_err(|error| cannot_listen(&address::name(host, *port), &error))?;
        let address = listener.local_addr()?;
        let acceptor = Server::accept_from(Listener::Tcp(listener), None, config)?;
        Ok(Server { acceptor, address })
    }

    /// Puts the accept loop of a server together, around a listener such as one that was
    /// [handed in](crate::net::inherited). The connection `first` is served before others.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind), but for the address.
    pub fn accept_from(
        listener: Listener,
        first: Option<Stream>,
        config: Config,
    ) -> io::Result<Acceptor> {
        let Config { mode, child, limits, one_off, session: settings, log, .. } = config;
        session::status::check(&settings.info)?;
        let most = limits.max_connections;
        let admission = Admission::new(limits);
        let counters = Counters::of_server(mode, Arc::clone(&admission));
        let (timeout, connection_log) = (settings.idle_timeout, settings.log.clone());
        let shared = Arc::new(Shared { settings, counters });
        let dispatch = strategy(mode, child, &shared)?;
        let refuser = Refuser::new(connection_log, move |stream, refusal, time| {
            session::turn_away(stream, refusal, time, &shared);
        });
        let incoming = Incoming::new(listener, timeout).after(first);
        // In sequential mode, clients wait in the system's queue instead.
        let incoming = if mode == Mode::Sequential { incoming } else { incoming.drained(most) };
        let stop = Arc::default();
        Ok(Acceptor { incoming, admission, refuser, dispatch, log, one_off, stop })
    }

    /// The address that the server listens on, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's admission control, to be shared with other listeners of this process.
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
    /// The address that the server listens on, with the real port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Nothing interrupts `accept`. A connection to the listener makes it return.
        wake(&self.address.into());
    }
}
