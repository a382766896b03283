//! Sessions at a router, Unix sockets, and the router in the server binary.

#![allow(clippy::similar_names, reason = "WAMP names them caller and callee")]

use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use roundtrip::json::Value;
use roundtrip::net::Address;
use roundtrip::wamp::Payload;
use roundtrip::wamp::router::{Config, Endpoint, Router, Running, Settings};
use roundtrip::wamp::{CallError, Refusal, Session, uri};

use crate::support::{PATIENCE, SERVER, Server, run};

fn router() -> Running {
    Router::bind(Config::default()).unwrap().start().unwrap()
}

fn join(router: &Running) -> Session {
    Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap()
}

#[test]
fn a_session_can_call_while_it_is_called() {
    let router = router();
    let mut one = join(&router);
    one.register("com.example.double", |payload| {
        let number = payload.arguments.iter().flatten().next().and_then(Value::as_u64);
        match number.and_then(|number| number.checked_mul(2)) {
            Some(double) => Ok(Payload::of(vec![double.into()])),
            None => Err(Refusal::new(uri::INVALID_ARGUMENT)),
        }
    })
    .unwrap();
    // A session can call its own procedure, which runs while the call waits.
    assert_eq!(
        one.call("com.example.double", Payload::of(vec![21u64.into()])).unwrap(),
        Payload::of(vec![42.into()])
    );
    match one.call("com.example.double", Payload::default()) {
        Err(CallError::Refused(Refusal { uri, .. })) => assert_eq!(uri, uri::INVALID_ARGUMENT),
        other => panic!("{other:?}"),
    }
    let registration = one.register("com.example.short", Ok).unwrap();
    one.unregister(registration).unwrap();
    assert!(
        one.unregister(registration)
            .unwrap_err()
            .to_string()
            .starts_with("wamp.error.no_such_registration: ")
    );
    assert!(one.call("com.example.short", Payload::default()).is_err());
    assert!(one.call("com.example.double", Payload::of(vec![1u64.into()])).is_ok());
    one.leave().unwrap();
}

#[test]
fn a_late_answer_is_not_mistaken_for_the_next_one() {
    let router = router();
    let (go, wait) = channel::<()>();
    let mut callee = join(&router);
    callee
        .register("com.example.slow", move |payload| {
            let _ = wait.recv();
            Ok(payload)
        })
        .unwrap();
    let handle = callee.handle();
    let serving = thread::spawn(move || callee.serve());
    let mut caller = Session::join(&router.urls()[0], "realm1", Duration::from_millis(50)).unwrap();
    let Err(CallError::Io(error)) = caller.call("com.example.slow", Payload::of(vec![1.into()]))
    else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(go);
    // From now on the callee answers at once: first the old call, then the new one.
    let answer = loop {
        match caller.call("com.example.slow", Payload::of(vec![2.into()])) {
            Err(CallError::Io(error)) if error.kind() == ErrorKind::TimedOut => {}
            other => break other.unwrap(),
        }
    };
    assert_eq!(answer, Payload::of(vec![2.into()]));
    handle.abort();
    serving.join().unwrap().unwrap();
}

#[test]
fn a_router_that_ends_sends_goodbye() {
    let router = router();
    let (mut callee, mut caller) = (join(&router), join(&router));
    callee.register("com.example.echo", Ok).unwrap();
    let serving = thread::spawn(move || callee.serve());
    drop(router);
    serving.join().unwrap().unwrap();
    let error = caller.call("com.example.echo", Payload::default()).unwrap_err().to_string();
    assert!(error.contains("wamp.close.system_shutdown") || error.contains("closed"), "{error}");
}

#[test]
fn no_timeout_is_too_long() {
    let router = router();
    let mut session = Session::join(&router.urls()[0], "realm1", Duration::MAX).unwrap();
    session.register("com.example.echo", Ok).unwrap();
    assert_eq!(session.call("com.example.echo", Payload::default()).unwrap(), Payload::default());
}

#[test]
fn nothing_follows_a_message_that_was_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rs://{}?serializer=json", listener.local_addr().unwrap()).parse().unwrap();
    let (done, wait) = channel::<()>();
    let router = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(b"\x7F\xF1\0\0\0\0\0\x08[2,1,{}]").unwrap();
        // The router reads nothing.
        let _ = wait.recv();
    });
    let mut session = Session::join(&url, "realm1", Duration::from_millis(100)).unwrap();
    let mut call = |length| {
        let payload = Payload::of(vec![Value::from("x".repeat(length))]);
        session.call("com.example.echo", payload).unwrap_err().to_string()
    };
    let error = call(15 << 20);
    assert!(error.contains("took nothing"), "{error}");
    let error = call(1);
    assert!(error.contains("failed before"), "{error}");
    drop(done);
    router.join().unwrap();
}

