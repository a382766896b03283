//! Status: is it there, what is it, and how long did it take to say so?
//!
//! "The server does not answer" is no diagnosis. Between the question and the answer
//! there are five steps, and each fails for reasons of its own, for which somebody else
//! is to be asked:
//!
//! | step | fails when |
//! | --- | --- |
//! | resolve | the name is wrong, or the name server is away |
//! | connect | nothing listens there, or a firewall swallows it |
//! | ask | the connection broke at once |
//! | answer | the server is busy, stalled, full, or something else than a `roundtrip` server |
//! | parse | the answer is not what it should be |
//!
//! So [`ping_server`] says which step it was and after how long, and one deadline goes
//! for all of them together: a timeout for each read would let a server that sends a
//! byte now and then keep its client for hours.

use std::fmt;
use std::io::{self, BufReader, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Measurement;
use crate::client::{Message, Trace};
use crate::json;
use crate::json::{Map, Value};
use crate::net::{Deadline, Stream};
use crate::stats::Recorder;
use crate::wire::command::{Answer, Request, excerpt, more};
use crate::wire::framing::{Framing, MAX_LINE};

/// What a server said.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// All that it said, and in `recvtime` when the answer had arrived, in seconds
    /// since the epoch, and in `delay` how long it took, in seconds.
    pub answer: Map,
    /// From just before the question was written until the answer had arrived.
    pub delay: Duration,
}

/// Why there is no status.
#[derive(Debug)]
pub struct StatusError {
    /// What could not be done.
    pub step: StatusStep,
    /// After how long, since the beginning.
    pub after: Duration,
    /// Why.
    pub error: io::Error,
}

/// What has to be done to get a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusStep {
    /// Finding the server's address.
    Resolve,
    /// Connecting to it.
    Connect,
    /// Sending the question.
    Ask,
    /// Receiving an answer that is none of an error.
    Answer,
    /// Understanding it.
    Parse,
}

/// What one client, or several, asked and were told.
#[derive(Debug, Default)]
pub struct Asked {
    /// How many asked.
    pub asked: u64,
    /// How long the answers took.
    pub delay: Recorder,
    /// The answer, if a single client asked.
    pub answer: Option<Map>,
    /// Why there is none.
    pub failure: Option<io::Error>,
}

impl From<Result<Status, StatusError>> for Asked {
    fn from(status: Result<Status, StatusError>) -> Self {
        match status {
            Ok(Status { answer, delay }) => Asked {
                asked: 1,
                delay: [delay].into_iter().collect(),
                answer: Some(answer),
                failure: None,
            },
            Err(error) => Asked::failed(error.into()),
        }
    }
}

impl Measurement for Asked {
    fn failed(error: io::Error) -> Self {
        Asked { asked: 1, failure: Some(error), ..Asked::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Asked::default();
        for one in all {
            total.asked += one.asked;
            total.delay.merge(&one.delay);
        }
        if let [Asked { answer: Some(answer), .. }] = all {
            total.answer = Some(answer.clone());
        }
        total
    }
}

/// Asks a server for its status. `address` is `HOST:PORT`, with an IPv6 address in
/// brackets. `data` is what it is told; `time`, in seconds since the epoch, is added to
/// that, in the place of any that is in there. All of it takes `timeout` at most. Pings
/// of a server that begins with them are passed over.
///
/// ```
/// use roundtrip::measure::{StatusStep, ping_server};
/// use roundtrip::json::{Map, Value};
/// # use roundtrip::server::{Config, Server};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let address = server.address().to_string();
/// let status = ping_server(&address, &Map::from([("from", "a test".into())]), Duration::from_secs(5))?;
/// assert_eq!(status.answer.get("mode").and_then(Value::as_str), Some("thread"));
/// let echoed = status.answer.get("oldmsg").and_then(|question| question.get("from")?.as_str());
/// assert_eq!(echoed, Some("a test"));
///
/// let nowhere = ping_server("no.such.host.invalid:1", &Map::new(), Duration::from_secs(5)).unwrap_err();
/// assert_eq!(nowhere.step, StatusStep::Resolve);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Says at which step it failed, why, and after how long.
pub fn ping_server(address: &str, data: &Map, timeout: Duration) -> Result<Status, StatusError> {
    ask_status(address, data, timeout, &Trace::default())
}

/// The same, and shows what is sent and received.
///
/// # Errors
/// As [`ping_server`].
pub fn ask_status(
    address: &str,
    data: &Map,
    timeout: Duration,
    trace: &Trace,
) -> Result<Status, StatusError> {
    let start = Instant::now();
    let failed = |step| move |error| StatusError { step, after: start.elapsed(), error };
    let mut deadline = Deadline::running("not done within", timeout);
    let addresses = resolve(address, &mut deadline).map_err(failed(StatusStep::Resolve))?;
    let mut stream = connect(&addresses, &mut deadline).map_err(failed(StatusStep::Connect))?;
    stream.set_deadline(Some(deadline));
    let mut question = data.clone();
    question.insert("time", seconds_since_the_epoch());
    let (asked, stream) = ask(&question, stream, trace).map_err(failed(StatusStep::Ask))?;
    let (message, arrived) = receive(stream, trace).map_err(failed(StatusStep::Answer))?;
    let delay = arrived - asked;
    let mut answer = parse(&message).map_err(failed(StatusStep::Parse))?;
    answer.insert("recvtime", seconds_since_the_epoch());
    answer.insert("delay", delay.as_secs_f64());
    Ok(Status { answer, delay })
}

/// The system's resolver takes no timeout, so it is called in a thread that is left
/// behind if need be.
fn resolve(address: &str, deadline: &mut Deadline) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = address.parse() {
        return Ok(vec![address]);
    }
    let (sender, resolved) = channel();
    let name = address.to_string();
    thread::Builder::new()
        .spawn(move || sender.send(name.to_socket_addrs().map(Vec::from_iter)))?;
    resolved.recv_timeout(deadline.left()?).unwrap_or_else(|_| Err(deadline.passed()))
}

