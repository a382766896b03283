use std::thread;
use std::time::Duration;

use super::Session;
use crate::json::random::Random;
use crate::json::{MAX_DEPTH, Map, Value};
use crate::net::Address;
use crate::wamp::router::{Config, Endpoint, Router};
use crate::wamp::url::Url;
use crate::wamp::{Payload, Serializer};

const PATIENCE: Duration = Duration::from_secs(60);

/// Changes strings that begin with U+0000. In JSON they may stand for bytes, so they
/// are the one kind of value that may arrive as another.
fn without_null_in_front(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.trim_start_matches('\0').into()),
        Value::List(items) => Value::List(items.into_iter().map(without_null_in_front).collect()),
        Value::Map(map) => {
            let pairs: Vec<_> =
                map.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
            pairs
                .into_iter()
                .map(|(key, value)| (key, without_null_in_front(value)))
                .collect::<Map>()
                .into()
        }
        other => other,
    }
}

fn payload(random: &mut Random) -> Payload {
    let mut value = || without_null_in_front(random.value(0));
    let mut list: Vec<Value> = (0..4).map(|_| value()).collect();
    let keywords = Map::from([("a", value()), ("größe", value())]);
    // Nested nearly as deep as any message may be: the router decodes it in a thread
    // with a small stack.
    list.push((0..MAX_DEPTH - 4).fold(Value::Null, |inner, _| Value::List(vec![inner])));
    list.push(Value::Bytes(
        (0..random.below(300)).map(|_| random.next().to_ne_bytes()[0]).collect(),
    ));
    match random.below(4) {
        0 => Payload::default(),
        1 => Payload::of(Vec::new()),
        2 => Payload::of(list),
        _ => Payload { arguments: Some(list), keywords: Some(keywords) },
    }
}

fn unix(name: &str) -> Address {
    let file = std::env::temp_dir().join(format!("roundtrip-{}-{name}", std::process::id()));
    Address::Unix(file.to_str().unwrap().into())
}

#[test]
#[cfg(unix)]
fn every_value_arrives_unchanged_through_all_transports() {
    let tcp = || "127.0.0.1:0".parse().unwrap();
    let listen = vec![
        Endpoint::websocket(tcp()),
        Endpoint::rawsocket(tcp()),
        Endpoint::websocket(unix("ws")),
        Endpoint::rawsocket(unix("rs")),
    ];
    let router = Router::bind(Config { listen, ..Config::default() }).unwrap().start().unwrap();
    let urls = router.urls().iter().flat_map(|url| {
        Serializer::ALL.map(|serializer| Url { serializer: Some(serializer), ..url.clone() })
    });
    let urls: Vec<Url> = urls.collect();
    assert_eq!(urls.len(), 8);
    let serving = urls.iter().map(|url| {
        let mut callee = Session::join(url, "realm1", PATIENCE).unwrap();
        callee.register(&format!("echo.{}", callee.id()), Ok).unwrap();
        let (id, handle) = (callee.id(), callee.handle());
        (id, handle, thread::spawn(move || callee.serve()))
    });
    let serving: Vec<_> = serving.collect();
    let mut random = Random(0x0123_4567_89AB_CDEF);
    for url in &urls {
        let mut caller = Session::join(url, "realm1", PATIENCE).unwrap();
        for (id, ..) in &serving {
            for _ in 0..10 {
                let sent = payload(&mut random);
                assert_eq!(
                    caller.call(&format!("echo.{id}"), sent.clone()).unwrap(),
                    sent,
                    "{url}"
                );
            }
        }
        caller.leave().unwrap();
    }
    for (_, handle, thread) in serving {
        handle.abort();
        thread.join().unwrap().unwrap();
    }
}