#[test]
fn a_failed_join_names_the_reason() {
    let router = router();
    let url = &router.urls()[0];
    let error = Session::join(url, "realm2", PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains("wamp.error.no_such_realm"), "{error}");
    // The wrong framing, both ways, and a path without a router.
    let rs = url.to_string();
    let error =
        Session::join(&rs.replace("rs:", "ws:").parse().unwrap(), "realm1", PATIENCE).unwrap_err();
    assert!(error.to_string().starts_with("ws://127.0.0.1:"), "{error}");
    let server = Server::start(&["--ws", "127.0.0.1:0"]);
    let ready = server.line("listening on ws://");
    let ws = ready.split_once("listening on ").unwrap().1.split(' ').next().unwrap();
    let error =
        Session::join(&ws.replace("ws:", "rs:").parse().unwrap(), "realm1", PATIENCE).unwrap_err();
    assert!(error.to_string().contains("RawSocket"), "{error}");
    let error =
        Session::join(&"rs+unix:/nonexistent/x".parse().unwrap(), "realm1", PATIENCE).unwrap_err();
    assert!(error.to_string().contains("cannot connect to unix:/nonexistent/x"), "{error}");
}

/// A free path for a Unix socket.
#[cfg(unix)]
pub fn path(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("roundtrip-suite-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path.to_str().unwrap().into()
}

#[test]
#[cfg(unix)]
fn a_unix_socket_replaces_and_removes_only_its_own_file() {
    use std::fs;
    use std::os::unix::net::UnixListener;

    let path = path("file");
    let bind = || {
        let endpoint = Endpoint::rawsocket(format!("unix:{path}").parse().unwrap());
        Router::bind(Config { listen: vec![endpoint], ..Config::default() }).and_then(Router::start)
    };
    // A file that an ended program left is replaced; `std` does not remove it.
    drop(UnixListener::bind(&path).unwrap());
    let router = bind().unwrap();
    Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap().leave().unwrap();
    // A file that is in use is not replaced.
    assert_eq!(bind().unwrap_err().kind(), ErrorKind::AddrInUse);
    Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap().leave().unwrap();
    drop(router);
    assert!(!fs::exists(&path).unwrap());
    // A file that is not a socket is not touched, not even in the place of the socket.
    fs::write(&path, "dear diary").unwrap();
    assert!(bind().is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "dear diary");
    fs::remove_file(&path).unwrap();
    let router = bind().unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "dear diary").unwrap();
    drop(router);
    assert_eq!(fs::read_to_string(&path).unwrap(), "dear diary");
    fs::remove_file(&path).unwrap();
}

#[test]
#[cfg(unix)]
fn the_server_routes_in_every_mode() {
    for mode in ["thread", "process", "sequential"] {
        let path = path(mode);
        let unix = format!("unix:{path}");
        let flags =
            ["--mode", mode, "--realm", "com.example", "--ws", "127.0.0.1:0", "--rawsocket", &unix];
        let server = Server::start(&flags);
        let ready = server.line("ws://127.0.0.1:");
        assert!(ready.ends_with(" (wamp router, realm com.example)"), "{ready}");
        let ws = ready.split_once("listening on ").unwrap().1.split(' ').next().unwrap();
        assert!(
            server
                .line(&format!("listening on rs+{unix} (wamp router, realm com.example)"))
                .starts_with("[SERVER]")
        );

        let mut callee = Session::join(&ws.parse().unwrap(), "com.example", PATIENCE).unwrap();
        assert!(server.line("joined").ends_with(" joined com.example (ws, msgpack)"));
        callee.register("com.example.echo", Ok).unwrap();
        let handle = callee.handle();
        let serving = thread::spawn(move || callee.serve());
        let url = format!("rs+{unix}?serializer=json");
        let mut caller = Session::join(&url.parse().unwrap(), "com.example", PATIENCE).unwrap();
        assert_eq!(server.line("joined"), "[SERVER] unix joined com.example (rs, json)");
        let payload = Payload::of(vec!["hello".into()]);
        assert_eq!(caller.call("com.example.echo", payload.clone()).unwrap(), payload);
        caller.leave().unwrap();
        assert!(server.line("left").starts_with("[SERVER] unix left: 1 call, 0 invocations in "));
        handle.abort();
        serving.join().unwrap().unwrap();
        assert!(server.line("left").contains(" left: 0 calls, 1 invocation in "));
        server.assert_alive();
        drop(server);
        let _ = std::fs::remove_file(path);
    }
}

