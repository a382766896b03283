//! A bad network, for teaching and for tests.
//!
//! Real networks lose, copy, delay and swap packets, but never when one wants to look.
//! A server can do the same to its answers on purpose: whether to is drawn anew for
//! each. Without a seed, nobody knows what will be drawn. With one, it depends on the
//! seed and on the number of the answer alone: every run sees the same, and so does
//! every client, so several at once all lose the same pings.
//!
//! A client's pings that do not count, to warm up and to ask for figures, are spared
//! all of it, the delay included. What the client counts is then exactly what was done.
//!
//! Answers that wait do so in a thread of their own. The one that receives goes on
//! receiving.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{EchoCounts, add};

/// What is done to answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairments {
    /// How many of a hundred are lost.
    pub loss: f64,
    /// How many of a hundred are sent twice.
    pub duplicate: f64,
    /// How many of a hundred wait until the next answer to the same client is gone, or
    /// a fifth of a second. The one that is let past does not wait itself, so there are
    /// never more than half.
    pub reorder: f64,
    /// How long each waits.
    pub delay: Duration,
    /// What the drawing starts from; if there is none, from the client.
    pub seed: Option<u64>,
}

/// None at all.
impl Default for Impairments {
    fn default() -> Self {
        Impairments { loss: 0.0, duplicate: 0.0, reorder: 0.0, delay: Duration::ZERO, seed: None }
    }
}

/// What becomes of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// It is not sent.
    pub lost: bool,
    /// It is sent twice.
    pub duplicated: bool,
    /// The next one is let past.
    pub reordered: bool,
}

impl Impairments {
    /// What becomes of the `n`-th answer to a client, counted from 0. Clients differ by
    /// a number, if there is no seed.
    ///
    /// ```
    /// use roundtrip::udp::server::Impairments;
    ///
    /// let impairments = Impairments { loss: 30.0, seed: Some(7), ..Impairments::default() };
    /// let lost = (0..1000).filter(|&n| impairments.fate(1, n).lost).count();
    /// assert_eq!(lost, (0..1000).filter(|&n| impairments.fate(2, n).lost).count());
    /// assert!((250..350).contains(&lost));
    /// ```
    #[must_use]
    pub fn fate(&self, client: u64, n: u64) -> Fate {
        let seed = self.seed.unwrap_or(client);
        let draw = |which: u64, percent: f64| {
            // 53 bits are what a fraction holds.
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            let fraction = (scramble(seed ^ scramble(n.wrapping_mul(4) + which)) >> 11) as f64
                / (1_u64 << 53) as f64;
            fraction < percent / 100.0
        };
        let lost = draw(0, self.loss);
        let (duplicated, reordered) =
            (!lost && draw(1, self.duplicate), !lost && draw(2, self.reorder));
        Fate { lost, duplicated, reordered }
    }

    /// Whether anything is done at all.
    pub(super) fn any(&self) -> bool {
        self.loss > 0.0 || self.duplicate > 0.0 || self.take_time()
    }

    /// Whether some answers have to wait.
    pub(super) fn take_time(&self) -> bool {
        self.reorder > 0.0 || !self.delay.is_zero()
    }
}

/// Numbers that follow each other become numbers that seem to have nothing to do with
/// each other: one step of `SplitMix64` (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How long an answer waits to be overtaken when there is no other answer.
const HOLD: Duration = Duration::from_millis(200);

/// How many clients' answers wait so at once.
const MOST_HELD: usize = 64;

/// The most that may wait, in bytes: a stranger chooses how much is sent here.
const MOST_BYTES: u64 = 16 << 20;

/// What each waiting answer takes, besides its bytes.
const OVERHEAD: u64 = 128;

/// An answer that is to be sent later.
pub(super) struct Answer {
    pub bytes: Vec<u8>,
    pub to: SocketAddr,
    pub copies: u8,
    /// Let the next one past.
    pub hold: bool,
}

/// Answers that wait, and the thread that sends them when it is time.
#[derive(Debug)]
pub(super) struct Late {
    answers: Sender<(Instant, Answer)>,
    delay: Duration,
    waiting_bytes: Arc<AtomicU64>,
    counts: Arc<EchoCounts>,
}

