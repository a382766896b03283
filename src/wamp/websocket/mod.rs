//! A connection that changes its protocol: WebSocket, RFC 6455.
//!
//! A page in a browser may not open a socket; it may only send HTTP requests. So a
//! WebSocket begins as an HTTP request, and passes the ports, the proxies and the
//! firewalls of the web. The request asks the server to change to another protocol. If
//! the server agrees, the connection is a stream in both directions, as TCP is, and
//! carries messages:
//!
//! ```text
//!   client                                                              server
//!   Opening::request   GET /ws HTTP/1.1      ──▶
//!                      Upgrade: websocket …
//!                                            ◀──  HTTP/1.1 101 Switching …   accept
//!   Opening::check                                Upgrade: websocket …
//!   ─────────────────────── from here on: frames, no HTTP ───────────────────────
//!   Sender             [frame]               ──▶  [frame]                  Receiver
//!   Receiver           [frame]               ◀──  [frame]                    Sender
//! ```
//!
//! A frame (section 5.2) begins with its length. The length takes one byte, three or
//! nine: the fewest that it fits into, so that a short message stays short:
//!
//! ```text
//!   F R R R opcode   M length        longer length        mask       payload
//!   └──────────────┘ └─────────────┘ └──────────────────┘ └────────┘ └─ ─ ─ ─ ─
//!   1 byte           1 byte          none, or 2 if the    4, if M    that many
//!                                    length is 126, or
//!                                    8 if it is 127
//! ```
//!
//! * `F` (FIN) marks the last frame of a message. A message may consist of several
//!   frames, so that a sender can begin before it knows the length. [`Receiver`] joins
//!   them. [`Sender`] makes one frame, since it has the whole message.
//! * `R` are three reserved bits for extensions. No extension is negotiated here, so
//!   they are zero.
//! * The opcode distinguishes text messages, binary messages, and the control frames
//!   ping, pong and close. Control frames are short, and may stand between the frames
//!   of a message, so that they do not wait for the end of a long message.
//! * `M`: the payload is masked; [see below](#the-mask).
//!
//! # The caller's part
//!
//! This module never sees the connection. Its caller writes and closes:
//!
//! | when | then |
//! | --- | --- |
//! | [`accept`] has returned, with or without an error | send what it wrote; after an error, close |
//! | [`Message::Ping`] was received | send a [`Message::Pong`] with the same payload (section 5.5.3) |
//! | [`Message::Close`] was received | send one, unless one was sent before, with the same code or with [`CLOSE_NORMAL`]; the server closes (sections 5.5.1, 7.1.1) |
//! | [`Receiver::receive`] fails | send a [`Message::Close`] with [`WebSocketError::close_code`], if there is one, and close (section 7.1.7) |
//! | [`Receiver::receive`] returns `None` | close: the peer has closed |
//!
//! # The mask
//!
//! A client combines each payload with four random bytes by exclusive or. The bytes are
//! new for each frame, and stand in front of the payload, so the mask hides nothing. It
//! protects the proxies between the two ends. The page that chooses the payload may be
//! an attacker's, and so may the server. An old proxy does not know WebSocket. It would
//! take a payload that looks like `GET /jquery.js` for a request, and the server's
//! payload for that file, and would store it for all its users (Huang and others,
//! "Talking to Yourself for Fun and Profit", 2011; section 10.3). A page cannot know
//! the mask before it chooses the payload, so it cannot choose what the proxy sees. A
//! server's frames are not masked: no proxy takes them for requests.
//!
//! A program that is no browser has little use for the mask. It must still apply it:
//! otherwise the server closes the connection (section 5.1).
//!
//! ```
//! use roundtrip::wamp::websocket::{Message, Opening, Receiver, Role, Sender, accept};
//!
//! // The two ends of a connection, without the connection.
//! let opening = Opening::new(&["wamp.2.msgpack", "wamp.2.json"]);
//! let (request, mut answer) = (opening.request("localhost:9000", "/ws"), Vec::new());
//! let chosen = accept(&mut &request[..], &["wamp.2.json"], &mut answer)?;
//! assert_eq!(chosen, "wamp.2.json");
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
pub mod sha1;

pub use error::{
    CLOSE_GOING_AWAY, CLOSE_INVALID_DATA, CLOSE_NORMAL, CLOSE_POLICY_VIOLATION,
    CLOSE_PROTOCOL_ERROR, CLOSE_TOO_BIG, CLOSE_TRY_AGAIN_LATER, HandshakeError, MAX_CONTROL,
    MAX_HEAD, WebSocketError,
};
pub use frame::{Message, Role, Sender};
pub use handshake::{Opening, accept};
pub use receiver::Receiver;

#[cfg(test)]
mod tests;
