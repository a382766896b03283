//! Status: is it there, what is it, and how long did it take to say so?
//!
//! "The server does not answer" is no diagnosis. There are five steps between the
//! question and the answer. Each fails for reasons of its own, and each concerns
//! somebody else:
//!
//! | step | fails when |
//! | --- | --- |
//! | resolve | the name is wrong, or the name server is away |
//! | connect | nothing listens there, or a firewall swallows it |
//! | ask | the connection broke at once |
//! | answer | the server is busy, stalled or full, or no `roundtrip` server |
//! | parse | the answer is no JSON object |
//!
//! So [`ping_server`] reports which step failed, and after how long. One deadline
//! covers all steps. With a timeout for each read, a server that sends a byte now and
//! then could keep its client waiting for hours.

use std::fmt;
use std::io::{self, BufReader, ErrorKind};
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Measurement;
use crate::client::{Message, Options, Trace};
use crate::json;
use crate::json::{Map, Value};
use crate::net::{Deadline, Family, Stream, address};
use crate::no_thread::no_thread;
use crate::stats::Recorder;
use crate::wire::command::{Answer, Request, excerpt, more};
use crate::wire::framing::{Framing, MAX_LINE};

/// The status of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The object that the server sent, with two values added: `recvtime` is when the
    /// answer had arrived, in seconds since the epoch, and `delay` is how long that
    /// took, in seconds.
    pub answer: Map,
    /// From just before the question was written until the answer had arrived.
    pub delay: Duration,
}

/// Why there is no status.
#[derive(Debug)]
pub struct StatusError {
    /// The step that failed.
    pub step: StatusStep,
    /// How long all steps took until then.
    pub after: Duration,
    /// Why the step failed.
    pub error: io::Error,
}

/// The steps to a status, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusStep {
    /// Find the address of the server.
    Resolve,
    /// Connect to the server.
    Connect,
    /// Send the question.
    Ask,
    /// Receive an answer that reports no error.
    Answer,
    /// Parse the answer as a JSON object.
    Parse,
}

/// The connection over which a status came.
#[derive(Clone, Copy, Debug)]
pub struct Connected {
    /// The address that answered.
    pub peer: Option<SocketAddr>,
    /// From the start of connecting until the answer had arrived.
    pub first_answer: Duration,
}

/// The status as a measurement of one client, or of several at once.
#[derive(Debug, Default)]
pub struct Asked {
    /// How many clients asked.
    pub asked: u64,
    /// How long the answers took.
    pub delay: Recorder,
    /// The answer, if a single client asked.
    pub answer: Option<Map>,
    /// The address that answered.
    pub peer: Option<SocketAddr>,
    /// From the start of connecting until the answer had arrived, if a single client
    /// asked.
    pub first_answer: Option<Duration>,
    /// Why there is no answer, if there is none.
    pub failure: Option<io::Error>,
}

