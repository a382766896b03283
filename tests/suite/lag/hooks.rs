//! A server that pings each client without being asked.

use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use roundtrip::client::Client;
use roundtrip::json::Map;
use roundtrip::measure::{Measurement, lag_unasked, ping_server};
use roundtrip::server::{Config, Server as Embedded};
use roundtrip::session::{Hooks, Lag, Settings};
use roundtrip::wire::command::more::LagPlan;

use crate::support::PATIENCE;

/// Measures each client, and tells the test what came of it.
#[derive(Debug)]
struct Game(Mutex<Sender<(Option<SocketAddr>, u64)>>);

impl Hooks for Game {
    fn on_connect(&self, peer: Option<SocketAddr>) -> Option<LagPlan> {
        assert!(peer.unwrap().ip().is_loopback());
        Some(LagPlan { count: 10, interval: Duration::from_millis(1) })
    }

    fn on_lag(&self, peer: Option<SocketAddr>, lag: &Lag) {
        self.0.lock().unwrap().send((peer, lag.echoed())).unwrap();
    }
}

#[test]
fn an_owner_has_every_client_measured_without_its_asking() {
    let (told, lags) = channel();
    let session = Settings { hooks: Arc::new(Game(Mutex::new(told))), ..Settings::default() };
    let server = Embedded::bind(Config { session, ..Config::default() }).unwrap().start().unwrap();
    let mut players: Vec<Client> = (0..5)
        .map(|_| Client::connect("127.0.0.1", server.address().port(), PATIENCE).unwrap())
        .collect();
    for player in &mut players {
        let lag = lag_unasked(player, &mut |_, _| {});
        assert!(lag.failure().is_none(), "{lag:?}");
        assert_eq!(
            (lag.server.rtt.count(), lag.server.due.count(), lag.turnaround.count()),
            (10, 10, 10)
        );
        player.ping(None).unwrap();
    }
    for _ in 0..5 {
        assert_eq!(lags.recv_timeout(PATIENCE).unwrap().1, 10);
    }
    // Whoever wants to know something else is pinged too, and told.
    ping_server(&server.address().to_string(), &Map::new(), PATIENCE).unwrap();
    assert_eq!(lags.recv_timeout(PATIENCE).unwrap().1, 0);
}

/// Wants more of everybody than there may be.
#[derive(Debug)]
struct Greedy;

impl Hooks for Greedy {
    fn on_connect(&self, _: Option<SocketAddr>) -> Option<LagPlan> {
        Some(LagPlan { count: 0, interval: Duration::ZERO })
    }
}

#[test]
fn a_plan_that_is_not_allowed_keeps_nobody_from_being_served() {
    let session = Settings { hooks: Arc::new(Greedy), ..Settings::default() };
    let server = Embedded::bind(Config { session, ..Config::default() }).unwrap().start().unwrap();
    Client::connect("127.0.0.1", server.address().port(), PATIENCE).unwrap().ping(None).unwrap();
}
