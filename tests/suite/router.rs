//! The router as a client sees it: every error, and clients that break the rules.

#![allow(clippy::similar_names, reason = "WAMP names them caller and callee")]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use roundtrip::json::Value;
use roundtrip::log::Log;
use roundtrip::net::Address;
use roundtrip::serve::{Admission, Limits};
use roundtrip::wamp::Payload;
use roundtrip::wamp::router::{Config, Endpoint, Router, Running, Settings};
use roundtrip::wamp::url::Url;
use roundtrip::wamp::{CallError, Refusal, Session};

use crate::support::{PATIENCE, Peer};

/// One endpoint for each framing, both on TCP.
fn router(config: Config) -> Running {
    let address: Address = "127.0.0.1:0".parse().unwrap();
    let listen = vec![Endpoint::rawsocket(address.clone()), Endpoint::websocket(address)];
    Router::bind(Config { listen, ..config }).unwrap().start().unwrap()
}

fn impatient() -> Config {
    Config {
        session: Settings { idle_timeout: Duration::from_millis(300), ..Settings::default() },
        ..Config::default()
    }
}

fn port(url: &Url) -> u16 {
    let Address::Tcp { port, .. } = url.socket else { panic!("{url}") };
    port
}

fn connect(url: &Url) -> Peer {
    Peer::new(TcpStream::connect(("127.0.0.1", port(url))).unwrap())
}

/// A client that sends and receives messages as text: JSON over `RawSocket`.
struct Raw(Peer);

impl Raw {
    fn open(router: &Running) -> Self {
        let mut peer = connect(&router.urls()[0]);
        peer.send([0x7F, 0xF1, 0, 0]);
        assert_eq!(peer.bytes(4), [0x7F, 0xF1, 0, 0]);
        Raw(peer)
    }

    fn join(router: &Running) -> Self {
        let mut raw = Raw::open(router);
        let welcome = raw.ask(r#"[1,"realm1",{"roles":{"caller":{},"callee":{}}}]"#);
        assert!(
            welcome.starts_with("[2,") && welcome.contains(r#""roles":{"dealer":{}}"#),
            "{welcome}"
        );
        raw
    }

    fn send(&mut self, message: &str) {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        self.0.send([&length, message.as_bytes()].concat());
    }

    /// The next message; empty when the connection is closed.
    fn receive(&mut self) -> String {
        let mut head = [0; 4];
        match self.0.0.read_exact(&mut head) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                ) =>
            {
                String::new()
            }
            read => {
                read.unwrap();
                assert_eq!(head[0], 0, "no message");
                String::from_utf8(self.0.bytes(u32::from_be_bytes(head) as usize)).unwrap()
            }
        }
    }

    fn ask(&mut self, message: &str) -> String {
        self.send(message);
        self.receive()
    }

