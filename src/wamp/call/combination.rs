//! The three choices, and all that can be made of them.

use std::fmt;

use crate::net::Address;
use crate::wamp::Serializer;
use crate::wamp::url::{self, Url};

/// What kind of socket carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    /// TCP, here through the loopback interface.
    Tcp,
    /// A Unix socket, which knows neither addresses nor segments.
    Unix,
}

/// What tells one message from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// RFC 6455: two to ten bytes in front of a message, and from a client all of it
    /// masked.
    WebSocket,
    /// Four bytes in front of a message.
    RawSocket,
}

/// One of each: a way for a message to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// What carries it.
    pub socket: Socket,
    /// What frames it.
    pub framing: Framing,
    /// What writes it.
    pub serialization: Serializer,
}

impl Combination {
    /// All eight, and after each that one which differs in the serialization alone.
    pub const ALL: [Combination; 8] = {
        const fn both(socket: Socket, framing: Framing) -> [Combination; 2] {
            [
                Combination { socket, framing, serialization: Serializer::Json },
                Combination { socket, framing, serialization: Serializer::MessagePack },
            ]
        }
        let [a, b] = both(Socket::Tcp, Framing::WebSocket);
        let [c, d] = both(Socket::Tcp, Framing::RawSocket);
        let [e, f] = both(Socket::Unix, Framing::WebSocket);
        let [g, h] = both(Socket::Unix, Framing::RawSocket);
        [a, b, c, d, e, f, g, h]
    };

    /// This way to a router that listens at these URLs, which leave the serializer
    /// open.
    ///
    /// ```
    /// use roundtrip::wamp::call::Combination;
    ///
    /// let router = ["rs://[::1]:9000".parse()?, "ws://[::1]:9001".parse()?];
    /// let url = Combination::ALL[0].among(&router).unwrap();
    /// assert_eq!(url.to_string(), "ws://[::1]:9001?serializer=json");
    /// assert_eq!(Combination::of(&url), Some(Combination::ALL[0]));
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn among(self, urls: &[Url]) -> Option<Url> {
        let mut urls =
            urls.iter().map(|url| Url { serializer: Some(self.serialization), ..url.clone() });
        urls.find(|url| Combination::of(url) == Some(self))
    }

    /// What a router's URL stands for; `None` if it leaves the serializer open.
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
        Some(Combination { socket, framing, serialization: url.serializer? })
    }

    /// What its three parts are called.
    #[must_use]
    pub fn names(self) -> [&'static str; 3] {
        [self.socket.name(), self.framing.name(), self.serialization.name()]
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

/// Its names: `tcp websocket json`.
impl fmt::Display for Combination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.names().join(" "))
    }
}
