//! The client's socket: sends pings to one server and receives its datagrams.
//!
//! `connect` on a UDP socket sends nothing. It tells the system two things: where to
//! send, and that only datagrams from that address are wanted. The system then also
//! reports when the server's port is closed, since it knows which socket the report
//! belongs to.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::client::{Message, Options, Trace};
use crate::net::address;
use crate::pace::Stop;
use crate::udp::datagram::{Ping, UNCOUNTED};

/// How long one of several addresses may take to answer before the next one is tried.
const PROBE: Duration = Duration::from_millis(300);

/// A UDP socket that is connected to one server: the system drops datagrams from all
/// other addresses.
#[derive(Debug)]
pub struct UdpClient {
    socket: UdpSocket,
    server: String,
    timeout: Duration,
    /// How long [`receive`](Self::receive) waits: a fraction of the timeout, so that
    /// its caller can check the clock in between.
    slice: Duration,
    spin: bool,
    trace: Trace,
    stop: Stop,
}

impl UdpClient {
    /// Opens a socket for one server.
    ///
    /// If `host` has one address, nothing is sent, and the server may not even exist.
    /// If it has several, each of them is sent a ping, and the first that answers is
    /// used.
    ///
    /// # Errors
    /// When `host` has no address, or each of several addresses refuses the ping.
    pub fn connect(host: &str, port: u16, options: &Options) -> io::Result<Self> {
        let addresses = address::resolve(host, port, options.family)?;
        let mut silent = None;
        let mut last_error = ErrorKind::NotFound.into();
        for &address in &addresses {
            let client = match UdpClient::to(address, address::name(host, port), options) {
                Ok(client) if addresses.len() == 1 => return Ok(client),
                Ok(client) => client,
                Err(error) => {
                    last_error = error;
                    continue;
                }
            };
            match client.probe() {
                Ok(true) => return Ok(client),
                Ok(false) => silent = silent.or(Some(client)),
                Err(error) => last_error = error,
            }
        }
        silent.ok_or(last_error)
    }

    fn to(address: SocketAddr, server: String, options: &Options) -> io::Result<Self> {
        let socket = UdpSocket::bind(any_address(address))?;
        socket
            .connect(address)
            .map_err(|error| failed(&error, format_args!("cannot reach {server}")))?;
        let Options { timeout, spin, .. } = *options;
        let slice = (timeout / 10).clamp(Duration::from_millis(10), Duration::from_millis(100));
        socket.set_read_timeout(Some(slice))?;
        socket.set_write_timeout(Some(timeout))?;
        socket.set_nonblocking(spin)?;
        let (trace, stop) = (options.trace.clone(), options.stop.clone());
        Ok(UdpClient { socket, server, timeout, slice, spin, trace, stop })
    }

    /// Sends an uncounted ping, and returns whether anything came back.
    fn probe(&self) -> io::Result<bool> {
        let mut datagram = Vec::new();
        Ping { sequence: UNCOUNTED, sent_ns: 0, series: 0 }.encode(0, &mut datagram);
        self.send(&datagram)?;
        let (start, mut buffer) = (Instant::now(), [0; 200]);
        while start.elapsed() < PROBE {
            if self.receive(&mut buffer)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The address and port of the server.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.socket.peer_addr().ok()
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// `ConnectionRefused` when an earlier datagram met a closed port. Any other error
    /// means that this machine did not send the datagram.
    pub fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.trace.show(Message::Sent(datagram));
        let (start, mut failures) = (Instant::now(), 0);
        loop {
            match self.socket.send(datagram).map_err(|error| (error.kind(), error)) {
                Ok(_) => return Ok(()),
                Err((ErrorKind::Interrupted, _)) => {}
                Err((ErrorKind::WouldBlock, _)) if self.spin && start.elapsed() < self.timeout => {}
                Err((ErrorKind::ConnectionRefused | ErrorKind::WouldBlock, error)) => {
                    return Err(self.explain(&error));
                }
                // The system reports what became of an earlier datagram (by ICMP) as
                // the error of a later call, once. So the first error may not be about
                // this datagram.
                Err((_, error)) if failures > 0 => return Err(self.explain(&error)),
                Err(_) => failures += 1,
            }
        }
    }

    /// Waits for one datagram, for a tenth of the timeout, between 10 ms and 100 ms.
    /// Returns its length and the time of its arrival, or `None` if nothing arrived.
    ///
    /// # Errors
    /// `ConnectionRefused` when an earlier datagram met a closed port, and other errors
    /// of the system.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<(usize, Instant)>> {
        if self.stop.is_aborted() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let deadline = self.spin.then(|| Instant::now() + self.slice);
        loop {
            match self.socket.recv(buffer).map_err(|error| (error.kind(), error)) {
                Ok(length) => {
                    let at = Instant::now();
                    self.trace.show(Message::Received(buffer.get(..length).unwrap_or_default()));
                    return Ok(Some((length, at)));
                }
                Err((ErrorKind::Interrupted, _)) => {}
                Err((ErrorKind::WouldBlock, _))
                    if deadline.is_some_and(|deadline| Instant::now() < deadline) =>
                {
                    std::hint::spin_loop();
                }
                Err((ErrorKind::WouldBlock | ErrorKind::TimedOut, _)) => return Ok(None),
                Err((_, error)) => return Err(self.explain(&error)),
            }
        }
    }

    /// Ends a measurement early.
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// How long an answer may take. A later answer counts as late.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The socket itself, to look up what the system counts for it.
    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// A closed port is not a loss: the machine answered (by ICMP, RFC 1122 section
    /// 4.1.3.1) that no program listens on the port.
    fn explain(&self, error: &io::Error) -> io::Error {
        match error.kind() {
            ErrorKind::ConnectionRefused => {
                let what = format!("port closed: nobody listens on {} (udp)", self.server);
                io::Error::new(ErrorKind::ConnectionRefused, what)
            }
            _ => failed(error, format_args!("{} (udp)", self.server)),
        }
    }
}

/// Any address and any free port of this machine, in the family of `peer`.
pub(super) fn any_address(peer: SocketAddr) -> SocketAddr {
    let any = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, 0)
}

fn failed(error: &io::Error, what: impl Display) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
