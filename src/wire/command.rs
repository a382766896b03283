//! What does a message mean? The requests of the text protocol and their answers.
//!
//! The client speaks first, and every request is answered. All of it is text that a
//! person can type into `nc`; only the payload of the bulk transfers is not.
//!
//! | request | answer |
//! | --- | --- |
//! | `PING` | `PONG` |
//! | `PING <payload>` | `PONG <payload>`, the same bytes, up to [`MAX_PAYLOAD`]; the echo of a server's ping, if it comes after `LAG_DONE`, is such a request too |
//! | `BANDWIDTH_DOWNLOAD:<bytes>` | `READY`, then exactly that many bytes |
//! | `BANDWIDTH_UPLOAD:<bytes>` | `READY`; the client sends exactly that many bytes; `DONE:<bytes>:<nanoseconds>` as the server saw them, from its `READY` to the last byte |
//! | `BANDWIDTH_BIDIRECTIONAL:<bytes>` | `READY`; both send exactly that many bytes at the same time; when it has sent and received all, `DONE:<bytes>:<nanoseconds>` for what the client sent |
//! | the same three with `<milliseconds>ms` for `<bytes>` | the same, for so long, in [chunks](super::bulk#chunks) |
//! | `LAG:<count>` or `LAG:<count>:<interval in ms>` | the server sends `PING <n>` lines, `n` from 0, and the client sends each back unchanged; in between it answers `STATUS`, and other requests have to wait; at the end `LAG_DONE <json>` with what was asked for (`count`, `interval_ns`) and what the server measured (`sent`, `echoed`, `missing`, `wrong`, `repeated`, `unsent`, and `rtt_ns` with `count`, `min` and so on if there was an echo) |
//! | `LAG_SAMPLES:<n>` | `LAG_SAMPLES <json>`: the single round-trip times of a lag, if there was no other request since, from ping `n` on, as a list of `[number, sent, rtt]` in nanoseconds, at most [`MAX_LAG_SAMPLES`]; an empty list is the end |
//! | `STATUS` or `STATUS <json object>` | `STATUS <json object>`: [what the server is, and how it is](crate::session::status) |
//! | `QUIT` | `BYE`, and the connection is closed |
//! | anything else | `ERROR:<reason>`; the connection stays usable |
//!
//! Messages are kept apart by [`framing`](super::framing). With bare framing, `DONE`
//! carries no figures, and `LAG` and `STATUS` are refused: a server's next ping could
//! arrive in one piece with the last, and the end of a JSON object is found only by
//! reading it.
//!
//! Parsing borrows: a payload of 64 KiB is looked at where it lies.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// The largest payload of a ping, in bytes.
pub const MAX_PAYLOAD: usize = 65_536;

/// The most pings that a client can ask for with `LAG`. A server keeps 16 bytes for
/// each that it has sent.
pub const MAX_LAG_COUNT: u64 = 1_000_000;

/// The longest interval between two of them.
pub const MAX_LAG_INTERVAL: Duration = Duration::from_secs(60);

/// The most round-trip times in one answer: 51 characters each, at most, are within the
/// longest line.
pub const MAX_LAG_SAMPLES: usize = 1_000;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Answer at once, with the same payload.
    Ping(Option<&'a [u8]>),
    /// Send me so much.
    Download(Amount),
    /// Take so much from me, and say when the last byte of it has arrived.
    Upload(Amount),
    /// Both at once.
    Bidirectional(Amount),
    /// Ping me, and say how long my echoes took.
    Lag(LagPlan),
    /// Say how long each took, from this one on.
    LagSamples(u64),
    /// Say what you are, and how you are. The question is JSON, and has not been looked
    /// at yet.
    Status(Option<&'a [u8]>),
    /// The conversation is over.
    Quit,
}

/// How much to transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many bytes: `1048576`.
    Bytes(u64),
    /// For so long, in whole milliseconds: `500ms`.
    Time(Duration),
}

/// Pings that a server is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagPlan {
    /// How many.
    pub count: u64,
    /// From one to the next, by a fixed schedule, in whole milliseconds; zero sends
    /// each as soon as the one before has been echoed.
    pub interval: Duration,
}

