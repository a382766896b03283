//! What a connection hands to its reader.

use super::message::Message;

/// What arrives on a connection.
#[derive(Debug)]
pub enum Event {
    /// A message.
    Message(Message),
    /// A request whose values cannot be held: send this ERROR as the answer.
    Refused(Message),
    /// A ping with this payload: answer with
    /// [`Encoder::pong`](super::connection::Encoder::pong).
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong,
    /// The peer closes: answer with
    /// [`Encoder::close`](super::connection::Encoder::close), then close the connection.
    Close,
}
