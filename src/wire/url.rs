//! Where is a router, and what does it speak? Addresses as a person writes them.
//!
//! | URL | socket | messages are framed by |
//! | --- | --- | --- |
//! | `ws://HOST:PORT/PATH` | TCP; without a port, 80 | WebSocket |
//! | `ws+unix:PATH` | the Unix socket at this path | WebSocket |
//! | `rs://HOST:PORT` | TCP | `RawSocket` |
//! | `rs+unix:PATH` | the Unix socket at this path | `RawSocket` |
//!
//! Each may end with `?serializer=json` or `?serializer=msgpack`. An IPv6 address
//! stands in brackets (RFC 3986 section 3.2.2), since its colons would not end before
//! that of the port: `rs://[::1]:9001`.
//!
//! A listener needs less: [`Socket`] alone, written `HOST:PORT` or `unix:PATH`.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use super::wamp::Serializer;

/// The port of a WebSocket whose URL has none (RFC 6455 section 3).
const WEBSOCKET_PORT: u16 = 80;

/// Where a router is and what it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Where to connect.
    pub socket: Socket,
    /// How messages are told apart there.
    pub framing: Framing,
    /// How they are written, if the URL says so.
    pub serializer: Option<Serializer>,
}

/// Where to connect or listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// TCP.
    Tcp {
        /// A name or an address; an IPv6 address without its brackets.
        host: String,
        /// For a listener, 0 lets the system choose.
        port: u16,
    },
    /// A Unix socket in the file system, at this path.
    Unix(String),
}

/// How messages are told apart on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// RFC 6455.
    WebSocket {
        /// What the HTTP request asks for; begins with a slash.
        path: String,
    },
    /// As [`rawsocket`](super::rawsocket) describes.
    RawSocket,
}

/// ```
/// use roundtrip::wire::url::{Framing, Socket, Url};
/// use roundtrip::wire::wamp::Serializer;
///
/// let url: Url = "ws://[::1]:9000/ws?serializer=msgpack".parse()?;
/// assert_eq!(url.socket, Socket::Tcp { host: "::1".into(), port: 9000 });
/// assert_eq!(url.framing, Framing::WebSocket { path: "/ws".into() });
/// assert_eq!(url.serializer, Some(Serializer::MessagePack));
/// assert_eq!(url.to_string(), "ws://[::1]:9000/ws?serializer=msgpack");
///
/// let error = "rs://localhost".parse::<Url>().unwrap_err();
/// assert_eq!(error, "\"rs://localhost\" has no port; write it after the host, such as rs://localhost:9001");
/// # Ok::<(), String>(())
/// ```
impl FromStr for Url {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (address, query) =
            url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
        let serializer = query.map(|query| serializer(url, query)).transpose()?;
        let root = || "/".to_owned();
        let (socket, framing) = if let Some(path) = address.strip_prefix("ws+unix:") {
            (unix(url, path)?, Framing::WebSocket { path: root() })
        } else if let Some(path) = address.strip_prefix("rs+unix:") {
            (unix(url, path)?, Framing::RawSocket)
        } else if let Some(rest) = address.strip_prefix("ws://") {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            // It is put into an HTTP request as it is, and must not end there what it
            // is a part of.
            if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
                return Err(format!(
                    "{url:?} has a path with characters that a URL does not have; write them as %XX"
                ));
            }
            let path = if path.is_empty() { root() } else { path.to_owned() };
            (tcp(url, authority, Some(WEBSOCKET_PORT))?, Framing::WebSocket { path })
        } else if let Some(authority) = address.strip_prefix("rs://") {
            (tcp(url, authority, None)?, Framing::RawSocket)
        } else {
            return Err(format!(
                "{url:?} is no URL of a router; write ws://HOST:PORT/PATH, ws+unix:PATH, rs://HOST:PORT or rs+unix:PATH"
            ));
        };
        Ok(Url { socket, framing, serializer })
    }
}

