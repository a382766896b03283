//! The tests, and their names.

use roundtrip::flags::nearest;
use roundtrip::measure::Direction;

/// One test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Latency,
    Bulk(Direction),
    Connect,
    Bidirectional,
    Loaded,
    Sweep,
    Udp,
    Lag,
    Status,
    Call,
}

impl Test {
    /// Every test.
    pub const BY_NAME: [Test; 11] = [
        Test::Latency,
        Test::Bulk(Direction::Download),
        Test::Bulk(Direction::Upload),
        Test::Connect,
        Test::Bidirectional,
        Test::Loaded,
        Test::Sweep,
        Test::Udp,
        Test::Lag,
        Test::Status,
        Test::Call,
    ];

    /// The name that `--test` takes.
    pub fn name(self) -> &'static str {
        match self {
            Test::Latency => "latency",
            Test::Bulk(direction) => direction.name(),
            Test::Connect => "connect",
            Test::Bidirectional => "bidirectional",
            Test::Loaded => "loaded",
            Test::Sweep => "sweep",
            Test::Udp => "udp",
            Test::Lag => "lag",
            Test::Status => "status",
            Test::Call => "call",
        }
    }

    /// Whether the test moves data in bulk.
    pub fn transfers(self) -> bool {
        matches!(self, Test::Bulk(_) | Test::Bidirectional | Test::Loaded)
    }

    /// Whether the test sends pings, or calls.
    pub fn pings(self) -> bool {
        !matches!(self, Test::Bulk(_) | Test::Bidirectional)
    }

    /// Whether the test needs a TCP connection that was made before.
    pub fn needs_connection(self) -> bool {
        !matches!(self, Test::Connect | Test::Udp | Test::Status | Test::Call)
    }
}

/// The tests that `--test all` stands for.
pub const ALL: [Test; 3] =
    [Test::Latency, Test::Bulk(Direction::Download), Test::Bulk(Direction::Upload)];

/// The tests that a name stands for.
pub fn named(name: &str) -> Result<Vec<Test>, String> {
    if name == "all" {
        return Ok(ALL.to_vec());
    }
    let named = Test::BY_NAME.into_iter().find(|test| test.name() == name);
    named.map(|test| vec![test]).ok_or_else(|| {
        let choices = Test::BY_NAME.map(Test::name);
        let meant = nearest(name, choices);
        let meant = meant.map_or(String::new(), |meant| format!(" did you mean {meant}?"));
        format!("{name:?} is no test;{meant} choose all or one of {}", choices.join(", "))
    })
}
