//! The sending half: messages made frames.

use std::hash::{BuildHasher, RandomState};

use super::frame::{self, Header, Mask, Opcode};
use super::{MAX_CONTROL, Message, Role};

/// Makes frames of messages. It shares nothing with the [`Receiver`](super::Receiver)
/// of the same connection, so that one thread may send while another receives.
#[derive(Debug)]
pub struct Sender {
    masks: Option<Masks>,
}

impl Sender {
    /// One for this end of a connection.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Sender {
            masks: (role == Role::Client).then(|| Masks { random: RandomState::new(), used: 0 }),
        }
    }

    /// Appends a message as one whole frame, so that it can leave in one write.
    ///
    /// What is over [`MAX_CONTROL`] bytes in a control frame is cut off. The code of a
    /// close frame is the caller's choice, and should be one that may be sent (RFC 6455
    /// section 7.4): the peer takes offence at others.
    ///
    /// ```
    /// use roundtrip::wamp::websocket::{Message, Role, Sender};
    ///
    /// let mut buffer = Vec::new();
    /// Sender::new(Role::Server).encode(&Message::Text("Hello"), &mut buffer);
    /// assert_eq!(buffer, b"\x81\x05Hello"); // RFC 6455 section 5.7
    /// ```
    pub fn encode(&mut self, message: &Message, buffer: &mut Vec<u8>) {
        let code;
        let (opcode, start, rest): (_, &[u8], &[u8]) = match *message {
            Message::Text(text) => (Opcode::Text, &[], text.as_bytes()),
            Message::Binary(bytes) => (Opcode::Binary, &[], bytes),
            Message::Ping(bytes) => (Opcode::Ping, &[], &bytes[..bytes.len().min(MAX_CONTROL)]),
            Message::Pong(bytes) => (Opcode::Pong, &[], &bytes[..bytes.len().min(MAX_CONTROL)]),
            Message::Close(None) => (Opcode::Close, &[], &[]),
            Message::Close(Some((number, reason))) => {
                code = number.to_be_bytes();
                (Opcode::Close, &code, cut(reason, MAX_CONTROL - code.len()).as_bytes())
            }
        };
        let mask = self.masks.as_mut().map(Masks::next);
        let length = start.len() + rest.len();
        Header { fin: true, opcode, length: length as u64, mask }.encode(buffer);
        buffer.extend_from_slice(start);
        buffer.extend_from_slice(rest);
        if let Some(mask) = mask {
            let payload = buffer.len() - length;
            frame::apply(mask, &mut buffer[payload..]);
        }
    }
}

/// As much of the text as fits, without half a character at its end.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// A new mask for each frame, that nobody can derive from those before (RFC 6455
/// sections 5.3 and 10.3).
///
/// The keyed hash that protects Rust's hash maps from chosen keys, of a number that
/// counts up: without its random key, one result says nothing about the next. The
/// standard library promises no more than that it is hard to guess, which is what a
/// mask needs, and less than a secret would.
#[derive(Debug)]
struct Masks {
    random: RandomState,
    used: u64,
}

impl Masks {
    fn next(&mut self) -> Mask {
        self.used = self.used.wrapping_add(1);
        let [a, b, c, d, ..] = self.random.hash_one(self.used).to_ne_bytes();
        [a, b, c, d]
    }
}
