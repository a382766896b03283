//! The client's half of the conversation, typed.
//!
//! A [`Client`] says what the protocol allows and understands what comes back. It does
//! not measure: clocks are [`measure`](crate::measure)'s, which times these calls from
//! outside.
//!
//! ```
//! # use roundtrip::server::{Config, Server};
//! # use std::time::Duration;
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

mod bulk;
mod lag;

use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

pub use bulk::{Bidirectional, Download, Upload};
pub use lag::{LagFigures, LagNext, LagSample};

use crate::net::{Stream, receive_in_time};
use crate::wire::command::{Amount, Answer, Received, Request, excerpt};
use crate::wire::framing::Framing;

/// How to talk to a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long connecting, and then every single read and write, may take.
    pub timeout: Duration,
    /// How messages are told apart; has to be the server's.
    pub framing: Framing,
    /// Whether to wait by [spinning](crate::net#spinning).
    pub spin: bool,
    /// Who is shown each message.
    pub trace: Trace,
}

impl Default for Options {
    fn default() -> Self {
        let (framing, trace) = (Framing::Line, Trace::default());
        Options { timeout: Duration::from_secs(10), framing, spin: false, trace }
    }
}

/// Is shown each message as it is sent and received; nobody, by default.
#[derive(Clone, Default)]
pub struct Trace(Option<Arc<Show>>);

type Show = dyn Fn(Message) + Send + Sync;

