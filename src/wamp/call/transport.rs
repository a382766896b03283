//! The three choices of a transport, and the eight transports that they make.

use std::fmt;

use crate::net::Address;
use crate::wamp::serializer::Serializer;
use crate::wamp::url::{self, Url};

/// The kind of socket that carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    /// TCP, here through the loopback interface.
    Tcp,
    /// A Unix socket, which has neither addresses nor segments.
    Unix,
}

/// How the bytes of a stream are divided into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// RFC 6455: two to ten bytes in front of a message. A client also masks the whole
    /// message.
    WebSocket,
    /// Four bytes in front of a message.
    RawSocket,
}

/// How messages travel: a socket, a framing and a serializer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// What carries the bytes.
    pub socket: Socket,
    /// What divides the bytes into messages.
    pub framing: Framing,
    /// What writes a message as bytes.
    pub serializer: Serializer,
}

/// What calls are measured at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A router that the measurement starts itself, through this transport.
    Transport(Transport),
    /// The router at this URL.
    Url(Url),
}

impl Transport {
    /// All eight transports.
    pub const ALL: [Transport; 8] = {
        use Framing::{RawSocket, WebSocket};
        use Serializer::{Json, MessagePack};
        use Socket::{Tcp, Unix};
        [
            Transport::new(Tcp, WebSocket, Json),
            Transport::new(Tcp, WebSocket, MessagePack),
            Transport::new(Tcp, RawSocket, Json),
            Transport::new(Tcp, RawSocket, MessagePack),
            Transport::new(Unix, WebSocket, Json),
            Transport::new(Unix, WebSocket, MessagePack),
            Transport::new(Unix, RawSocket, Json),
            Transport::new(Unix, RawSocket, MessagePack),
        ]
    };

    const fn new(socket: Socket, framing: Framing, serializer: Serializer) -> Self {
        Transport { socket, framing, serializer }
    }

    /// The URL of this transport, made from the URLs at which a router listens.
    ///
    /// ```
    /// use roundtrip::wamp::call::Transport;
    ///
    /// let router = ["rs://[::1]:9000".parse()?, "ws://[::1]:9001".parse()?];
    /// let url = Transport::ALL[0].among(&router).unwrap();
    /// assert_eq!(url.to_string(), "ws://[::1]:9001?serializer=json");
    /// assert_eq!(Transport::of(&url), Some(Transport::ALL[0]));
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn among(self, urls: &[Url]) -> Option<Url> {
        let mut urls =
            urls.iter().map(|url| Url { serializer: Some(self.serializer), ..url.clone() });
        urls.find(|url| Transport::of(url) == Some(self))
    }

    /// The transport that a router's URL names; `None` if the URL leaves the serializer
    /// open.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let socket = match url.socket {
            Address::Tcp { .. } => Socket::Tcp,
            Address::Unix(_) => Socket::Unix,
        };
        let framing = match url.framing {
            url::Framing::WebSocket { .. } => Framing::WebSocket,
            url::Framing::RawSocket => Framing::RawSocket,
        };
        Some(Transport { socket, framing, serializer: url.serializer? })
    }

    /// The names of the socket, the framing and the serializer.
    #[must_use]
    pub fn names(self) -> [&'static str; 3] {
        [self.socket.name(), self.framing.name(), self.serializer.name()]
    }
}

impl Target {
    /// The transport of this target, if it is known.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        match self {
            Target::Transport(transport) => Some(*transport),
            Target::Url(url) => Transport::of(url),
        }
    }
}

impl Socket {
    /// `tcp` or `unix`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Socket::Tcp => "tcp",
            Socket::Unix => "unix",
        }
    }
}

impl Framing {
    /// `websocket` or `rawsocket`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Framing::WebSocket => "websocket",
            Framing::RawSocket => "rawsocket",
        }
    }
}

/// The three names of a transport: `tcp websocket json`.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.names().join(" "))
    }
}

/// The three names of the transport, or the URL.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Transport(transport) => transport.fmt(f),
            Target::Url(url) => f.pad(&url.to_string()),
        }
    }
}
