//! What the flags stand for.

use std::time::Duration;

use roundtrip::json::Map;
use roundtrip::measure::{Load, Plan};
use roundtrip::net::{Family, address};
use roundtrip::pace::Stop;
use roundtrip::report::limits::Limit;
use roundtrip::wamp::call;
use roundtrip::wamp::url::Url;
use roundtrip::wire::command::Amount;
use roundtrip::wire::command::more::LagPlan;
use roundtrip::wire::framing::Framing;

use super::Test;

/// The options that the flags stand for.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Options {
    pub host: String,
    pub port: u16,
    pub family: Family,
    /// Start a server in this process, and measure that.
    pub loopback: bool,
    pub tests: Vec<Test>,
    pub plan: Plan,
    /// The size or the time of each bulk transfer.
    pub amount: Amount,
    /// The pings of `loaded`, and what loads the line.
    pub loaded: (Plan, Load),
    /// The payloads of `sweep`.
    pub sizes: Vec<usize>,
    /// How many clients run concurrently.
    pub clients: usize,
    /// Whether the number of clients was given, so that each is listed.
    pub listed: bool,
    /// The pings that the server is asked for.
    pub lag: LagPlan,
    /// The question that `status` sends.
    pub data: Map,
    pub timeout: Duration,
    pub framing: Framing,
    pub spin: bool,
    pub format: Format,
    /// How often to report while a test runs.
    pub every: Option<Duration>,
    /// How much of the start of a timed transfer is not counted.
    pub slow_start: Duration,
    /// How often the server reports of an upload while it runs.
    pub reports: Option<Duration>,
    /// What is not to hold of any test.
    pub fail_if: Vec<Limit>,
    pub label: Option<String>,
    pub csv: Option<String>,
    pub svg: Option<String>,
    /// The table of an earlier run.
    pub baseline: Option<String>,
    /// The routers that `call` measures; empty to start one.
    pub urls: Vec<Url>,
    /// The realm of the routers.
    pub realm: String,
    pub trace: bool,
    pub quiet: bool,
    /// Ends the run early.
    pub stop: Stop,
}

impl Options {
    /// The server as `HOST:PORT`.
    pub fn address(&self) -> String {
        address::name(&self.host, self.port)
    }

    /// The plan of `call`.
    pub fn calls(&self) -> call::Plan {
        // Without a path it is not found when it is started, and that is reported.
        let program = std::env::current_exe().unwrap_or_default();
        call::Plan {
            calls: self.plan,
            batch: self.every,
            callers: self.clients,
            timeout: self.timeout,
            urls: self.urls.clone(),
            realm: self.realm.clone(),
            worker: vec![program.into(), crate::ROLE.into()],
            stop: self.stop.clone(),
        }
    }
}

/// The form of the results on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    JsonStream,
}
