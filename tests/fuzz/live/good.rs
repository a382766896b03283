//! Clients that follow the rules, and that nobody may disturb.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use roundtrip::udp::datagram::{MAX_DATAGRAM, Ping};
use roundtrip::wamp::client::Handle;
use roundtrip::wamp::url::Url;
use roundtrip::wamp::{Payload, Session};

use super::server::{Door, Server};
use crate::support::PATIENCE;

const PROCEDURE: &str = "good.echo";

pub struct Good {
    /// Not in sequential mode, where nobody else would be served.
    connected: Option<TcpStream>,
    router: Option<Calls>,
    number: u64,
}

/// A caller and a callee.
struct Calls {
    caller: Session,
    callee: Handle,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Good {
    pub fn new(server: &Server) -> Self {
        let (mode, _) = server.setup;
        let connected = (mode != "sequential").then(|| server.text().connect());
        let router = server.doors.iter().any(|door| door.what() == "rawsocket").then(|| {
            let join = |what| {
                let door = server.doors.iter().find(|door| door.what() == what).unwrap();
                Session::join(&url(door), "realm1", PATIENCE).unwrap()
            };
            let mut callee = join("rawsocket");
            callee.register(PROCEDURE, Ok).unwrap();
            let handle = callee.handle();
            let serving = thread::spawn(move || callee.serve());
            Calls { caller: join("websocket"), callee: handle, serving }
        });
        Good { connected, router, number: 0 }
    }

    /// Shows that each is answered, and a newcomer, too.
    pub fn check(&mut self, server: &Server) {
        let framing = server.setup.1;
        self.number += 1;
        let message = format!("PING {}", self.number);
        if let Some(stream) = &mut self.connected {
            ask(stream, framing, &message, &message.replace('I', "O"));
        }
        let mut newcomer = server.text().connect();
        ask(&mut newcomer, framing, &message, &message.replace('I', "O"));
        ask(&mut newcomer, framing, "QUIT", "BYE");
        if let Some(Calls { caller, .. }) = &mut self.router {
            let payload = Payload::of(vec![self.number.into(), message.into()]);
            assert_eq!(caller.call(PROCEDURE, payload.clone()).unwrap(), payload);
        }
        for door in &server.doors {
            if let Door::Udp(port) = door {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.connect(("127.0.0.1", *port)).unwrap();
                self.ping_over_udp(&socket, |answer| panic!("{}", answer.escape_ascii()));
            }
        }
    }

    /// Sends a ping, and waits for its answer. Other datagrams are shown to `other`.
    pub fn ping_over_udp(&mut self, socket: &UdpSocket, mut other: impl FnMut(&[u8])) {
        self.number += 1;
        let sent_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let sent_ns = u64::try_from(sent_ns).unwrap();
        let ping = Ping { sequence: self.number, sent_ns, series: 4_000_000_000 };
        let (mut datagram, mut scratch) = (Vec::new(), Vec::new());
        ping.encode(0, &mut datagram);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.send(&datagram).unwrap();
        let mut buffer = vec![0; MAX_DATAGRAM + 1];
        loop {
            let length = socket.recv(&mut buffer).unwrap();
            match ping.check(0, &buffer[..length], &mut scratch) {
                Ok(stamps) => return assert!(stamps.is_some_and(|stamps| stamps.count > 0)),
                Err(_) => other(&buffer[..length]),
            }
        }
    }
}

impl Drop for Good {
    fn drop(&mut self) {
        if let Some(Calls { callee, serving, .. }) = self.router.take() {
            callee.abort();
            let _ = serving.join();
        }
    }
}

/// The same door as a library's client is told of it.
fn url(door: &Door) -> Url {
    let scheme = if door.what() == "rawsocket" { "rs" } else { "ws" };
    match door {
        Door::Udp(port) | Door::Tcp { port, .. } => format!("{scheme}://127.0.0.1:{port}"),
        Door::Unix { path, .. } => format!("{scheme}+unix:{path}"),
    }
    .parse()
    .unwrap()
}

fn ask(stream: &mut TcpStream, framing: &str, request: &str, expected: &str) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let end = if framing == "line" { "\n" } else { "" };
    stream.write_all(format!("{request}{end}").as_bytes()).unwrap();
    let expected = format!("{expected}{end}");
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), expected);
}
