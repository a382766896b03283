//! Many at once, and what all of them take together. These tests are a program of their
//! own, which runs when no test that looks at the clock does.

#[path = "suite/support.rs"]
#[allow(dead_code, reason = "the suite has more tests, and they need more")]
mod support;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use roundtrip::log::Log;
use roundtrip::net::Listener;
use roundtrip::serve::{
    Acceptor, Admission, Budget, Connection, Dispatch, Incoming, Limits, Refuser, descriptors,
};
use roundtrip::server::{Config, Server as Embedded};
use roundtrip::session::Settings;

use support::{MODES, PATIENCE, Peer, SERVER, Server, eventually};

/// Connects `count` clients, and has each of them answered three times.
fn all_are_answered(server: &Server, count: usize) {
    let mut peers: Vec<Peer> = Vec::new();
    while peers.len() < count {
        peers.extend((0..60).map(|_| server.connect()));
        // The system's queue is empty again.
        assert_eq!(peers.last_mut().unwrap().ask("PING"), "PONG");
    }
    for round in 0..3 {
        for peer in &mut peers {
            peer.send(format!("PING {round}\n"));
        }
        for peer in &mut peers {
            assert_eq!(peer.line(), format!("PONG {round}"));
        }
    }
}

#[test]
fn ten_thousand_clients_have_a_thread_each() {
    const CLIENTS: usize = 10_000;
    // This process has their other ends.
    if descriptors::limit().is_some_and(|limit| limit < CLIENTS as u64 + 1_000) {
        println!("skipped: too few descriptors (ulimit -n 12000)");
        return;
    }
    let server = Server::start(&["--max-connections", "12000", "-q"]);
    all_are_answered(&server, CLIENTS);
    server.assert_alive();
}

#[test]
fn five_hundred_clients_have_a_process_each() {
    let server = Server::start(&["--mode", "process", "-q"]);
    all_are_answered(&server, 500);
    server.assert_alive();
}

/// A server whose standard input is this socket.
#[cfg(unix)]
fn handed_in(socket: impl Into<std::os::fd::OwnedFd>, mode: &str) -> Server {
    Server::run(Command::new(SERVER).args(["--inetd", "--mode", mode]).stdin(socket.into()))
}

