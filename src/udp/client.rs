//! The client's half over UDP: sends pings, and takes whatever comes.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use crate::client::{Message, Options, Trace};
use crate::udp::datagram::{Ping, UNCOUNTED};

/// How long to wait for one of several addresses to answer before the next one is
/// tried.
const PROBE: Duration = Duration::from_millis(300);

/// A UDP socket that sends to one server, and hears from no other: the system drops
/// what strangers send.
#[derive(Debug)]
pub struct UdpClient {
    socket: UdpSocket,
    server: String,
    timeout: Duration,
    /// How long [`receive`](Self::receive) waits: a fraction of the timeout, so that
    /// somebody looks up now and then.
    slice: Duration,
    spin: bool,
    trace: Trace,
}

impl UdpClient {
    /// Prepares to talk to a server. Nothing has to be there: that shows when something
    /// is sent. Only if `host` has several addresses, each is sent a ping, and the
    /// first one that answers is taken.
    ///
    /// # Errors
    /// When `host` has no address, or none of several is listened on.
    pub fn connect(host: &str, port: u16, options: &Options) -> io::Result<Self> {
        let addresses: Vec<SocketAddr> = (host, port)
            .to_socket_addrs()
            .map_err(|error| failed(&error, format_args!("cannot find the host {host:?}")))?
            .collect();
        let mut silent = None;
        let mut last_error =
            io::Error::new(ErrorKind::NotFound, format!("the host {host:?} has no address"));
        for &address in &addresses {
            let client = match UdpClient::to(address, format!("{host}:{port}"), options) {
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
        let any = if address.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket
            .connect(address)
            .map_err(|error| failed(&error, format_args!("cannot reach {server}")))?;
        let Options { timeout, spin, .. } = *options;
        let slice = (timeout / 10).clamp(Duration::from_millis(10), Duration::from_millis(100));
        socket.set_read_timeout(Some(slice))?;
        socket.set_write_timeout(Some(timeout))?;
        socket.set_nonblocking(spin)?;
        Ok(UdpClient { socket, server, timeout, slice, spin, trace: options.trace.clone() })
    }

    /// Whether anything comes back.
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

    /// Sends a datagram.
    ///
    /// # Errors
    /// `ConnectionRefused` when an earlier one met a closed port; and those of the
    /// system.
    pub fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.trace.show(Message::Sent(datagram));
        let start = Instant::now();
        loop {
            match self.socket.send(datagram).map_err(|error| (error.kind(), error)) {
                Ok(_) => return Ok(()),
                Err((ErrorKind::Interrupted, _)) => {}
                Err((ErrorKind::WouldBlock, _)) if self.spin && start.elapsed() < self.timeout => {}
                Err((_, error)) => return Err(self.explain(&error)),
            }
        }
    }

    /// Waits a moment for a datagram. Returns its length and when it came; `None` if
    /// none did.
    ///
    /// # Errors
    /// `ConnectionRefused` when something that was sent met a closed port; and those of
    /// the system.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<(usize, Instant)>> {
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

    /// After this an answer is late.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The socket itself, about which the system tells more.
    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// A closed port is no loss: the machine is there and says (ICMP, RFC 1122 section
    /// 4.1.3.3) that nobody listens.
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

fn failed(error: &io::Error, what: impl Display) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
