//! A connected stream with two promises.
//!
//! * **No call waits for ever.** Each read and each write has a timeout, and the error
//!   says which of them passed it. Reads that belong together can share a
//!   [`Deadline`].
//! * **The last word arrives.** [`Stream::close`] does what dropping a socket does not:
//!   the peer can read the answer that was sent last, even while it is still sending.
//!
//! A stream also turns Nagle's algorithm off (`TCP_NODELAY`): see
//! [`Framing::send`](crate::wire::framing::Framing::send).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::address::{self, Family};
use super::deadline::Deadline;
use super::spin;
use crate::pace::{Hook, Stop};

/// How long [`Stream::close`] waits for the peer to close its side.
const LINGER: Duration = Duration::from_secs(2);

/// A connected stream socket with a timeout on each read and write.
///
/// A clone is another handle of this connection, so that one thread can read while
/// another writes. A clone takes no descriptor of its own, and the connection is closed
/// when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Stream {
    socket: Arc<Socket>,
    timeout: Duration,
    deadline: Option<Deadline>,
    /// The read timeout that the system has been given last.
    system_timeout: Duration,
    spin: bool,
}

/// What carries the bytes. A TCP connection has an address at its other end.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Tcp(socket, _) => socket.shutdown(how),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.shutdown(how),
        }
    }
}

/// Makes one call on either kind of socket. A function cannot: the two types have the
/// same methods, but no trait in common. In `(&mut &*socket).read(…)`, a `&TcpStream`
/// does the reading, since an `Arc` lends no `&mut TcpStream`.
macro_rules! with_socket {
    ($stream:expr, $socket:ident => $call:expr) => {
        match $stream.socket() {
            $crate::net::socket::Socket::Tcp($socket, _) => $call,
            #[cfg(unix)]
            $crate::net::socket::Socket::Unix($socket) => $call,
        }
    };
}
pub(super) use with_socket;

