//! The loop of the echo server, and the answer to one ping.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::counts::{EchoCounts, add};
use super::delayed::{Answer, DelayedAnswers};
use super::impair::{Fate, Impairments};
use super::peers::Peers;
use super::visits::{LOOK, Visits};
use crate::log::Log;
use crate::net::address::reachable;
use crate::no_thread::no_thread;
use crate::serve::Limits;
use crate::udp::datagram::{Ping, Stamps, UNCOUNTED, is_ping};
use crate::units::nanoseconds;

/// Larger than any datagram, so `recv_from` cuts none short.
const BUFFER: usize = 65_536;

/// How long to keep spinning after a ping: a core is busy only while somebody measures.
const SPIN: Duration = Duration::from_secs(1);

/// How long to wait before receiving again after an error that may last.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers the pings that arrive on one socket.
#[derive(Debug)]
pub struct EchoServer {
    socket: UdpSocket,
    impairments: Impairments,
    limits: Limits,
    peers: Peers,
    /// Turns a client's address into a number; other numbers in each process.
    hasher: RandomState,
    /// Sends answers later, if any impairment needs that.
    delayed: Option<DelayedAnswers>,
    spin: bool,
    /// When to stop spinning. The socket is non-blocking while this is set.
    spinning: Option<Instant>,
    counts: Arc<EchoCounts>,
    visits: Option<Visits>,
    stop: Arc<AtomicBool>,
}

/// What was done with a ping.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Answered,
    Withheld,
}

impl EchoServer {
    /// Prepares a server on this socket. It answers only the networks that `limits`
    /// allow, and counts in `counts` what it does.
    ///
    /// # Errors
    /// When the impairments need a thread and the system refuses it.
    pub fn new(
        socket: UdpSocket,
        impairments: Impairments,
        limits: Limits,
        spin: bool,
        counts: Arc<EchoCounts>,
    ) -> io::Result<Self> {
        let delayed = impairments
            .take_time()
            .then(|| DelayedAnswers::start(socket.try_clone()?, impairments.delay, &counts))
            .transpose()?;
        Ok(EchoServer {
            socket,
            impairments,
            limits,
            peers: Peers::default(),
            hasher: RandomState::new(),
            delayed,
            spin,
            spinning: None,
            counts,
            visits: None,
            stop: Arc::default(),
        })
    }

    /// Logs when a peer begins. When it has sent nothing for the time of `silence`,
    /// logs what it did.
    ///
    /// # Errors
    /// When the socket does not take a timeout.
    pub fn follow_peers(&mut self, log: Log, silence: Duration) -> io::Result<()> {
        // Without pings, too, the loop has to look for silent peers.
        self.socket.set_read_timeout(Some(LOOK.min(silence)))?;
        self.visits = Some(Visits::new(log, silence));
        Ok(())
    }

    /// The counters that this server updates while it runs.
    #[must_use]
    pub fn counts(&self) -> Arc<EchoCounts> {
        Arc::clone(&self.counts)
    }

    /// Answers pings in a thread of its own, until the returned handle is dropped.
    ///
    /// # Errors
    /// When the system refuses the thread.
    pub fn start(self, log: Log) -> io::Result<RunningEchoServer> {
        let running =
            RunningEchoServer { address: self.socket.local_addr()?, stop: Arc::clone(&self.stop) };
        thread::Builder::new()
            .name("echo".into())
            .spawn(move || self.run(&log))
            .map_err(no_thread)?;
        Ok(running)
    }

    /// Answers pings in this thread. No error ends the loop.
    pub fn run(mut self, log: &Log) {
        let mut buffer = vec![0; BUFFER];
        while !self.stop.load(Ordering::Relaxed) {
            match self.receive(&mut buffer) {
                Ok((length, from)) => {
                    let done = self.answer(&mut buffer[..length], from, now_ns());
                    if let (Some(visits), Some(done)) = (&mut self.visits, done) {
                        visits.record(from, done == Done::Withheld);
                    }
                }
                Err(error) => match error.kind() {
                    // No ping came, an earlier answer met a closed port, or a signal
                    // came. None of these says anything about the next ping.
                    ErrorKind::WouldBlock
                    | ErrorKind::TimedOut
                    | ErrorKind::ConnectionRefused
                    | ErrorKind::ConnectionReset
                    | ErrorKind::Interrupted => {}
                    _ => {
                        log.say(format_args!(
                            "cannot receive datagrams: {error}; trying again in {PAUSE:?}"
                        ));
                        thread::sleep(PAUSE);
                    }
                },
            }
            if let Some(visits) = &mut self.visits {
                visits.look();
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        if let Some(until) = self.spinning {
            while Instant::now() < until {
                match self.socket.recv_from(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
                    other => return other,
                }
            }
            self.socket.set_nonblocking(false)?;
            self.spinning = None;
        }
        self.socket.recv_from(buffer)
    }

    /// Answers a datagram, and returns what was done with it if it is a ping.
    fn answer(&mut self, datagram: &mut [u8], to: SocketAddr, received_ns: u64) -> Option<Done> {
        if !is_ping(datagram) || !self.limits.allows(to.ip()) {
            add(&self.counts.ignored, 1);
            return None;
        }
        let ping = Ping::parse(datagram);
        let peer = self.peers.of(to, ping.map(|ping| ping.series));
        // The answer to a ping without room for stamps is a ping again, and its sender
        // may be another server.
        if ping.is_none() && !peer.allowance.take(Instant::now()) {
            add(&self.counts.withheld, 1);
            return Some(Done::Withheld);
        }
        add(&self.counts.pings, 1);
        add(&self.counts.bytes_received, datagram.len());
        // A ping that the client does not count is not impaired, so that the client's
        // figures show exactly what the impairments did.
        let counted = ping.is_none_or(|ping| ping.sequence != UNCOUNTED);
        let fate = (counted && self.impairments.any())
            .then(|| self.impairments.fate(self.hasher.hash_one(to), peer.next()));
        if let Some(Ping { sequence, .. }) = ping {
            let count = peer.count(sequence);
            Stamps { count, received_ns, sent_ns: now_ns() }.write(datagram);
        }
        match fate {
            Some(fate) => self.send_impaired(datagram, to, fate),
            None => self.counts.send(&self.socket, datagram, to),
        }
        let lost = fate.is_some_and(|fate| fate.lost);
        if self.spin && (self.spinning.is_some() || self.socket.set_nonblocking(true).is_ok()) {
            self.spinning = Some(Instant::now() + SPIN);
        }
        Some(if lost { Done::Withheld } else { Done::Answered })
    }

    fn send_impaired(&self, datagram: &[u8], to: SocketAddr, fate: Fate) {
        if fate.lost {
            return add(&self.counts.lost, 1);
        }
        if fate.duplicated {
            add(&self.counts.duplicated, 1);
        }
        let copies = if fate.duplicated { 2 } else { 1 };
        match &self.delayed {
            Some(delayed) => {
                let bytes = datagram.to_vec();
                delayed.send(Answer { bytes, to, copies, hold: fate.reordered });
            }
            None => (0..copies).for_each(|_| self.counts.send(&self.socket, datagram, to)),
        }
    }
}

/// An echo server that runs in the background. Dropping it stops the server.
#[derive(Debug)]
pub struct RunningEchoServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Drop for RunningEchoServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Nothing interrupts `recv_from`, but a datagram ends its wait.
        let address = reachable(self.address);
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let _ = UdpSocket::bind(any).and_then(|socket| socket.send_to(&[], address));
    }
}

/// The time since 1970 in nanoseconds.
fn now_ns() -> u64 {
    nanoseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
