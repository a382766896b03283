//! Answering pings without a connection.
//!
//! One thread, one socket, and whoever sends a datagram: there is nobody to accept, no
//! end to notice and nothing to close, so none of the three ways of
//! [`serve`](crate::serve) applies. In return the socket is everyone's. What would cost
//! a bad peer of TCP its own connection would here cost all of them the service, so no
//! datagram and no error ends this loop. (On some systems an answer to a port that was
//! closed meanwhile comes back as an error of a *later* call.)
//!
//! ```text
//!   receive ─▶ a ping? allowed? ─▶ count it ─▶ its fate? ─┬─▶ stamp ─▶ send
//!                                                         ├─▶ lost
//!                                                         └─▶ stamp ─▶ wait elsewhere ─▶ send
//! ```
//!
//! Nobody knows who sends a datagram, only who is said to. So an answer must not be a
//! question to anyone: it would make two servers talk to each other for ever, at the
//! word of a stranger. An answer with stamps is none. A ping without any comes back as
//! it is, and could be. It is not answered if it comes from where servers are, a port
//! below 1024 (RFC 6335 section 6) or of the same number as this one's; two servers on
//! other ports have nothing to tell them from clients.
//!
//! A server that listens on every address of a machine with several answers from
//! whichever the system chooses, and a client that asked another one takes no notice:
//! give such a server its `--host`.

mod beside;
pub mod impair;
mod peers;

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use beside::bind_beside;
pub use impair::Impairments;
use impair::{Answer, Fate, Late};
use peers::Peers;

use crate::log::Log;
use crate::net::reachable;
use crate::serve::Limits;
use crate::udp::datagram::{Ping, Stamps, UNCOUNTED, is_ping};

/// Any datagram fits, so none is cut.
const BUFFER: usize = 65_536;

/// How long to go on spinning after a ping: a core is burnt only while somebody
/// measures.
const SPIN: Duration = Duration::from_secs(1);

/// How long to wait when receiving fails for a reason that will not pass at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers pings on one socket.
#[derive(Debug)]
pub struct Echo {
    socket: UdpSocket,
    port: u16,
    impairments: Impairments,
    limits: Limits,
    peers: Peers,
    /// Makes numbers of addresses, others each time.
    numbers: RandomState,
    /// Those that do not go at once, if there are any.
    late: Option<Late>,
    spin: bool,
    /// Until when it spins; the socket is non-blocking just as long.
    spinning: Option<Instant>,
    counts: Arc<EchoCounts>,
    stop: Arc<AtomicBool>,
}

/// What the echo has done so far: the truth that a client's figures can be held
/// against.
#[derive(Debug, Default)]
pub struct EchoCounts {
    /// Pings that arrived.
    pub pings: AtomicU64,
    /// Other datagrams, answers, and pings from servers' ports and networks that are
    /// not allowed: not answered.
    pub ignored: AtomicU64,
    /// Answers that were dropped on purpose.
    pub lost: AtomicU64,
    /// Answers that were sent twice on purpose.
    pub duplicated: AtomicU64,
    /// Answers that a later one was let past on purpose.
    pub reordered: AtomicU64,
    /// Answers that the system did not take, or that were too many to keep.
    pub failed: AtomicU64,
    /// Bytes of all pings that arrived.
    pub bytes_received: AtomicU64,
    /// Bytes of all answers that were sent.
    pub bytes_sent: AtomicU64,
}

impl Echo {
    /// Makes ready to answer on this socket, for the networks that `limits` allow, and to
    /// count what it does in `counts`.
    ///
    /// # Errors
    /// When impairments need a thread and the system gives none.
    pub fn new(
        socket: UdpSocket,
        impairments: Impairments,
        limits: Limits,
        spin: bool,
        counts: Arc<EchoCounts>,
    ) -> io::Result<Self> {
        let late = impairments
            .take_time()
            .then(|| Late::start(socket.try_clone()?, impairments.delay, &counts));
        let (port, late, stop) = (socket.local_addr()?.port(), late.transpose()?, Arc::default());
        let (peers, numbers) = (Peers::default(), RandomState::new());
        Ok(Echo {
            socket,
            port,
            impairments,
            limits,
            peers,
            numbers,
            late,
            spin,
            spinning: None,
            counts,
            stop,
        })
    }

