//! Where connections are accepted: a port, or a file.
//!
//! A Unix socket is a file, and stays where it is when its owner ends without removing
//! it, as by a signal: `bind` then fails, although nobody listens. So what is in the
//! way is tried. If it accepts a connection, somebody does listen, and that is an
//! error; if it refuses, its owner is gone, and it is replaced. A file that is no
//! socket is never touched.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::{
    fs::{FileTypeExt, MetadataExt},
    net::UnixListener,
};
use std::time::Duration;

use super::address::{Address, reachable};
use super::socket::Stream;
#[cfg(unix)]
use super::unix::connect;

/// How long to look for whoever may be listening.
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

impl Listener {
    /// Listens there.
    ///
    /// # Errors
    /// Says which address cannot be used, and why.
    pub fn bind(socket: &Address) -> io::Result<Self> {
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen on {socket}: {error}"))
        };
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
            Listener::Unix(file) => Ok(Address::Unix(file.path.clone())),
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
            Listener::Unix(file) => file.listener.set_nonblocking(nonblocking),
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
            Listener::Unix(file) => Stream::from_unix(file.listener.accept()?.0, timeout),
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

/// A Unix socket that listens, and the file that leads to it.
#[cfg(unix)]
#[derive(Debug)]
pub struct UnixFile {
    listener: UnixListener,
    path: String,
    /// The device and the number of the file, if this listener has made it: somebody
    /// else's may have taken its place.
    inode: Option<(u64, u64)>,
}

#[cfg(unix)]
impl UnixFile {
    fn bind(path: &str) -> io::Result<Self> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                remove_abandoned(path)?;
                UnixListener::bind(path)?
            }
            other => other?,
        };
        Ok(UnixFile { listener, path: path.to_owned(), inode: Some(inode(path)?) })
    }

    /// A listener whose file belongs to somebody else.
    pub(super) fn handed_in(listener: UnixListener, path: &str) -> Self {
        UnixFile { listener, path: path.to_owned(), inode: None }
    }
}

#[cfg(unix)]
impl Drop for UnixFile {
    fn drop(&mut self) {
        if self.inode.is_some() && inode(&self.path).ok() == self.inode {
            // Whoever may not remove it leaves it for the next to replace.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what is in the way, if it is a socket on which nobody listens any more.
#[cfg(unix)]
fn remove_abandoned(path: &str) -> io::Result<()> {
    if !std::fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "there is a file of this name, and it is no socket",
        ));
    }
    match connect(path, PATIENCE) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => {
            Err(io::Error::new(error.kind(), format!("there is a socket already, and {error}")))
        }
        Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, "somebody listens there already")),
    }
}

#[cfg(unix)]
fn inode(path: &str) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
