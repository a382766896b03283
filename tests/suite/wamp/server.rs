//! The router in the server binary, and its endpoints.

use std::io::ErrorKind;
use std::process::Command;
use std::thread;

use roundtrip::wamp::Payload;
use roundtrip::wamp::Session;
use roundtrip::wamp::router::{Config, Endpoint, Router};

use crate::support::{MODES, PATIENCE, SERVER, Server, Temporary, listens_at, run};

#[test]
#[cfg(unix)]
fn a_unix_socket_replaces_and_removes_only_its_own_file() {
    use std::fs;
    use std::os::unix::net::UnixListener;

    let file = Temporary::new("file");
    let path = file.path();
    let bind = || {
        let endpoint = Endpoint::rawsocket(format!("unix:{path}").parse().unwrap());
        Router::bind(Config { listen: vec![endpoint], ..Config::default() }).and_then(Router::start)
    };
    // A file that an ended program left is replaced; `std` does not remove it.
    drop(UnixListener::bind(path).unwrap());
    let router = bind().unwrap();
    Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap().leave().unwrap();
    // A file that is in use is not replaced.
    assert_eq!(bind().unwrap_err().kind(), ErrorKind::AddrInUse);
    Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap().leave().unwrap();
    drop(router);
    assert!(!fs::exists(path).unwrap());
    // A file that is not a socket is not touched, not even in the place of the socket.
    fs::write(path, "dear diary").unwrap();
    assert!(bind().is_err());
    assert_eq!(file.text(), "dear diary");
    fs::remove_file(path).unwrap();
    let router = bind().unwrap();
    fs::remove_file(path).unwrap();
    fs::write(path, "dear diary").unwrap();
    drop(router);
    assert_eq!(file.text(), "dear diary");
}

#[test]
#[cfg(unix)]
fn the_server_routes_in_every_mode() {
    for mode in MODES {
        let file = Temporary::new(&format!("router-{mode}"));
        let unix = format!("unix:{}", file.path());
        let flags =
            ["--mode", mode, "--realm", "com.example", "--ws", "127.0.0.1:0", "--rawsocket", &unix];
        let server = Server::start(&flags);
        let ready = server.line("ws://127.0.0.1:");
        assert!(ready.ends_with(" (wamp router, realm com.example)"), "{ready}");
        let ws = listens_at(&ready);
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
        listens_at(&ready).to_owned()
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
