//! Unix sockets, and connections that come from another process.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::no_thread::no_thread;

use super::socket::{Socket, Stream, with_socket};

impl Stream {
    /// Connects to the Unix socket at this path, waiting at most `timeout`, which is then
    /// the timeout of each read and write, too.
    ///
    /// # Errors
    /// When nobody listens there, or the listener accepts nothing. The error says what was
    /// tried.
    pub fn connect_unix(path: &str, timeout: Duration) -> io::Result<Self> {
        let stream = connect(path, timeout).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot connect to unix:{path}: {error}"))
        })?;
        Stream::from_unix(stream, timeout)
    }

    /// Takes over a connection over a Unix socket.
    ///
    /// # Errors
    /// When the system refuses an option; `InvalidInput` when `timeout` is zero.
    pub fn from_unix(stream: UnixStream, timeout: Duration) -> io::Result<Self> {
        Stream::new(Socket::Unix(stream), timeout)
    }

    /// Takes over the connection that is standard input, as a program under `inetd` finds
    /// it.
    ///
    /// The stream is a duplicate of descriptor 0: dropping it closes nothing, since the
    /// original stays open until the process ends. [`Stream::close`] ends the conversation
    /// all the same.
    ///
    /// # Errors
    /// `NotConnected` when the peer has gone already, `InvalidInput` when standard input is
    /// no socket at all.
    pub fn from_stdin(timeout: Duration) -> io::Result<Self> {
        let duplicate = || io::stdin().as_fd().try_clone_to_owned();
        let tcp = TcpStream::from(duplicate()?);
        if tcp.local_addr().is_ok() {
            let peer = tcp.peer_addr()?;
            return Stream::from_tcp(tcp, peer, timeout);
        }
        // socat's EXEC: gives its child one end of a pair of Unix sockets.
        let unix = UnixStream::from(duplicate()?);
        if unix.peer_addr().is_ok() {
            return Stream::from_unix(unix, timeout);
        }
        let hint = "standard input is not a connected socket; run this from inetd, a systemd \
                    socket with Accept=yes, or socat TCP-LISTEN:5001,fork EXEC:";
        Err(io::Error::new(ErrorKind::InvalidInput, hint))
    }

    /// A duplicate of this connection's descriptor, to become the standard input of a
    /// child process.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub fn to_stdin(&self) -> io::Result<Stdio> {
        let duplicate = with_socket!(self, socket => socket.as_fd().try_clone_to_owned());
        duplicate.map(Stdio::from)
    }

    /// The number of this connection's descriptor.
    pub(crate) fn descriptor(&self) -> RawFd {
        with_socket!(self, socket => socket.as_raw_fd())
    }
}

/// Connects to the Unix socket at this path. The system waits for ever where a
/// listener's queue is full, and `std` has a timeout for TCP alone. So a thread waits,
/// and is left behind if need be.
pub(super) fn connect(path: &str, timeout: Duration) -> io::Result<UnixStream> {
    let (result, connected) = channel();
    let path = path.to_owned();
    thread::Builder::new()
        .name("connect".into())
        .spawn(move || result.send(UnixStream::connect(path)))
        .map_err(no_thread)?;
    connected.recv_timeout(timeout).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}
