use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;
use crate::wamp::rawsocket::MAX_MESSAGE;
use crate::wamp::{Payload, Serializer};

const PATIENCE: Duration = Duration::from_secs(60);

fn outbox() -> (Arc<Outbox>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let encoder = Encoder::rawsocket(Serializer::MessagePack, MAX_MESSAGE);
    let stream = Stream::from_unix(ours, PATIENCE).unwrap();
    (Outbox::new(stream, encoder, PATIENCE, &Arc::default()).unwrap(), theirs)
}

fn result(length: usize) -> Message {
    let payload = Payload::of(vec!["x".repeat(length).into()]);
    Message::Result { request: 1, details: crate::json::Map::new(), payload }
}

fn passed_on(outbox: &Arc<Outbox>, message: Message) -> Result<(), Unsent> {
    outbox.pass_on(message)
}

fn is_direct(outbox: &Outbox) -> bool {
    matches!(outbox.lock().way, Way::Direct)
}

#[test]
fn a_reader_that_takes_a_little_now_and_then_holds_up_nobody() {
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
fn a_session_leaves_the_slow_lane_but_not_for_ever() {
    const LENGTH: usize = 1 << 20;
    let (outbox, mut peer) = outbox();
    let mut taken = vec![0; LENGTH];
    for entry in 1..=ENTRIES {
        assert!(is_direct(&outbox));
        outbox.send(result(LENGTH - 64)).unwrap();
        assert!(!is_direct(&outbox) && outbox.lock().waiting > 0);
        let frame = 4 + u64::from(u32::from_be_bytes({
            let mut head = [0; 4];
            peer.read_exact(&mut head).unwrap();
            head
        }));
        peer.read_exact(&mut taken[4..usize::try_from(frame).unwrap()]).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while outbox.lock().waiting > 0 || entry < ENTRIES && !is_direct(&outbox) {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
    }
    assert!(!is_direct(&outbox) && outbox.total.0.load(Ordering::Relaxed) == 0);
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
    let taken = (1..=40).take_while(|_| passed_on(&outbox, call()).is_ok()).count();
    assert!((5..=8).contains(&taken), "{taken}");
    assert!(matches!(passed_on(&outbox, call()), Err(Unsent::Full)) && outbox.why().is_none());
    let more = (1..=40).take_while(|_| passed_on(&outbox, result(1 << 20)).is_ok()).count();
    assert!((10..=13).contains(&more) && outbox.why().is_none(), "{more}");
    // What the router itself says cannot be refused. Who has been given up keeps
    // nothing.
    outbox.send(result(1)).unwrap();
    assert!(outbox.why().is_none());
    (0..2).for_each(|_| outbox.send(result(1 << 20)).unwrap());
    assert!(
        outbox.why().unwrap().contains("bytes waited")
            && outbox.total.0.load(Ordering::Relaxed) == 0
    );
}

#[test]
fn a_crowd_that_takes_all_room_leaves_each_a_little_of_its_own() {
    const OTHERS: usize = ANSWERS.all + 1;
    const OWN: usize = ANSWERS.own;
    let (outbox, _peer) = outbox();
    outbox.total.0.fetch_add(OTHERS, Ordering::Relaxed);
    while is_direct(&outbox) {
        passed_on(&outbox, result(1000)).unwrap();
    }
    let more = (1..=OWN).take_while(|_| passed_on(&outbox, result(1000)).is_ok()).count();
    assert!((OWN / 2000..OWN / 1000).contains(&more), "{more}");
    // There is room for an error in place of the answer, but not for any number of
    // them.
    outbox.send(result(100)).unwrap();
    assert!(outbox.why().is_none());
    (0..WORDS.own / 100).for_each(|_| outbox.send(result(100)).unwrap());
    assert!(outbox.why().is_some() && outbox.total.0.load(Ordering::Relaxed) == OTHERS);
}

#[test]
fn behind_the_last_word_nothing_follows() {
    let (outbox, mut peer) = outbox();
    outbox.last(Some(result(1)), 1000);
    outbox.send(result(2)).unwrap();
    passed_on(&outbox, result(3)).unwrap();
    outbox.control(Encoder::ping);
    outbox.finish();
    outbox.stream.abort();
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    let mut expected = Vec::new();
    Encoder::rawsocket(Serializer::MessagePack, MAX_MESSAGE)
        .message(result(1), &mut expected)
        .unwrap();
    assert_eq!(heard, expected);
}
