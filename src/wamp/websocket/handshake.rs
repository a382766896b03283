//! The handshake: an HTTP request and its answer, after which frames follow (RFC 6455
//! section 4).
//!
//! ```text
//!   GET /ws HTTP/1.1
//!   Host: localhost:9000
//!   Upgrade: websocket
//!   Connection: Upgrade
//!   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ== ─────────────┐
//!   Sec-WebSocket-Version: 13                                │ SHA-1
//!   Sec-WebSocket-Protocol: wamp.2.json, wamp.2.msgpack      │
//!                                                            │
//!             HTTP/1.1 101 Switching Protocols               │
//!             Upgrade: websocket                             │
//!             Connection: Upgrade                            ▼
//!             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//!             Sec-WebSocket-Protocol: wamp.2.json
//! ```
//!
//! The key is no secret. The value made of it proves to the client that the server
//! speaks WebSocket and does not just send back what it received, and that no proxy has
//! sent a stored answer.

use std::hash::{BuildHasher, RandomState};
use std::io::BufRead;

use super::error::HandshakeError;
use super::http::{Head, excerpt};
use super::sha1::sha1;
use crate::wamp::base64;

/// The text that is appended to the key before it is hashed (RFC 6455 section 1.3). No
/// other protocol does that by accident.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The version of the protocol (RFC 6455 section 4.1). All earlier versions were
/// drafts.
const VERSION: &str = "13";

// The header fields of the handshake (RFC 6455 section 11.3; the first three are RFC
// 9110's).
const HOST: &str = "Host";
const UPGRADE: &str = "Upgrade";
const CONNECTION: &str = "Connection";
const KEY: &str = "Sec-WebSocket-Key";
const WEBSOCKET_VERSION: &str = "Sec-WebSocket-Version";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const ACCEPT: &str = "Sec-WebSocket-Accept";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// Reads a client's request, appends the server's answer to `answer`, and returns the
/// subprotocol: the first of the client's that is among `protocols`.
///
/// The answer to a wrong request is an HTTP error with the reason as text. There is no
/// answer if the connection itself has failed. A client without a subprotocol in common
/// receives 400, as from other WAMP routers: the two could not understand each other.
///
/// The path is ignored, and no extension is accepted, though browsers offer compression
/// (`permessage-deflate`, RFC 7692). `Origin`, the site of a browser's page, is ignored
/// as well: any page that a browser on this network shows can connect. A server with
/// something to protect has to check it.
///
/// # Errors
/// Describes what is wrong with the request, or with the connection.
pub fn accept<'p>(
    reader: &mut impl BufRead,
    protocols: &[&'p str],
    answer: &mut Vec<u8>,
) -> Result<&'p str, HandshakeError> {
    let accepted = Head::read(reader).and_then(|request| {
        let key = check_request(&request)?;
        let common = |offered| protocols.iter().find(|&&known| known == offered);
        let protocol =
            request.tokens(PROTOCOL).find_map(common).ok_or(HandshakeError::NoProtocol)?;
        Ok((accept_value(key), *protocol))
    });
    match accepted {
        Ok((accept, protocol)) => {
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\n{UPGRADE}: websocket\r\n\
                 {CONNECTION}: Upgrade\r\n{ACCEPT}: {accept}\r\n{PROTOCOL}: {protocol}\r\n\r\n"
            );
            answer.extend_from_slice(head.as_bytes());
            Ok(protocol)
        }
        Err(error) => {
            refuse(&error, answer);
            Err(error)
        }
    }
}

/// Checks a request as RFC 6455 section 4.2.1 demands, and returns its key.
fn check_request(request: &Head) -> Result<&str, HandshakeError> {
    let line = request.first_line();
    let mut words = line.split(' ');
    let (Some(method), Some(_path), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(HandshakeError::NotHttp(excerpt(line)));
    };
    check_version(version)?;
    if method != "GET" {
        return Err(HandshakeError::Method(excerpt(method)));
    }
    request.only(HOST)?;
    request.expect_token(UPGRADE, "websocket")?;
    request.expect_token(CONNECTION, UPGRADE)?;
    let version = request.only(WEBSOCKET_VERSION)?;
    if version != VERSION {
        return Err(HandshakeError::Unexpected(WEBSOCKET_VERSION, excerpt(version)));
    }
    let key = request.only(KEY)?;
    // Sixteen bytes in Base64. A server need not decode the key (section 4.2.2), and
    // should not: the RFC's own example in section 4.1 ends in `C==`, which no encoder
    // makes.
    if key.len() == 24 && key.ends_with("==") {
        Ok(key)
    } else {
        Err(HandshakeError::Unexpected(KEY, excerpt(key)))
    }
}