/// The first address that accepts.
fn connect(addresses: &[SocketAddr], deadline: &mut Deadline) -> io::Result<Stream> {
    let mut last_error = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for &address in addresses {
        let left = deadline.left()?;
        match Stream::dial(address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last_error = io::Error::new(error.kind(), format!("{address}: {error}")),
        }
    }
    Err(last_error)
}

/// Looks at the clock, then writes.
fn ask(question: &Map, mut stream: Stream, trace: &Trace) -> io::Result<(Instant, Stream)> {
    let text = Value::Map(question.clone()).to_string();
    let mut message = Vec::new();
    Request::More(more::Request::Status(Some(text.as_bytes()))).encode(&mut message);
    if message.len() > MAX_LINE {
        let what =
            format!("the question has {} bytes, and a line {MAX_LINE} at most", message.len());
        return Err(io::Error::new(ErrorKind::InvalidInput, what));
    }
    trace.show(Message::Sent(&message));
    let asked = Instant::now();
    Framing::Line.send(&mut message, &mut stream)?;
    Ok((asked, stream))
}

/// What stands behind `STATUS`, and when it had arrived.
fn receive(stream: Stream, trace: &Trace) -> io::Result<(String, Instant)> {
    let mut buffer = Vec::new();
    let mut reader = BufReader::new(stream);
    loop {
        let message = Framing::Line.receive_answer("STATUS ".len(), &mut reader, &mut buffer)?;
        let arrived = Instant::now();
        trace.show(Message::Received(message));
        match Answer::parse(message) {
            Ok(Answer::More(more::Answer::Status(json))) => return Ok((json.into(), arrived)),
            // A server whose owner has every client's lag measured begins with that.
            Ok(Answer::More(more::Answer::Ping(_))) => {}
            _ => {
                let what = format!("the server answered \"{}\"", excerpt(message));
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
        }
    }
}

fn parse(answer: &str) -> io::Result<Map> {
    match json::parse(answer.as_bytes())? {
        Value::Map(map) => Ok(map),
        _ => Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("{} is no object", excerpt(answer.as_bytes())),
        )),
    }
}

fn seconds_since_the_epoch() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

impl fmt::Display for StatusStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StatusStep::Resolve => "resolve",
            StatusStep::Connect => "connect",
            StatusStep::Ask => "ask",
            StatusStep::Answer => "answer",
            StatusStep::Parse => "parse",
        })
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatusError { step, after, error } = self;
        write!(f, "at step {step}, after {} ms: {error}", crate::units::ms(*after))
    }
}

impl std::error::Error for StatusError {}

impl From<StatusError> for io::Error {
    fn from(error: StatusError) -> Self {
        io::Error::new(error.error.kind(), error.to_string())
    }
}
