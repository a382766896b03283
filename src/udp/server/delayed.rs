//! Answers that are sent later, in a thread of their own, so that the receiving thread
//! never waits.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::no_thread::no_thread;

use super::counts::{EchoCounts, add};

/// How long an answer waits to be overtaken if no other answer follows.
const HOLD: Duration = Duration::from_millis(200);

/// The most clients that may have an answer waiting to be overtaken.
const MAX_HELD: usize = 64;

/// The most bytes that may wait, since strangers choose how much they send.
const MAX_BYTES: u64 = 16 << 20;

/// The memory that a waiting answer takes besides its bytes.
const OVERHEAD: u64 = 128;

/// An answer to be sent later.
pub(super) struct Answer {
    pub bytes: Vec<u8>,
    pub to: SocketAddr,
    pub copies: u8,
    /// Whether the next answer to this client overtakes this one.
    pub hold: bool,
}

/// The sending half of the queue of delayed answers. Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct DelayedAnswers {
    answers: Sender<(Instant, Answer)>,
    delay: Duration,
    waiting_bytes: Arc<AtomicU64>,
    counts: Arc<EchoCounts>,
}

impl DelayedAnswers {
    /// Starts the thread, which sends from `socket`.
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
        thread::Builder::new()
            .name("delayed answers".into())
            .spawn(move || queue.run(&received))
            .map_err(no_thread)?;
        Ok(DelayedAnswers { answers, delay, waiting_bytes, counts: Arc::clone(counts) })
    }

    /// Queues an answer, or drops it if too much is waiting.
    pub fn send(&self, answer: Answer) {
        let bytes = answer.bytes.len() as u64 + OVERHEAD;
        if self.waiting_bytes.load(Ordering::Relaxed) + bytes > MAX_BYTES {
            return add(&self.counts.failed, 1);
        }
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        // The thread runs until `self.answers` is dropped.
        let _ = self.answers.send((Instant::now() + self.delay, answer));
    }
}

/// The thread's half: the answers that wait.
struct Queue {
    socket: UdpSocket,
    /// Sorted by due time, then by order of arrival.
    waiting: BTreeMap<(Instant, u64), Answer>,
    /// Answers that wait to be overtaken, one for each client, and when to stop
    /// waiting.
    held: HashMap<SocketAddr, (Instant, Answer)>,
    /// The number of the next answer, to keep answers with one due time in order.
    next: u64,
    waiting_bytes: Arc<AtomicU64>,
    counts: Arc<EchoCounts>,
}

impl Queue {
    /// Waits for new answers, but no longer than until the next one is due.
    fn run(mut self, received: &Receiver<(Instant, Answer)>) {
        loop {
            let due = self.waiting.keys().next().map(|(due, _)| *due);
            let next = due.into_iter().chain(self.held.values().map(|(until, _)| *until)).min();
            let answer = match next {
                Some(next) => received.recv_timeout(next.saturating_duration_since(Instant::now())),
                None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match answer {
                Ok((due, answer)) => self.add(due, answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.send_due();
        }
    }

    /// Holds an answer back, or lets it wait until it is due. In the second case it
    /// overtakes the answer that is held back for this client.
    fn add(&mut self, due: Instant, answer: Answer) {
        let to = answer.to;
        if answer.hold && self.held.len() < MAX_HELD && !self.held.contains_key(&to) {
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

    /// Sends all answers whose time has come.
    fn send_due(&mut self) {
        let now = Instant::now();
        let expired: Vec<SocketAddr> =
            self.held.iter().filter(|(_, (until, _))| *until <= now).map(|(to, _)| *to).collect();
        for to in expired {
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
