//! The text protocol, chunks, and the datagrams of UDP pings.

use std::fmt::Write;

use roundtrip::udp::datagram::{Ping, Stamps, is_ping, sequence};
use roundtrip::wire::bulk::chunks::ChunkReader;
use roundtrip::wire::command::{Answer, Request, excerpt};
use roundtrip::wire::framing::{Framing, MAX_LINE};

use super::{Decoder, same_in_pieces};

pub const REQUESTS: [&str; 18] = [
    "PING",
    "PING hello",
    "PING \u{e9} \u{7f}",
    "BANDWIDTH_DOWNLOAD:1048576",
    "BANDWIDTH_DOWNLOAD:20ms",
    "BANDWIDTH_UPLOAD:10",
    "BANDWIDTH_UPLOAD:20ms",
    "BANDWIDTH_BIDIRECTIONAL:100",
    "BANDWIDTH_BIDIRECTIONAL:20ms",
    "BANDWIDTH_UPLOAD_REPORTED:1:10",
    "BANDWIDTH_UPLOAD_REPORTED:5:20ms",
    "LAG:3",
    "LAG:3:1",
    "LAG_SAMPLES:2",
    "STATUS",
    "STATUS {\"from\":\"me\",\"n\":[1,2]}",
    "QUIT",
    "",
];

const ANSWERS: [&str; 13] = [
    "PONG",
    "PONG hello",
    "READY",
    "DONE",
    "DONE:1048576:5000000",
    "ARRIVED:65536:1000",
    "PING 7",
    "LAG_DONE {\"count\":3}",
    "LAG_SAMPLES [[0,1,2],[1,3,4]]",
    "STATUS {\"mode\":\"thread\"}",
    "BYE",
    "ERROR:server full",
    "",
];

const LINES: [&str; 4] =
    ["PING\r\nPING a b\n\nQUIT\n", "PING hello", "ERROR:line too long\nBYE\r\n", "READYxxxxDONE"];

const CHUNKS: [&str; 3] = ["3\nabc2\nde0\n", "10\n0123456789\n0\n", "0\nDONE:3:5\n"];

const DATAGRAMS: [&str; 5] = [
    "PING 7 1795219200000000000 STAMP 4093127755 ------------------- ------------------- xxxx",
    "PING 7 1795219200000000000 STAMP 0000000008 1795219200000012345 1795219200000015678 xxxx",
    "ping 7 1795219200000000000 stamp 4093127755 ------------------- -------------------",
    "Ping 1 1699.25",
    "PING 1 1795219200000000000",
];

pub fn all() -> Vec<Decoder> {
    vec![
        Decoder::new("request", REQUESTS, request),
        Decoder::new("answer", ANSWERS, answer),
        Decoder::new("lines", LINES, lines),
        Decoder::new("chunks", CHUNKS, chunks),
        Decoder::new("datagram", DATAGRAMS, datagram),
    ]
}

fn request(input: &[u8]) {
    shown_to_people(&excerpt(input));
    match Request::parse(input) {
        Ok(request) => {
            let mut again = Vec::new();
            request.encode(&mut again);
            assert_eq!(Request::parse(&again), Ok(request));
        }
        Err(error) => shown_to_people(&error.to_string()),
    }
}

fn answer(input: &[u8]) {
    match Answer::parse(input) {
        Ok(answer) => {
            let mut again = Vec::new();
            answer.encode(&mut again);
            assert_eq!(Answer::parse(&again), Ok(answer));
        }
        Err(error) => shown_to_people(&error.to_string()),
    }
}

/// One line, not long, that a terminal takes for text.
fn shown_to_people(text: &str) {
    assert!(text.len() < 1_500 && !text.contains(char::is_control), "{text:?}");
}

fn lines(input: &[u8]) {
    same_in_pieces(input, |mut reader| {
        let (mut buffer, mut said) = (Vec::new(), String::new());
        loop {
            let line = Framing::Line.receive(&mut reader, &mut buffer);
            let _ = writeln!(said, "{line:?}");
            if !matches!(line, Ok(Some(_))) {
                assert!(buffer.capacity() <= 4 * MAX_LINE);
                return said;
            }
        }
    });
    // Bare messages depend on how they arrive, and answers of a known length do not. An
    // error does, of which nothing says how long it is.
    for length in [3, 4, 5].into_iter().filter(|_| !input.starts_with(b"E")) {
        same_in_pieces(input, |mut reader| {
            let mut buffer = Vec::new();
            format!("{:?}", Framing::Bare.receive_answer(length, &mut reader, &mut buffer))
        });
    }
    let (mut reader, mut buffer) = (input, Vec::new());
    while let Ok(Some(piece)) = Framing::Bare.receive(&mut reader, &mut buffer) {
        assert!(piece.len() <= 1024 && piece == piece.trim_ascii());
    }
}

fn chunks(input: &[u8]) {
    same_in_pieces(input, |mut reader| {
        let mut arrived = 0;
        let read = ChunkReader::default().read(&mut reader, |bytes| arrived += bytes);
        assert!(arrived <= input.len() as u64);
        let left = reader.fill_buf().map(|rest| rest.first().copied());
        format!("{arrived} {:?} {left:?}", read.map_err(|error| error.to_string()))
    });
}

fn datagram(input: &[u8]) {
    let mut answer = input.to_vec();
    let stamps = Stamps { count: 5, received_ns: 1_795_219_200_000_012_345, sent_ns: u64::MAX };
    stamps.write(&mut answer);
    assert_eq!(answer.len(), input.len(), "no answer is longer than its question");
    let mut scratch = Vec::new();
    if let Some(ping) = Ping::parse(input) {
        assert!(is_ping(input) && !is_ping(&answer) && sequence(input) == Ok(ping.sequence));
        let mut again = Vec::new();
        ping.encode(0, &mut again);
        assert_eq!(Ping::parse(&again), Some(ping));
        assert_eq!(ping.check(0, &again, &mut scratch), Ok(None));
        stamps.write(&mut again);
        assert!(ping.check(0, &again, &mut scratch).is_ok_and(|stamps| stamps.is_some()));
    } else if !is_ping(input) {
        let _ = sequence(input);
    }
    let ping = Ping { sequence: 7, sent_ns: 1_795_219_200_000_000_000, series: 4_093_127_755 };
    if let Ok(Some(stamps)) = ping.check(4, input, &mut scratch) {
        assert!(!is_ping(input), "{stamps:?}");
    }
}
