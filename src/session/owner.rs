//! What the owner of a server adds to it.
//!
//! A server that is part of something larger, a game perhaps, knows things that this
//! crate does not: how many players there are, whose lag is of interest. It implements
//! [`Owner`], of which every method can be left out, and puts it into its
//! [`Settings`](super::Settings). The methods are called from the threads of the
//! connections, several at once; while one of them runs, its connection waits.
//!
//! In [process mode](crate::serve::Mode::Process) the connections are served by other
//! processes, which know nothing of this one's owner: those of the `server` binary have
//! [`Nobody`]. What is left for the owner is the status of a full server, which the
//! parent answers; its `on_connect` and `on_lag` are never called.
//!
//! ```
//! use roundtrip::client::Client;
//! use roundtrip::measure::{lag_unasked, ping_server};
//! use roundtrip::server::{Config, Server};
//! use roundtrip::session::{Lag, Owner, Settings};
//! use roundtrip::wire::command::LagPlan;
//! use roundtrip::json::{Map, Value};
//! use std::net::SocketAddr;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! #[derive(Debug)]
//! struct Game;
//!
//! impl Owner for Game {
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
//! let session = Settings { owner: Arc::new(Game), ..Settings::default() };
//! let server = Server::bind(Config { session, ..Config::default() })?.start()?;
//! let mut player = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
//! assert_eq!(lag_unasked(&mut player, &mut |_, _| {}).server.rtt.count(), 5);
//!
//! // Whoever asks for the status is pinged too, and answered all the same.
//! let question = Map::from([("players", true.into())]);
//! let status = ping_server(&server.address().to_string(), &question, Duration::from_secs(5))?;
//! assert_eq!(status.answer.get("players").and_then(Value::as_u64), Some(12));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fmt;
use std::net::SocketAddr;

use super::Lag;
use crate::json::Map;
use crate::wire::command::LagPlan;

/// Is asked, and told, what concerns single connections. A Unix socket's peer has no
/// address.
pub trait Owner: fmt::Debug + Send + Sync {
    /// A client has connected. With a plan, its lag is measured first. Of what it says
    /// before `LAG_DONE`, only the echoes and `STATUS` are understood; other requests
    /// have to wait until then. So this is for servers whose clients expect it. With
    /// bare framing there are no plans, and one that the limits do not allow is logged
    /// and left out.
    fn on_connect(&self, peer: Option<SocketAddr>) -> Option<LagPlan> {
        let _ = peer;
        None
    }

    /// A client's lag was measured, also if not to the end: whoever only asks for the
    /// status leaves without an echo.
    fn on_lag(&self, peer: Option<SocketAddr>, lag: &Lag) {
        let _ = (peer, lag);
    }

    /// What the owner counts for the server as a whole, to be added to every
    /// [status answer](super::status). In process mode the parent evaluates this when it
    /// starts a child, and the child repeats it.
    fn counters(&self) -> Map {
        Map::new()
    }

    /// A client asks for the status: what to add to the [answer](super::status).
    fn on_status(&self, question: &Map, peer: Option<SocketAddr>) -> Map {
        let _ = (question, peer);
        Map::new()
    }
}

/// An owner who adds nothing.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Owner for Nobody {}
