//! Clients that read slowly, or not at all.

use std::io::{BufRead, BufReader, Read, Write};
use std::thread;
use std::time::Duration;

use roundtrip::log::Log;
use roundtrip::net::Address;
use roundtrip::wamp::router::{Config, Endpoint, Router, Settings};
use roundtrip::wamp::{Payload, Session};

use super::{Bystanders, Raw, impatient, router};
use crate::support::{PATIENCE, Temporary};

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
        .register("com.example.long", |_| Ok(Payload::of(vec!["x".repeat(1 << 20).into()])))
        .unwrap();
    thread::spawn(move || callee.serve());
    let mut greedy = Raw::join(&router);
    // More than the sockets hold, in messages that are short enough to arrive in time.
    for number in 1..=15 {
        greedy.send(&format!(r#"[48,{number},{{}},"com.example.long"]"#));
    }
    let mut log = BufReader::new(reader).lines().map(Result::unwrap);
    let left = log.find(|line| line.contains(" left: ")).unwrap();
    assert!(left.contains("it took nothing of what was sent to it for 300ms"), "{left}");
}

#[cfg(unix)]
#[test]
fn a_slow_reader_receives_everything() {
    let file = Temporary::new("slow");
    let socket = Address::Unix(file.path().into());
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
