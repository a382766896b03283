use super::*;

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.into(), port }
}

fn websocket(path: &str) -> Framing {
    Framing::WebSocket { path: path.into() }
}

#[test]
fn urls_are_parsed_and_written() {
    let unix = |path: &str| Address::Unix(path.into());
    for (text, socket, framing) in [
        ("ws://localhost:9000", tcp("localhost", 9000), websocket("/")),
        ("ws://localhost:9000/ws", tcp("localhost", 9000), websocket("/ws")),
        ("ws://127.0.0.1:80/a/b/", tcp("127.0.0.1", 80), websocket("/a/b/")),
        ("ws://[::1]:65535/%20", tcp("::1", 65_535), websocket("/%20")),
        ("ws://[fe80::1%eth0]:9000", tcp("fe80::1%eth0", 9000), websocket("/")),
        ("ws+unix:/tmp/router", unix("/tmp/router"), websocket("/")),
        ("ws+unix:a b é", unix("a b é"), websocket("/")),
        ("rs://router.example.com:9001", tcp("router.example.com", 9001), Framing::RawSocket),
        ("rs://[2001:db8::1]:9001", tcp("2001:db8::1", 9001), Framing::RawSocket),
        ("rs+unix:router.sock", unix("router.sock"), Framing::RawSocket),
    ] {
        for (query, serializer) in [
            ("", None),
            ("?serializer=json", Some(Serializer::Json)),
            ("?serializer=msgpack", Some(Serializer::MessagePack)),
        ] {
            let text = format!("{text}{query}");
            let url = Url { socket: socket.clone(), framing: framing.clone(), serializer };
            assert_eq!(url.to_string(), text);
            assert_eq!(text.parse(), Ok(url));
        }
    }
    for (text, written) in [
        ("ws://localhost", "ws://localhost:80"),
        ("ws://localhost/", "ws://localhost:80"),
        ("ws://[::1]/ws", "ws://[::1]:80/ws"),
    ] {
        assert_eq!(text.parse::<Url>().map(|url| url.to_string()), Ok(written.to_owned()));
    }
}

#[test]
fn an_error_shows_what_would_be_right() {
    for (text, right) in [
        ("", "write ws://HOST:PORT/PATH"),
        ("localhost:9000", "write ws://HOST:PORT/PATH"),
        ("http://localhost", "write ws://HOST:PORT/PATH"),
        ("wss://localhost", "write ws://HOST:PORT/PATH"),
        ("ws:localhost", "write ws://HOST:PORT/PATH"),
        ("unix:/tmp/router", "write ws://HOST:PORT/PATH"),
        ("ws://", "such as localhost:9001"),
        ("ws:///path", "such as localhost:9001"),
        ("ws://:9000", "such as localhost:9001"),
        ("ws://::1:9000", "or [::1]:9001"),
        ("ws://[::1", "or [::1]:9001"),
        ("ws://[::1]9000", "or [::1]:9001"),
        ("ws://[localhost]:9000", "or [::1]:9001"),
        ("ws://[::1%]:9000", "or [::1]:9001"),
        ("ws://user@localhost:9000", "such as localhost:9001"),
        ("ws://local host:9000", "such as localhost:9001"),
        ("ws://localhost\r\n:9000", "such as localhost:9001"),
        ("rs://localhost:", "such as localhost:9001"),
        ("rs://localhost:+1", "such as localhost:9001"),
        ("rs://localhost:-1", "such as localhost:9001"),
        ("rs://localhost:65536", "such as localhost:9001"),
        ("rs://localhost:9001/", "such as localhost:9001"),
        ("rs://localhost:0", "from 1 to 65535"),
        ("rs://localhost", "such as rs://localhost:9001"),
        ("ws://localhost/a b", "write them as %XX"),
        ("ws://localhost/ HTTP/1.1\r\nX: y", "write them as %XX"),
        ("ws://localhost/é", "write them as %XX"),
        ("ws://localhost/#top", "write them as %XX"),
        ("ws+unix:", "such as /tmp/router"),
        ("rs+unix:/tmp/\0", "such as /tmp/router"),
        ("rs+unix:?serializer=json", "such as /tmp/router"),
        ("ws://localhost?serializer=cbor", "write serializer=json or serializer=msgpack"),
        ("ws://localhost?", "write serializer=json or serializer=msgpack"),
        ("ws://localhost?json", "write serializer=json or serializer=msgpack"),
        ("rs://localhost:1?serializer=json&x=y", "write serializer=json or serializer=msgpack"),
    ] {
        let error = text.parse::<Url>().unwrap_err();
        assert!(error.contains(right) && !error.contains(char::is_control), "{text}: {error}");
    }
}

#[test]
fn addresses_of_listeners_are_parsed_and_written() {
    for (text, socket) in [
        ("127.0.0.1:0", tcp("127.0.0.1", 0)),
        ("[::]:9000", tcp("::", 9000)),
        ("unix:/tmp/router", Address::Unix("/tmp/router".into())),
    ] {
        assert_eq!(socket.to_string(), text);
        assert_eq!(text.parse(), Ok(socket));
    }
    for text in [
        "",
        "9000",
        "localhost",
        ":9000",
        "::1:9000",
        "localhost:http",
        "/tmp/router",
        "ws://localhost:1",
    ] {
        let error = text.parse::<Address>().unwrap_err();
        assert!(error.contains("write HOST:PORT or unix:PATH"), "{text}: {error}");
    }
    assert!("unix:".parse::<Address>().unwrap_err().contains("such as /tmp/router"));
    assert!("unix:/tmp/a?b".parse::<Address>().unwrap_err().contains("choose another name"));
}