/// Checks that the version is HTTP/1.1. Version 1.0 has no upgrades, and 2 and 3 have
/// no connection of a single request.
fn check_version(version: &str) -> Result<(), HandshakeError> {
    if version == "HTTP/1.1" { Ok(()) } else { Err(HandshakeError::HttpVersion(excerpt(version))) }
}

/// Appends the answer to a wrong request, unless the connection has failed.
fn refuse(error: &HandshakeError, answer: &mut Vec<u8>) {
    let Some(status) = error.status() else { return };
    let reason = format!("{error}\n");
    let length = reason.len();
    // The status 426 demands the first two fields (RFC 9110 section 15.5.22) and the
    // third (RFC 6455 section 4.4), and 405 demands the fourth (RFC 9110 section
    // 15.5.6). In other answers they do no harm.
    let answered = format!(
        "HTTP/1.1 {status}\r\n{UPGRADE}: websocket\r\n{CONNECTION}: Upgrade, close\r\n\
         {WEBSOCKET_VERSION}: {VERSION}\r\nAllow: GET\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n{reason}"
    );
    answer.extend_from_slice(answered.as_bytes());
}

/// A client's handshake: a request, and the check of its answer.
#[derive(Debug)]
pub struct Opening<'p> {
    key: String,
    protocols: &'p [&'p str],
}

impl<'p> Opening<'p> {
    /// A handshake with a new key, which offers these subprotocols, the preferred one
    /// first. It has to offer at least one.
    #[must_use]
    pub fn new(protocols: &'p [&'p str]) -> Self {
        // Sixteen random bytes (RFC 6455 section 4.1). They are no secret, so the hash
        // that `Sender` uses is good enough.
        let nonce = [0, 1].map(|half| RandomState::new().hash_one(half).to_ne_bytes());
        Opening { key: base64::encode(nonce.as_flattened()), protocols }
    }

    /// The request as bytes. The host is that of the URL, with the port if there is
    /// one. For a Unix socket, which has no host, `localhost` will do.
    ///
    /// ```
    /// use roundtrip::wamp::websocket::Opening;
    ///
    /// let request = Opening::new(&["wamp.2.json"]).request("localhost:9000", "/ws");
    /// assert!(request.starts_with(b"GET /ws HTTP/1.1\r\nHost: localhost:9000\r\n"));
    /// ```
    #[must_use]
    pub fn request(&self, host: &str, path: &str) -> Vec<u8> {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let (host, path, key, protocols) =
            (escape(host), escape(path), &self.key, self.protocols.join(", "));
        let request = format!(
            "GET {slash}{path} HTTP/1.1\r\n{HOST}: {host}\r\n{UPGRADE}: websocket\r\n\
             {CONNECTION}: Upgrade\r\n{KEY}: {key}\r\n{WEBSOCKET_VERSION}: {VERSION}\r\n\
             {PROTOCOL}: {protocols}\r\n\r\n"
        );
        request.into_bytes()
    }

    /// Reads the server's answer, and returns the subprotocol that the server chose
    /// (RFC 6455 section 4.1, the list at its end). Frames follow in `reader`, which
    /// may have buffered them already: continue with the same reader.
    ///
    /// # Errors
    /// Describes what is wrong with the answer, or with the connection.
    pub fn check(&self, reader: &mut impl BufRead) -> Result<&'p str, HandshakeError> {
        let answer = Head::read(reader)?;
        let line = answer.first_line();
        let (version, status) = line.split_once(' ').unwrap_or((line, ""));
        if !version.starts_with("HTTP/") {
            return Err(HandshakeError::NotHttp(excerpt(line)));
        }
        if status.split(' ').next() != Some("101") {
            return Err(HandshakeError::Refused(excerpt(status)));
        }
        check_version(version)?;
        answer.expect_token(UPGRADE, "websocket")?;
        answer.expect_token(CONNECTION, UPGRADE)?;
        let accept = answer.only(ACCEPT)?;
        if accept != accept_value(&self.key) {
            return Err(HandshakeError::Unexpected(ACCEPT, excerpt(accept)));
        }
        if let Some(extension) = answer.tokens(EXTENSIONS).next() {
            return Err(HandshakeError::Unexpected(EXTENSIONS, excerpt(extension)));
        }
        let chosen = answer.only(PROTOCOL)?;
        let offered = self.protocols.iter().find(|&&offered| offered == chosen);
        offered.copied().ok_or_else(|| HandshakeError::Unexpected(PROTOCOL, excerpt(chosen)))
    }
}

/// The value that proves that a server has understood the key (RFC 6455 section 4.2.2).
pub(super) fn accept_value(key: &str) -> String {
    base64::encode(&sha1(format!("{key}{GUID}").as_bytes()))
}

/// Replaces characters that a line of HTTP cannot hold, above all line breaks, by `%XX`
/// (RFC 3986 section 2.1).
fn escape(text: &str) -> String {
    let escaped = |byte: u8| {
        if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(escaped).collect()
}
