//! One port number for both: a TCP server, and an echo server over UDP.
//!
//! TCP and UDP have separate ports, so both can use one number, and a user has to know
//! only one.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::counts::EchoCounts;
use super::echo::EchoServer;
use super::impair::Impairments;
use crate::json::Map;
use crate::net::address;
use crate::server::{Config, Server};
use crate::session::{Hooks, Lag};
use crate::wire::command::more::LagPlan;

/// When the system chooses the port, it chooses one that is free for TCP. The UDP port
/// of that number may be taken; then another is tried, this many times.
const TRIES: u32 = 20;

/// A peer that has sent no ping for this long has left, if the idle timeout of
/// connections is not even shorter.
const SILENCE: Duration = Duration::from_secs(10);

/// Binds a TCP server, and an echo server on the UDP port of that number.
///
/// The status reports pings over UDP as `udp_pings`, and datagrams that were not
/// answered, for whatever reason, as `udp_ignored`. Answers that
/// [impairments](Impairments) dropped are not among these.
///
/// ```
/// use roundtrip::log::Log;
/// use roundtrip::server::Config;
/// use roundtrip::udp::server::{Impairments, bind_with_tcp};
///
/// let (server, echo) = bind_with_tcp(&Config::default(), Impairments::default())?;
/// let _echo = echo.start(Log::default())?;
/// let server = server.start()?;
/// assert_ne!(server.address().port(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of [`Server::bind`], and when the port cannot be used for UDP.
pub fn bind_with_tcp(
    config: &Config,
    impairments: Impairments,
) -> io::Result<(Server, EchoServer)> {
    let counts = Arc::<EchoCounts>::default();
    let mut config = config.clone();
    let hooks = Arc::clone(&config.session.hooks);
    config.session.hooks = Arc::new(WithPings { hooks, counts: Arc::clone(&counts) });
    let tries = if config.port == 0 { TRIES } else { 1 };
    let mut last_error = io::Error::from(ErrorKind::AddrInUse);
    for _ in 0..tries {
        let server = Server::bind(config.clone())?;
        match UdpSocket::bind(server.address()) {
            Ok(socket) => {
                let (limits, spin) = (config.limits, config.session.spin);
                let mut echo = EchoServer::new(socket, impairments, limits, spin, counts)?;
                let silence = config.session.idle_timeout.min(SILENCE);
                echo.follow_peers(config.session.log.clone(), silence)?;
                return Ok((server, echo));
            }
            Err(error) => last_error = error,
        }
    }
    let what = format!(
        "cannot listen on {} (udp; --no-udp does without): {last_error}",
        address::name(&config.host, config.port)
    );
    Err(io::Error::new(last_error.kind(), what))
}

/// Passes everything on to the server's own hooks, and adds what the
/// echo server did to its counters.
#[derive(Debug)]
struct WithPings {
    hooks: Arc<dyn Hooks>,
    counts: Arc<EchoCounts>,
}

impl Hooks for WithPings {
    fn on_connect(&self, peer: Option<SocketAddr>) -> Option<LagPlan> {
        self.hooks.on_connect(peer)
    }

    fn on_lag(&self, peer: Option<SocketAddr>, lag: &Lag) {
        self.hooks.on_lag(peer, lag);
    }

    fn counters(&self) -> Map {
        let mut counters = self.hooks.counters();
        let EchoCounts { pings, ignored, withheld, .. } = &*self.counts;
        let [pings, ignored, withheld] =
            [pings, ignored, withheld].map(|count| count.load(Ordering::Relaxed));
        counters.insert("udp_pings", pings);
        counters.insert("udp_ignored", ignored + withheld);
        counters
    }

    fn on_status(&self, question: &Map, peer: Option<SocketAddr>) -> Map {
        self.hooks.on_status(question, peer)
    }
}