impl Stream {
    /// Connects to the first address of `host` that accepts. The timeout is for all its
    /// addresses together, and afterwards for each read and each write.
    ///
    /// # Errors
    /// When `host` has no address, or none of its addresses accepts. The error says what
    /// was tried, and why the last address refused.
    pub fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        let addresses = address::resolve(host, port, Family::Any)?;
        Stream::connect_to(&addresses, &address::name(host, port), timeout)
    }

    /// Connects to the first of these addresses that accepts. They share the timeout: one
    /// that does not answer leaves time for the next. Errors call them `name`.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_to(addresses: &[SocketAddr], name: &str, timeout: Duration) -> io::Result<Self> {
        let failed =
            |error: io::Error, what: &str| io::Error::new(error.kind(), format!("{what}: {error}"));
        let mut last_error = ErrorKind::NotFound.into();
        let mut deadline = Deadline::running("not connected within", timeout);
        for (&address, untried) in addresses.iter().zip((1..=addresses.len()).rev()) {
            let left = deadline.left()?;
            let share = left / u32::try_from(untried).unwrap_or(u32::MAX);
            match Stream::dial(address, share.max(Duration::from_nanos(1))) {
                Ok(mut stream) => {
                    stream.set_read_timeout(timeout)?;
                    stream.set_offer_timeout(timeout)?;
                    return Ok(stream);
                }
                Err(error) if address.to_string() == name => last_error = error,
                Err(error) => last_error = failed(error, &address.to_string()),
            }
        }
        Err(failed(last_error, &format!("cannot connect to {name}")))
    }

    /// Connects to one address.
    ///
    /// # Errors
    /// When nobody accepts there within the timeout.
    pub fn dial(address: SocketAddr, timeout: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        // A connection to a free port of one's own machine can, once in some ten thousand
        // times, be given that very port as its own and meet itself (simultaneous open,
        // RFC 9293 section 3.5). Nobody listens there.
        if stream.local_addr()? == stream.peer_addr()? {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        Stream::from_tcp(stream, address, timeout)
    }

    /// Takes over a TCP connection to this peer.
    ///
    /// # Errors
    /// When the system refuses an option; `InvalidInput` when `timeout` is zero.
    pub fn from_tcp(stream: TcpStream, peer: SocketAddr, timeout: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Stream::new(Socket::Tcp(stream, peer), timeout)
    }

    pub(super) fn new(socket: Socket, timeout: Duration) -> io::Result<Self> {
        let (socket, system_timeout) = (Arc::new(socket), Duration::ZERO);
        let mut stream = Stream { socket, timeout, deadline: None, system_timeout, spin: false };
        // A parent process may have left the socket non-blocking, and then no timeout holds.
        with_socket!(stream, socket => socket.set_nonblocking(false))?;
        with_socket!(stream, socket => socket.set_write_timeout(Some(timeout)))?;
        stream.set_read_timeout(timeout)?;
        Ok(stream)
    }

    /// Changes how long a read may wait.
    ///
    /// # Errors
    /// `InvalidInput` when the timeout is zero.
    pub fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        self.set_system_timeout(timeout)
    }

    /// From now on, all reads and writes together have to be done by this deadline.
    /// Returns the previous one.
    pub fn set_deadline(&mut self, deadline: Option<Deadline>) -> Option<Deadline> {
        std::mem::replace(&mut self.deadline, deadline)
    }

    /// Waits by [busy-polling](super::spin) from now on.
    ///
    /// # Errors
    /// When the system does not make the socket non-blocking.
    pub fn spin(&mut self) -> io::Result<()> {
        self.spin = true;
        with_socket!(self, socket => socket.set_nonblocking(true))
    }

    /// The timeout of each read.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The other end, for a person: an address, or `unix` for a Unix socket, whose
    /// clients have no name.
    #[must_use]
    pub fn peer_name(&self) -> String {
        self.peer().map_or_else(|| "unix".into(), |peer| peer.to_string())
    }

    /// The address and port of the other end, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        match &*self.socket {
            Socket::Tcp(_, peer) => Some(*peer),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    /// The address of the other end, if it has one.
    #[must_use]
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.peer().map(|peer| peer.ip())
    }

    /// Ends the connection at once, for every clone of this stream. A thread that waits in
    /// a read or a write is woken.
    pub fn abort(&self) {
        // It does not matter if the connection has ended already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Makes [aborting](Stop::abort) `stop` end the connection, until the result is
    /// dropped.
    #[must_use]
    pub fn abort_on(&self, stop: &Stop) -> Hook {
        // A weak reference, since a clone would keep the connection open.
        let socket = Arc::downgrade(&self.socket);
        stop.on_abort(move || {
            let _ = socket.upgrade().map(|socket| socket.shutdown(Shutdown::Both));
        })
    }

    /// Ends the conversation so that the peer can read what was sent last.
    ///
    /// A socket that is closed while bytes lie in its receive buffer does not say goodbye:
    /// it sends a reset (RFC 1122 section 4.2.2.13), and a reset discards whatever has not
    /// been delivered yet. So the `ERROR` for a line that is too long could be lost. Here
    /// the sending half is closed first (a half-close). Then everything that still arrives
    /// is read and dropped until the peer closes, too, for two seconds at most.
    /// `examples/06_last_word.rs` shows the difference.
    pub fn close(mut self) {
        if self.socket.shutdown(Shutdown::Write).is_err() {
            return;
        }
        self.deadline = Some(Deadline::running("still open after", LINGER));
        let mut dropped = [0; 4096];
        while matches!(self.read(&mut dropped), Ok(1..)) {}
    }

    /// The time that the next call may take, by the timeout and the deadline.
    fn time_left(&mut self) -> io::Result<Duration> {
        match &mut self.deadline {
            Some(deadline) => Ok(deadline.left()?.min(self.timeout)),
            None => Ok(self.timeout),
        }
    }

    /// Gives the system a read timeout, unless it has that one already.
    fn set_system_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        // The system refuses zero, so it has to be asked.
        if self.system_timeout != timeout || timeout.is_zero() {
            with_socket!(self, socket => socket.set_read_timeout(Some(timeout)))?;
            self.system_timeout = timeout;
        }
        Ok(())
    }

    /// Makes a system call that may take this long.
    fn call(
        &self,
        what: &str,
        time: Duration,
        mut operation: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            let done = if self.spin { spin::poll(time, &mut operation) } else { operation() };
            let Err(error) = done else { return done };
            match (error.kind(), self.deadline) {
                // A process that was stopped and goes on finds its calls interrupted.
                (ErrorKind::Interrupted, _) => {}
                // A timeout is `WouldBlock` on Unix and `TimedOut` on Windows. If `time`
                // is less than the timeout, it came from the deadline.
                (ErrorKind::WouldBlock | ErrorKind::TimedOut, Some(deadline))
                    if time < self.timeout =>
                {
                    return Err(deadline.passed());
                }
                (ErrorKind::WouldBlock | ErrorKind::TimedOut, _) => {
                    return Err(io::Error::new(
                        ErrorKind::TimedOut,
                        format!("{what} for {time:?}"),
                    ));
                }
                _ => return Err(error),
            }
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let time = self.time_left()?;
        self.set_system_timeout(time)?;
        self.call(
            "nothing arrived",
            time,
            || with_socket!(self, socket => (&mut &*socket).read(buffer)),
        )
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let time = self.time_left()?;
        if self.deadline.is_some() {
            with_socket!(self, socket => socket.set_write_timeout(Some(time)))?;
        }
        let written = self.call(
            "the peer took nothing",
            time,
            || with_socket!(self, socket => (&mut &*socket).write(buffer)),
        );
        match written {
            Err(error) if error.kind() == ErrorKind::TimedOut && !self.spin => {
                // Linux wakes a writer late. If some bytes fit now, the peer has been reading.
                self.write_what_fits(buffer).map_err(|_| error)
            }
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // Sockets have no buffer in this process.
    }
}