    /// What it does is counted here.
    #[must_use]
    pub fn counts(&self) -> Arc<EchoCounts> {
        Arc::clone(&self.counts)
    }

    /// Answers in a thread of its own, until what is returned is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(self, log: Log) -> io::Result<RunningEcho> {
        let running =
            RunningEcho { address: self.socket.local_addr()?, stop: Arc::clone(&self.stop) };
        thread::Builder::new().name("echo".into()).spawn(move || self.run(&log))?;
        Ok(running)
    }

    /// Answers until told to stop. No error ends it.
    pub fn run(mut self, log: &Log) {
        let mut buffer = vec![0; BUFFER];
        while !self.stop.load(Ordering::Relaxed) {
            match self.receive(&mut buffer) {
                Ok((length, from)) => self.answer(&mut buffer[..length], from, nanoseconds_now()),
                // What became of an earlier answer, or a signal: neither says anything
                // of the next ping.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionRefused
                            | ErrorKind::ConnectionReset
                            | ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    log.say(format_args!(
                        "cannot receive datagrams: {error}; trying again in {PAUSE:?}"
                    ));
                    thread::sleep(PAUSE);
                }
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

    fn answer(&mut self, datagram: &mut [u8], to: SocketAddr, received_ns: u64) {
        let server = to.port() < 1024 || to.port() == self.port;
        if server || !is_ping(datagram) || !self.limits.allows(to.ip()) {
            add(&self.counts.ignored, 1);
            return;
        }
        add(&self.counts.pings, 1);
        add(&self.counts.bytes_received, datagram.len());
        let ping = Ping::parse(datagram);
        let mut fate = None;
        // Only who is counted, or to be treated in turn, has to be remembered.
        if ping.is_some() || self.impairments.any() {
            let peer = self.peers.of(to, ping.map(|ping| ping.series));
            // A ping that the client does not count is spared, so that what it counts
            // is what was done.
            if ping.is_none_or(|ping| ping.sequence != UNCOUNTED) {
                fate = Some(self.impairments.fate(self.numbers.hash_one(to), peer.next()));
            }
            if let Some(Ping { sequence, .. }) = ping {
                let count = peer.count(sequence);
                Stamps { count, received_ns, sent_ns: nanoseconds_now() }.write(datagram);
            }
        }
        self.send(datagram, to, fate);
        if self.spin && (self.spinning.is_some() || self.socket.set_nonblocking(true).is_ok()) {
            self.spinning = Some(Instant::now() + SPIN);
        }
    }

    /// Sends an answer; at once, if it has no fate.
    fn send(&self, datagram: &[u8], to: SocketAddr, fate: Option<Fate>) {
        let at_once = fate.is_none();
        let fate = fate.unwrap_or_default();
        if fate.lost {
            return add(&self.counts.lost, 1);
        }
        let copies = if fate.duplicated { 2 } else { 1 };
        if fate.duplicated {
            add(&self.counts.duplicated, 1);
        }
        match &self.late {
            Some(late) if !at_once => {
                late.send(Answer { bytes: datagram.to_vec(), to, copies, hold: fate.reordered });
            }
            _ => (0..copies).for_each(|_| self.counts.send(&self.socket, datagram, to)),
        }
    }
}

/// An echo that runs in the background, until this is dropped.
#[derive(Debug)]
pub struct RunningEcho {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Drop for RunningEcho {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // `recv_from` cannot be interrupted, but it can be given what it waits for.
        let address = reachable(self.address);
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let _ = UdpSocket::bind(any).and_then(|socket| socket.send_to(&[], address));
    }
}

impl EchoCounts {
    fn send(&self, socket: &UdpSocket, datagram: &[u8], to: SocketAddr) {
        match socket.send_to(datagram, to) {
            Ok(bytes) => add(&self.bytes_sent, bytes),
            Err(_) => add(&self.failed, 1),
        }
    }
}

fn add(count: &AtomicU64, more: usize) {
    count.fetch_add(more as u64, Ordering::Relaxed);
}

fn nanoseconds_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
