//! Inputs with a few things wrong.

/// The longest input in bytes: more than the longest line, and less than what the
/// buffers of a Unix socket hold.
const LONGEST: usize = 100_000;

/// Numbers at the edge of what something can hold.
const NUMBERS: [&str; 24] = [
    "0",
    "00",
    "1",
    "-1",
    "+1",
    "127",
    "128",
    "255",
    "256",
    "65535",
    "65536",
    "1000000",
    "1000001",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "0.00000000000000000000000000000000000000000000000000001",
];

/// Bytes with a meaning in one protocol or another.
const BYTES: &[u8] =
    b"\0\x01\x7e\x7f\x80\x81\xbf\xc1\xdb\xdd\xdf\xff\n\r\t :,;\"'\\[]{}/?#%=.-+eE09aPS";

/// Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014):
/// `SplitMix64`.
pub struct Random(u64);

impl Random {
    /// The generator for the input of this number: it needs none of the inputs before.
    pub fn new(seed: u64, name: &str, number: u64) -> Self {
        let mut random = Random(seed);
        for part in name.bytes().map(u64::from).chain([number]) {
            random.0 = random.next() ^ part;
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below the limit, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }

    /// Whether one of so many cases has come.
    pub fn one_in(&mut self, cases: usize) -> bool {
        self.below(cases) == 0
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A short piece of a text of this length.
    fn piece(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = if self.one_in(4) { length } else { 8 };
        start..(start + self.below(most + 1)).min(length)
    }
}

/// One of the seeds, usually with a few things wrong.
pub fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(seeds).clone();
    if random.one_in(20) {
        return input;
    }
    // One or two, and sometimes many.
    let most = *random.pick(&[1, 1, 2, 3, 10]);
    for _ in 0..=random.below(most) {
        mutate(&mut input, seeds, random);
        input.truncate(LONGEST);
    }
    input
}

fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let length = input.len();
    let at = random.below(length + 1);
    match random.below(12) {
        0 if at < length => input[at] ^= 1 << random.below(8),
        1 if at < length => input[at] = *random.pick(BYTES),
        2 => input.insert(at, *random.pick(BYTES)),
        3 => drop(input.splice(at..at, random.next().to_be_bytes())),
        4 => drop(input.drain(random.piece(length))),
        5 => {
            let piece = input[random.piece(length)].to_vec();
            drop(input.splice(at..at, piece));
        }
        6 => {
            let other = random.pick(seeds);
            let piece = random.piece(other.len());
            drop(input.splice(at..at, other[piece].iter().copied()));
        }
        7 => {
            let other = random.pick(seeds);
            let rest = &other[random.below(other.len() + 1)..];
            input.truncate(at);
            input.extend_from_slice(rest);
        }
        8 | 9 => number(input, at, random),
        10 => input.truncate(at),
        11 => {
            let piece = input[random.piece(length)].to_vec();
            let most = if random.one_in(8) { LONGEST / piece.len().max(1) } else { 8 };
            let times = random.below(most + 1);
            drop(input.splice(at..at, piece.repeat(times)));
        }
        _ => {}
    }
}

/// Puts a boundary value in the place of a number: the digits that come next, or big
/// endian bytes, such as those of a length.
fn number(input: &mut Vec<u8>, at: usize, random: &mut Random) {
    let digits = |byte: &u8| byte.is_ascii_digit();
    let start = input[at..].iter().position(digits).map(|skipped| at + skipped);
    if let Some(start) = start.filter(|_| !random.one_in(4)) {
        let length = input[start..].iter().take_while(|byte| digits(byte)).count();
        if random.one_in(3) {
            // A number of the same width.
            return input[start..start + length].fill(*random.pick(b"0189"));
        }
        let number = random.pick(&NUMBERS).bytes();
        return drop(input.splice(start..start + length, number));
    }
    let width = *random.pick(&[1, 2, 3, 4, 8]);
    let edge = *random.pick(&[0, 1, 0x7F, 0x80, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, u64::MAX >> 1]);
    let value = (if random.one_in(2) { edge } else { u64::MAX - edge }).to_be_bytes();
    let end = (at + width).min(input.len());
    drop(input.splice(at..end, value[8 - width..].iter().copied()));
}
