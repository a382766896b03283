//! One connection, from accepting it to closing it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::conversation::Conversation;
use super::outbox::Outbox;
use super::realm::Realm;
use crate::net::Stream;
use crate::wamp::connection::Incoming;
use crate::wamp::opening;
use crate::wamp::serializer::Serializer;
use crate::wamp::url::Framing;

/// How long a client may take from connecting to its HELLO.
const OPENING: Duration = Duration::from_secs(10);

/// Serves one connection of a realm until it ends for any reason. The endpoint may
/// offer one serializer alone.
pub fn serve(realm: &Realm, stream: Stream, framing: &Framing, only: Option<Serializer>) {
    let (peer, log) = (stream.peer_name(), &realm.settings.log);
    let opened = Instant::now();
    let time = OPENING.min(realm.settings.idle_timeout);
    let (incoming, outbox, name) = match open(realm, stream, framing, only, time) {
        Ok(opened) => opened,
        Err((stream, error)) => {
            log.say(format_args!("{peer} closed: {error}"));
            return stream.close();
        }
    };
    let mut conversation = Conversation::new(realm, incoming, outbox);
    let end = match conversation.hello(opened, time) {
        Err(end) => {
            log.say(format_args!("{peer} closed: {end}"));
            end
        }
        Ok(id) => {
            log.say(format_args!("{peer} joined {} ({name})", realm.settings.realm));
            let since = Instant::now();
            let end = conversation.converse(id);
            let calls = count(conversation.calls, "call");
            let invocations = count(conversation.invocations, "invocation");
            let why = if end.is_orderly() { String::new() } else { format!(" ({end})") };
            let seconds = since.elapsed().as_secs_f64();
            log.say(format_args!("{peer} left: {calls}, {invocations} in {seconds:.1} s{why}"));
            end
        }
    };
    conversation.end(&end);
}

/// What a connection is read from and written to, and its framing and serializer for
/// the log.
type Opened = (Incoming, Arc<Outbox>, String);

fn open(
    realm: &Realm,
    mut stream: Stream,
    framing: &Framing,
    only: Option<Serializer>,
    time: Duration,
) -> Result<Opened, (Stream, io::Error)> {
    if let Err(error) = stream.set_read_timeout(time) {
        return Err((stream, error));
    }
    let max_message = realm.settings.max_message;
    let (mut incoming, encoder) = opening::accept(stream, framing, only, max_message, time)?;
    incoming.set_budget(Arc::clone(&realm.settings.arriving));
    let name = format!("{}, {}", encoder.framing(), incoming.serializer());
    let stream = incoming.stream().clone();
    match Outbox::new(stream.clone(), encoder, realm.settings.idle_timeout, &realm.queued) {
        Ok(outbox) => Ok((incoming, outbox, name)),
        Err(error) => Err((stream, error)),
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
