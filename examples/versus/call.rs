//! Calls through a router, compared with a ping over the same kind of socket, and with
//! Crossbar's router if it is installed.
//!
//! A ping is two messages and a call is four. So on one processor a call takes at least
//! twice as long as a ping. On several processors the placement of the processes can
//! matter more. A relay shows how much of a call is the system's part: a process in the
//! place of the router that passes on bytes and looks at none of them.
//!
//! Callers and callees are this program's, at this program's router and at Crossbar's.
//! In one more row they are Autobahn's, with which Crossbar is mostly used. Router,
//! caller and callee are processes of their own. `crossbar` has to be in the path, and
//! the variable `PYTHON` may name a Python with Autobahn.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use roundtrip::client::{Client, Options};
use roundtrip::json::Map;
use roundtrip::net::Address;
use roundtrip::net::{Listener, Stream};
use roundtrip::session::{self, Counters, Settings, Shared};
use roundtrip::wamp::Session;
use roundtrip::wamp::call::{Batch, Caller, offer_echo};
use roundtrip::wamp::router::{Config, Endpoint, Router};
use roundtrip::wamp::url::{Framing, Url};
use roundtrip::wamp::{Message, Payload, Serializer};

use super::others::Peer;
use super::ours::{bare_p50, p50, ping_p50, roundtrip_p50};
use super::{Contender, table};

const TIMEOUT: Duration = Duration::from_secs(10);

/// How long Crossbar, a large interpreted program, may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn Error>>;

pub fn compare(rounds: usize, calls: u64) -> io::Result<()> {
    let directory = Directory::new()?;
    let path = |name: &str| directory.0.join(name).to_string_lossy().into_owned();
    let (pings, unix, unix_relay) =
        (path("pings"), path("roundtrip"), format!("unix:{}", path("relay")));
    let _text = Peer::ours(&["--text", &pings])?;
    let server = Peer::ours(&["--serve"])?;
    let router = Peer::ours(&["--router", &unix])?;
    let _relay = Peer::ours(&["--relay", &unix_relay])?;
    let tcp_relay = Peer::ours(&["--relay", "127.0.0.1:0"])?;
    let tcp_relay = format!("127.0.0.1:{}", tcp_relay.port);
    let crossbar = Crossbar::start(&directory.0)
        .inspect_err(|error| println!("  crossbar is missing: {error}"))
        .ok();

    println!("\ncalls over a Unix socket, RawSocket and MessagePack: p50 of a round trip in µs,");
    println!("median of {rounds} rounds (less is better)");
    let url = |path: &str| format!("rs+unix:{path}?serializer=msgpack");
    let mut contenders: Vec<Contender> = vec![
        ("a ping over a Unix socket".into(), Box::new(|| unix_ping_p50(&pings, calls))),
        ("a relay of bytes".into(), Box::new(|| relay_p50(&unix_relay, calls))),
    ];
    contenders.extend(callers(
        url(&unix),
        crossbar.as_ref().map(|_| url(&path("crossbar"))),
        calls,
    ));
    table(&mut contenders, rounds);

    println!("\nthe same over TCP, WebSocket and JSON");
    let url = |port| format!("ws://127.0.0.1:{port}?serializer=json");
    let mut contenders: Vec<Contender> = vec![
        ("a ping over TCP".into(), Box::new(|| roundtrip_p50(server.port, calls, false))),
        ("a relay of bytes".into(), Box::new(|| relay_p50(&tcp_relay, calls))),
    ];
    contenders.extend(callers(
        url(router.port),
        crossbar.as_ref().map(|crossbar| url(crossbar.port)),
        calls,
    ));
    table(&mut contenders, rounds);

    println!(
        "\nwriting and reading a CALL with one integer in ns,\n\
         median of {rounds} rounds (less is better)"
    );
    let codec = |serializer: Serializer| -> Contender {
        (serializer.to_string(), Box::new(move || codec_cost(serializer, calls * 10)))
    };
    table(&mut Serializer::ALL.map(codec), rounds);
    Ok(())
}

