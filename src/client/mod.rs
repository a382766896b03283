//! The client's half of the conversation.
//!
//! A [`Client`] says what the protocol allows, and understands what comes back. It does
//! not measure: [`measure`](crate::measure) times these calls from outside.
//!
//! ```
//! # use roundtrip::server::{Config, Server};
//! # use std::time::{Duration, Instant};
//! # let server = Server::bind(Config::default())?.start()?;
//! # let port = server.address().port();
//! use roundtrip::client::Client;
//! use roundtrip::wire::command::Amount;
//!
//! let mut client = Client::connect("127.0.0.1", port, Duration::from_secs(5))?;
//! client.ping(Some(b"hello"))?;
//! let received = client.download(Amount::Bytes(1 << 20))?.receive(|_| {})?;
//! assert_eq!(received.bytes, 1 << 20);
//! client.quit()?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The files beside this one: [`bulk`] transfers, also [for a given time](timed), [`lag`]
//! (the server pings), [`trace`] (watching the conversation).

mod asked;
pub mod bulk;
mod done;
pub mod lag;
mod options;
mod pipeline;
mod reported;
mod sender;
mod stranger;
pub mod timed;
mod times;
pub mod trace;

use std::io::{self, BufReader, ErrorKind};
use std::time::{Duration, Instant};

pub use asked::Asked;
pub use bulk::{Download, Upload};
pub use lag::{LagFigures, LagNext, LagSample};
pub use options::Options;
pub use reported::Reported;
pub(crate) use sender::Sender;
pub use timed::Bidirectional;
use timed::Rest;
pub use times::Times;
pub use trace::{Message, Trace};

use crate::net::{Stream, address, receive_in_time};
use crate::pace::{Hook, Stop};
use crate::wire::command::{Answer, Request, excerpt};

/// A connection to a server.
///
/// After an error the conversation may be out of step: a late answer would be taken for
/// the answer to the next request. Open a new connection then. After `ERROR:…`, which
/// refuses a request, the connection is still usable.
#[derive(Debug)]
pub struct Client {
    sender: Sender,
    reader: BufReader<Stream>,
    /// The last answer, as it was received.
    answer: Vec<u8>,
    times: Times,
    /// Whether the server has given a valid answer.
    understood: bool,
    /// What a timed transfer has left to be read or written.
    rest: Option<Rest>,
    stop: Stop,
    /// As long as this is kept, aborting `stop` ends the connection.
    _abort: Hook,
}

impl Client {
    /// Connects to a server with the default [`Options`] and this timeout.
    ///
    /// # Errors
    /// Those of [`Stream::connect`].
    pub fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        Client::connect_with(host, port, &Options { timeout, ..Options::default() })
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// Those of [`Stream::connect`].
    pub fn connect_with(host: &str, port: u16, options: &Options) -> io::Result<Self> {
        if options.stop.is_stopped() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let began = Instant::now();
        let addresses = address::resolve(host, port, options.family)?;
        let name = address::name(host, port);
        let stream = Stream::connect_to(&addresses, &name, options.timeout)?;
        // To connect takes one round trip, and more work: this is an upper bound.
        let round_trip = began.elapsed();
        let times = Times { round_trip, ..Times::from(began) };
        Client::over(stream, options).map(|client| Client { times, ..client })
    }

    /// Makes a client of a connection that exists already, such as one over a Unix socket.
    /// The connection keeps its timeout.
    ///
    /// # Errors
    /// When the options ask for busy-polling, and the system refuses it.
    pub fn over(mut stream: Stream, options: &Options) -> io::Result<Self> {
        if options.spin {
            stream.spin()?;
        }
        let sender = Sender::new(stream.clone(), options.framing, options.trace.clone());
        let (stop, abort) = (options.stop.clone(), stream.abort_on(&options.stop));
        let (reader, answer) = (BufReader::new(stream), Vec::new());
        let times = Times::from(Instant::now());
        let (rest, understood) = (None, false);
        Ok(Client { sender, reader, answer, times, understood, rest, stop, _abort: abort })
    }

    /// What is known of this connection's times.
    #[must_use]
    pub fn times(&self) -> Times {
        self.times
    }

    /// Sends `PING` and waits for the `PONG`, which has to bring back the same payload.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub fn ping(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        self.sender.ping(payload)?;
        self.pong(payload)
    }

    /// Sends `QUIT` and waits for the `BYE`. If a timed transfer has left unread data
    /// behind, the connection is closed without `QUIT`.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub fn quit(mut self) -> io::Result<()> {
        if let Err(error) = self.settle(timed::SOON) {
            self.sender.stream.abort();
            return if error.kind() == ErrorKind::TimedOut { Ok(()) } else { Err(error) };
        }
        self.sender.send(&Request::Quit)?;
        match self.receive("BYE".len())? {
            Answer::Bye => Ok(()),
            other => Err(unexpected(&other, "BYE")),
        }
    }

    /// What ends measurements early.
    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }

    /// The timeout of each read.
    pub(crate) fn timeout(&self) -> Duration {
        self.reader.get_ref().timeout()
    }

    /// Waits for the `PONG` to a ping that has been sent.
    pub(crate) fn pong(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        let length = "PONG".len() + payload.map_or(0, |payload| 1 + payload.len());
        match self.receive(length)? {
            Answer::Pong(echo) if echo == payload => Ok(()),
            Answer::Pong(_) => Err(invalid("the server answered with another payload")),
            other => Err(unexpected(&other, "PONG")),
        }
    }

    /// Reads the next answer. `length` is the number of bytes that the expected answer has.
    fn receive(&mut self, length: usize) -> io::Result<Answer<'_>> {
        let Client { sender, reader, answer, times, understood, .. } = self;
        let Sender { framing, trace, .. } = sender;
        // Each field is borrowed by itself: the closure fills `answer`, not `self`.
        answer.clear();
        let received = receive_in_time(reader, |reader| {
            framing.receive_answer(length, reader, answer).map(|_| ())
        });
        let message = answer.as_slice();
        received.map_err(|error| framing.explain(error, message))?;
        times.answered();
        trace.show(Message::Received(message));
        stranger::understand(message, understood)
    }
}

fn invalid(what: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.into())
}

/// The error for a valid answer to another request.
fn unexpected(answer: &Answer, expected: &str) -> io::Error {
    let mut message = Vec::new();
    answer.encode(&mut message);
    let answered = excerpt(&message);
    invalid(match answer {
        Answer::Error(_) => format!("the server answered {answered}"),
        _ => format!("expected {expected}, but the server answered \"{answered}\""),
    })
}
