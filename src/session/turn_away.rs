//! The last words to a client that gets no permit.
//!
//! Nobody wants to know how full a server is more than a client that finds it full. So
//! such a client may ask for the [`status`] before it is sent away.

use std::io::{self, BufReader};
use std::time::Duration;

use super::settings::Shared;
use super::status;
use crate::net::{Stream, receive_in_time};
use crate::serve::Refusal;
use crate::serve::refuse::Time;
use crate::wire::command::{Answer, Request, more};
use crate::wire::framing::Framing;

/// How long a client without a permit may take to ask for the status. The client speaks
/// first, so its question is here when it is accepted, or lost and on its way again: that
/// takes 200 ms and a round trip (RFC 6298, with the minimum that Linux uses).
const LAST_QUESTION: Duration = Duration::from_millis(500);

/// Tells a connection that it will not be served, and why.
///
/// # Errors
/// When the connection is broken.
pub fn refuse(stream: &mut Stream, refusal: Refusal, framing: Framing) -> io::Result<()> {
    Answer::Error(&refusal.to_string()).send(framing, stream)
}

/// Sends a connection away that gets no permit, after it has had its answer. With enough
/// time, and if the server is only full, it may ask for the status first.
pub fn turn_away(mut stream: Stream, refusal: Refusal, time: Time, shared: &Shared) {
    let framing = shared.settings.framing;
    if time == Time::None {
        let _ = refuse(&mut stream, refusal, framing);
        return;
    }
    let may_ask = refusal == Refusal::Full && framing == Framing::Line;
    if !may_ask || stream.set_read_timeout(LAST_QUESTION).is_err() {
        let _ = refuse(&mut stream, refusal, framing);
        return stream.close();
    }
    let mut reader = BufReader::new(stream);
    let mut buffer = Vec::new();
    let received = receive_in_time(&mut reader, |reader| framing.receive(reader, &mut buffer));
    let silent = received.is_err();
    let request = received.ok().flatten().map(Request::parse);
    let peer = reader.get_ref().peer();
    let _ = match request {
        Some(Ok(Request::More(more::Request::Status(question)))) => {
            let answer = status::answer(question, peer, shared);
            status::message(&answer).send(framing, reader.get_mut())
        }
        _ => refuse(reader.get_mut(), refusal, framing),
    };
    // A client that said nothing has left nothing in the receive buffer that would turn
    // the end into a reset.
    if !silent || !buffer.is_empty() {
        reader.into_inner().close();
    }
}