#[test]
#[cfg(unix)]
fn two_hundred_clients_wait_their_turn_at_a_listener_that_was_handed_in() {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::{UnixListener, UnixStream};

    let path = std::env::temp_dir().join(format!("roundtrip-load-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    // Where std asks for a long queue, and not for one of 128.
    let listener = UnixListener::bind(&path).unwrap();
    let peers: Vec<UnixStream> = (0..200)
        .map(|_| {
            let mut peer = UnixStream::connect(&path).unwrap();
            peer.set_read_timeout(Some(PATIENCE)).unwrap();
            peer.write_all(b"STATUS\nQUIT\n").unwrap();
            peer
        })
        .collect();
    let mut child = Command::new(SERVER)
        .args(["--inetd", "--mode", "sequential", "--no-writeback"])
        .stdin(std::os::fd::OwnedFd::from(listener))
        .stdout(std::process::Stdio::null())
        .spawn()
        .map(support::Guard)
        .unwrap();
    for (number, peer) in (1..).zip(peers) {
        let mut answer = String::new();
        BufReader::new(peer).read_line(&mut answer).unwrap();
        // The server counts them in the order in which it serves them.
        assert!(
            answer.contains(&format!(r#""connections":{{"now":1,"total":{number}}}"#)),
            "{answer}"
        );
    }
    assert!(child.0.try_wait().unwrap().is_none());
    drop(child);
    assert!(path.exists(), "the file belongs to somebody else");
    std::fs::remove_file(&path).unwrap();
}

#[test]
#[cfg(unix)]
fn a_listener_that_was_handed_in_is_served_in_each_mode() {
    for mode in MODES {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // This client is there before the server.
        let mut first = Peer::new(TcpStream::connect(address).unwrap());
        let server = handed_in(listener, mode);
        assert_eq!(server.port, address.port());
        for _ in 0..3 {
            assert_eq!((first.ask("PING"), first.ask("QUIT")), ("PONG".into(), "BYE".into()));
            drop(first);
            first = server.connect();
        }
        drop(first);
        // There is no UDP.
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.connect(address).unwrap();
        let _ = udp.send(b"PING 1");
        udp.set_read_timeout(Some(PATIENCE)).unwrap();
        let refused = udp.recv(&mut [0; 10]).map_err(|error| error.kind());
        assert_eq!(refused, Err(io::ErrorKind::ConnectionRefused), "{mode}");
    }
}

/// Serves nobody: reports each connection, and waits for the test.
struct Slow(Mutex<Vec<Connection>>, SyncSender<()>, Mutex<Receiver<()>>);

impl Dispatch for Slow {
    fn dispatch(&self, connection: Connection) -> io::Result<()> {
        self.0.lock().unwrap().push(connection);
        let _ = self.1.send(());
        let _ = self.2.lock().unwrap().recv();
        Ok(())
    }
}

#[test]
fn the_systems_queue_is_emptied_before_the_next_connection_is_served() {
    const HALF: usize = 120;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // A connect that finds the queue full waits a second.
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(900)).unwrap();
    let mut clients: Vec<TcpStream> = (0..HALF).map(|_| connect()).collect();
    let (serving, served) = sync_channel(0);
    let (go, wait) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let acceptor = Acceptor {
        incoming: Incoming::new(Listener::Tcp(listener), PATIENCE).drained(1024),
        admission: Admission::new(Limits::default()),
        refuser: Refuser::new(Log::default(), |_, _, _| {}),
        dispatch: Box::new(Slow(Mutex::default(), serving, Mutex::new(wait))),
        log: Log::default(),
        one_off: false,
        stop: Arc::clone(&stop),
    };
    let accepting = thread::spawn(move || acceptor.run());
    served.recv().unwrap();
    // The first one is being served, which takes long.
    clients.extend((0..HALF).map(|_| connect()));
    go.send(()).unwrap();
    served.recv().unwrap();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    drop((go, served));
    drop(clients);
    accepting.join().unwrap();
}

fn embedded(session: Settings) -> (roundtrip::server::Running, impl Fn() -> Peer) {
    let server = Embedded::bind(Config { session, ..Config::default() }).unwrap().start().unwrap();
    let address = server.address();
    (server, move || Peer::new(TcpStream::connect(address).unwrap()))
}

#[test]
fn a_session_that_gets_no_second_thread_is_refused_and_goes_on() {
    let second_threads = Budget::new(1);
    let (_server, connect) =
        embedded(Settings { second_threads: Arc::clone(&second_threads), ..Settings::default() });
    let (mut first, mut second) = (connect(), connect());
    assert_eq!(first.ask("LAG:2:10000"), "PING 0");
    for request in ["LAG:2:1", "BANDWIDTH_BIDIRECTIONAL:10"] {
        let refused = second.ask(request);
        assert!(refused.starts_with("ERROR:") && refused.contains("second thread"), "{refused}");
    }
    assert_eq!(second.ask("PING"), "PONG");
    // Without an interval, one thread is enough.
    assert_eq!(second.ask("LAG:1:0"), "PING 0");
    assert!(second.ask("PING 0").starts_with("LAG_DONE"));
    drop(first);
    eventually("the thread is free", || second_threads.take(1).is_some());
    assert_eq!(second.ask("LAG:1:1"), "PING 0");
}

#[test]
fn the_samples_of_all_sessions_have_one_budget() {
    let lag_memory = Budget::new(100 * 16);
    let (_server, connect) =
        embedded(Settings { lag_memory: Arc::clone(&lag_memory), ..Settings::default() });
    let (mut first, mut second) = (connect(), connect());
    assert_eq!(first.ask("LAG:60:0"), "PING 0");
    let refused = second.ask("LAG:60:0");
    assert!(refused.starts_with("ERROR:") && refused.contains("fewer"), "{refused}");
    assert_eq!(second.ask("LAG:40:0"), "PING 0");
    drop((first, second));
    eventually("the memory is free", || lag_memory.take(100 * 16).is_some());
}

#[test]
#[cfg(target_os = "linux")]
fn the_sockets_of_a_busy_host_are_no_part_of_an_upload() {
    use roundtrip::client::Client;
    use roundtrip::measure::{Direction, bandwidth};
    use roundtrip::net::Stream;
    use roundtrip::wire::command::Amount;

    let (_server, connect) = embedded(Settings::default());
    let address = connect().0.get_ref().peer_addr().unwrap();
    // Each is a line in the system's table, which says what is still on its way.
    let _sockets: Vec<TcpListener> =
        (0..800).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let stream = Stream::dial(address, PATIENCE).unwrap();
    let reads_the_table = || {
        let start = std::time::Instant::now();
        assert_eq!(stream.unsent(), Some(0));
        start.elapsed()
    };
    let uploads = || {
        let mut client = Client::connect("127.0.0.1", address.port(), PATIENCE).unwrap();
        let upload = bandwidth(&mut client, Direction::Upload, Amount::Bytes(1), &mut |_| {});
        upload.duration.unwrap()
    };
    let table = (0..20).map(|_| reads_the_table()).min().unwrap();
    let upload = (0..20).map(|_| uploads()).min().unwrap();
    assert!(upload < table / 2, "{upload:?}, and the table takes {table:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn who_finds_no_descriptor_hears_it_and_a_limit_that_cannot_be_reached_is_said() {
    for mode in ["thread", "process"] {
        let script = format!(
            "ulimit -n 40; exec {SERVER} --host 127.0.0.1 --port 0 --max-connections 100 --mode {mode}"
        );
        let server = Server::run(Command::new("sh").args(["-c", &script]));
        assert!(server.line("limit of 40 descriptors").contains("allows 24 connections, not 100"));
        // On a busy machine a child that starts has more descriptors for longer.
        eventually("ten are served at once", || {
            let mut peers: Vec<Peer> = (0..150).map(|_| server.connect()).collect();
            for peer in &mut peers {
                let _ = peer.try_send("PING\n");
            }
            let answers: Vec<String> = peers.iter_mut().map(Peer::line).collect();
            let count = |start: &str| answers.iter().filter(|it| it.starts_with(start)).count();
            let (pongs, refused) = (count("PONG"), count("ERROR:server "));
            assert_eq!(pongs + refused, answers.len(), "{mode}: {answers:?}");
            pongs >= 10
        });
        eventually("there are descriptors again", || server.serves());
    }
}
