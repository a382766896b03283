//! One connected byte stream, whatever carries it.
//!
//! A [`Stream`] is a TCP connection or a Unix socket with two promises added that every conversation with a stranger needs:
//!
//! * **No call waits for ever.** Each read and each write has a deadline, and says which of them passed it.
//! * **The last word arrives.** [`Stream::close`] does what dropping a socket does not: it lets the peer read the answer that was
//!   sent last, also when the peer is still sending.
//!
//! It also turns Nagle's algorithm off (`TCP_NODELAY`): see [`Framing::send`](crate::wire::framing::Framing::send).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::{
    fd::{AsFd, OwnedFd},
    unix::net::UnixStream,
};
use std::time::{Duration, Instant};

/// How long [`Stream::close`] waits for the peer to have read the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// A connected stream socket with a deadline on each read and write.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    timeout: Duration,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Connects to the first address of `host` that answers, waiting for each at most `timeout`, which is then the deadline of
    /// each read and write too.
    ///
    /// # Errors
    /// Says what was tried: `host` has no address, or none of its addresses accepted (the last one's reason).
    pub fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        let failed = |error: io::Error, what| io::Error::new(error.kind(), format!("{what}: {error}"));
        let addresses =
            (host, port).to_socket_addrs().map_err(|error| failed(error, format!("cannot find the host {host:?}")))?;
        let mut last_error = io::Error::new(ErrorKind::NotFound, "the host has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, timeout).and_then(refuse_self_connection) {
                Ok(stream) => return Stream::from_tcp(stream, timeout),
                Err(error) => last_error = failed(error, address.to_string()),
            }
        }
        Err(failed(last_error, format!("cannot connect to {host}:{port}")))
    }

    /// Takes over a TCP connection.
    ///
    /// # Errors
    /// When the system refuses an option; `InvalidInput` when `timeout` is zero.
    pub fn from_tcp(stream: TcpStream, timeout: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Stream::with_timeout(Socket::Tcp(stream), timeout)
    }

    /// Takes over the connection that is standard input, as a program under `inetd` finds it.
    ///
    /// The stream is a duplicate of descriptor 0: dropping it closes nothing, since the original stays open until the process ends.
    /// [`Stream::close`] ends the conversation all the same.
    ///
    /// # Errors
    /// `InvalidInput` when standard input is not a connected socket.
    #[cfg(unix)]
    pub fn from_stdin(timeout: Duration) -> io::Result<Self> {
        let duplicate = || io::stdin().as_fd().try_clone_to_owned();
        let tcp = TcpStream::from(duplicate()?);
        if tcp.peer_addr().is_ok() {
            return Stream::from_tcp(tcp, timeout);
        }
        // socat's EXEC: gives its child one end of a pair of Unix sockets.
        let unix = UnixStream::from(duplicate()?);
        if unix.peer_addr().is_ok() {
            return Stream::with_timeout(Socket::Unix(unix), timeout);
        }
        let hint = "standard input is not a connected socket; run this from inetd, a systemd socket with Accept=yes, \
                    or socat TCP-LISTEN:5001,fork EXEC:";
        Err(io::Error::new(ErrorKind::InvalidInput, hint))
    }

    fn with_timeout(socket: Socket, timeout: Duration) -> io::Result<Self> {
        let stream = Stream { socket, timeout };
        stream.set_read_timeout(timeout)?;
        match &stream.socket {
            Socket::Tcp(socket) => socket.set_write_timeout(Some(timeout))?,
            #[cfg(unix)]
            Socket::Unix(socket) => socket.set_write_timeout(Some(timeout))?,
        }
        Ok(stream)
    }

    fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        match &self.socket {
            Socket::Tcp(socket) => socket.set_read_timeout(Some(timeout)),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.set_read_timeout(Some(timeout)),
        }
    }

    /// Who is at the other end, for a person: an address, or `unix` for a socket without a name.
    #[must_use]
    pub fn peer_name(&self) -> String {
        match &self.socket {
            Socket::Tcp(socket) => socket.peer_addr().map_or_else(|_| "unknown".into(), |peer| peer.to_string()),
            #[cfg(unix)]
            Socket::Unix(_) => "unix".into(),
        }
    }

    /// Ends the conversation so that the peer can read what was sent last.
    ///
    /// A socket that is closed while bytes lie in its receive buffer does not say goodbye: it sends a reset (RFC 1122 section
    /// 4.2.2.13), and a reset discards whatever has not been delivered yet. So the answer to a line that is too long could be lost in just the
    /// case that it was written for. Here the sending half is closed first, and then whatever still comes in is read and dropped until the
    /// peer closes too, for two seconds at most. `examples/06_last_word.rs` shows the difference.
    pub fn close(mut self) {
        let shutdown = |how| match &self.socket {
            Socket::Tcp(socket) => socket.shutdown(how),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.shutdown(how),
        };
        if shutdown(Shutdown::Write).is_err() || self.set_read_timeout(LINGER).is_err() {
            return;
        }
        let deadline = Instant::now() + LINGER;
        let mut dropped = [0; 4096];
        while matches!(self.read(&mut dropped), Ok(read) if read > 0) && Instant::now() < deadline {}
    }

    /// Expiry is `WouldBlock` on Linux and `TimedOut` elsewhere: here it is `TimedOut`, and says how long was waited for what.
    fn explain(&self, error: io::Error, what: &str) -> io::Error {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                io::Error::new(ErrorKind::TimedOut, format!("{what} for {:?}", self.timeout))
            }
            _ => error,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.socket {
            Socket::Tcp(socket) => socket.read(buffer),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.read(buffer),
        };
        read.map_err(|error| self.explain(error, "nothing arrived"))
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = match &mut self.socket {
            Socket::Tcp(socket) => socket.write(buffer),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.write(buffer),
        };
        written.map_err(|error| self.explain(error, "the peer took nothing"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // Sockets have no buffer in this process.
    }
}

/// A connection can become the standard input of a child process.
#[cfg(unix)]
impl From<Stream> for std::process::Stdio {
    fn from(stream: Stream) -> Self {
        match stream.socket {
            Socket::Tcp(socket) => OwnedFd::from(socket).into(),
            Socket::Unix(socket) => OwnedFd::from(socket).into(),
        }
    }
}

/// The address under which connections to `address` can be made from this machine: listening on "any" means, among others, loopback.
#[must_use]
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    use std::net::{Ipv4Addr, Ipv6Addr};
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// A connection to a free port of one's own machine can, once in some ten thousand times, be given that same port as its own and
/// meet itself (simultaneous open, RFC 9293 section 3.5). Nobody listens there.
fn refuse_self_connection(stream: TcpStream) -> io::Result<TcpStream> {
    if stream.local_addr()? == stream.peer_addr()? { Err(ErrorKind::ConnectionRefused.into()) } else { Ok(stream) }
}
