//! The examples are those of RFC 6455. The tables hold what its sections 4 to 8 refuse,
//! each with the right answer.

mod frames;
mod handshake;
mod violations;

use crate::wamp::websocket::*;
use std::io::BufRead;

const LIMIT: usize = 1024;
const PROTOCOLS: &[&str] = &["wamp.2.json", "wamp.2.msgpack"];

/// Receives all messages in these bytes, each as `{:?}` writes it.
fn receive_all(role: Role, mut reader: impl BufRead) -> Result<Vec<String>, WebSocketError> {
    let (mut receiver, mut messages) = (Receiver::new(role, LIMIT), Vec::new());
    while let Some(message) = receiver.receive(&mut reader)? {
        messages.push(format!("{message:?}"));
    }
    Ok(messages)
}

fn encode(role: Role, message: &Message) -> Vec<u8> {
    let mut frame = Vec::new();
    Sender::new(role).encode(message, &mut frame);
    frame
}

/// A client's frame with this first byte. The mask is zero, so that the payload is
/// readable.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}
