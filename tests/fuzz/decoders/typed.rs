//! What people type on a command line, and the lines of worker processes.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use roundtrip::flags::{Flag, Parsed, Program, at_least_one, nearest, one_line, parse, some_time};
use roundtrip::net::Address;
use roundtrip::net::address::{name, target};
use roundtrip::report::limits::Limit;
use roundtrip::serve::{Mode, Network};
use roundtrip::units::{MIB, parse_duration, parse_rate, parse_size};
use roundtrip::wamp::call::protocol;
use roundtrip::wamp::router::Endpoint;
use roundtrip::wamp::url::Url;
use roundtrip::wamp::{Serializer, valid_uri};
use roundtrip::wire::framing::Framing;

use super::Decoder;

const QUANTITIES: [&str; 12] = [
    "64KiB",
    "10",
    "1GiB",
    "16TiB",
    "250us",
    "1.5s",
    "100ms",
    "1h",
    "0",
    "100Mbit",
    "1.5Gbit/s",
    "1%",
];

const ADDRESSES: [&str; 13] = [
    "10.0.0.1:5001",
    "[::1]:5001",
    "fe80::1%eth0",
    "[fe80::1%eth0]:9",
    "localhost",
    "unix:/tmp/router",
    "ws://[::1]:9000/ws?serializer=msgpack",
    "ws+unix:/tmp/socket",
    "rs://localhost:9001?serializer=json",
    "rs+unix:/tmp/socket?serializer=json",
    "10.0.0.0/8",
    "2001:db8::/32",
    "com.example.procedure",
];

const WORDS: [&str; 9] =
    ["thread", "process", "sequential", "line", "bare", "json", "msgpack", "p99>5ms", "loss>1%"];

const WORKERS: [&str; 7] = [
    "begin 1000000000 100 5",
    "continue 1000 5 0",
    "sent 1 20",
    "call 2 7 8 8",
    "used 7 8 9",
    "done 7",
    "failed 3 no one",
];

const COMMAND_LINES: [&str; 4] = [
    "--size\n64KiB\n--host\n[::1]:5001\n-v",
    "-s\n5\n--verbose",
    "localhost:5001\n--help",
    "--size=1\n--url\na\n--url\nb\n--version",
];

const FLAGS: &[Flag] = &[
    Flag::new("size", "SIZE", "how much").short("s"),
    Flag::new("host", "HOST", "where"),
    Flag::new("url", "URL", "which").repeatable(),
    Flag::new("verbose", "", "more").short("v"),
];

const PROGRAM: Program =
    Program { name: "fuzz", about: "A test.", plain: "HOST", flags: FLAGS, examples: &[] };

pub fn all() -> Vec<Decoder> {
    vec![
        Decoder::new("sizes, durations, rates", QUANTITIES, quantity),
        Decoder::new("addresses, urls, networks", ADDRESSES, address),
        Decoder::new("words and limits", WORDS, word),
        Decoder::new("lines of workers", WORKERS, worker),
        Decoder::new("command lines", COMMAND_LINES, command_line),
    ]
}

fn quantity(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for bare in [1, MIB] {
        let bytes = parse_size(&text, bare);
        assert!(bytes.is_err() || text.starts_with(|c: char| c.is_ascii_digit()));
    }
    if let Ok(time) = parse_duration(&text) {
        assert_eq!(parse_duration(&format!("{}ns", time.as_nanos())), Ok(time));
    }
    if let Ok(rate) = parse_rate(&text) {
        assert_eq!(parse_rate(&format!("{rate}bit/s")), Ok(rate));
    }
    for error in [at_least_one(&text).err(), some_time(&text).err().map(|e| e.to_string())] {
        one(error);
    }
}

/// An error is one line once its control characters are escaped.
fn one(error: Option<impl Display>) {
    let line = error.map(one_line).unwrap_or_default();
    assert!(!line.contains(char::is_control));
}

/// What is written is read again.
fn again<T: FromStr<Err: Debug + Display> + Display + PartialEq + Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse::<T>().unwrap(), value),
        Err(error) => one(Some(error)),
    }
}

fn address(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    again::<Address>(&text);
    again::<Url>(&text);
    if let Ok((host, Some(port))) = target(&text) {
        assert_eq!(target(&name(host, port)), Ok((host, Some(port))));
    }
    if let Ok(network) = text.parse::<Network>() {
        let _ = ["0.0.0.0", "::"].map(|ip| network.contains(ip.parse().unwrap()));
    }
    for kind in [Endpoint::websocket, Endpoint::rawsocket] {
        one(Endpoint::parse(&text, kind).err());
    }
    assert!(!valid_uri(&text) || !text.contains([' ', '#']));
}

fn word(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    again::<Framing>(&text);
    again::<Mode>(&text);
    again::<Serializer>(&text);
    match text.parse::<Limit>() {
        Ok(limit) => assert_eq!(limit.text(), text),
        Err(error) => one(Some(error)),
    }
    let _ = nearest(&text, WORDS);
}

fn worker(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    again::<protocol::Request>(&text);
    match text.parse::<protocol::Line>() {
        // The reason may have had more than one line.
        Ok(line @ protocol::Line::Failed { .. }) => one(Some(line)),
        _ => again::<protocol::Line>(&text),
    }
}

fn command_line(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match parse(&PROGRAM, text.split('\n')) {
        Ok(Parsed::Given(given)) => {
            let _ = (given.has("verbose"), given.plain(), given.text("host"));
            one(given.value("size", 1, |size| parse_size(size, 1)).err());
            one(given.values("url", str::parse::<Url>).err());
        }
        Ok(Parsed::Print(text)) => assert!(text.is_ascii()),
        Err(error) => assert!(!error.contains('\n'), "{error}"),
    }
}
