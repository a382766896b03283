//! What a server can count, and which of its processes knows it.
//!
//! Threads share memory: a counter is a number that all of them add to. Processes share
//! nothing. In process mode the parent knows who is connected, but sees no byte of what
//! is said; a child sees its own connection and no other. The one moment at which the
//! parent can tell a child something is when it starts the child:
//!
//! | | thread, sequential | process: a child | process: the parent | `inetd` |
//! | --- | --- | --- | --- | --- |
//! | `uptime` | the server's | the server's | the server's | |
//! | `connections`, counters of hooks | now | when it started | now | |
//! | `bytes`, `pings` | the server's | its connection's | | its connection's |
//!
//! A shared file, a pipe or shared memory would fill the gaps, and bring back what
//! separate processes are there to avoid. So `scope` says whose bytes and pings these
//! are, and what is not known is left out.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::json::{self, Map, Value};
use crate::serve::{Admission, Mode};
use crate::units::{MIB, float, size};

/// The environment variable in which a parent passes its counters to a child.
pub const COUNTERS_VARIABLE: &str = "ROUNDTRIP_COUNTERS";

/// What a process counts, and where it finds the rest.
#[derive(Debug)]
pub struct Counters {
    source: Source,
    since: Instant,
    total: Counts,
    requested: AtomicBool,
}

#[derive(Debug)]
enum Source {
    /// This process accepts the connections.
    Server(Mode, Arc<Admission>),
    /// This process serves a single connection, and its parent passed this on.
    Parent(Map),
}

/// Pings, and bytes of bulk data.
#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    received: AtomicU64,
    pings: AtomicU64,
}

impl Counters {
    /// The counters of a process that accepts connections.
    #[must_use]
    pub fn of_server(mode: Mode, admission: Arc<Admission>) -> Self {
        Counters::new(Source::Server(mode, admission))
    }

    /// The counters of a process that serves one connection. `parent` is what its parent
    /// has passed on, if there is one.
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
    pub fn of_connection(parent: Option<&str>) -> Self {
        // A variable that holds something else is ignored.
        let parent = parent.and_then(|text| json::parse(text.as_bytes()).ok());
        let parent = parent.as_ref().and_then(Value::as_map).cloned().unwrap_or_default();
        Counters::new(Source::Parent(parent))
    }

    fn new(source: Source) -> Self {
        let (since, total, requested) = (Instant::now(), Counts::default(), AtomicBool::default());
        Counters { source, since, total, requested }
    }

    /// Notes that a client has asked for something that the server understands.
    pub(super) fn note_request(&self) {
        self.requested.store(true, Ordering::Relaxed);
        if let Source::Server(_, admission) = &self.source {
            admission.note_request();
        }
    }

    /// Whether a client has asked for something that the server understands.
    #[must_use]
    pub fn had_request(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// The counters as they are now, together with those of the server's hooks.
    #[must_use]
    pub fn fields(&self, hooks: &Map) -> Map {
        let (mut map, scope) = match &self.source {
            Source::Parent(parent) => (parent.clone(), Some("connection")),
            Source::Server(mode, admission) => {
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
        map.extend(hooks);
        if let Some(scope) = scope {
            let [sent, received, pings] = self.total.get();
            map.insert("scope", scope);
            map.insert("bytes", Map::from([("sent", sent.into()), ("received", received.into())]));
            map.insert("pings", pings);
        }
        map
    }
}

impl Counts {
    fn get(&self) -> [u64; 3] {
        [&self.sent, &self.received, &self.pings].map(|counter| counter.load(Ordering::Relaxed))
    }
}

/// What one connection did. Everything is added to the process's counters, too.
pub(super) struct Traffic<'a> {
    own: Counts,
    total: &'a Counts,
    since: Instant,
}

impl<'a> Traffic<'a> {
    pub fn of_connection(counters: &'a Counters) -> Self {
        Traffic { own: Counts::default(), total: &counters.total, since: Instant::now() }
    }

    pub fn ping(&self) {
        self.add(|counts| &counts.pings, 1);
    }

    pub fn sent(&self, bytes: u64) {
        self.add(|counts| &counts.sent, bytes);
    }

    pub fn received(&self, bytes: u64) {
        self.add(|counts| &counts.received, bytes);
    }

    fn add(&self, counter: fn(&Counts) -> &AtomicU64, more: u64) {
        for counts in [&self.own, self.total] {
            counter(counts).fetch_add(more, Ordering::Relaxed);
        }
    }
}

/// Fewer bytes than these are not shown in MiB.
const SMALL: u64 = MIB / 20;

/// For the log: `3 pings, 1.0 MiB sent in 1.2 s`. What has not moved is left out.
impl fmt::Display for Traffic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [sent, received, pings] = self.own.get();
        write!(f, "{pings} {}", if pings == 1 { "ping" } else { "pings" })?;
        for (bytes, way) in [(sent, "sent"), (received, "received")] {
            match bytes {
                0 => {}
                // These would be 0.0 MiB.
                1..SMALL => write!(f, ", {} {way}", size(bytes))?,
                _ => write!(f, ", {:.1} MiB {way}", float(bytes) / float(MIB))?,
            }
        }
        write!(f, " in {:.1} s", self.since.elapsed().as_secs_f64())
    }
}