/// Ten, a tenth of a second apart.
impl Default for LagPlan {
    fn default() -> Self {
        LagPlan { count: 10, interval: Duration::from_millis(100) }
    }
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The answer to a ping, with its payload.
    Pong(Option<&'a [u8]>),
    /// The bulk transfer that was asked for begins now.
    Ready,
    /// The upload has arrived; with line framing, how much it was and how long it took,
    /// as the server saw it.
    Done(Option<Received>),
    /// A ping of the server's own, to be sent back as it is.
    Ping(&'a [u8]),
    /// The pings have been sent and echoed: what the server measured, as JSON that has
    /// not been looked at yet.
    LagDone(&'a str),
    /// Single round-trip times, likewise.
    LagSamples(&'a str),
    /// What the server is and how it is, likewise.
    Status(&'a str),
    /// The answer to `QUIT`.
    Bye,
    /// The request was not understood or not granted.
    Error(&'a str),
}

/// An upload as the server saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes arrived.
    pub bytes: u64,
    /// From the server's `READY` to the arrival of the last byte.
    pub duration: Duration,
}

/// Why a message was not understood. Its text is what follows `ERROR:` in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The line has nothing in it.
    Empty,
    /// It begins with no known word.
    Unknown(String),
    /// Where a whole number should be, there is something else (a sign, a fraction,
    /// nothing, more than 64 bits).
    NotANumber(String),
}

impl<'a> Request<'a> {
    /// Reads the request in a message.
    ///
    /// ```
    /// use roundtrip::wire::command::{Amount, ParseError, Request};
    ///
    /// assert_eq!(Request::parse(b"PING hello"), Ok(Request::Ping(Some(b"hello"))));
    /// assert_eq!(Request::parse(b"BANDWIDTH_DOWNLOAD:1024"), Ok(Request::Download(Amount::Bytes(1024))));
    /// assert_eq!(Request::parse(b"BANDWIDTH_UPLOAD:-5"), Err(ParseError::NotANumber("-5".into())));
    /// ```
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        if message == b"PING" {
            Ok(Request::Ping(None))
        } else if let Some(payload) = message.strip_prefix(b"PING ") {
            Ok(Request::Ping(Some(payload)))
        } else if let Some(text) = message.strip_prefix(b"BANDWIDTH_DOWNLOAD:") {
            amount(text).map(Request::Download)
        } else if let Some(text) = message.strip_prefix(b"BANDWIDTH_UPLOAD:") {
            amount(text).map(Request::Upload)
        } else if let Some(text) = message.strip_prefix(b"BANDWIDTH_BIDIRECTIONAL:") {
            amount(text).map(Request::Bidirectional)
        } else if let Some(text) = message.strip_prefix(b"LAG:") {
            lag_plan(text).map(Request::Lag)
        } else if let Some(text) = message.strip_prefix(b"LAG_SAMPLES:") {
            whole_number(text).map(Request::LagSamples)
        } else if message == b"STATUS" {
            Ok(Request::Status(None))
        } else if let Some(question) = message.strip_prefix(b"STATUS ") {
            Ok(Request::Status(Some(question)))
        } else if message == b"QUIT" {
            Ok(Request::Quit)
        } else if message.is_empty() {
            Err(ParseError::Empty)
        } else {
            Err(ParseError::Unknown(excerpt(message)))
        }
    }

    /// Appends the request as it is sent, without the mark of its end.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Request::Ping(payload) => put_payload(b"PING", *payload, buffer),
            Request::Status(question) => put_payload(b"STATUS", *question, buffer),
            Request::Download(amount) => {
                buffer.extend_from_slice(format!("BANDWIDTH_DOWNLOAD:{amount}").as_bytes());
            }
            Request::Upload(amount) => {
                buffer.extend_from_slice(format!("BANDWIDTH_UPLOAD:{amount}").as_bytes());
            }
            Request::Bidirectional(amount) => {
                buffer.extend_from_slice(format!("BANDWIDTH_BIDIRECTIONAL:{amount}").as_bytes());
            }
            Request::Lag(LagPlan { count, interval }) => {
                buffer
                    .extend_from_slice(format!("LAG:{count}:{}", interval.as_millis()).as_bytes());
            }
            Request::LagSamples(first) => {
                buffer.extend_from_slice(format!("LAG_SAMPLES:{first}").as_bytes());
            }
            Request::Quit => buffer.extend_from_slice(b"QUIT"),
        }
    }
}

impl<'a> Answer<'a> {
    /// Reads the answer in a message.
    ///
    /// ```
    /// use roundtrip::wire::command::{Answer, Received};
    /// use std::time::Duration;
    ///
    /// let received = Received { bytes: 1024, duration: Duration::from_micros(5) };
    /// assert_eq!(Answer::parse(b"DONE:1024:5000"), Ok(Answer::Done(Some(received))));
    /// assert_eq!(Answer::parse(b"ERROR:server full"), Ok(Answer::Error("server full")));
    /// ```
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(message: &'a [u8]) -> Result<Self, ParseError> {
        if let Some(payload) = message.strip_prefix(b"PONG ") {
            return Ok(Answer::Pong(Some(payload)));
        }
        if let Some(payload) = message.strip_prefix(b"PING ") {
            return Ok(Answer::Ping(payload));
        }
        let unknown = || ParseError::Unknown(excerpt(message));
        match str::from_utf8(message).map_err(|_| unknown())? {
            "PONG" => Ok(Answer::Pong(None)),
            "READY" => Ok(Answer::Ready),
            "DONE" => Ok(Answer::Done(None)),
            "BYE" => Ok(Answer::Bye),
            "" => Err(ParseError::Empty),
            text => {
                if let Some(reason) = text.strip_prefix("ERROR:") {
                    return Ok(Answer::Error(reason));
                }
                match text.split_once(' ') {
                    Some(("LAG_DONE", json)) => return Ok(Answer::LagDone(json)),
                    Some(("LAG_SAMPLES", json)) => return Ok(Answer::LagSamples(json)),
                    Some(("STATUS", json)) => return Ok(Answer::Status(json)),
                    _ => {}
                }
                let figures = text.strip_prefix("DONE:").ok_or_else(unknown)?;
                let (bytes, nanoseconds) = figures.split_once(':').ok_or_else(unknown)?;
                Ok(Answer::Done(Some(Received {
                    bytes: whole_number(bytes.as_bytes())?,
                    duration: Duration::from_nanos(whole_number(nanoseconds.as_bytes())?),
                })))
            }
        }
    }

