//! Why nothing came back: what one more ping can find out.
//!
//! A connected socket receives datagrams from one address only, and a large datagram
//! travels in fragments that must all arrive. Both can hide a server that answers. So
//! when a series stays without an answer, one small ping goes out from a socket that is
//! not connected:
//!
//! * Another address answers: a server that listens on all addresses of its machine
//!   answers from the address that its system chooses. (A server needs `IP_PKTINFO` to
//!   choose, which `std` does not have.)
//! * The same address answers: then the size of the other pings was the trouble.

use std::fmt;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::client::{UdpClient, any_address};
use super::datagram::UNCOUNTED;
use super::pings::Pings;

/// How long to wait for the answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The largest datagrams that cross Ethernet in one packet: 1,500 bytes (RFC 894)
/// without the UDP header of 8 bytes, and the IP header of 20 bytes (RFC 791) or 40
/// (RFC 8200).
const UNFRAGMENTED_V4: usize = 1_500 - 8 - 20;
const UNFRAGMENTED_V6: usize = 1_500 - 8 - 40;

/// The largest datagrams that every host must be able to receive over IPv4: 576 bytes
/// (RFC 1122 section 3.3.2) without both headers.
const SMALL: usize = 576 - 8 - 20;

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server answers from another address.
    OtherAddress { asked: SocketAddr, answered: SocketAddr },
    /// Datagrams of this size need fragments. This payload, if any, would not.
    Fragments { bytes: usize, payload: Option<usize> },
    /// Datagrams of this size do not pass, although they should need no fragments.
    Size { bytes: usize },
}

/// Sends a small ping, and draws a conclusion from its answer. `None` if there is no
/// answer, or if the answer explains nothing. `bytes` is the size of the pings that
/// were lost, and `payload` is the part of it that can be chosen.
pub(super) fn diagnose(client: &UdpClient, bytes: usize, payload: usize) -> Option<Cause> {
    let asked = client.socket().peer_addr().ok()?;
    let answered = probe(asked, PATIENCE.min(client.timeout()))?;
    if (answered.ip(), answered.port()) != (asked.ip(), asked.port()) {
        return Some(Cause::OtherAddress { asked, answered });
    }
    let most = if asked.is_ipv4() { UNFRAGMENTED_V4 } else { UNFRAGMENTED_V6 };
    match bytes.checked_sub(most) {
        None | Some(0) => (bytes > SMALL).then_some(Cause::Size { bytes }),
        Some(over) => Some(Cause::Fragments { bytes, payload: payload.checked_sub(over) }),
    }
}

/// Sends a small ping from an unconnected socket. Returns the address that answers.
fn probe(server: SocketAddr, patience: Duration) -> Option<SocketAddr> {
    let socket = UdpSocket::bind(any_address(server)).ok()?;
    let mut pings = Pings::new(0);
    let sent_ns = pings.write(UNCOUNTED);
    socket.send_to(pings.datagram(), server).ok()?;
    let (deadline, mut buffer, mut scratch) = (Instant::now() + patience, [0; 200], Vec::new());
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // A timeout of zero is refused, and ends the loop.
        socket.set_read_timeout(Some(left)).ok()?;
        let (length, from) = socket.recv_from(&mut buffer).ok()?;
        let datagram = buffer.get(..length).unwrap_or_default();
        if pings.check(UNCOUNTED, sent_ns, datagram, &mut scratch).is_ok() {
            return Some(from);
        }
    }
}

/// The cause, and what to do about it.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::OtherAddress { asked, answered } => write!(
                f,
                "{asked} answered from {answered}: give the server its --host, or measure that \
                 address"
            ),
            Cause::Size { bytes } => write!(
                f,
                "a small ping was answered, so the path seems to carry no datagrams of {bytes} \
                 bytes; try a smaller --payload"
            ),
            Cause::Fragments { bytes, payload } => {
                write!(
                    f,
                    "a small ping was answered, so the path seems to drop fragments, and a \
                     datagram of {bytes} bytes needs them"
                )?;
                payload.map_or(Ok(()), |payload| write!(f, "; try --payload {payload} or less"))
            }
        }
    }
}
