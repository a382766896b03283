//! Every decoder of the library, through its public functions.
//!
//! None may panic. Beyond that, what was decoded is encoded and decoded again, and has
//! to be the same; a decoder gets its bytes one by one, and has to say the same; and
//! nothing takes more memory than its input justifies.

mod client;
mod figures;
mod frames;
mod text;
mod typed;
pub mod values;

use std::fs;
use std::io::{self, BufReader, Read};
use std::time::Duration;

pub use frames::{REQUEST, rawsocket, websocket};
pub use values::MESSAGES;

use crate::mutate::mutated;
use crate::plan::Plan;

/// The inputs of each decoder in a usual run.
const USUAL: u64 = 400;

/// No input of 100 kB needs more time of a processor, even in a debug build.
const SLOW: Duration = Duration::from_secs(10);

/// How much all decoders together may add to the memory of this process, in KiB. The
/// stacks and heaps of its threads are among it.
const MEMORY: u64 = 2 << 20;

/// A decoder, valid inputs for it, and what has to hold for any input.
pub struct Decoder {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    check: fn(&[u8]),
    /// Of so many inputs, one is tried.
    each: u64,
}

impl Decoder {
    fn new<T: AsRef<[u8]>>(
        name: &'static str,
        seeds: impl IntoIterator<Item = T>,
        check: fn(&[u8]),
    ) -> Self {
        let seeds = seeds.into_iter().map(|seed| seed.as_ref().to_vec()).collect();
        Decoder { name, seeds, check, each: 1 }
    }

    fn each(self, each: u64) -> Self {
        Decoder { each, ..self }
    }
}

pub fn run(plan: &Plan) {
    let parts =
        [text::all(), values::all(), frames::all(), typed::all(), client::all(), figures::all()];
    let all: Vec<Decoder> = parts.into_iter().flatten().collect();
    let names: Vec<&str> = all.iter().map(|decoder| decoder.name).collect();
    let before = address_space();
    plan.each("decoders", &names, USUAL, |index, tried| {
        if !tried.number.is_multiple_of(all[index].each) {
            return;
        }
        let input = mutated(&all[index].seeds, &mut tried.random);
        tried.note(all[index].name, &input);
        let before = used();
        (all[index].check)(&input);
        let took = used().saturating_sub(before);
        assert!(took < SLOW, "{took:?}");
    });
    let more = address_space().saturating_sub(before);
    assert!(more < MEMORY, "{more} KiB of memory were asked for");
}

/// How long this thread has had a processor, whatever else the machine does; zero if the
/// system does not tell.
fn used() -> Duration {
    let status = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = status.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.map_or(Duration::ZERO, Duration::from_nanos)
}

/// The most memory that this process has ever asked the system for, in KiB, whether it
/// was used or not.
fn address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Delivers its bytes one by one, as a network may.
struct Single<'a>(&'a [u8]);

impl Read for Single<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

/// Whether a decoder says the same of these bytes at once and one by one.
fn same_in_pieces(input: &[u8], decode: impl Fn(&mut dyn io::BufRead) -> String) {
    let whole = decode(&mut &input[..]);
    assert_eq!(whole, decode(&mut BufReader::new(Single(input))));
}