    /// Appends the answer as it is sent, without the mark of its end.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Answer::Pong(payload) => put_payload(b"PONG", *payload, buffer),
            Answer::Ready => buffer.extend_from_slice(b"READY"),
            Answer::Done(None) => buffer.extend_from_slice(b"DONE"),
            Answer::Done(Some(Received { bytes, duration })) => {
                buffer
                    .extend_from_slice(format!("DONE:{bytes}:{}", duration.as_nanos()).as_bytes());
            }
            Answer::Ping(payload) => put_payload(b"PING", Some(payload), buffer),
            Answer::LagDone(json) => put_payload(b"LAG_DONE", Some(json.as_bytes()), buffer),
            Answer::LagSamples(json) => put_payload(b"LAG_SAMPLES", Some(json.as_bytes()), buffer),
            Answer::Status(json) => put_payload(b"STATUS", Some(json.as_bytes()), buffer),
            Answer::Bye => buffer.extend_from_slice(b"BYE"),
            Answer::Error(reason) => {
                buffer.extend_from_slice(b"ERROR:");
                buffer.extend_from_slice(reason.as_bytes());
            }
        }
    }
}

fn amount(text: &[u8]) -> Result<Amount, ParseError> {
    match text.strip_suffix(b"ms") {
        Some(milliseconds) => Ok(Amount::Time(Duration::from_millis(whole_number(milliseconds)?))),
        None => Ok(Amount::Bytes(whole_number(text)?)),
    }
}

/// `<count>` or `<count>:<interval in ms>`.
fn lag_plan(text: &[u8]) -> Result<LagPlan, ParseError> {
    let mut parts = text.splitn(2, |&byte| byte == b':');
    let mut plan =
        LagPlan { count: whole_number(parts.next().unwrap_or_default())?, ..LagPlan::default() };
    if let Some(milliseconds) = parts.next() {
        plan.interval = Duration::from_millis(whole_number(milliseconds)?);
    }
    Ok(plan)
}

fn put_payload(word: &[u8], payload: Option<&[u8]>, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(word);
    if let Some(payload) = payload {
        buffer.push(b' ');
        buffer.extend_from_slice(payload);
    }
}

/// Digits and nothing else: `u64::from_str` alone would let a `+` pass.
pub(super) fn whole_number(digits: &[u8]) -> Result<u64, ParseError> {
    let text =
        str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| ParseError::NotANumber(excerpt(digits)))
}