/// Calls at this program's router and, if there is one, at Crossbar's.
fn callers(ours: String, crossbars: Option<String>, calls: u64) -> Vec<Contender<'static>> {
    let mut callers: Vec<Contender> =
        vec![("a call, roundtrip's router".into(), Box::new(move || call_p50(&ours, calls)))];
    if let Some(url) = crossbars {
        let autobahn =
            autobahn_p50(&url, 1).inspect_err(|error| println!("  Autobahn is missing: {error}"));
        let same = url.clone();
        callers.push(("a call, Crossbar's router".into(), Box::new(move || call_p50(&url, calls))));
        if autobahn.is_ok() {
            let run = move || autobahn_p50(&same, calls / 10);
            callers.push(("a call, Crossbar and Autobahn".into(), Box::new(run)));
        }
    }
    callers
}

/// Plays a role in a process that this program has started.
pub fn play(role: &str, argument: &str) -> io::Result<()> {
    let played = match role {
        "--router" => router(argument),
        "--callee" => callee(argument),
        "--relay" => relay(argument),
        "--relayed" => relayed(argument),
        _ => text(argument),
    };
    played.map_err(|error| io::Error::other(error.to_string()))
}

fn router(path: &str) -> Outcome<()> {
    let websocket = Endpoint::websocket(Address::Tcp { host: "127.0.0.1".into(), port: 0 });
    let listen = vec![websocket, Endpoint::rawsocket(Address::Unix(path.into()))];
    let router = Router::bind(Config { listen, ..Config::default() })?.start()?;
    if let Address::Tcp { port, .. } = router.urls()[0].socket {
        println!("{port}");
    }
    loop {
        thread::park();
    }
}

fn callee(url: &str) -> Outcome<()> {
    let mut session = Session::join(&url.parse()?, "realm1", TIMEOUT)?;
    offer_echo(&mut session, &procedure(std::process::id()))?;
    println!("0");
    Ok(session.serve()?)
}

/// Takes the place of a router: joins each two connections.
fn relay(address: &str) -> Outcome<()> {
    let listener = Listener::bind(&address.parse()?)?;
    println!("{}", if let Address::Tcp { port, .. } = listener.address()? { port } else { 0 });
    let accept = || listener.accept(TIMEOUT);
    loop {
        let (one, other) = (accept()?, accept()?);
        let (from, to) = (other.clone(), one.clone());
        thread::spawn(move || pass_on(one, other));
        thread::spawn(move || pass_on(from, to));
    }
}

/// Takes the place of a callee: sends everything back.
fn relayed(address: &str) -> Outcome<()> {
    let stream = connect(address)?;
    println!("0");
    pass_on(stream.clone(), stream);
    Ok(())
}

fn pass_on(mut from: Stream, mut to: Stream) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    to.abort();
}

fn connect(address: &str) -> io::Result<Stream> {
    match address.parse().map_err(io::Error::other)? {
        Address::Tcp { host, port } => Stream::connect(&host, port, TIMEOUT),
        Address::Unix(path) => Stream::connect_unix(&path, TIMEOUT),
    }
}

/// Serves the text protocol on a Unix socket.
fn text(path: &str) -> Outcome<()> {
    let listener = UnixListener::bind(path)?;
    let shared = Shared { settings: Settings::default(), counters: Counters::of_connection(None) };
    println!("0");
    loop {
        session::run(Stream::from_unix(listener.accept()?.0, TIMEOUT)?, &shared);
    }
}

fn unix_ping_p50(path: &str, count: u64) -> io::Result<f64> {
    ping_p50(Client::over(Stream::connect_unix(path, TIMEOUT)?, &Options::default())?, count)
}

fn relay_p50(address: &str, count: u64) -> io::Result<f64> {
    let stream = connect(address)?;
    let _other = Peer::ours(&["--relayed", address])?;
    bare_p50(stream, count)
}

