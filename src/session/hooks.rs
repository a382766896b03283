//! What another program adds to a server.
//!
//! A server that is part of something larger, a game perhaps, knows things that this
//! crate does not: how many players there are, whose lag is of interest. The program
//! implements [`Hooks`], of which every method can be left out, and puts them into its
//! [`Settings`](super::Settings). The methods are called from the threads of the
//! connections, several at once. While a method runs, its connection waits.
//!
//! In [process mode](crate::serve::Mode::Process) other processes serve the
//! connections, and the children of the `server` binary have [`NoHooks`]. In the parent,
//! `on_status` is called when a server that is full is asked for its status, and
//! `counters` when a child is started; `on_connect` and `on_lag` are never called.
//!
//! ```
//! use roundtrip::client::Client;
//! use roundtrip::json::{Map, Value};
//! use roundtrip::measure::{lag_unasked, ping_server};
//! use roundtrip::server::{Config, Server};
//! use roundtrip::session::{Hooks, Lag, Settings};
//! use roundtrip::wire::command::more::LagPlan;
//! use std::net::SocketAddr;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! #[derive(Debug)]
//! struct Game;
//!
//! impl Hooks for Game {
//!     fn on_connect(&self, _: Option<SocketAddr>) -> Option<LagPlan> {
//!         Some(LagPlan { count: 5, interval: Duration::from_millis(1) })
//!     }
//!
//!     fn on_lag(&self, _: Option<SocketAddr>, lag: &Lag) {
//!         println!("{} pings came back", lag.echoed());
//!     }
//!
//!     fn on_status(&self, question: &Map, _: Option<SocketAddr>) -> Map {
//!         let asked = question.get("players").and_then(Value::as_bool) == Some(true);
//!         if asked { Map::from([("players", 12.into())]) } else { Map::new() }
//!     }
//! }
//!
//! let session = Settings { hooks: Arc::new(Game), ..Settings::default() };
//! let server = Server::bind(Config { session, ..Config::default() })?.start()?;
//! let port = server.address().port();
//! let mut player = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
//! assert_eq!(lag_unasked(&mut player, &mut |_, _| {}).server.rtt.count(), 5);
//!
//! // A client that asks for the status is pinged, too, and answered all the same.
//! let question = Map::from([("players", true.into())]);
//! let status = ping_server(&server.address().to_string(), &question, Duration::from_secs(5))?;
//! assert_eq!(status.answer.get("players").and_then(Value::as_u64), Some(12));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fmt;
use std::net::SocketAddr;

use super::lag::figures::Lag;
use crate::json::Map;
use crate::wire::command::more::LagPlan;

/// Questions and reports about single connections. The peer of a Unix socket has no
/// address.
pub trait Hooks: fmt::Debug + Send + Sync {
    /// Called when a client has connected. If a plan is returned, the client's lag is
    /// measured first. Until `LAG_DONE`, only echoes and `STATUS` are understood, and other
    /// requests have to wait; so this is for servers whose clients expect it. With bare
    /// framing the plan is ignored. A plan that the limits do not allow is logged and
    /// ignored.
    fn on_connect(&self, peer: Option<SocketAddr>) -> Option<LagPlan> {
        let _ = peer;
        None
    }

    /// Called when a client's lag was measured, even if not to the end: a client that only
    /// asks for the status leaves without an echo.
    fn on_lag(&self, peer: Option<SocketAddr>, lag: &Lag) {
        let _ = (peer, lag);
    }

    /// Returns counters of the server as a whole, which are part of every
    /// [status answer](super::status). In process mode the parent calls this when it starts
    /// a child, and the child repeats the counters.
    fn counters(&self) -> Map {
        Map::new()
    }

    /// Called when a client asks for the status. Returns what to add to the
    /// [answer](super::status).
    fn on_status(&self, question: &Map, peer: Option<SocketAddr>) -> Map {
        let _ = (question, peer);
        Map::new()
    }
}

/// Hooks that add nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoHooks;

impl Hooks for NoHooks {}
