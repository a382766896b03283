//! What attackers say: short conversations, with a few things wrong.

use super::server::Door;
use crate::decoders::{MESSAGES, REQUEST, rawsocket, values, websocket};
use crate::mutate::{Random, mutated};

const LINES: [&str; 12] = [
    "PING\nPING hello\nQUIT\n",
    "BANDWIDTH_DOWNLOAD:1000\nPING\nQUIT\n",
    "BANDWIDTH_DOWNLOAD:20ms\nQUIT\n",
    "BANDWIDTH_UPLOAD:10\n0123456789PING\nQUIT\n",
    "BANDWIDTH_UPLOAD:5ms\n4\nabcd10\n01234567890\nPING\nQUIT\n",
    "BANDWIDTH_BIDIRECTIONAL:10\n0123456789PING\nQUIT\n",
    "BANDWIDTH_BIDIRECTIONAL:5ms\n4\nabcd0\nPING\nQUIT\n",
    "BANDWIDTH_UPLOAD_REPORTED:1:10\n0123456789QUIT\n",
    "BANDWIDTH_UPLOAD_REPORTED:1:5ms\n4\nabcd0\nQUIT\n",
    "LAG:3:0\nPING 0\nPING 1\nPING 2\nLAG_SAMPLES:0\nLAG_SAMPLES:3\nQUIT\n",
    "LAG:3:1\nPING 0\nSTATUS\nPING 1\nPING 2\nLAG_SAMPLES:0\nQUIT\n",
    "STATUS {\"from\":\"me\",\"n\":[1,{\"a\":null}]}\nSTATUS\nQUIT\n",
];

const BARE: [&str; 5] = [
    "PING",
    "QUIT",
    "BANDWIDTH_DOWNLOAD:1000",
    "BANDWIDTH_UPLOAD:10",
    "BANDWIDTH_UPLOAD:10 0123456789 PING QUIT",
];

const DATAGRAMS: [&str; 4] = [
    "PING 7 1795219200000000000 STAMP 4093127755 ------------------- ------------------- xxxx",
    "PING 7 1795219200000000000 STAMP 0000000008 1795219200000012345 1795219200000015678 xxxx",
    "Ping 1 1699.25",
    "PING 1 1795219200000000000",
];

/// A conversation of a callee that calls itself.
const TALK: [usize; 8] = [0, 13, 8, 18, 11, 15, 5, 3];

pub fn input(door: &Door, random: &mut Random) -> Vec<u8> {
    match door.what() {
        "line" => text(&LINES, random),
        "bare" => text(&BARE, random),
        "udp" => text(&DATAGRAMS, random),
        what => {
            let packed = random.one_in(2);
            if what == "rawsocket" {
                let opening = [0x7F, if packed { 0xF2 } else { 0xF1 }, 0, 0];
                return session(&opening, rawsocket, packed, random);
            }
            let opening = REQUEST.replace("json", if packed { "msgpack" } else { "json" });
            session(opening.as_bytes(), |message| websocket(message, !packed, true), packed, random)
        }
    }
}

fn text(seeds: &[&str], random: &mut Random) -> Vec<u8> {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    mutated(&seeds, random)
}

/// A session at a router, whose bytes are mutated, or whose messages are, so that the
/// frames around them are right.
fn session(
    opening: &[u8],
    frame: impl Fn(&[u8]) -> Vec<u8>,
    packed: bool,
    random: &mut Random,
) -> Vec<u8> {
    let all: Vec<Vec<u8>> = MESSAGES
        .iter()
        .map(|json| if packed { values::pack(json) } else { json.as_bytes().to_vec() })
        .collect();
    let talk = TALK.map(|index| all[index].clone());
    if random.one_in(2) {
        let frames: Vec<u8> = talk.iter().flat_map(|message| frame(message)).collect();
        return mutated(&[[opening, &frames].concat()], random);
    }
    let mut input = opening.to_vec();
    for message in talk {
        let message = match random.below(4) {
            0 => mutated(&[message], random),
            1 => mutated(&all, random),
            _ => message,
        };
        input.extend(frame(&message));
    }
    input
}