/// What a [`Trace`] is shown.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// A request, without the mark of its end.
    Sent(&'a [u8]),
    /// An answer, likewise.
    Received(&'a [u8]),
    /// So many bytes of bulk data were sent.
    SentData(u64),
    /// So many bytes of bulk data arrived.
    ReceivedData(u64),
}

impl Trace {
    /// Calls `show` with each message.
    pub fn new(show: impl Fn(Message) + Send + Sync + 'static) -> Self {
        Trace(Some(Arc::new(show)))
    }

    pub(crate) fn show(&self, message: Message) {
        if let Some(show) = &self.0 {
            show(message);
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Trace(on)" } else { "Trace(off)" })
    }
}

/// A connection to a server.
///
/// After an error the conversation may be out of step (an answer may still come, in the
/// middle of the next one): connect anew. Only after a refused request, `ERROR:…`, may
/// the connection still be usable.
#[derive(Debug)]
pub struct Client {
    sender: Sender,
    reader: BufReader<Stream>,
    answer: Vec<u8>,
}

/// The half that sends.
#[derive(Debug)]
struct Sender {
    stream: Stream,
    framing: Framing,
    request: Vec<u8>,
    trace: Trace,
}

impl Client {
    /// Connects to a server with the default [`Options`] and this timeout.
    ///
    /// # Errors
    /// See [`Stream::connect`].
    pub fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<Self> {
        Client::connect_with(host, port, &Options { timeout, ..Options::default() })
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// See [`Stream::connect`].
    pub fn connect_with(host: &str, port: u16, options: &Options) -> io::Result<Self> {
        Client::over(Stream::connect(host, port, options.timeout)?, options)
    }

    /// Talks to a server over a connection that is there already, such as one over a
    /// Unix socket. Its timeout stays as it is.
    ///
    /// # Errors
    /// When it should spin and cannot.
    pub fn over(mut stream: Stream, options: &Options) -> io::Result<Self> {
        if options.spin {
            stream.spin()?;
        }
        let (framing, trace) = (options.framing, options.trace.clone());
        let sender = Sender { stream: stream.clone(), framing, request: Vec::new(), trace };
        Ok(Client { sender, reader: BufReader::new(stream), answer: Vec::new() })
    }

    /// Says `PING` and waits for the `PONG`, which has to bring back the same payload.
    ///
    /// # Errors
    /// When there is no answer or another one.
    pub fn ping(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        self.sender.send(&Request::Ping(payload))?;
        self.pong(payload)
    }

    /// Asks for a bulk transfer, and returns when the server is ready to send it.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn download(&mut self, amount: Amount) -> io::Result<Download<'_>> {
        self.ask_ready(&Request::Download(amount))?;
        Ok(Download { client: self, amount })
    }

    /// Offers a bulk transfer, and returns when the server is ready for it.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn upload(&mut self, amount: Amount) -> io::Result<Upload<'_>> {
        self.ask_ready(&Request::Upload(amount))?;
        Ok(Upload { client: self, amount })
    }

    /// Asks for a bulk transfer in both directions at once, and returns when the server
    /// is ready.
    ///
    /// # Errors
    /// When there is no answer, or the server refuses.
    pub fn bidirectional(&mut self, amount: Amount) -> io::Result<Bidirectional<'_>> {
        self.ask_ready(&Request::Bidirectional(amount))?;
        Ok(Bidirectional { client: self, amount })
    }

    /// Says `QUIT` and waits for the `BYE`.
    ///
    /// # Errors
    /// When there is no answer or another one.
    pub fn quit(mut self) -> io::Result<()> {
        self.sender.send(&Request::Quit)?;
        match self.receive("BYE".len())? {
            Answer::Bye => Ok(()),
            other => Err(unexpected(&other, "BYE")),
        }
    }

    /// Both halves, for pings that are sent while earlier ones are still unanswered.
    pub(crate) fn split(&mut self) -> (Pinger, &mut Self) {
        let Sender { stream, framing, trace, .. } = &self.sender;
        let stream = stream.clone();
        let pinger =
            Pinger(Sender { stream, framing: *framing, request: Vec::new(), trace: trace.clone() });
        (pinger, self)
    }

    /// The timeout of each read and write.
    pub(crate) fn timeout(&self) -> Duration {
        self.reader.get_ref().timeout()
    }

    /// Waits until something has arrived.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        self.reader.fill_buf().map(drop)
    }

    /// Waits for the `PONG` to a ping that has been sent.
    pub(crate) fn pong(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        let length = "PONG".len() + payload.map_or(0, |payload| 1 + payload.len());
        match self.receive(length)? {
            Answer::Pong(echo) if echo == payload => Ok(()),
            Answer::Pong(_) => Err(io::Error::new(
                ErrorKind::InvalidData,
                "the server answered with another payload",
            )),
            other => Err(unexpected(&other, "PONG")),
        }
    }

    /// More bytes than were asked for would be taken for the next answer, and make it
    /// look faster than light.
    ///
    /// # Errors
    /// When there are any.
    pub(crate) fn check_in_step(&self) -> io::Result<()> {
        match self.reader.buffer() {
            [] => Ok(()),
            _ => Err(io::Error::new(
                ErrorKind::InvalidData,
                "the server sent more than it was asked for",
            )),
        }
    }

    /// Whether several pings can be on their way at once: if nothing marks the end of
    /// an answer, they cannot.
    pub(crate) fn can_pipeline(&self) -> bool {
        self.sender.framing == Framing::Line
    }

    fn ask_ready(&mut self, request: &Request) -> io::Result<()> {
        crate::wire::bulk::prepare();
        self.sender.send(request)?;
        match self.receive("READY".len())? {
            Answer::Ready => Ok(()),
            other => Err(unexpected(&other, "READY")),
        }
    }

    fn receive(&mut self, length: usize) -> io::Result<Answer<'_>> {
        self.receive_message(length)?;
        let message = self.answer.as_slice();
        let answer = Answer::parse(message).map_err(|_| {
            io::Error::new(
                ErrorKind::InvalidData,
                format!("the server answered \"{}\"", excerpt(message)),
            )
        });
        // Without framing there is no room for figures, and with it there is no excuse
        // for none.
        match answer? {
            Answer::Done(None) if self.sender.framing == Framing::Line => Err(io::Error::new(
                ErrorKind::InvalidData,
                "the server answered DONE without its figures",
            )),
            answer => Ok(answer),
        }
    }

    /// Has the next message in `answer`.
    fn receive_message(&mut self, length: usize) -> io::Result<()> {
        let Client { sender: Sender { framing, .. }, reader, answer } = self;
        let received =
            receive_in_time(reader, |reader| framing.receive_answer(length, reader, answer));
        let message = received.map_err(|error| match (&framing, error.kind()) {
            (Framing::Bare, ErrorKind::TimedOut) => {
                let what = format!("{error}: a server with --framing line, waiting for a newline?");
                io::Error::new(ErrorKind::TimedOut, what)
            }
            _ => error,
        })?;
        self.sender.trace.show(Message::Received(message));
        Ok(())
    }

    /// What the server says when it has received all of an upload.
    fn receive_done(&mut self, sent: Option<u64>) -> io::Result<Option<Received>> {
        match self.receive("DONE".len())? {
            Answer::Done(Some(Received { bytes, .. }))
                if sent.is_some_and(|sent| sent != bytes) =>
            {
                let what = format!(
                    "{bytes} of {} bytes arrived, says the server",
                    sent.unwrap_or_default()
                );
                Err(io::Error::new(ErrorKind::InvalidData, what))
            }
            Answer::Done(received) => self.check_in_step().map(|()| received),
            other => Err(unexpected(&other, "DONE")),
        }
    }
}

impl Sender {
    fn send(&mut self, request: &Request) -> io::Result<()> {
        request.encode(&mut self.request);
        self.trace.show(Message::Sent(&self.request));
        self.framing.send(&mut self.request, &mut self.stream)
    }
}

/// Sends pings and leaves the answers to another thread.
pub(crate) struct Pinger(Sender);

impl Pinger {
    pub fn send(&mut self, payload: Option<&[u8]>) -> io::Result<()> {
        self.0.send(&Request::Ping(payload))
    }
}

fn unexpected(answer: &Answer, expected: &str) -> io::Error {
    let mut message = Vec::new();
    answer.encode(&mut message);
    let answered = excerpt(&message);
    let what = match answer {
        Answer::Error(_) => format!("the server answered {answered}"),
        _ => format!("expected {expected}, but the server answered \"{answered}\""),
    };
    io::Error::new(ErrorKind::InvalidData, what)
}