#[test]
fn an_endpoint_can_offer_one_serializer_alone() {
    let flags =
        ["--ws", "127.0.0.1:0?serializer=json", "--rawsocket", "127.0.0.1:0?serializer=json"];
    let server = Server::start(&flags);
    // A line names the URL as it is used.
    let urls = ["ws", "rs"].map(|scheme| {
        let ready = server.line(&format!("listening on {scheme}://"));
        assert!(ready.ends_with("?serializer=json (wamp router, realm realm1)"), "{ready}");
        ready.split_once("listening on ").unwrap().1.split(' ').next().unwrap().to_owned()
    });
    for (scheme, url) in ["ws", "rs"].into_iter().zip(urls) {
        Session::join(&url.parse().unwrap(), "realm1", PATIENCE).unwrap().leave().unwrap();
        assert!(server.line("joined").ends_with(&format!(" joined realm1 ({scheme}, json)")));
        let other = url.replace("json", "msgpack").parse().unwrap();
        let error = Session::join(&other, "realm1", PATIENCE).unwrap_err().to_string();
        assert!(error.contains("400") || error.contains("serializer is not supported"), "{error}");
        if scheme == "ws" {
            // A client that offers both gets the one that is offered here.
            let open = url.split('?').next().unwrap().parse().unwrap();
            Session::join(&open, "realm1", PATIENCE).unwrap().leave().unwrap();
            assert!(server.line("joined").ends_with(" joined realm1 (ws, json)"));
        }
    }
}

#[test]
fn bad_flags_of_the_router_are_explained() {
    for (flags, what) in [
        (
            &["--ws", "127.0.0.1:0?serializer=cbor"][..],
            "write serializer=json or serializer=msgpack",
        ),
        (&["--ws", "9000"], "--ws: \"9000\" is no address; write HOST:PORT or unix:PATH"),
        (&["--rawsocket", "unix:"], "--rawsocket: "),
        (&["--realm", "a"], "--realm means nothing without --ws or --rawsocket; add one of them"),
        (
            &["--ws", "127.0.0.1:0", "--realm", "a b"],
            "--realm: \"a b\" cannot be the name of a realm",
        ),
        (&["--ws", "127.0.0.1:0", "--one-off"], "--one-off excludes --ws"),
    ] {
        let outcome = run(Command::new(SERVER).args(["--port", "0"]).args(flags));
        assert_eq!(outcome.code, Some(2), "{flags:?}");
        assert!(
            outcome.err.contains(what) && outcome.err.lines().count() == 1,
            "{flags:?} {}",
            outcome.err
        );
    }
}

/// Needs a Python with the packages `autobahn` and `msgpack`; the variable `PYTHON`
/// names it. Without the packages this test prints `skipped`.
#[test]
#[cfg(unix)]
fn autobahn_calls_and_is_called() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let (ws, rs) = (path("autobahn-ws"), path("autobahn-rs"));
    let tcp = || "127.0.0.1:0".parse().unwrap();
    let unix = |path: &str| Address::Unix(path.into());
    let listen = vec![
        Endpoint::websocket(tcp()),
        Endpoint::rawsocket(tcp()),
        Endpoint::websocket(unix(&ws)),
        Endpoint::rawsocket(unix(&rs)),
    ];
    let idle = Duration::from_secs(1);
    let session = Settings { idle_timeout: idle, ..Settings::default() };
    let config = Config { listen, session, ..Config::default() };
    let router = Router::bind(config).unwrap().start().unwrap();
    let ports = router.urls().iter().filter_map(|url| match url.socket {
        Address::Tcp { port, .. } => Some(port.to_string()),
        Address::Unix(_) => None,
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop.py");
    match Command::new(&python)
        .arg(script)
        .arg(idle.as_secs().to_string())
        .args(ports)
        .args([ws, rs])
        .output()
    {
        Err(error) => println!("skipped: {python}: {error}"),
        Ok(output) => {
            let (out, err) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            println!("{out}");
            assert!(output.status.success(), "{err}");
            assert!(out.contains("skipped: ") || out.matches("good: ").count() == 8, "{out}{err}");
        }
    }
}
