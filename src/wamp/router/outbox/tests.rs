use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

use super::room::{ANSWERS, OWN_MESSAGES};
use super::*;
use crate::serve::Budget;
use crate::wamp::rawsocket::MAX_MESSAGE;
use crate::wamp::url::Framing;
use crate::wamp::websocket::Role;
use crate::wamp::{Payload, Serializer};

const PATIENCE: Duration = Duration::from_secs(60);

fn encoder() -> Encoder {
    Encoder::new(&Framing::RawSocket, Role::Server, Serializer::MessagePack, MAX_MESSAGE)
}

fn outbox() -> (Arc<Outbox>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let stream = Stream::from_unix(ours, PATIENCE).unwrap();
    (Outbox::new(stream, encoder(), PATIENCE, &Queues::new(Budget::new(10))).unwrap(), theirs)
}

fn result(length: usize) -> Message {
    let payload = Payload::of(vec!["x".repeat(length).into()]);
    Message::Result { request: 1, details: crate::json::Map::new(), payload }
}

fn is_direct(outbox: &Outbox) -> bool {
    matches!(outbox.lock().path, Path::Direct)
}

#[test]
fn a_client_that_reads_a_little_now_and_then_delays_nobody() {
    const LENGTH: usize = 8 << 20;
    let (outbox, mut peer) = outbox();
    let (read, hurry) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 4096 * 4];
            while read.load(Ordering::Relaxed) < LENGTH {
                read.fetch_add(peer.read(&mut buffer).unwrap(), Ordering::Relaxed);
                if !hurry.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(2));
                }
            }
        });
        outbox.send(result(LENGTH)).unwrap();
        let by_then = read.load(Ordering::Relaxed);
        hurry.store(true, Ordering::Relaxed);
        assert!(by_then < LENGTH / 2, "the writer has waited for {by_then} bytes");
    });
}

#[test]
fn a_session_returns_to_direct_writes_but_not_for_ever() {
    const LENGTH: usize = 1 << 20;
    let (outbox, mut peer) = outbox();
    let mut payload = vec![0; LENGTH];
    for entry in 1..=ENTRIES {
        assert!(is_direct(&outbox));
        outbox.send(result(LENGTH - 64)).unwrap();
        assert!(!is_direct(&outbox) && outbox.lock().queued > 0);
        let mut head = [0; 4];
        peer.read_exact(&mut head).unwrap();
        peer.read_exact(&mut payload[..u32::from_be_bytes(head) as usize]).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while outbox.lock().queued > 0 || entry < ENTRIES && !is_direct(&outbox) {
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(1));
        }
    }
    assert!(!is_direct(&outbox) && outbox.total.bytes.load(Ordering::Relaxed) == 0);
    outbox.finish();
}

#[test]
fn calls_are_refused_before_answers_are_too_many() {
    let (outbox, _peer) = outbox();
    let call = || Message::Invocation {
        request: 1,
        registration: 1,
        details: crate::json::Map::new(),
        payload: Payload::of(vec!["x".repeat(1 << 20).into()]),
    };
    let accepted = (1..=40).take_while(|_| outbox.pass_on(call()).is_ok()).count();
    assert!((5..=8).contains(&accepted), "{accepted}");
    assert!(matches!(outbox.pass_on(call()), Err(Unsent::Full)) && outbox.reason().is_none());
    let more = (1..=40).take_while(|_| outbox.pass_on(result(1 << 20)).is_ok()).count();
    assert!((10..=13).contains(&more) && outbox.reason().is_none(), "{more}");
    // The router's own messages cannot be refused. Nothing is queued for a closed
    // session.
    outbox.send(result(1)).unwrap();
    assert!(outbox.reason().is_none());
    (0..2).for_each(|_| outbox.send(result(1 << 20)).unwrap());
    assert!(
        outbox.reason().unwrap().contains("bytes are queued")
            && outbox.total.bytes.load(Ordering::Relaxed) == 0
    );
}

#[test]
fn a_crowd_that_fills_all_room_leaves_each_session_its_own() {
    const OTHERS: usize = ANSWERS.router + 1;
    const OWN: usize = ANSWERS.own;
    let (outbox, _peer) = outbox();
    outbox.total.bytes.fetch_add(OTHERS, Ordering::Relaxed);
    while is_direct(&outbox) {
        outbox.pass_on(result(1000)).unwrap();
    }
    let more = (1..=OWN).take_while(|_| outbox.pass_on(result(1000)).is_ok()).count();
    assert!((OWN / 2000..OWN / 1000).contains(&more), "{more}");
    // There is room for an error in place of the answer, but not for any number of
    // them.
    outbox.send(result(100)).unwrap();
    assert!(outbox.reason().is_none());
    (0..OWN_MESSAGES.own / 100).for_each(|_| outbox.send(result(100)).unwrap());
    assert!(outbox.reason().is_some() && outbox.total.bytes.load(Ordering::Relaxed) == OTHERS);
}

#[test]
fn nothing_follows_the_last_message() {
    let (outbox, mut peer) = outbox();
    outbox.send_last(Some(result(1)), 1000);
    outbox.send(result(2)).unwrap();
    outbox.pass_on(result(3)).unwrap();
    outbox.control(Encoder::ping);
    outbox.finish();
    outbox.stream.abort();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).unwrap();
    let mut expected = Vec::new();
    encoder().message(result(1), &mut expected).unwrap();
    assert_eq!(received, expected);
}
