//! The requests of later chapters: transfers both ways at once, pings that the server
//! sends, and status.
//!
//! | request | answer |
//! | --- | --- |
//! | `BANDWIDTH_BIDIRECTIONAL:<amount>` | `READY`; both sides send the data at the same time; when the server has sent and received all, `DONE:<bytes>:<nanoseconds>` for what the client sent |
//! | `BANDWIDTH_UPLOAD_REPORTED:<interval in ms>:<amount>` | as `BANDWIDTH_UPLOAD`, and while the data arrives, at most once in each interval, `ARRIVED:<bytes>:<nanoseconds>`: how much has arrived until then |
//! | `LAG:<count>` or `LAG:<count>:<interval in ms>` | the server sends `PING <n>` lines, `n` from 0, and the client sends each back unchanged; in between the server answers `STATUS`, and other requests have to wait; at the end `LAG_DONE <json>` with the plan (`count`, `interval_ns`) and what the server measured (`sent`, `echoed`, `missing`, `wrong`, `repeated`, `unsent`, and, if there was an echo, `rtt_ns` with `count`, `min` and so on) |
//! | `LAG_SAMPLES:<n>` | `LAG_SAMPLES <json>`: the round-trip times of the last lag, from ping `n` on, as a list of `[number, sent, rtt]` in nanoseconds, at most [`MAX_LAG_SAMPLES`]; an empty list is the end. Any other request discards them |
//! | `STATUS` or `STATUS <json object>` | `STATUS <json object>`: [what the server is, and how it is](crate::session::status) |
//!
//! With bare framing, `LAG` and `STATUS` are refused: a server's next ping could arrive
//! in one piece with the last, and the end of a JSON object is found only by reading it.

use std::io::{self, Write};
use std::time::Duration;

use super::amount::{Amount, Received};
use super::parse::{ParseError, split_once, split_word, text, unknown, whole_number};

/// The most pings that a client can ask for with `LAG`. A server keeps 16 bytes for each
/// ping that it has sent.
pub const MAX_LAG_COUNT: u64 = 1_000_000;

/// The longest interval between two of a server's pings.
pub const MAX_LAG_INTERVAL: Duration = Duration::from_secs(60);

/// The most round-trip times in one answer: at 51 characters each, at most, they are
/// within the longest line.
pub const MAX_LAG_SAMPLES: usize = 1_000;

/// What a client asks in later chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Send me this much, and take as much from me at the same time.
    Bidirectional(Amount),
    /// Take this much from me, and report what has arrived while I send.
    UploadReported {
        /// How much.
        amount: Amount,
        /// The shortest time from one report to the next, in whole milliseconds.
        interval: Duration,
    },
    /// Ping me, and report how long my echoes took.
    Lag(LagPlan),
    /// Report each of those round-trip times, from this ping on.
    LagSamples(u64),
    /// Say what you are, and how you are. The question is JSON, not parsed yet.
    Status(Option<&'a [u8]>),
}

/// What a server answers in later chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// So much of an upload has arrived until now.
    Arrived(Received),
    /// A ping of the server's own, to be sent back as it is.
    Ping(&'a [u8]),
    /// All pings are sent, and the echoes have been waited for: what the server measured,
    /// as JSON that is not parsed yet.
    LagDone(&'a str),
    /// Single round-trip times, as JSON that is not parsed yet.
    LagSamples(&'a str),
    /// What the server is and how it is, as JSON that is not parsed yet.
    Status(&'a str),
}

/// Pings that a server is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagPlan {
    /// How many pings.
    pub count: u64,
    /// The time from one ping to the next, on a fixed schedule, in whole milliseconds. With
    /// zero, each ping leaves as soon as the one before it has been echoed.
    pub interval: Duration,
}

/// Ten pings, a tenth of a second apart.
impl Default for LagPlan {
    fn default() -> Self {
        LagPlan { count: 10, interval: Duration::from_millis(100) }
    }
}

impl<'a> Request<'a> {
    /// Reads the request in a message.
    ///
    /// # Errors
    /// When the message is no request of a later chapter.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        match split_word(message) {
            (b"BANDWIDTH_BIDIRECTIONAL:", amount) => {
                Amount::parse(amount).map(Request::Bidirectional)
            }
            (b"BANDWIDTH_UPLOAD_REPORTED:", plan) => {
                let (interval, amount) = split_once(plan, b':');
                let interval = whole_number(interval).map(Duration::from_millis)?;
                let amount = Amount::parse(amount.unwrap_or_default())?;
                Ok(Request::UploadReported { amount, interval })
            }
            (b"LAG:", plan) => LagPlan::parse(plan).map(Request::Lag),
            (b"LAG_SAMPLES:", first) => whole_number(first).map(Request::LagSamples),
            (b"STATUS", _) => Ok(Request::Status(None)),
            (b"STATUS ", question) => Ok(Request::Status(Some(question))),
            _ => Err(unknown(message)),
        }
    }

    /// Writes the request as it is sent, without the mark of its end.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn encode(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Request::Bidirectional(amount) => write!(out, "BANDWIDTH_BIDIRECTIONAL:{amount}"),
            Request::UploadReported { amount, interval } => {
                write!(out, "BANDWIDTH_UPLOAD_REPORTED:{}:{amount}", interval.as_millis())
            }
            Request::Lag(LagPlan { count, interval }) => {
                write!(out, "LAG:{count}:{}", interval.as_millis())
            }
            Request::LagSamples(first) => write!(out, "LAG_SAMPLES:{first}"),
            Request::Status(None) => write!(out, "STATUS"),
            Request::Status(Some(question)) => {
                write!(out, "STATUS ").and_then(|()| out.write_all(question))
            }
        }
    }
}

impl<'a> Answer<'a> {
    /// Reads the answer in a message.
    ///
    /// # Errors
    /// When the message is no answer of a later chapter.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        match split_word(message) {
            (b"ARRIVED:", received) => Received::parse(received).map(Answer::Arrived),
            (b"PING ", payload) => Ok(Answer::Ping(payload)),
            (b"LAG_DONE ", json) => text(json).map(Answer::LagDone),
            (b"LAG_SAMPLES ", json) => text(json).map(Answer::LagSamples),
            (b"STATUS ", json) => text(json).map(Answer::Status),
            _ => Err(unknown(message)),
        }
    }

    /// Writes the answer as it is sent, without the mark of its end.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn encode(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Answer::Arrived(received) => write!(out, "ARRIVED:{received}"),
            Answer::Ping(payload) => write!(out, "PING ").and_then(|()| out.write_all(payload)),
            Answer::LagDone(json) => write!(out, "LAG_DONE {json}"),
            Answer::LagSamples(json) => write!(out, "LAG_SAMPLES {json}"),
            Answer::Status(json) => write!(out, "STATUS {json}"),
        }
    }
}

impl LagPlan {
    /// Reads `<count>` or `<count>:<interval in ms>`.
    fn parse(text: &[u8]) -> Result<Self, ParseError> {
        let (count, interval) = split_once(text, b':');
        let interval = interval.map_or(Ok(LagPlan::default().interval), |milliseconds| {
            whole_number(milliseconds).map(Duration::from_millis)
        })?;
        Ok(LagPlan { count: whole_number(count)?, interval })
    }
}
