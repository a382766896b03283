//! Where connections are accepted: a port, or a [file](super::socket_file).

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::address::{Address, reachable};
use super::socket::Stream;
#[cfg(unix)]
use super::socket_file::UnixFile;
#[cfg(unix)]
use super::unix::connect;

/// How long to look for a program that may be listening.
const PATIENCE: Duration = Duration::from_secs(1);

/// A socket that listens, on TCP or in the file system. When it is dropped, so is its
/// file.
#[derive(Debug)]
pub enum Listener {
    /// On a port.
    Tcp(TcpListener),
    /// In the file system.
    #[cfg(unix)]
    Unix(UnixFile),
}

/// The error of an address that cannot be listened on, with what to do about it.
pub(crate) fn cannot_listen(address: &str, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => "; choose another port (--port), or end what listens there",
        ErrorKind::PermissionDenied => "; choose a port from 1024 on (--port)",
        _ => "",
    };
    io::Error::new(error.kind(), format!("cannot listen on {address}: {error}{hint}"))
}

impl Listener {
    /// Listens there.
    ///
    /// # Errors
    /// Says which address cannot be used, and why.
    pub fn bind(socket: &Address) -> io::Result<Self> {
        let failed = |error| cannot_listen(&socket.to_string(), &error);
        match socket {
            Address::Tcp { host, port } => {
                TcpListener::bind((host.as_str(), *port)).map(Listener::Tcp)
            }
            #[cfg(unix)]
            Address::Unix(path) => UnixFile::bind(path).map(Listener::Unix),
            #[cfg(not(unix))]
            Address::Unix(_) => {
                Err(io::Error::new(ErrorKind::Unsupported, "Unix sockets need Unix"))
            }
        }
        .map_err(failed)
    }

    /// Where it listens, with the real port.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Listener::Tcp(listener) => {
                let address = listener.local_addr()?;
                Ok(Address::Tcp { host: address.ip().to_string(), port: address.port() })
            }
            #[cfg(unix)]
            Listener::Unix(file) => Ok(Address::Unix(file.path().into())),
        }
    }

    /// Makes [`accept`](Self::accept) return `WouldBlock` instead of waiting, or wait again.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.set_nonblocking(nonblocking),
            #[cfg(unix)]
            Listener::Unix(file) => file.listener().set_nonblocking(nonblocking),
        }
    }

    /// Waits for the next connection. Each of its reads and writes may take `timeout`.
    ///
    /// # Errors
    /// When the system gives no connection; `ConnectionAborted` when the peer is gone
    /// already.
    pub fn accept(&self, timeout: Duration) -> io::Result<Stream> {
        let stream = match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                Stream::from_tcp(stream, peer, timeout)
            }
            #[cfg(unix)]
            Listener::Unix(file) => Stream::from_unix(file.listener().accept()?.0, timeout),
        };
        // Some systems set no options on a connection that the peer has already reset.
        stream.map_err(|error| io::Error::new(ErrorKind::ConnectionAborted, error))
    }
}

/// Gives a thread that waits in `accept` at this address what it waits for: it cannot
/// be interrupted.
pub fn wake(address: &Address) {
    // If nobody is there, nobody waits.
    match address {
        Address::Tcp { host, port } => {
            if let Ok(ip) = host.parse() {
                let _ =
                    TcpStream::connect_timeout(&reachable(SocketAddr::new(ip, *port)), PATIENCE);
            }
        }
        #[cfg(unix)]
        Address::Unix(path) => drop(connect(path, PATIENCE)),
        #[cfg(not(unix))]
        Address::Unix(_) => {}
    }
}
