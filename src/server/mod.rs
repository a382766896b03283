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

use std::ffi::OsString;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[cfg(unix)]
pub use child::serve_stdin;
pub use config::Config;

use crate::net::Listener;
use crate::net::listener::wake;
use crate::serve::{Acceptor, Admission, Dispatch, Mode, Refuser, Sequential, Session, Threads};
use crate::session::{self, Counters, Shared};

/// A server that listens. The system queues connections until the server runs.
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
    /// When the address cannot be used, this system does not have the mode, or
    /// [`Settings::info`](session::Settings::info) is longer than a status answer.
    pub fn bind(config: Config) -> io::Result<Self> {
        let Config { host, port, mode, child, limits, one_off, session: settings, log } = config;
        session::status::check(&settings.info)?;
        let listener = TcpListener::bind((host.as_str(), port)).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {host}:{port}: {error}"))
        })?;
        let address = listener.local_addr()?;
        let admission = Admission::new(limits);
        let counters = Counters::of_server(mode, Arc::clone(&admission));
        let (timeout, connection_log) = (settings.idle_timeout, settings.log.clone());
        let shared = Arc::new(Shared { settings, counters });
        let dispatch = strategy(mode, child, &shared)?;
        let refuser = Refuser::new(connection_log, move |stream, refusal, time| {
            session::turn_away(stream, refusal, time, &shared);
        });
        let (listener, stop) = (Listener::Tcp(listener), Arc::default());
        let acceptor =
            Acceptor { listener, timeout, admission, refuser, dispatch, log, one_off, stop };
        Ok(Server { acceptor, address })
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

fn strategy(
    mode: Mode,
    command: Vec<OsString>,
    shared: &Arc<Shared>,
) -> io::Result<Box<dyn Dispatch>> {
    let here = Arc::clone(shared);
    let session: Session = Arc::new(move |stream| session::run(stream, &here));
    match mode {
        Mode::Sequential => Ok(Box::new(Sequential(session))),
        Mode::Thread => Ok(Box::new(Threads(session))),
        #[cfg(unix)]
        Mode::Process => child::processes(command, shared),
        #[cfg(not(unix))]
        Mode::Process => {
            let what = "process mode needs Unix; use thread or sequential";
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        }
    }
}
