//! What a server can know of itself, and which of its processes knows it.
//!
//! Threads share memory: a counter is a number that all of them add to, and whoever is
//! asked reads it. Processes share nothing. In process mode the parent knows who is
//! connected but sees no byte of what is said; a child sees its own connection and no
//! other. What a child is to know of the rest has to be told, and the moment to tell it
//! is when it is started:
//!
//! | | thread, sequential | process: a child | process: the parent | under `inetd` |
//! | --- | --- | --- | --- | --- |
//! | `uptime` | the server's | the server's | the server's | |
//! | `connections`, what the owner counts | now | when this one began | now | |
//! | `bytes`, `pings` | the server's | this connection's | | this connection's |
//!
//! A shared file, a pipe or shared memory would fill the gaps, and bring back what
//! separate processes are there to avoid. So `scope` says whose bytes and pings these
//! are, and what is not known is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::json;
use crate::json::{Map, Value};
use crate::serve::{Admission, Mode};

/// The environment variable in which a parent tells its child what it counts itself.
pub const COUNTERS_VARIABLE: &str = "ROUNDTRIP_COUNTERS";

/// What a process counts, and where it finds the rest.
#[derive(Debug)]
pub struct Counters {
    knows: Knows,
    since: Instant,
    pub(super) traffic: Traffic,
}

#[derive(Debug)]
enum Knows {
    /// This process accepts the connections.
    Server(Mode, Arc<Admission>),
    /// It serves a single one, and was told this when it began.
    Connection(Map),
}

/// Bulk data and pings.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub sent: AtomicU64,
    pub received: AtomicU64,
    pub pings: AtomicU64,
}

impl Counters {
    /// Of a process that accepts connections.
    #[must_use]
    pub fn of_server(mode: Mode, admission: Arc<Admission>) -> Self {
        Counters {
            knows: Knows::Server(mode, admission),
            since: Instant::now(),
            traffic: Traffic::default(),
        }
    }

    /// Of a process that serves one connection, and was told `told` by its parent if it
    /// has one that knows something.
    ///
    /// ```
    /// use roundtrip::json::Map;
    /// use roundtrip::session::Counters;
    ///
    /// let child = Counters::of_connection(Some(r#"{"mode":"process","uptime":60.0}"#));
    /// assert!(child.fields(&Map::new()).get("uptime").unwrap().as_f64() > Some(60.0));
    /// assert_eq!(Counters::of_connection(None).fields(&Map::new()).get("uptime"), None);
    /// ```
    #[must_use]
    pub fn of_connection(told: Option<&str>) -> Self {
        // Whoever set the variable to something else told nothing.
        let told = told.and_then(|text| json::parse(text.as_bytes()).ok());
        let told = told.as_ref().and_then(Value::as_map).cloned().unwrap_or_default();
        Counters {
            knows: Knows::Connection(told),
            since: Instant::now(),
            traffic: Traffic::default(),
        }
    }

    /// All that is known now, with what the server's owner counts besides.
    #[must_use]
    pub fn fields(&self, of_the_owner: &Map) -> Map {
        let (mut map, scope) = match &self.knows {
            Knows::Connection(told) => (told.clone(), Some("connection")),
            Knows::Server(mode, admission) => {
                let (now, total) = admission.counts();
                let connections = Map::from([("now", now.into()), ("total", total.into())]);
                let map = Map::from([
                    ("mode", mode.to_string().into()),
                    ("uptime", 0.0.into()),
                    ("connections", connections.into()),
                ]);
                (map, (*mode != Mode::Process).then_some("server"))
            }
        };
        if let Some(before) = map.get("uptime").and_then(Value::as_f64) {
            map.insert("uptime", before + self.since.elapsed().as_secs_f64());
        }
        map.extend(of_the_owner);
        if let Some(scope) = scope {
            map.insert("scope", scope);
            map.insert(
                "bytes",
                Map::from([
                    ("sent", get(&self.traffic.sent)),
                    ("received", get(&self.traffic.received)),
                ]),
            );
            map.insert("pings", get(&self.traffic.pings));
        }
        map
    }
}

fn get(counter: &AtomicU64) -> Value {
    counter.load(Ordering::Relaxed).into()
}
