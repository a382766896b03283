//! One connected byte stream, whatever carries it.
//!
//! A [`Stream`] is a TCP connection or a Unix socket with two promises added that every
//! conversation with a stranger needs:
//!
//! * **No call waits for ever.** Each read and each write has a timeout, and says which
//!   of them passed it. (A peer that keeps trickling bytes can still keep its
//!   connection, as one can that keeps asking.)
//! * **The last word arrives.** [`Stream::close`] does what dropping a socket does not:
//!   it lets the peer read the answer that was sent last, also when the peer is still
//!   sending.
//!
//! It also turns Nagle's algorithm off (`TCP_NODELAY`): see
//! [`Framing::send`](crate::wire::framing::Framing::send).
//!
//! # Spinning
//!
//! A thread that waits in `read` sleeps, and waking another processor for it takes the
//! system tens of microseconds: on loopback, most of a round trip. [`Stream::spin`]
//! makes the socket non-blocking and asks again and again instead. What that shows is
//! how much of a round trip was the scheduler's; what it costs is a whole core for each
//! stream that waits. With fewer cores than spinning threads it is slower than
//! sleeping, since they then wait for each other.

pub mod address;
pub mod listener;
pub mod transfer;

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::{
    fd::{AsFd, OwnedFd},
    unix::net::UnixStream,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use address::Address;
pub use listener::Listener;

/// How long [`Stream::close`] waits for the peer to have read the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// A connected stream socket with a timeout on each read and write.
///
/// A clone is the same connection once more, so that one thread can read while another
/// writes. It takes no descriptor of its own, and the connection is closed when the
/// last one is dropped.
#[derive(Clone, Debug)]
pub struct Stream {
    socket: Arc<Socket>,
    peer: Option<SocketAddr>,
    timeout: Duration,
    /// What the system has been told of it.
    told: Duration,
    limit: Option<Limit>,
    spin: bool,
}

/// How long a message may take to arrive as a whole. It counts from the first read:
/// most messages are in the reader's buffer by then and need none, nor a look at the
/// clock.
#[derive(Clone, Copy, Debug)]
struct Limit {
    time: Duration,
    begun: Option<Instant>,
}

impl Limit {
    fn left(&mut self) -> io::Result<Duration> {
        let now = Instant::now();
        let left = self.time.saturating_sub(now - *self.begun.get_or_insert(now));
        if left.is_zero() { Err(self.passed()) } else { Ok(left) }
    }

    fn passed(&self) -> io::Error {
        io::Error::new(ErrorKind::TimedOut, format!("no whole message arrived for {:?}", self.time))
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Does the same with either kind of socket.
macro_rules! with_socket {
    ($stream:expr, $socket:ident => $what:expr) => {
        match &*$stream.socket {
            Socket::Tcp($socket) => $what,
            #[cfg(unix)]
            Socket::Unix($socket) => $what,
        }
    };
}

impl Stream {
    /// Connects to the first address of `host` that answers, waiting for each at most
    /// `timeout`, which is then the timeout of each read and write too.
    ///
    /// # Errors
    /// Says what was tried: `host` has no address, or none of its addresses accepted
    /// (the last one's reason).
    pub fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        let failed =
            |error: io::Error, what| io::Error::new(error.kind(), format!("{what}: {error}"));
        let addresses = (host, port)
            .to_socket_addrs()
            .map_err(|error| failed(error, format!("cannot find the host {host:?}")))?;
        let mut last_error = io::Error::new(ErrorKind::NotFound, "the host has no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, timeout).and_then(refuse_self_connection) {
                Ok(stream) => return Stream::from_tcp(stream, address, timeout),
                Err(error) => last_error = failed(error, address.to_string()),
            }
        }
        Err(failed(last_error, format!("cannot connect to {host}:{port}")))
    }

    /// Takes over a TCP connection to this peer.
    ///
    /// # Errors
    /// When the system refuses an option; `InvalidInput` when `timeout` is zero.
    pub fn from_tcp(stream: TcpStream, peer: SocketAddr, timeout: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Stream::new(Socket::Tcp(stream), Some(peer), timeout)
    }

    /// Connects to the Unix socket at this path, waiting at most `timeout`, which is
    /// then the timeout of each read and write too.
    ///
    /// # Errors
    /// Says what was tried: nobody listens there, or whoever does accepts nothing.
    #[cfg(unix)]
    pub fn connect_unix(path: &str, timeout: Duration) -> io::Result<Self> {
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot connect to unix:{path}: {error}"))
        };
        Stream::from_unix(connect_unix(path, timeout).map_err(failed)?, timeout)
    }

    /// Takes over a connection over a Unix socket.
    ///
    /// # Errors
    /// When the system refuses an option; `InvalidInput` when `timeout` is zero.
    #[cfg(unix)]
    pub fn from_unix(stream: UnixStream, timeout: Duration) -> io::Result<Self> {
        Stream::new(Socket::Unix(stream), None, timeout)
    }

    /// Takes over the connection that is standard input, as a program under `inetd`
    /// finds it.
    ///
    /// The stream is a duplicate of descriptor 0: dropping it closes nothing, since the
    /// original stays open until the process ends. [`Stream::close`] ends the
    /// conversation all the same.
    ///
    /// # Errors
    /// `NotConnected` when the peer has gone already, `InvalidInput` when standard
    /// input is no socket at all.
    #[cfg(unix)]
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
        let hint = "standard input is not a connected socket; run this from inetd, a systemd socket with Accept=yes, \
                    or socat TCP-LISTEN:5001,fork EXEC:";
        Err(io::Error::new(ErrorKind::InvalidInput, hint))
    }

    fn new(socket: Socket, peer: Option<SocketAddr>, timeout: Duration) -> io::Result<Self> {
        let (told, limit) = (Duration::ZERO, None);
        let mut stream =
            Stream { socket: Arc::new(socket), peer, timeout, told, limit, spin: false };
        // Whoever started this program may have left it non-blocking, and then no
        // timeout would hold.
        with_socket!(stream, socket => socket.set_nonblocking(false))?;
        stream.set_read_timeout(timeout)?;
        with_socket!(stream, socket => socket.set_write_timeout(Some(timeout)))?;
        Ok(stream)
    }

    /// Changes how long a read may wait.
    ///
    /// # Errors
    /// `InvalidInput` when it is zero.
    pub fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        self.tell(timeout)
    }

    /// Tells the system, unless it knows already, and has it refuse zero.
    fn tell(&mut self, timeout: Duration) -> io::Result<()> {
        if self.told != timeout || timeout.is_zero() {
            with_socket!(self, socket => socket.set_read_timeout(Some(timeout)))?;
            self.told = timeout;
        }
        Ok(())
    }

    /// From now on waits by asking again and again, and for just as long.
    ///
    /// # Errors
    /// When the system does not make the socket non-blocking.
    pub fn spin(&mut self) -> io::Result<()> {
        self.spin = true;
        with_socket!(self, socket => socket.set_nonblocking(true))
    }

    /// The timeout of each read and write.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Who is at the other end, for a person: an address, or `unix` for a Unix socket,
    /// whose clients have no name.
    #[must_use]
    pub fn peer_name(&self) -> String {
        self.peer.map_or_else(|| "unix".into(), |peer| peer.to_string())
    }

    /// The address and port at the other end, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The address at the other end, if it has one.
    #[must_use]
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.peer.map(|peer| peer.ip())
    }

    /// Ends the conversation at once, for every clone of this stream: whoever waits in
    /// a read or a write is woken.
    pub fn abort(&self) {
        // Already closed is what is wanted.
        let _ = with_socket!(self, socket => socket.shutdown(Shutdown::Both));
    }

    /// Ends the conversation so that the peer can read what was sent last.
    ///
    /// A socket that is closed while bytes lie in its receive buffer does not say
    /// goodbye: it sends a reset (RFC 1122 section 4.2.2.13), and a reset discards
    /// whatever has not been delivered yet. So the answer to a line that is too long
    /// could be lost in just the case that it was written for. Here the sending half is
    /// closed first, and then whatever still comes in is read and dropped until the
    /// peer closes too, for two seconds at most. `examples/06_last_word.rs` shows the
    /// difference.
    pub fn close(mut self) {
        if with_socket!(self, socket => socket.shutdown(Shutdown::Write)).is_err() {
            return;
        }
        let deadline = Instant::now() + LINGER;
        let mut dropped = [0; 4096];
        loop {
            // A timeout of zero is refused, and ends this too.
            let left = deadline.saturating_duration_since(Instant::now());
            if self.set_read_timeout(left).is_err() || !matches!(self.read(&mut dropped), Ok(1..)) {
                return;
            }
        }
    }

    /// Calls `io` until it does not block, or the time has passed; without spinning the
    /// system does this for us.
    fn wait(
        &self,
        what: &str,
        time: Duration,
        mut io: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        let deadline = self.spin.then(|| Instant::now().checked_add(time));
        loop {
            match io().map_err(|error| (error.kind(), error)) {
                Ok(bytes) => return Ok(bytes),
                // A stopped process that goes on finds its calls interrupted.
                Err((ErrorKind::Interrupted, _)) => {}
                Err((ErrorKind::WouldBlock, _)) if deadline.is_some_and(is_ahead) => {
                    std::hint::spin_loop();
                }
                // A timeout is `WouldBlock` on Unix and `TimedOut` on Windows: here
                // always the latter.
                Err((ErrorKind::WouldBlock | ErrorKind::TimedOut, _)) => {
                    return Err(io::Error::new(
                        ErrorKind::TimedOut,
                        format!("{what} for {time:?}"),
                    ));
                }
                Err((_, error)) => return Err(error),
            }
        }
    }

    /// Changes how long [`offer`](Stream::offer) waits, for all clones.
    pub(crate) fn set_offer_timeout(&self, timeout: Duration) -> io::Result<()> {
        with_socket!(self, socket => socket.set_write_timeout(Some(timeout)))
    }

    /// Writes what the connection takes within the timeout that was set for it, and
    /// returns how much that was, which may be nothing.
    pub(crate) fn offer(&self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            match with_socket!(self, socket => (&mut &*socket).write(buffer)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Ok(0);
                }
                Ok(0) if !buffer.is_empty() => return Err(ErrorKind::WriteZero.into()),
                other => return other,
            }
        }
    }

    /// Linux wakes a writer only when a third of the send buffer is free, and a peer
    /// that reads slowly may not get so far within the timeout. If there is room now,
    /// it has been reading.
    fn write_what_fits(&self, buffer: &[u8]) -> io::Result<usize> {
        with_socket!(self, socket => socket.set_write_timeout(Some(Duration::from_millis(1))))?;
        let written = with_socket!(self, socket => (&mut &*socket).write(buffer));
        with_socket!(self, socket => socket.set_write_timeout(Some(self.timeout)))?;
        written
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let time = self.limit.as_mut().map_or(Ok(self.timeout), Limit::left)?.min(self.timeout);
        self.tell(time)?;
        let read = self.wait(
            "nothing arrived",
            time,
            || with_socket!(self, socket => (&mut &*socket).read(buffer)),
        );
        match (read, &self.limit) {
            (Err(error), Some(limit))
                if error.kind() == ErrorKind::TimedOut && time < self.timeout =>
            {
                Err(limit.passed())
            }
            (read, _) => read,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.wait(
            "the peer took nothing",
            self.timeout,
            || with_socket!(self, socket => (&mut &*socket).write(buffer)),
        );
        match written {
            Err(error) if error.kind() == ErrorKind::TimedOut && !self.spin => {
                self.write_what_fits(buffer).map_err(|_| error)
            }
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // Sockets have no buffer in this process.
    }
}

/// A connection can become the standard input of a child process.
#[cfg(unix)]
impl From<Stream> for std::process::Stdio {
    fn from(stream: Stream) -> Self {
        match Arc::into_inner(stream.socket) {
            Some(Socket::Tcp(socket)) => OwnedFd::from(socket).into(),
            Some(Socket::Unix(socket)) => OwnedFd::from(socket).into(),
            // A connection of which somebody keeps a clone cannot be given away.
            None => std::process::Stdio::null(),
        }
    }
}

/// One that no clock can show is ahead for ever.
fn is_ahead(deadline: Option<Instant>) -> bool {
    deadline.is_none_or(|deadline| Instant::now() < deadline)
}

/// Waits for a message to begin, however long the timeout allows, then has `receive`
/// read it, within one more timeout: so a message that comes in ever so small pieces
/// has an end, too.
///
/// # Errors
/// Those of the connection, and of `receive`.
pub fn receive_in_time<T>(
    reader: &mut BufReader<Stream>,
    receive: impl FnOnce(&mut BufReader<Stream>) -> io::Result<T>,
) -> io::Result<T> {
    reader.fill_buf()?;
    let time = reader.get_ref().timeout;
    receive_within(time, reader, receive)
}

/// Has `receive` read within `time`, however many reads it takes.
///
/// # Errors
/// Those of the connection, and of `receive`.
pub(crate) fn receive_within<T>(
    time: Duration,
    reader: &mut BufReader<Stream>,
    receive: impl FnOnce(&mut BufReader<Stream>) -> io::Result<T>,
) -> io::Result<T> {
    reader.get_mut().limit = Some(Limit { time, begun: None });
    let received = receive(reader);
    reader.get_mut().limit = None;
    received
}

/// The system waits for ever where a listener's queue is full, and `std` has a timeout
/// for TCP alone. So a thread waits, and is left behind if it has to.
#[cfg(unix)]
fn connect_unix(path: &str, timeout: Duration) -> io::Result<UnixStream> {
    let (result, connected) = std::sync::mpsc::channel();
    let path = path.to_owned();
    std::thread::Builder::new()
        .name("connect".into())
        .spawn(move || result.send(UnixStream::connect(path)))?;
    connected.recv_timeout(timeout).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

/// The address under which this machine reaches a listener: one that listens on "any"
/// listens, among others, on loopback.
#[must_use]
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// A connection to a free port of one's own machine can, once in some ten thousand
/// times, be given that same port as its own and meet itself (simultaneous open, RFC
/// 9293 section 3.5). Nobody listens there.
pub(crate) fn refuse_self_connection(stream: TcpStream) -> io::Result<TcpStream> {
    if stream.local_addr()? == stream.peer_addr()? {
        Err(ErrorKind::ConnectionRefused.into())
    } else {
        Ok(stream)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_message_is_for_all_of_its_reads_together() {
        const TIME: Duration = Duration::from_secs(1);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut reader = BufReader::new(Stream::from_unix(ours, TIME * 5 / 4).unwrap());
        let start = Instant::now();
        let peer = std::thread::spawn(move || {
            std::thread::sleep(TIME * 7 / 10);
            theirs.write_all(b"a").unwrap();
            theirs
        });
        let error =
            receive_within(TIME, &mut reader, |reader| reader.read_exact(&mut [0; 2])).unwrap_err();
        let took = start.elapsed();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::TimedOut, "no whole message arrived for 1s")
        );
        assert!((TIME..TIME * 3 / 2).contains(&took), "{took:?}");
        // It held for that message alone.
        assert_eq!(reader.read(&mut [0]).unwrap_err().to_string(), "nothing arrived for 1.25s");
        drop(peer.join());
    }
}