impl Late {
    pub fn start(socket: UdpSocket, delay: Duration, counts: &Arc<EchoCounts>) -> io::Result<Self> {
        let (answers, received) = channel();
        let waiting_bytes = Arc::<AtomicU64>::default();
        let queue = Queue {
            socket,
            waiting: BTreeMap::new(),
            held: HashMap::new(),
            next: 0,
            waiting_bytes: Arc::clone(&waiting_bytes),
            counts: Arc::clone(counts),
        };
        thread::Builder::new().name("late answers".into()).spawn(move || queue.run(&received))?;
        Ok(Late { answers, delay, waiting_bytes, counts: Arc::clone(counts) })
    }

    pub fn send(&self, answer: Answer) {
        let bytes = answer.bytes.len() as u64 + OVERHEAD;
        if self.waiting_bytes.load(Ordering::Relaxed) + bytes > MOST_BYTES {
            return add(&self.counts.failed, 1);
        }
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        // The thread is there as long as this is.
        let _ = self.answers.send((Instant::now() + self.delay, answer));
    }
}

struct Queue {
    socket: UdpSocket,
    /// By when each is due and, of those due at once, in their order.
    waiting: BTreeMap<(Instant, u64), Answer>,
    /// Those that wait to be overtaken, one for each client, and when they do so no
    /// longer.
    held: HashMap<SocketAddr, (Instant, Answer)>,
    next: u64,
    waiting_bytes: Arc<AtomicU64>,
    counts: Arc<EchoCounts>,
}

impl Queue {
    fn run(mut self, received: &Receiver<(Instant, Answer)>) {
        loop {
            let due = self.waiting.keys().next().map(|(due, _)| *due);
            let next = due.into_iter().chain(self.held.values().map(|(until, _)| *until)).min();
            let answer = match next {
                Some(next) => received.recv_timeout(next.saturating_duration_since(Instant::now())),
                None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match answer {
                Ok((due, answer)) => self.take(due, answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.send_due();
        }
    }

    fn take(&mut self, due: Instant, answer: Answer) {
        let to = answer.to;
        if answer.hold && self.held.len() < MOST_HELD && !self.held.contains_key(&to) {
            self.held.insert(to, (due + HOLD, answer));
            return;
        }
        self.wait(due, answer);
        if let Some((_, overtaken)) = self.held.remove(&to) {
            add(&self.counts.reordered, 1);
            self.wait(due, overtaken);
        }
    }

    fn wait(&mut self, due: Instant, answer: Answer) {
        self.waiting.insert((due, self.next), answer);
        self.next += 1;
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        let given_up: Vec<SocketAddr> =
            self.held.iter().filter(|(_, (until, _))| *until <= now).map(|(to, _)| *to).collect();
        for to in given_up {
            if let Some((until, answer)) = self.held.remove(&to) {
                self.wait(until, answer);
            }
        }
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= now) {
            let Answer { bytes, to, copies, .. } = first.remove();
            (0..copies).for_each(|_| self.counts.send(&self.socket, &bytes, to));
            self.waiting_bytes.fetch_sub(bytes.len() as u64 + OVERHEAD, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_as_were_asked_for() {
        for percent in [0.0, 1.0, 30.0, 99.0, 100.0] {
            let impairments = Impairments {
                loss: percent,
                duplicate: percent,
                reorder: percent,
                delay: Duration::ZERO,
                seed: Some(1),
            };
            let fates: Vec<Fate> = (0..10_000).map(|n| impairments.fate(0, n)).collect();
            let of = |what: fn(&Fate) -> bool| {
                f64::from(u32::try_from(fates.iter().filter(|fate| what(fate)).count()).unwrap())
                    / 100.0
            };
            let left = percent * (100.0 - percent) / 100.0;
            assert!((of(|fate| fate.lost) - percent).abs() < 1.5);
            assert!((of(|fate| fate.duplicated) - left).abs() < 1.5);
            assert!((of(|fate| fate.reordered) - left).abs() < 1.5);
        }
        assert_eq!(Impairments::default().fate(0, 3), Fate::default());
    }

    #[test]
    fn what_is_drawn_is_drawn_independently() {
        let half = Impairments { duplicate: 50.0, reorder: 50.0, ..Impairments::default() };
        let both = (0..10_000)
            .map(|n| half.fate(9, n))
            .filter(|fate| fate.duplicated && fate.reordered)
            .count();
        assert!((2_200..2_800).contains(&both), "{both}");
        let same = (0..10_000).filter(|&n| half.fate(9, n) == half.fate(10, n)).count();
        assert!((2_200..2_800).contains(&same), "{same}");
    }
}
