//! An echo beside a TCP server, on the port of the same number.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Echo, EchoCounts, Impairments};
use crate::json::Map;
use crate::server::{Config, Server};
use crate::session::{Lag, Owner};
use crate::wire::command::LagPlan;

/// Where the system chooses the port, it chooses one that is free for TCP. Somebody else
/// may have the same one for UDP: then another is tried, at most so many times.
const TRIES: u32 = 20;

/// Binds a server, and an echo on the UDP port of the same number. The echo's pings are
/// in the server's status, as `udp_pings`.
///
/// ```
/// use roundtrip::server::Config;
/// use roundtrip::udp::server::{Impairments, bind_beside};
///
/// let (server, echo) = bind_beside(&Config::default(), Impairments::default())?;
/// let _echo = echo.start(roundtrip::log::Log::default())?;
/// let server = server.start()?;
/// assert_ne!(server.address().port(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of [`Server::bind`], and when the port cannot be used for UDP.
pub fn bind_beside(config: &Config, impairments: Impairments) -> io::Result<(Server, Echo)> {
    let counts = Arc::<EchoCounts>::default();
    let mut last_error = io::Error::from(ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let mut config = config.clone();
        let (limits, spin, port) = (config.limits.clone(), config.session.spin, config.port);
        let owner = Arc::clone(&config.session.owner);
        config.session.owner = Arc::new(Counting { owner, counts: Arc::clone(&counts) });
        let server = Server::bind(config)?;
        match UdpSocket::bind(server.address()) {
            Ok(socket) => {
                return Ok((server, Echo::new(socket, impairments, limits, spin, counts)?));
            }
            Err(error) => last_error = error,
        }
        if port > 0 {
            break;
        }
    }
    let what = format!(
        "cannot listen on {}:{} (udp; --no-udp does without): {last_error}",
        config.host, config.port
    );
    Err(io::Error::new(last_error.kind(), what))
}

/// The server's owner, and what the echo counts.
#[derive(Debug)]
struct Counting {
    owner: Arc<dyn Owner>,
    counts: Arc<EchoCounts>,
}

impl Owner for Counting {
    fn on_connect(&self, peer: Option<SocketAddr>) -> Option<LagPlan> {
        self.owner.on_connect(peer)
    }

    fn on_lag(&self, peer: Option<SocketAddr>, lag: &Lag) {
        self.owner.on_lag(peer, lag);
    }

    fn counters(&self) -> Map {
        let mut counters = self.owner.counters();
        counters.insert("udp_pings", self.counts.pings.load(Ordering::Relaxed));
        counters
    }

    fn on_status(&self, question: &Map, peer: Option<SocketAddr>) -> Map {
        self.owner.on_status(question, peer)
    }
}