/// As much of a stranger's bytes as fits in a message for a person, on one line and
/// without anything that a terminal would obey.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    const LONGEST: usize = 200;
    let end = if bytes.len() > LONGEST { "…" } else { "" };
    let mut text = String::new();
    for chunk in bytes[..bytes.len().min(LONGEST)].utf8_chunks() {
        let printable =
            |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
        text.extend(chunk.valid().chars().map(printable));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text + end
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Bytes(bytes) => write!(f, "{bytes}"),
            Amount::Time(duration) => write!(f, "{}ms", duration.as_millis()),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Empty => f.write_str("empty line"),
            ParseError::Unknown(text) => write!(f, "unknown command \"{text}\""),
            ParseError::NotANumber(text) => {
                write!(f, "\"{text}\" is not a whole number of at most 64 bits")
            }
        }
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for io::Error {
    fn from(error: ParseError) -> Self {
        io::Error::new(ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_parsed_back() {
        let long = vec![b'x'; MAX_PAYLOAD];
        for request in [
            Request::Ping(None),
            Request::Ping(Some(b"")),
            Request::Ping(Some(b"a b \xff\0")),
            Request::Ping(Some(&long)),
            Request::Download(Amount::Bytes(0)),
            Request::Upload(Amount::Bytes(u64::MAX)),
            Request::Bidirectional(Amount::Time(Duration::from_millis(1_500))),
            Request::Lag(LagPlan { count: 3, interval: Duration::from_millis(20) }),
            Request::LagSamples(7),
            Request::Status(None),
            Request::Status(Some(b"{\"a\":\xff}")),
            Request::Quit,
        ] {
            let mut buffer = Vec::new();
            request.encode(&mut buffer);
            assert_eq!(Request::parse(&buffer), Ok(request));
        }
        let received = Received { bytes: 10, duration: Duration::from_nanos(1_500) };
        for answer in [
            Answer::Pong(None),
            Answer::Pong(Some(b"a b \xff\0")),
            Answer::Ready,
            Answer::Done(None),
            Answer::Done(Some(received)),
            Answer::Ping(b"0"),
            Answer::LagDone("{}"),
            Answer::LagSamples("[[0,1,2]]"),
            Answer::Status("{\"a\":1}"),
            Answer::Bye,
            Answer::Error("server full"),
        ] {
            let mut buffer = Vec::new();
            answer.encode(&mut buffer);
            assert_eq!(Answer::parse(&buffer), Ok(answer));
        }
    }

    #[test]
    fn amounts_are_whole_and_fit() {
        for text in [
            "",
            "-5",
            "+5",
            "1.5",
            "1e3",
            " 1",
            "1 ",
            "ten",
            "18446744073709551616",
            "\u{0663}",
            "ms",
            "-1ms",
            "1s",
        ] {
            for word in ["BANDWIDTH_DOWNLOAD:", "BANDWIDTH_UPLOAD:", "BANDWIDTH_BIDIRECTIONAL:"] {
                let message = format!("{word}{text}");
                let error = Request::parse(message.as_bytes()).unwrap_err();
                assert!(matches!(error, ParseError::NotANumber(_)), "{message}: {error}");
            }
        }
    }

    #[test]
    fn a_lag_without_an_interval_has_the_usual_one() {
        assert_eq!(Request::parse(b"LAG:10"), Ok(Request::Lag(LagPlan::default())));
        for text in [
            "LAG:",
            "LAG:x",
            "LAG:-1",
            "LAG:1:",
            "LAG:1:2:3",
            "LAG:1:-1",
            "LAG_SAMPLES:",
            "LAG_SAMPLES:1:2",
        ] {
            assert!(
                matches!(Request::parse(text.as_bytes()), Err(ParseError::NotANumber(_))),
                "{text}"
            );
        }
        assert!(matches!(Request::parse(b"LAG"), Err(ParseError::Unknown(_))));
    }

    #[test]
    fn strangers_are_named_printable_and_short() {
        for message in [&b"PINGPONG"[..], b"ping", b" PING", b"QUIT now", b"\xff\xfe", &[7; 5000]] {
            let error = Request::parse(message).unwrap_err().to_string();
            assert!(error.starts_with("unknown command"), "{error}");
            assert!(error.len() < 1100 && error.chars().all(|c| !c.is_control()), "{error}");
        }
        assert_eq!(Request::parse(b""), Err(ParseError::Empty));
    }
}
