//! How does a connection change its protocol half-way, and how do messages travel in it
//! then? WebSocket, RFC 6455.
//!
//! A page in a browser may not open a socket; it may only send HTTP requests. So
//! WebSocket begins as one, through the port, the proxies and the firewalls of the web.
//! It asks the server to speak another protocol from then on, and if the server agrees,
//! there is what TCP offered all along, a stream in both directions, and messages in
//! it:
//!
//! ```text
//!   client                                            server
//!   Opening::request   GET /ws HTTP/1.1         ──▶
//!                      Upgrade: websocket …
//!                                               ◀──   HTTP/1.1 101 Switching Protocols    accept
//!   Opening::check                                    Upgrade: websocket …
//!   ─────────────────── from here on, it is not HTTP any more ───────────────────
//!   Sender             [frame]                  ──▶   [frame]                             Receiver
//!   Receiver           [frame]                  ◀──   [frame]                             Sender
//! ```
//!
//! A frame (section 5.2) says in front how long it is. The length takes one byte, three
//! or nine, the fewest that it fits into, so that a short message stays short:
//!
//! ```text
//!   F R R R opcode   M length        longer length        mask       payload
//!   └──────────────┘ └─────────────┘ └──────────────────┘ └────────┘ └─ ─ ─ ─ ─
//!   1 byte           1 byte          none, or 2 if the    4, if M    that many
//!                                    length is 126, or
//!                                    8 if it is 127
//! ```
//!
//! * `F` (FIN) marks the last frame of a message. A message may come in several, so
//!   that a sender can begin before it knows the length. [`Receiver`] puts them
//!   together; [`Sender`] always makes one, since it is given whole messages.
//! * `R` are three reserved bits: extensions may give them a meaning. None is
//!   negotiated here, so they are zero.
//! * The opcode tells text from binary messages, and both from the control frames:
//!   ping, pong and close. These are short, and may stand between the frames of a
//!   message, so that a long one does not keep them waiting.
//! * `M` says that the payload is masked; [see below](#the-mask).
//!
//! # Who does what
//!
//! This module never sees the connection, so its owner does what has to be done there:
//!
//! | when | then |
//! | --- | --- |
//! | [`accept`] has returned, whatever it returned | send what it wrote; after an error, close |
//! | [`Message::Ping`] was received | send a [`Message::Pong`] with the same payload (section 5.5.3) |
//! | [`Message::Close`] was received | send one, unless one was sent before, with the same code or with [`CLOSE_NORMAL`]; the server closes (sections 5.5.1, 7.1.1) |
//! | [`Receiver::receive`] fails | send a [`Message::Close`] with [`WebSocketError::close_code`], if there is one, and close (section 7.1.7) |
//! | it returns `None` | close: the peer is gone |
//!
//! # The mask
//!
//! What a client sends is combined with four random bytes by exclusive or, anew for
//! each frame, and the four bytes stand in front of it: nothing is hidden. It is not
//! for the two ends but for what is between them. The page that chooses the payload may
//! be an attacker's, and so may the server. Old proxies that knew nothing of the
//! upgrade took a payload that looked like `GET /jquery.js` for a request and the
//! server's answer for that file, and kept it for all their users (Huang and others,
//! "Talking to Yourself for Fun and Profit", 2011; section 10.3). With a mask that a
//! page cannot know before the payload is handed over, it cannot choose what the proxy
//! sees. Answers are not masked: no proxy takes what a server sends for a request.
//!
//! So a native client has little need of it, and must do it all the same: section 5.1
//! has the server close the connection otherwise.
//!
//! ```
//! use roundtrip::wamp::websocket::{Message, Opening, Receiver, Role, Sender, accept};
//!
//! // The two ends of a connection, without the connection.
//! let opening = Opening::new(&["wamp.2.msgpack", "wamp.2.json"]);
//! let (request, mut answer) = (opening.request("localhost:9000", "/ws"), Vec::new());
//! assert_eq!(accept(&mut &request[..], &["wamp.2.json"], &mut answer)?, "wamp.2.json");
//! assert_eq!(opening.check(&mut &answer[..])?, "wamp.2.json");
//!
//! let mut frame = Vec::new();
//! Sender::new(Role::Client).encode(&Message::Text("[1]"), &mut frame);
//! let mut receiver = Receiver::new(Role::Server, 1024);
//! assert_eq!(receiver.receive(&mut &frame[..])?, Some(Message::Text("[1]")));
//! # Ok::<(), std::io::Error>(())
//! ```

mod error;
mod frame;
mod handshake;
mod http;
mod receiver;
mod sender;
pub mod sha1;

pub use error::{HandshakeError, WebSocketError};
pub use handshake::{Opening, accept};
pub use http::MAX_HEAD;
pub use receiver::Receiver;
pub use sender::Sender;

/// The connection has done what it was opened for (RFC 6455 section 7.4.1, as all of
/// these).
pub const CLOSE_NORMAL: u16 = 1000;
/// The server is shutting down, or the user has left the page.
pub const CLOSE_GOING_AWAY: u16 = 1001;
/// The peer has sent what no frame may be.
pub const CLOSE_PROTOCOL_ERROR: u16 = 1002;
/// The peer has sent a kind of message that is of no use here, such as a binary one
/// where only text is understood.
pub const CLOSE_UNSUPPORTED: u16 = 1003;
/// The content of a message is not what its kind demands, such as a text that is not
/// UTF-8.
pub const CLOSE_INVALID_DATA: u16 = 1007;
/// The peer has broken a rule that no other code describes.
pub const CLOSE_POLICY_VIOLATION: u16 = 1008;
/// A message is longer than the receiver takes.
pub const CLOSE_TOO_BIG: u16 = 1009;
/// The server cannot go on, through no fault of the client.
pub const CLOSE_INTERNAL_ERROR: u16 = 1011;

/// Which end of the connection this is: the client masks what it sends, and the server
/// does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that sent the request.
    Client,
    /// The end that answered it.
    Server,
}

/// What one end says to the other: a message, or one of the control frames (RFC 6455
/// sections 5.5 and 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A message that is text.
    Text(&'a str),
    /// A message of any bytes.
    Binary(&'a [u8]),
    /// A question whether the other end is still there. At most [`MAX_CONTROL`] bytes.
    Ping(&'a [u8]),
    /// The answer, with the bytes of the question. It may also come unasked.
    Pong(&'a [u8]),
    /// The last that this end says, with a code and a reason in at most [`MAX_CONTROL`]
    /// − 2 bytes.
    Close(Option<(u16, &'a str)>),
}

/// The longest payload of a control frame, in bytes (RFC 6455 section 5.5): what a
/// length of one byte can say.
pub const MAX_CONTROL: usize = 125;

#[cfg(test)]
mod tests;
