//! The handshake before the first message, from both sides.
//!
//! The URL or the port determines the framing; the two sides agree on the serializer
//! here. A server accepts what its client asks for, unless it offers one serializer
//! alone. A client asks for the serializer in
//! its URL. If the URL names none, the client of a WebSocket offers both, `MessagePack`
//! first, and the server chooses. `RawSocket` has no room for an offer: the client asks
//! for `MessagePack`.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::time::Duration;

use super::connection::{Encoder, Incoming};
use crate::net::Address;
use crate::net::{Stream, receive_within};
use crate::wamp::rawsocket::{self, Handshake, HandshakeError, MAX_MESSAGE, Refusal};
use crate::wamp::read;
use crate::wamp::serializer::Serializer;
use crate::wamp::url::{Framing, Url};
use crate::wamp::websocket::{self, Role};

/// The size of the buffer in bytes. Most messages fit into it, and need a single
/// `read`.
const BUFFER_SIZE: usize = 4096;

/// The serializers in the order of preference. Binary data is smaller than text, and
/// faster to read and write.
const OFFERED: [Serializer; 2] = [Serializer::MessagePack, Serializer::Json];

/// The name of the handshake in an error.
const WHAT: &str = "the RawSocket handshake";

/// Connects to the router at this URL, and performs the client's handshake. No step
/// takes longer than `timeout`, which is also the timeout of later reads and writes.
///
/// # Errors
/// Names the URL, and describes what failed: the connection, or the handshake.
pub fn connect(url: &Url, timeout: Duration) -> io::Result<(Incoming, Encoder)> {
    let mut reader = BufReader::with_capacity(BUFFER_SIZE, dial(&url.socket, timeout)?);
    let agreed = receive_within(timeout, &mut reader, |reader| match &url.framing {
        Framing::WebSocket { path } => ask_websocket(reader, url, path),
        Framing::RawSocket => {
            ask_rawsocket(reader, url.serializer.unwrap_or(Serializer::MessagePack))
        }
    });
    match agreed {
        Ok(agreed) => Ok(connection(reader, &url.framing, Role::Client, agreed, MAX_MESSAGE)),
        Err(error) => Err(io::Error::new(error.kind(), format!("{url}: {error}"))),
    }
}

/// Performs the server's handshake with a client that has just connected, within
/// `time`. The server offers one serializer alone, or both if `only` is `None`, and
/// accepts messages of up to `max_message` bytes.
///
/// # Errors
/// Describes what is wrong with the client's handshake, and returns the connection. The
/// client has received a refusal if its framing has one.
pub fn accept(
    stream: Stream,
    framing: &Framing,
    only: Option<Serializer>,
    max_message: usize,
    time: Duration,
) -> Result<(Incoming, Encoder), (Stream, io::Error)> {
    let mut reader = BufReader::with_capacity(BUFFER_SIZE, stream);
    let agreed = receive_within(time, &mut reader, |reader| match framing {
        Framing::WebSocket { .. } => answer_websocket(reader, only, max_message),
        Framing::RawSocket => answer_rawsocket(reader, only, max_message),
    });
    match agreed {
        Ok(agreed) => Ok(connection(reader, framing, Role::Server, agreed, max_message)),
        Err(error) => Err((reader.into_inner(), error)),
    }
}

/// The result of a handshake: the serializer, and the longest message that the other
/// side accepts.
type Agreed = (Serializer, usize);

fn connection(
    reader: BufReader<Stream>,
    framing: &Framing,
    role: Role,
    (serializer, theirs): Agreed,
    max_message: usize,
) -> (Incoming, Encoder) {
    (
        Incoming::new(reader, framing, role, serializer, max_message),
        Encoder::new(framing, role, serializer, theirs),
    )
}

fn dial(socket: &Address, timeout: Duration) -> io::Result<Stream> {
    match socket {
        Address::Tcp { host, port } => Stream::connect(host, *port, timeout),
        #[cfg(unix)]
        Address::Unix(path) => Stream::connect_unix(path, timeout),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::Error::new(ErrorKind::Unsupported, "Unix sockets need Unix")),
    }
}

fn ask_websocket(reader: &mut BufReader<Stream>, url: &Url, path: &str) -> io::Result<Agreed> {
    let host = match &url.socket {
        tcp @ Address::Tcp { .. } => tcp.to_string(),
        Address::Unix(_) => "localhost".into(),
    };
    let protocols = subprotocols(url.serializer);
    let opening = websocket::Opening::new(&protocols);
    reader.get_mut().write_all(&opening.request(&host, path))?;
    // The check has found it among the offered ones, so the default is never used.
    let chosen = Serializer::from_subprotocol(opening.check(reader)?);
    // The peer's limit is unknown. It is assumed to be this side's own.
    Ok((chosen.unwrap_or(Serializer::Json), MAX_MESSAGE))
}

/// The names of the only serializer, or else of all, in the order of preference.
fn subprotocols(only: Option<Serializer>) -> Vec<&'static str> {
    let offered = OFFERED.into_iter().filter(|&offered| only.is_none_or(|only| only == offered));
    offered.map(Serializer::subprotocol).collect()
}

fn answer_websocket(
    reader: &mut BufReader<Stream>,
    only: Option<Serializer>,
    max_message: usize,
) -> io::Result<Agreed> {
    // A client of RawSocket waits for four bytes, and would never send a line of HTTP.
    if reader.fill_buf()?.starts_with(&[rawsocket::MAGIC]) {
        return Err(io::Error::new(ErrorKind::InvalidData, "RawSocket where WebSocket is spoken"));
    }
    let mut answer = Vec::new();
    let chosen = websocket::accept(reader, &subprotocols(only), &mut answer);
    reader.get_mut().write_all(&answer)?;
    Ok((Serializer::from_subprotocol(chosen?).unwrap_or(Serializer::Json), max_message))
}

fn ask_rawsocket(reader: &mut BufReader<Stream>, serializer: Serializer) -> io::Result<Agreed> {
    reader.get_mut().write_all(&Handshake { serializer, max_message: MAX_MESSAGE }.encode())?;
    let answer = Handshake::parse_answer(read::array(reader, WHAT)?, serializer)?;
    Ok((answer.serializer, answer.max_message))
}

fn answer_rawsocket(
    reader: &mut BufReader<Stream>,
    only: Option<Serializer>,
    max_message: usize,
) -> io::Result<Agreed> {
    let asked = Handshake::parse_request(read::array(reader, WHAT)?).and_then(|asked| {
        let offered = only.is_none_or(|only| only == asked.serializer);
        if offered { Ok(asked) } else { Err(HandshakeError::Refuse(Refusal::Serializer)) }
    });
    if let Err(HandshakeError::Refuse(refusal)) = asked {
        reader.get_mut().write_all(&refusal.encode())?;
    }
    let asked = asked?;
    reader.get_mut().write_all(&Handshake { max_message, ..asked }.encode())?;
    Ok((asked.serializer, asked.max_message))
}

/// Refuses a connection before its handshake, in a form that its framing understands.
///
/// # Errors
/// When the refusal cannot be written.
pub fn refuse(stream: &mut Stream, framing: &Framing, why: &str) -> io::Result<()> {
    match framing {
        Framing::RawSocket => stream.write_all(&Refusal::TooManyConnections.encode()),
        Framing::WebSocket { .. } => {
            let length = why.len() + 1;
            // RFC 9110 section 15.6.4.
            let answer = format!(
                "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\
                 Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{why}\n"
            );
            stream.write_all(answer.as_bytes())
        }
    }
}