    /// Registers a procedure, and returns the number of the registration.
    fn register(&mut self, procedure: &str) -> String {
        let registered = self.ask(&format!(r#"[64,1,{{}},"{procedure}"]"#));
        registered.strip_prefix("[65,1,").unwrap().trim_end_matches(']').into()
    }
}

/// A callee and a caller that follow the rules, and that others must not disturb.
struct Bystanders(Session);

impl Bystanders {
    fn new(router: &Running) -> Self {
        let mut callee = Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap();
        callee.register("com.example.echo", Ok).unwrap();
        thread::spawn(move || callee.serve());
        Bystanders(Session::join(&router.urls()[1], "realm1", PATIENCE).unwrap())
    }

    fn assert_undisturbed(&mut self) {
        for number in 0..10 {
            let payload = Payload::of(vec![number.into()]);
            assert_eq!(self.0.call("com.example.echo", payload.clone()).unwrap(), payload);
        }
    }
}

fn uri_of(refused: Result<impl std::fmt::Debug, CallError>) -> String {
    match refused {
        Err(CallError::Refused(Refusal { uri, .. })) => uri,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_request_that_fails_is_answered_with_its_error() {
    let router = router(Config::default());
    let mut other = Raw::join(&router);
    let registration = other.register("com.example.taken");
    let mut raw = Raw::join(&router);
    let foreign = format!("[66,7,{registration}]");
    for (request, error) in [
        (r#"[48,7,{},"com.example.none"]"#, r#"[8,48,7,{},"wamp.error.no_such_procedure""#),
        (r#"[48,7,{},"com..none"]"#, r#"[8,48,7,{},"wamp.error.invalid_uri""#),
        (r#"[48,7,{},""]"#, r#"[8,48,7,{},"wamp.error.invalid_uri""#),
        (r#"[64,7,{},"com.example.taken"]"#, r#"[8,64,7,{},"wamp.error.procedure_already_exists""#),
        (r#"[64,7,{},"a b"]"#, r#"[8,64,7,{},"wamp.error.invalid_uri""#),
        (r#"[64,7,{},"wamp.session.count"]"#, r#"[8,64,7,{},"wamp.error.invalid_uri""#),
        (
            r#"[64,7,{"match":"prefix"},"com.example"]"#,
            r#"[8,64,7,{},"wamp.error.option_not_allowed""#,
        ),
        (
            r#"[64,7,{"invoke":"roundrobin"},"com.example"]"#,
            r#"[8,64,7,{},"wamp.error.option_not_allowed""#,
        ),
        ("[66,7,12345]", r#"[8,66,7,{},"wamp.error.no_such_registration""#),
        (&foreign, r#"[8,66,7,{},"wamp.error.no_such_registration""#),
    ] {
        let answer = raw.ask(request);
        assert!(answer.starts_with(error), "{request} {answer}");
    }
    // The session is still open, and the other session's procedure is registered.
    assert!(
        raw.ask(r#"[64,8,{"match":"exact","invoke":"single"},"com.example.free"]"#)
            .starts_with("[65,8,")
    );
    raw.send(r#"[48,9,{},"com.example.taken",[],{"a":null}]"#);
    assert_eq!(other.receive(), format!(r#"[68,1,{registration},{{}},[],{{"a":null}}]"#));
    assert_eq!(other.ask(&format!("[66,2,{registration}]")), "[67,2]");
    assert!(raw.ask(r#"[48,10,{},"com.example.taken"]"#).contains("no_such_procedure"));
    // A call from before UNREGISTER is still answered, here with the procedure's own
    // error.
    other.send(r#"[8,68,1,{},"com.example.sorry",[1],{"why":2}]"#);
    assert_eq!(raw.receive(), r#"[8,48,9,{},"com.example.sorry",[1],{"why":2}]"#);
    assert_eq!(
        raw.ask(r#"[6,{},"wamp.close.close_realm"]"#),
        r#"[6,{},"wamp.close.goodbye_and_out"]"#
    );
    assert_eq!(raw.receive(), "");
}

#[test]
fn the_shortest_messages_have_room_for_every_error() {
    let router = router(Config::default());
    let mut peer = connect(&router.urls()[0]);
    // This client accepts at most 512 bytes.
    peer.send([0x7F, 0x01, 0, 0]);
    assert_eq!(peer.bytes(4)[0], 0x7F);
    let mut raw = Raw(peer);
    assert!(raw.ask(r#"[1,"realm1",{}]"#).starts_with("[2,"));
    let long = "\u{1F600}".repeat(120);
    let answer = raw.ask(&format!(r#"[48,1,{{}},"{long}"]"#));
    assert!(
        answer.starts_with(r#"[8,48,1,{},"wamp.error.no_such_procedure",["nobody has registered "#),
        "{answer}"
    );
    raw.register(&long);
    let answer = raw.ask(&format!(r#"[64,2,{{}},"{long}"]"#));
    assert!(
        answer.starts_with(r#"[8,64,2,{},"wamp.error.procedure_already_exists",["#),
        "{answer}"
    );
}

#[test]
fn a_message_out_of_turn_aborts_the_session() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    // Each is wrong before HELLO. Those with `true` are wrong in an open session, too.
    for (message, always) in [
        (r#"[1,"realm1",{}]"#, true),
        ("[2,1,{}]", true),
        (r#"[6,{},"wamp.close.close_realm"]"#, false),
        (r#"[8,48,1,{},"a.b"]"#, true),
        (r#"[8,68,1,{},"a.b"]"#, true),
        (r#"[48,1,{},"a.b"]"#, false),
        ("[50,1,{}]", true),
        (r#"[64,1,{},"a.b"]"#, false),
        ("[65,1,1]", true),
        ("[66,1,1]", false),
        ("[67,1]", true),
        ("[68,1,1,{}]", true),
        ("[70,1,{}]", true),
        (r#"[16,1,{},"a.b"]"#, true),
        (r#"[32,1,{},"a.b"]"#, true),
        ("[48]", true),
        ("[0]", true),
        ("[-1]", true),
        ("[]", true),
        ("{}", true),
        ("", true),
        ("[48,1,{},\"a.b\"", true),
        (&"[".repeat(100_000), true),
        (r#"[48,0,{},"a.b"]"#, true),
        (r#"[48,9007199254740993,{},"a.b"]"#, true),
    ] {
        let shown = &message[..message.len().min(40)];
        for open in [false, true] {
            let mut raw = if open { Raw::join(&router) } else { Raw::open(&router) };
            if open && !always || !open && message.starts_with("[1,") {
                continue;
            }
            let answer = raw.ask(message);
            assert!(
                answer.starts_with("[3,") && answer.contains("wamp.error.protocol_violation"),
                "{shown} {answer}"
            );
            assert_eq!(raw.receive(), "", "{shown}");
        }
        bystanders.assert_undisturbed();
    }
    let mut raw = Raw::join(&router);
    let answer = raw.ask(r#"[32,1,{},"a.b"]"#);
    assert!(answer.contains("this router is a dealer and no broker"), "{answer}");

    let mut raw = Raw::join(&router);
    raw.register("com.example.slow");
    let mut caller = Raw::join(&router);
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert!(
        caller.ask(r#"[48,1,{},"com.example.slow"]"#).contains("protocol_violation"),
        "the same number twice"
    );
    for (realm, reason) in
        [("realm2", "wamp.error.no_such_realm"), ("a..b", "wamp.error.invalid_uri")]
    {
        let answer = Raw::open(&router).ask(&format!(r#"[1,"{realm}",{{}}]"#));
        assert!(answer.starts_with("[3,") && answer.contains(reason), "{answer}");
    }
    let mut raw = Raw::join(&router);
    assert_eq!(raw.ask(r#"[3,{},"com.example.fed_up"]"#), "");
    bystanders.assert_undisturbed();
}

#[test]
fn a_callee_that_leaves_cancels_its_calls_and_a_caller_that_leaves_disturbs_nobody() {
    let router = router(Config::default());
    let mut callee = Raw::join(&router);
    let registration = callee.register("com.example.slow");
    let (mut stays, mut goes) = (Raw::join(&router), Raw::join(&router));
    goes.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,1,{registration},{{}}]"));
    drop(goes);
    stays.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,2,{registration},{{}}]"));
    // An answer without a caller does no harm, whether the router has noticed the end
    // of the caller or not.
    callee.send("[70,1,{},[5]]");
    callee.send("[70,1,{},[5]]");
    callee.send("[70,2,{},[6]]");
    assert_eq!(stays.receive(), "[50,1,{},[6]]");
    stays.send(r#"[48,2,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,3,{registration},{{}}]"));
    drop(callee);
    assert!(stays.receive().starts_with(r#"[8,48,2,{},"wamp.error.canceled""#));
    assert!(stays.ask(r#"[48,3,{},"com.example.slow"]"#).contains("no_such_procedure"));
}

#[test]
fn a_caller_that_gives_up_receives_an_error_and_no_result() {
    let router = router(Config::default());
    let (mut callee, mut caller) = (Raw::join(&router), Raw::join(&router));
    let registration = callee.register("com.example.slow");
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,1,{registration},{{}}]"));
    assert!(
        caller.ask(r#"[49,1,{"mode":"kill"}]"#).starts_with(r#"[8,48,1,{},"wamp.error.canceled""#)
    );
    // The call is no longer pending, and its answer is ignored.
    caller.send("[49,1,{}]");
    callee.send("[70,1,{},[5]]");
    caller.send(r#"[48,1,{},"com.example.slow"]"#);
    assert_eq!(callee.receive(), format!("[68,2,{registration},{{}}]"));
    callee.send("[70,2,{},[6]]");
    assert_eq!(caller.receive(), "[50,1,{},[6]]");
}

#[test]
fn a_hello_after_the_end_is_answered_with_abort() {
    let router = router(Config::default());
    let mut late = Raw::open(&router);
    drop(router);
    let answer = late.ask(r#"[1,"realm1",{}]"#);
    assert!(answer.starts_with("[3,") && answer.contains("wamp.close.system_shutdown"), "{answer}");
    assert_eq!(late.receive(), "");
}

#[test]
fn a_message_longer_than_its_receiver_accepts_is_an_error_for_the_caller() {
    let router = router(Config::default());
    let mut small = connect(&router.urls()[0]);
    small.send([0x7F, 0x01, 0, 0]); // Accepts 512 bytes.
    small.bytes(4);
    let mut small = Raw(small);
    small.ask(r#"[1,"realm1",{}]"#);
    small.register("com.example.small");
    let mut caller = Session::join(&router.urls()[1], "realm1", PATIENCE).unwrap();
    let long = Payload::of(vec![Value::from("x".repeat(600))]);
    assert_eq!(
        uri_of(caller.call("com.example.small", long.clone())),
        "wamp.error.payload_size_exceeded"
    );

    // In the other direction the result is too long for the caller.
    caller.register("com.example.long", move |_| Ok(long.clone())).unwrap();
    thread::spawn(move || caller.serve());
    let answer = small.ask(r#"[48,2,{},"com.example.long"]"#);
    assert!(answer.starts_with(r#"[8,48,2,{},"wamp.error.payload_size_exceeded""#), "{answer}");
    assert!(small.ask(r#"[48,3,{},"com.example.none"]"#).contains("no_such_procedure"));
}

#[test]
fn a_client_that_pauses_reading_delays_nobody_and_receives_everything() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    let large = "x".repeat(1 << 20);

    // A caller that asks for results and does not read them.
    let mut greedy = Raw::join(&router);
    let mut writer = greedy.0.0.get_ref().try_clone().unwrap();
    let call = |number| {
        let message = format!(r#"[48,{number},{{}},"com.example.echo",["{large}"]]"#);
        [&u32::try_from(message.len()).unwrap().to_be_bytes(), message.as_bytes()].concat()
    };
    for number in 1..=40 {
        writer.write_all(&call(number)).unwrap();
        bystanders.assert_undisturbed();
    }
    // A result without room is replaced by an error.
    let answers: Vec<String> = (1..=40).map(|_| greedy.receive()).collect();
    let too_many =
        answers.iter().filter(|answer| answer.contains("roundtrip.error.too_many")).count();
    let results = answers.iter().filter(|answer| answer.starts_with("[50,")).count();
    assert!(too_many > 0 && results >= 16 && too_many + results == 40, "{too_many} and {results}");

    // A callee that reads no calls for a while: calls without room are refused, and the
    // others are not lost.
    let mut lazy = Raw::join(&router);
    lazy.register("com.example.lazy");
    let mut caller = Raw::join(&router);
    for number in 1..=40 {
        caller.send(&format!(r#"[48,{number},{{}},"com.example.lazy",["{large}"]]"#));
        bystanders.assert_undisturbed();
    }
    caller.send(r#"[48,41,{},"com.example.none"]"#);
    let mut refused = 0;
    loop {
        let answer = caller.receive();
        if answer.contains("no_such_procedure") {
            break;
        }
        assert!(answer.contains("roundtrip.error.too_many"), "{answer}");
        refused += 1;
    }
    assert!((1..=36).contains(&refused), "{refused}");
    for _ in 1..=40 - refused {
        let invocation = lazy.receive();
        let number =
            invocation.strip_prefix("[68,").and_then(|rest| rest.split(',').next()).unwrap();
        lazy.send(&format!("[70,{number},{{}}]"));
        assert!(caller.receive().starts_with("[50,"));
    }
    bystanders.assert_undisturbed();
}

#[test]
fn a_client_that_never_reads_is_dropped() {
    let (reader, writer) = std::io::pipe().unwrap();
    let (log, _writer) = Log::to(writer).unwrap();
    let router =
        router(Config { session: Settings { log, ..impatient().session }, ..Config::default() });
    let mut callee = Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap();
    callee
        .register("com.example.long", |_| Ok(Payload::of(vec!["x".repeat(15 << 20).into()])))
        .unwrap();
    thread::spawn(move || callee.serve());
    let mut greedy = Raw::join(&router);
    greedy.send(r#"[48,1,{},"com.example.long"]"#);
    let mut log = BufReader::new(reader).lines().map(Result::unwrap);
    let left = log.find(|line| line.contains(" left: ")).unwrap();
    assert!(left.contains("it took nothing of what was sent to it for 300ms"), "{left}");
}

#[cfg(unix)]
#[test]
fn a_slow_reader_receives_everything() {
    let socket = Address::Unix(crate::wamp::path("slow"));
    let session = Settings { idle_timeout: Duration::from_secs(1), ..Settings::default() };
    let config = Config { listen: vec![Endpoint::rawsocket(socket)], session, ..Config::default() };
    let router = Router::bind(config).unwrap().start().unwrap();
    let mut session = Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap();
    session
        .register("com.example.long", |_| Ok(Payload::of(vec!["x".repeat(5 << 20).into()])))
        .unwrap();
    thread::spawn(move || session.serve());
    let Address::Unix(path) = &router.urls()[0].socket else { panic!() };
    let mut slow = std::os::unix::net::UnixStream::connect(path).unwrap();
    slow.write_all(b"\x7F\xF1\0\0").unwrap();
    for message in [r#"[1,"realm1",{}]"#, r#"[48,1,{},"com.example.long"]"#] {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        slow.write_all(&[&length, message.as_bytes()].concat()).unwrap();
    }
    // Reading takes longer than the idle timeout and the two seconds of a close, but no
    // pause does.
    let mut heard = 0;
    let mut some = [0; 16 * 1024];
    while heard < 5 << 20 {
        let read = slow.read(&mut some).unwrap();
        assert!(read > 0, "the end after {heard} bytes");
        heard += read;
        thread::sleep(Duration::from_millis(15));
    }
}

#[test]
fn a_thousand_clients_without_hello_disturb_nobody() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    let silent: Vec<Peer> = (0..1000).map(|number| connect(&router.urls()[number % 2])).collect();
    bystanders.assert_undisturbed();
    let mut late = Bystanders(Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap());
    late.assert_undisturbed();
    drop(silent);
}

#[test]
fn a_silent_client_is_pinged_and_then_dropped() {
    let router = router(impatient());
    // Silent in the middle of either handshake, and before HELLO.
    let cases = [
        (0, &b""[..]),
        (0, b"\x7F"),
        (1, b""),
        (1, b"GET / HTTP/1.1\r\nHost:"),
        (0, b"\x7F\xF1\0\0"),
    ];
    let peers = cases.map(|(url, said)| {
        let mut peer = connect(&router.urls()[url]);
        peer.send(said);
        peer
    });
    for mut peer in peers {
        assert!(peer.rest().unwrap().len() <= 4);
    }
    // An open session receives a ping first, and stays open if it answers.
    let mut polite = Raw::join(&router);
    for _ in 0..4 {
        assert_eq!(polite.0.bytes(4), [1, 0, 0, 0]);
        polite.0.send([2, 0, 0, 0]);
    }
    assert_eq!(polite.0.bytes(4), [1, 0, 0, 0]);
    assert_eq!(polite.receive(), "");
    // A message in tiny pieces has to end in time, too.
    let mut trickler = Raw::open(&router);
    trickler.0.send([0, 0, 1, 0]);
    let mut writer = trickler.0.0.get_ref().try_clone().unwrap();
    thread::spawn(move || {
        while writer.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(trickler.receive(), "");
}

/// A client's short frame. A mask of zeros does not change the payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

fn websocket(router: &Running) -> Peer {
    let mut peer = connect(&router.urls()[1]);
    peer.send(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
    );
    assert_eq!(peer.line(), "HTTP/1.1 101 Switching Protocols\r");
    while peer.line() != "\r" {}
    peer
}

#[test]
fn a_bad_frame_is_answered_with_its_close_code() {
    let router = router(Config::default());
    let mut bystanders = Bystanders::new(&router);
    let long = [&[0x81, 0xFF][..], &(1u64 << 40).to_be_bytes(), &[0; 4]].concat();
    for (bytes, code) in [
        (b"\x81\x02[]".to_vec(), 1002u16), // no mask
        (frame(0xC1, b"[]"), 1002),        // a reserved bit
        (frame(0x83, b"[]"), 1002),        // an unknown opcode
        (frame(0x80, b"[]"), 1002),        // continues nothing
        (frame(0x09, b""), 1002),          // a ping in parts
        (frame(0x81, b"\xFF"), 1007),      // not UTF-8
        (long, 1009),
        (frame(0x82, b"\x93\x01"), 1008), // binary, where JSON was agreed on
        (frame(0x81, b"[48"), 1008),
        (frame(0x81, br#"[1,"realm2",{}]"#), 1008),
        (frame(0x88, b""), 1000),
        (frame(0x88, b"\x03\xE9bye"), 1000),
    ] {
        let mut peer = websocket(&router);
        peer.send(&bytes);
        let rest = peer.rest().unwrap();
        let close = &rest[rest.len().saturating_sub(4)..];
        assert_eq!(close, [&[0x88, 2][..], &code.to_be_bytes()].concat(), "{bytes:?}: {rest:?}");
        bystanders.assert_undisturbed();
    }
    // A ping is answered even before HELLO, and a message may consist of several
    // frames.
    let mut peer = websocket(&router);
    peer.send(frame(0x89, b"hi"));
    assert_eq!(peer.bytes(4), b"\x8A\x02hi");
    peer.send([frame(0x01, br#"[1,"real"#), frame(0x89, b""), frame(0x80, br#"m1",{}]"#)].concat());
    assert_eq!(peer.bytes(2), b"\x8A\0");
    assert_eq!(peer.bytes(1), [0x81]);
}

#[test]
fn a_bad_handshake_is_refused_in_the_form_of_its_framing() {
    let router = router(Config::default());
    for (request, answer) in [
        (&b"\x7F\xF0\0\0"[..], &b"\x7F\x10\0\0"[..]),
        (b"\x7F\xF3\0\0", b"\x7F\x10\0\0"),
        (b"\x7F\xF1\0\x01", b"\x7F\x30\0\0"),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
    ] {
        let mut peer = connect(&router.urls()[0]);
        peer.send(request);
        assert_eq!(peer.rest().unwrap(), answer);
    }
    for (request, status) in [
        ("hello\r\n", "HTTP/1.1 400 "),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 "),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "),
        (&format!("GET / HTTP/1.1\r\nHost: {}", "x".repeat(10_000)), "HTTP/1.1 431 "),
    ] {
        let mut peer = connect(&router.urls()[1]);
        peer.send(request);
        let answer = String::from_utf8(peer.rest().unwrap()).unwrap();
        assert!(answer.starts_with(status), "{answer}");
    }
    // Before the session is open, the limit is lower.
    let mut raw = Raw::open(&router);
    raw.0.send([0, 1, 0, 1]);
    assert!(raw.receive().contains("a message of 65537 bytes where 65536 are allowed"));
    // A frame longer than the handshake allows.
    let mut raw = Raw::open(&router);
    raw.0.send([0x08, 0, 0, 1]);
    assert!(raw.receive().contains("no message begins with the byte 08"));
}

#[test]
fn limits_hold_for_all_endpoints_in_sum() {
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let router = router(Config { admission: Admission::new(limits), ..Config::default() });
    let (_one, _two) = (Raw::join(&router), Raw::join(&router));
    assert_eq!(connect(&router.urls()[0]).rest().unwrap(), [0x7F, 0x40, 0, 0]);
    let answer = connect(&router.urls()[1]).rest().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 503 ") && answer.ends_with(b"server full\n"));
    let limits = Limits { allow: vec!["10.0.0.0/8".parse().unwrap()], ..Limits::default() };
    let elsewhere = self::router(Config { admission: Admission::new(limits), ..Config::default() });
    assert_eq!(connect(&elsewhere.urls()[0]).rest().unwrap(), [0x7F, 0x40, 0, 0]);
    for (url, what) in router.urls().iter().zip(["too many connections", "503"]) {
        let error = Session::join(url, "realm1", PATIENCE).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn pending_calls_and_registrations_are_bounded() {
    let router = router(Config::default());
    let mut callee = Raw::join(&router);
    callee.register("com.example.slow");
    let mut caller = Raw::join(&router);
    for number in 1..=1001 {
        caller.send(&format!(r#"[48,{number},{{}},"com.example.slow"]"#));
    }
    assert!(caller.receive().starts_with(r#"[8,48,1001,{},"roundtrip.error.too_many""#));
    for number in 2..=1001 {
        callee.send(&format!(r#"[64,{number},{{}},"com.example.a{number}"]"#));
    }
    while !callee.receive().starts_with(r#"[8,64,1001,{},"roundtrip.error.too_many""#) {}
}