/// Starts a new callee for each measurement: the system often leaves a process where it
/// was placed, and the place is half of the figure.
fn call_p50(url: &str, count: u64) -> io::Result<f64> {
    let other = Peer::ours(&["--callee", url])?;
    let session = Session::join(&url.parse().map_err(io::Error::other)?, "realm1", TIMEOUT)?;
    let mut caller = Caller::new(session, &procedure(other.process.id()), 0);
    let batch =
        |count| Batch { count, time: Duration::MAX, interval: Duration::ZERO, resume: false };
    caller.batch(&batch(count / 10), &mut |_| {});
    p50(|observe| caller.batch(&batch(count), observe).failure)
}

/// Uses the caller and the callee of Autobahn, in the script of the test suite.
fn autobahn_p50(url: &str, count: u64) -> io::Result<f64> {
    let Url { socket, framing, serializer } = url.parse().map_err(io::Error::other)?;
    let framing = if framing == Framing::RawSocket { "rawsocket" } else { "websocket" };
    let socket = match socket {
        Address::Tcp { port, .. } => port.to_string(),
        Address::Unix(path) => path,
    };
    let serializer = serializer.unwrap_or(Serializer::Json).to_string();
    let script = |role: &str, more: &[String]| {
        let mut command =
            Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop.py"));
        command.args([role, framing, &socket, &serializer]).args(more).stderr(Stdio::null());
        command
    };
    let mut callee =
        Peer { process: script("serve", &[]).stdout(Stdio::piped()).spawn()?, port: 0 };
    let mut ready = String::new();
    BufReader::new(callee.process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?)
        .read_line(&mut ready)?;
    if ready != "ready\n" {
        return Err(io::Error::other(ready));
    }
    let measured = script("measure", &[count.to_string()]).output()?;
    String::from_utf8_lossy(&measured.stdout).trim().parse().map_err(io::Error::other)
}

/// The name of a callee's procedure.
fn procedure(process: u32) -> String {
    format!("echo.{process}")
}

/// The nanoseconds to encode and decode one message.
fn codec_cost(serializer: Serializer, messages: u64) -> io::Result<f64> {
    let mut bytes = Vec::new();
    let start = Instant::now();
    for request in 1..=messages {
        let (options, payload) = (Map::new(), Payload::of(vec![request.into()]));
        bytes.clear();
        serializer.encode(
            Message::Call { request, options, procedure: "roundtrip.echo".into(), payload },
            &mut bytes,
        );
        let Message::Call { request: read, .. } = serializer.decode(&bytes)? else {
            return Err(io::Error::other("no CALL"));
        };
        assert_eq!(read, request);
    }
    Ok(start.elapsed().as_secs_f64() * 1e9 / Duration::from_secs(messages).as_secs_f64())
}

/// Crossbar with one router.
struct Crossbar {
    process: Child,
    port: u16,
}

impl Crossbar {
    fn start(directory: &Path) -> Outcome<Self> {
        // Crossbar cannot choose a port itself. This one was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let socket = directory.join("crossbar");
        let config = format!(
            r#"{{"version": 2, "workers": [{{"type": "router",
                "realms": [{{"name": "realm1", "roles": [{{"name": "anonymous", "permissions":
                    [{{"uri": "", "match": "prefix", "allow": {{"call": true, "register": true}}}}]}}]}}],
                "transports": [
                    {{"type": "websocket", "endpoint": {{"type": "tcp", "interface": "127.0.0.1", "port": {port}}}}},
                    {{"type": "rawsocket", "endpoint": {{"type": "unix", "path": {:?}}},
                      "serializers": ["json", "msgpack"]}}]}}]}}"#,
            socket.display().to_string()
        );
        fs::write(directory.join("config.json"), config)?;
        let mut command = Command::new("crossbar");
        command
            .args(["start", "--cbdir"])
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut crossbar = Crossbar { process: command.spawn()?, port };
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(&socket).is_err()
            || std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
        {
            if Instant::now() > deadline || crossbar.process.try_wait()?.is_some() {
                return Err("it does not listen".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(crossbar)
    }
}

impl Drop for Crossbar {
    fn drop(&mut self) {
        // With SIGTERM Crossbar ends its own processes, too.
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

struct Directory(PathBuf);

impl Directory {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("versus-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
