//! Messages that are arriving, and what all of them take together.
//!
//! A message may have 16 MiB. That is no danger, and neither is a thousand clients. But
//! a thousand clients that each send 15 MiB of such a message, and then nothing, hold
//! 15 GB until their time is over. So what arrives is taken from a budget of all
//! sessions, byte by byte. A message that does not fit is refused, and its session
//! ends: nobody can skip the rest of a message of which the next byte may never come.
//!
//! The first [`FREE`] bytes of a message cost nothing. Most messages fit into them, and
//! so a crowd with long messages can refuse nobody a short one. A message keeps its
//! share until the next one begins: then it has been passed on.

use std::io::{self, BufRead, ErrorKind, Read};
use std::sync::Arc;

use crate::serve::{Budget, Share};

/// How many bytes of each message come from no budget.
const FREE: u64 = 64 * 1024;

/// How many bytes are taken at once: a budget is one counter for all threads.
const PIECE: u64 = 64 * 1024;

/// What the current message of one session has taken.
#[derive(Debug, Default)]
pub struct Arriving {
    budget: Option<Arc<Budget>>,
    arrived: u64,
    shares: Vec<Share>,
}

impl Arriving {
    /// Takes what arrives from this budget.
    pub fn set_budget(&mut self, budget: Arc<Budget>) {
        self.budget = Some(budget);
    }

    /// Begins a message, and gives back what the last one has taken.
    pub fn begin(&mut self) {
        self.arrived = 0;
        self.shares.clear();
    }

    /// How many bytes the current message has so far.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// A reader that counts what is read.
    pub fn count<R>(&mut self, reader: R) -> Counted<'_, R> {
        Counted { reader, arriving: self }
    }

    fn add(&mut self, bytes: usize) -> io::Result<()> {
        self.arrived += bytes as u64;
        let Some(budget) = &self.budget else { return Ok(()) };
        while self.arrived > FREE + self.shares.len() as u64 * PIECE {
            let Some(share) = budget.take(PIECE) else {
                let what = "too many long messages are arriving at the moment; try again later";
                return Err(io::Error::new(ErrorKind::QuotaExceeded, what));
            };
            self.shares.push(share);
        }
        Ok(())
    }
}

/// Reads, and takes from the budget what was read.
pub struct Counted<'a, R> {
    reader: R,
    arriving: &'a mut Arriving,
}

impl<R: BufRead> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.arriving.add(read)?;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}
