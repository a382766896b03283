//! Which inputs are tried, and what is said of one that fails.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use roundtrip::units::parse_duration;

use crate::mutate::Random;

/// So many failures are enough.
const FAILURES: usize = 10;

/// The most inputs that are shown after a failure, the last ones, and the most bytes of
/// each.
const SHOWN: (usize, usize) = (12, 4_000);

/// What the environment asks for.
pub struct Plan {
    seed: u64,
    start: Instant,
    time: Option<Duration>,
    only: Option<(String, Option<u64>)>,
}

/// One input of a target, or one round of inputs.
pub struct Try {
    pub number: u64,
    pub random: Random,
    /// The inputs that may be to blame if this fails, each with its kind.
    inputs: Vec<(String, Vec<u8>)>,
    /// How many inputs there were of each kind.
    counts: BTreeMap<String, u64>,
    failed: bool,
}

impl Try {
    /// Notes an input before it is tried.
    pub fn note(&mut self, kind: &str, input: &[u8]) {
        self.inputs.push((kind.into(), input.to_vec()));
        *self.counts.entry(kind.into()).or_default() += 1;
    }

    /// All is well after the inputs until now.
    pub fn forget(&mut self) {
        self.inputs.clear();
    }
}

impl Plan {
    pub fn from_environment() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let only = variable("ROUNDTRIP_FUZZ_ONLY").map(|only| match only.split_once('#') {
            Some((target, number)) => (target.into(), Some(number.parse().unwrap())),
            None => (only, None),
        });
        Plan {
            seed: variable("ROUNDTRIP_FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap()),
            start: Instant::now(),
            time: variable("ROUNDTRIP_FUZZ").map(|time| parse_duration(&time).unwrap()),
            only,
        }
    }

    /// Tries these targets in turns, each `usual` times unless a time is given, and
    /// reports how many inputs there were of each. `once` gets the index of the target.
    pub fn each(
        &self,
        part: &str,
        names: &[&str],
        usual: u64,
        mut once: impl FnMut(usize, &mut Try),
    ) {
        let (mut counts, mut failures): (BTreeMap<String, u64>, _) = (BTreeMap::new(), 0);
        let wanted = |name: &str| {
            self.only.as_ref().is_none_or(|(only, _)| [part, name].contains(&only.as_str()))
        };
        let first = self.only.as_ref().and_then(|(_, number)| *number);
        let last = |number| match (first, self.time) {
            (Some(first), _) => number > first,
            (None, Some(time)) => self.start.elapsed() >= time,
            (None, None) => number == usual,
        };
        let mut number = first.unwrap_or(0);
        'all: while names.iter().any(|name| wanted(name)) && !last(number) {
            for (index, name) in names.iter().enumerate().filter(|(_, name)| wanted(name)) {
                let tried = self.once(name, number, |tried| once(index, tried));
                failures += usize::from(tried.failed);
                for (kind, count) in tried.counts {
                    *counts.entry(kind).or_default() += count;
                }
                if failures == FAILURES || self.time.is_some() && last(number) {
                    break 'all;
                }
            }
            number += 1;
        }
        for (kind, count) in counts {
            // Not `println!`, which a test that succeeds keeps to itself.
            let line = format!("fuzz, seed {}: {count:>9} inputs: {kind}\n", self.seed);
            let _ = io::stderr().write_all(line.as_bytes());
        }
        assert_eq!(failures, 0, "some inputs failed");
    }

    fn once(&self, name: &str, number: u64, once: impl FnOnce(&mut Try)) -> Try {
        let random = Random::new(self.seed, name, number);
        let (inputs, counts) = (Vec::new(), BTreeMap::new());
        let mut tried = Try { number, random, inputs, counts, failed: false };
        tried.failed = catch_unwind(AssertUnwindSafe(|| once(&mut tried))).is_err();
        if tried.failed {
            self.report(name, &tried);
        }
        tried
    }

    fn report(&self, name: &str, tried: &Try) {
        let number = tried.number;
        let mut report =
            format!("\nfuzz: {name}, number {number}, failed. The last inputs were:\n");
        for (kind, input) in &tried.inputs[tried.inputs.len().saturating_sub(SHOWN.0)..] {
            let shown = input[..input.len().min(SHOWN.1)].escape_ascii();
            let _ = writeln!(report, "  {kind}, {} bytes: b\"{shown}\"", input.len());
        }
        let _ = write!(
            report,
            "This repeats it:\n  ROUNDTRIP_FUZZ_SEED={} ROUNDTRIP_FUZZ_ONLY='{name}#{number}' \
             cargo test --test fuzz\n",
            self.seed
        );
        let _ = io::stderr().write_all(report.as_bytes());
    }
}
