//! The URL of a router: its address, its framing and its serializer.
//!
//! | URL | socket | framing |
//! | --- | --- | --- |
//! | `ws://HOST:PORT/PATH` | TCP; the default port is 80 | WebSocket |
//! | `ws+unix:PATH` | the Unix socket at this path | WebSocket |
//! | `rs://HOST:PORT` | TCP | `RawSocket` |
//! | `rs+unix:PATH` | the Unix socket at this path | `RawSocket` |
//!
//! Each may end with `?serializer=json` or `?serializer=msgpack`. An IPv6 address
//! stands in brackets, so that its colons differ from the colon before the port (RFC
//! 3986 section 3.2.2): `rs://[::1]:9001`.
//!
//! A router that listens has an [`Address`] alone, written `HOST:PORT` or `unix:PATH`,
//! perhaps with the only serializer that it offers there (see
//! [`Endpoint`](super::router::Endpoint)).

use std::fmt;
use std::str::FromStr;

use super::serializer::Serializer;
use crate::net::Address;
use crate::net::address::{host_and_port, unix};

/// The default port of a WebSocket (RFC 6455 section 3).
const WEBSOCKET_PORT: u16 = 80;

/// The address of a router, and what it speaks there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Where to connect.
    pub socket: Address,
    /// How the bytes are divided into messages.
    pub framing: Framing,
    /// How messages are written as bytes, if the URL names it.
    pub serializer: Option<Serializer>,
}

/// How the bytes of a stream are divided into messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// RFC 6455.
    WebSocket {
        /// The path in the HTTP request; it begins with a slash.
        path: String,
    },
    /// The framing of [`rawsocket`](super::rawsocket).
    RawSocket,
}

/// Parses a URL.
///
/// ```
/// use roundtrip::net::Address;
/// use roundtrip::wamp::url::{Framing, Url};
/// use roundtrip::wamp::Serializer;
///
/// let url: Url = "ws://[::1]:9000/ws?serializer=msgpack".parse()?;
/// assert_eq!(url.socket, Address::Tcp { host: "::1".into(), port: 9000 });
/// assert_eq!(url.framing, Framing::WebSocket { path: "/ws".into() });
/// assert_eq!(url.serializer, Some(Serializer::MessagePack));
/// assert_eq!(url.to_string(), "ws://[::1]:9000/ws?serializer=msgpack");
///
/// let error = "rs://localhost".parse::<Url>().unwrap_err();
/// assert!(error.ends_with("write it after the host, such as rs://localhost:9001"));
/// # Ok::<(), String>(())
/// ```
impl FromStr for Url {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (address, serializer) = split_serializer(url)?;
        let (scheme, rest) = address.split_once(':').unwrap_or((address, ""));
        let (socket, framing) = match (scheme, rest.strip_prefix("//")) {
            ("ws+unix", _) => (unix(url, rest)?, Framing::WebSocket { path: "/".into() }),
            ("rs+unix", _) => (unix(url, rest)?, Framing::RawSocket),
            ("ws", Some(rest)) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let path = http_path(url, path)?;
                (tcp(url, authority, Some(WEBSOCKET_PORT))?, Framing::WebSocket { path })
            }
            ("rs", Some(authority)) => (tcp(url, authority, None)?, Framing::RawSocket),
            _ => {
                return Err(format!(
                    "{url:?} is no URL of a router; write ws://HOST:PORT/PATH, ws+unix:PATH, \
                     rs://HOST:PORT or rs+unix:PATH"
                ));
            }
        };
        Ok(Url { socket, framing, serializer })
    }
}

/// Checks the path of an HTTP request. The path goes into the request unchanged, and
/// white space in it would end the request line, or the request.
fn http_path(url: &str, path: &str) -> Result<String, String> {
    if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(format!(
            "{url:?} has a path with characters that a URL does not have; write them as %XX"
        ));
    }
    Ok(if path.is_empty() { "/".into() } else { path.into() })
}

/// Takes `?serializer=…` off the end of a URL or an address, if there is one.
pub(super) fn split_serializer(url: &str) -> Result<(&str, Option<Serializer>), String> {
    let Some((address, query)) = url.split_once('?') else { return Ok((url, None)) };
    let name = query.strip_prefix("serializer=").unwrap_or_default();
    let serializer = name.parse().map_err(|_| {
        format!("{url:?} has {query:?} after the ?; write serializer=json or serializer=msgpack")
    })?;
    Ok((address, Some(serializer)))
}

fn tcp(url: &str, authority: &str, default_port: Option<u16>) -> Result<Address, String> {
    let (host, port) = host_and_port(authority).ok_or_else(|| {
        format!(
            "{url:?} has {authority:?} where HOST:PORT should be, \
             such as localhost:9001 or [::1]:9001"
        )
    })?;
    match port.or(default_port) {
        Some(0) => Err(format!(
            "{url:?} has port 0, on which no program listens; write one from 1 to 65535"
        )),
        Some(port) => Ok(Address::Tcp { host: host.to_owned(), port }),
        None => Err(format!("{url:?} has no port; write it after the host, such as {url}:9001")),
    }
}

/// Writes the URL as it is parsed. The path `/` is left out.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, path) = match &self.framing {
            Framing::WebSocket { path } => {
                ("ws", path.strip_suffix('/').filter(|path| path.is_empty()).unwrap_or(path))
            }
            Framing::RawSocket => ("rs", ""),
        };
        match &self.socket {
            socket @ Address::Tcp { .. } => write!(f, "{scheme}://{socket}{path}")?,
            // The URL of a Unix socket has no room for an HTTP path.
            socket @ Address::Unix(_) => write!(f, "{scheme}+{socket}")?,
        }
        match self.serializer {
            Some(serializer) => write!(f, "?serializer={serializer}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
