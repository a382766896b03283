//! The router as a client sees it: a subject a file.

#![allow(clippy::similar_names, reason = "WAMP names them caller and callee")]

mod foreign;
mod limits;
mod requests;
mod silence;
mod slow;
mod violations;

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use roundtrip::net::Address;
use roundtrip::wamp::router::{Config, Endpoint, Router, Running, Settings};
use roundtrip::wamp::url::Url;
use roundtrip::wamp::{CallError, Payload, Refusal, Session};

use crate::support::{PATIENCE, Peer};

/// One endpoint for each framing, both on TCP.
pub fn router(config: Config) -> Running {
    let address: Address = "127.0.0.1:0".parse().unwrap();
    let listen = vec![Endpoint::rawsocket(address.clone()), Endpoint::websocket(address)];
    Router::bind(Config { listen, ..config }).unwrap().start().unwrap()
}

pub fn impatient() -> Config {
    Config {
        session: Settings { idle_timeout: Duration::from_millis(300), ..Settings::default() },
        ..Config::default()
    }
}

pub fn port(url: &Url) -> u16 {
    let Address::Tcp { port, .. } = url.socket else { panic!("{url}") };
    port
}

pub fn connect(url: &Url) -> Peer {
    Peer::new(TcpStream::connect(("127.0.0.1", port(url))).unwrap())
}

/// A client that sends and receives messages as text: JSON over `RawSocket`.
pub struct Raw(pub Peer);

impl Raw {
    pub fn open(router: &Running) -> Self {
        let mut peer = connect(&router.urls()[0]);
        peer.send([0x7F, 0xF1, 0, 0]);
        assert_eq!(peer.bytes(4), [0x7F, 0xF1, 0, 0]);
        Raw(peer)
    }

    pub fn join(router: &Running) -> Self {
        let mut raw = Raw::open(router);
        let welcome = raw.ask(r#"[1,"realm1",{"roles":{"caller":{},"callee":{}}}]"#);
        assert!(
            welcome.starts_with("[2,") && welcome.contains(r#""roles":{"dealer":{}}"#),
            "{welcome}"
        );
        raw
    }

    pub fn send(&mut self, message: &str) {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        self.0.send([&length, message.as_bytes()].concat());
    }

    /// The next message; empty when the connection is closed.
    pub fn receive(&mut self) -> String {
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

    pub fn ask(&mut self, message: &str) -> String {
        self.send(message);
        self.receive()
    }

    /// Registers a procedure, and returns the number of the registration.
    pub fn register(&mut self, procedure: &str) -> String {
        let registered = self.ask(&format!(r#"[64,1,{{}},"{procedure}"]"#));
        registered.strip_prefix("[65,1,").unwrap().trim_end_matches(']').into()
    }
}

/// A callee and a caller that follow the rules, and that others must not disturb.
pub struct Bystanders(pub Session);

impl Bystanders {
    pub fn new(router: &Running) -> Self {
        let mut callee = Session::join(&router.urls()[0], "realm1", PATIENCE).unwrap();
        callee.register("com.example.echo", Ok).unwrap();
        thread::spawn(move || callee.serve());
        Bystanders(Session::join(&router.urls()[1], "realm1", PATIENCE).unwrap())
    }

    pub fn assert_undisturbed(&mut self) {
        for number in 0..10 {
            let payload = Payload::of(vec![number.into()]);
            assert_eq!(self.0.call("com.example.echo", payload.clone()).unwrap(), payload);
        }
    }
}

pub fn uri_of(refused: Result<impl std::fmt::Debug, CallError>) -> String {
    match refused {
        Err(CallError::Refused(Refusal { uri, .. })) => uri,
        other => panic!("{other:?}"),
    }
}