/// ```
/// use roundtrip::wire::url::Socket;
///
/// assert_eq!("localhost:9001".parse(), Ok(Socket::Tcp { host: "localhost".into(), port: 9001 }));
/// assert_eq!("unix:/tmp/router".parse(), Ok(Socket::Unix("/tmp/router".into())));
/// ```
impl FromStr for Socket {
    type Err = String;

    fn from_str(address: &str) -> Result<Self, String> {
        if let Some(path) = address.strip_prefix("unix:") {
            return unix(address, path);
        }
        match host_and_port(address) {
            Some((host, Some(port))) => Ok(Socket::Tcp { host: host.to_owned(), port }),
            _ => Err(format!(
                "{address:?} is no address; write HOST:PORT or unix:PATH, such as 127.0.0.1:9000, [::1]:9000 or \
                 unix:/tmp/router"
            )),
        }
    }
}

fn serializer(url: &str, query: &str) -> Result<Serializer, String> {
    let name = query.strip_prefix("serializer=").unwrap_or_default();
    name.parse().map_err(|_| {
        format!("{url:?} has {query:?} after the ?; write serializer=json or serializer=msgpack")
    })
}

fn unix(whole: &str, path: &str) -> Result<Socket, String> {
    // The path of a listener must be one that a URL can have.
    if path.contains('?') {
        return Err(format!(
            "{whole:?} has a ? in its path, and in a URL the path ends there; choose another name"
        ));
    }
    if path.is_empty() || path.contains(char::is_control) {
        return Err(format!(
            "{whole:?} has no path of a Unix socket; write one after the colon, such as /tmp/router"
        ));
    }
    Ok(Socket::Unix(path.to_owned()))
}

fn tcp(url: &str, authority: &str, default_port: Option<u16>) -> Result<Socket, String> {
    let (host, port) = host_and_port(authority).ok_or_else(|| {
        format!("{url:?} has {authority:?} where HOST:PORT should be, such as localhost:9001 or [::1]:9001")
    })?;
    match port.or(default_port) {
        Some(0) => {
            Err(format!("{url:?} has port 0, on which nobody listens; write one from 1 to 65535"))
        }
        Some(port) => Ok(Socket::Tcp { host: host.to_owned(), port }),
        None => Err(format!("{url:?} has no port; write it after the host, such as {url}:9001")),
    }
}

/// RFC 3986 section 3.2, without a user's name, and with the characters that names of
/// hosts have.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        // A link-local address may be followed by the interface that leads to it:
        // fe80::1%eth0.
        let (address, interface) = host.split_once('%').unwrap_or((host, "-"));
        address.parse::<Ipv6Addr>().ok().filter(|_| is_name(interface))?;
        (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
    } else {
        let (host, port) =
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        (Some(host).filter(|host| is_name(host))?, port)
    };
    match port {
        None => Some((host, None)),
        // A sign would be taken for a part of the number.
        Some(port) => Some((host, Some(port.parse().ok().filter(|_| !port.starts_with('+'))?))),
    }
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// As it is parsed; the path `/` is left out.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, path) = match &self.framing {
            Framing::WebSocket { path } => {
                ("ws", path.strip_suffix('/').filter(|path| path.is_empty()).unwrap_or(path))
            }
            Framing::RawSocket => ("rs", ""),
        };
        match &self.socket {
            socket @ Socket::Tcp { .. } => write!(f, "{scheme}://{socket}{path}")?,
            // An HTTP path has no place here.
            socket @ Socket::Unix(_) => write!(f, "{scheme}+{socket}")?,
        }
        match self.serializer {
            Some(serializer) => write!(f, "?serializer={serializer}"),
            None => Ok(()),
        }
    }
}

/// As it is parsed.
impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Socket::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Socket::Tcp { host, port } => write!(f, "{host}:{port}"),
            Socket::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

#[cfg(test)]
mod tests;