impl From<Result<(Status, Connected), StatusError>> for Asked {
    fn from(status: Result<(Status, Connected), StatusError>) -> Self {
        match status {
            Ok((Status { answer, delay }, Connected { peer, first_answer })) => Asked {
                asked: 1,
                delay: [delay].into_iter().collect(),
                answer: Some(answer),
                peer,
                first_answer: Some(first_answer),
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
            total.peer = total.peer.or(one.peer);
        }
        if let [Asked { answer: Some(answer), .. }] = all {
            total.answer = Some(answer.clone());
        }
        total
    }
}

/// Asks a server for its status. `address` is `HOST:PORT`, with an IPv6 address in
/// brackets. `data` is the question. The function sets its value `time`, in seconds
/// since the epoch. All steps take `timeout` at most. If the server first sends pings,
/// they are ignored.
///
/// ```
/// use roundtrip::measure::{StatusStep, ping_server};
/// use roundtrip::json::{Map, Value};
/// # use roundtrip::server::{Config, Server};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let address = server.address().to_string();
/// let question = Map::from([("from", "a test".into())]);
/// let timeout = Duration::from_secs(5);
/// let status = ping_server(&address, &question, timeout)?;
/// assert_eq!(status.answer.get("mode").and_then(Value::as_str), Some("thread"));
/// let repeated = status.answer.get("oldmsg").and_then(|question| question.get("from"));
/// assert_eq!(repeated.and_then(Value::as_str), Some("a test"));
///
/// let nowhere = ping_server("no.such.host.invalid:1", &question, timeout).unwrap_err();
/// assert_eq!(nowhere.step, StatusStep::Resolve);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The step that failed, why, and after how long.
pub fn ping_server(address: &str, data: &Map, timeout: Duration) -> Result<Status, StatusError> {
    let asked = ask_status(address, data, &Options { timeout, ..Options::default() });
    asked.map(|(status, _)| status)
}

/// Asks a server for its status, as [`ping_server`] does, with the timeout, the trace and
/// the family of addresses of these options. Returns also what is known of the connection.
///
/// # Errors
/// As [`ping_server`].
pub fn ask_status(
    address: &str,
    data: &Map,
    options: &Options,
) -> Result<(Status, Connected), StatusError> {
    let Options { timeout, trace, family, .. } = options;
    let start = Instant::now();
    let failed = |step| move |error| StatusError { step, after: start.elapsed(), error };
    let mut deadline = Deadline::running("not done within", *timeout);
    let addresses =
        resolve(address, *family, &mut deadline).map_err(failed(StatusStep::Resolve))?;
    let mut stream = connect(&addresses, &mut deadline).map_err(failed(StatusStep::Connect))?;
    stream.set_deadline(Some(deadline));
    let peer = stream.peer();
    let _abort = stream.abort_on(&options.stop);
    let mut question = data.clone();
    question.insert("time", seconds_since_the_epoch());
    let (asked, stream) = ask(&question, stream, trace).map_err(failed(StatusStep::Ask))?;
    let (message, arrived) = receive(stream, trace).map_err(failed(StatusStep::Answer))?;
    let (delay, first_answer) = (arrived - asked, arrived - start);
    let mut answer = parse(&message).map_err(failed(StatusStep::Parse))?;
    answer.insert("recvtime", seconds_since_the_epoch());
    answer.insert("delay", delay.as_secs_f64());
    Ok((Status { answer, delay }, Connected { peer, first_answer }))
}

/// Finds the addresses of a host. The resolver of the system takes no timeout, so it
/// runs in a thread, which is left alone when the deadline passes.
fn resolve(address: &str, family: Family, deadline: &mut Deadline) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = address.parse::<SocketAddr>() {
        return family.of(&address.to_string(), [address]);
    }
    let (sender, resolved) = channel();
    let (host, port) = match address::target(address) {
        Ok((host, Some(port))) => (host.to_owned(), port),
        Ok(_) => return Err(io::Error::new(ErrorKind::InvalidInput, "the address has no port")),
        Err(what) => return Err(io::Error::new(ErrorKind::InvalidInput, what)),
    };
    thread::Builder::new()
        .spawn(move || sender.send(address::resolve(&host, port, family)))
        .map_err(no_thread)?;
    resolved.recv_timeout(deadline.left()?).unwrap_or_else(|_| Err(deadline.passed()))
}

/// Connects to the first address that accepts.
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

/// Sends the question, and returns when.
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

/// Receives the JSON text of the answer, and returns when it had arrived.
fn receive(stream: Stream, trace: &Trace) -> io::Result<(String, Instant)> {
    let mut buffer = Vec::new();
    let mut reader = BufReader::new(stream);
    loop {
        let message = Framing::Line.receive_answer("STATUS ".len(), &mut reader, &mut buffer)?;
        let arrived = Instant::now();
        trace.show(Message::Received(message));
        match Answer::parse(message) {
            Ok(Answer::More(more::Answer::Status(json))) => return Ok((json.into(), arrived)),
            // The hooks of a server can start a lag for every client that connects.
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
