//! What an echo server has done.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};

/// What an echo server has done so far. Tests compare a client's figures with these.
#[derive(Debug, Default)]
pub struct EchoCounts {
    /// Pings that arrived and were accepted.
    pub pings: AtomicU64,
    /// Datagrams that were not answered: no pings, answers, pings from networks that
    /// are not allowed.
    pub ignored: AtomicU64,
    /// Pings without room for stamps that were not answered because their sender, who
    /// could be another server, had sent too many.
    pub withheld: AtomicU64,
    /// Answers that were dropped on purpose.
    pub lost: AtomicU64,
    /// Answers that were sent twice on purpose.
    pub duplicated: AtomicU64,
    /// Answers that were overtaken on purpose.
    pub reordered: AtomicU64,
    /// Answers that the system refused to send, or for which the queue had no room.
    pub failed: AtomicU64,
    /// Bytes of all accepted pings.
    pub bytes_received: AtomicU64,
    /// Bytes of all answers that were sent.
    pub bytes_sent: AtomicU64,
}

impl EchoCounts {
    /// Sends an answer, and counts its bytes or its failure.
    pub(super) fn send(&self, socket: &UdpSocket, datagram: &[u8], to: SocketAddr) {
        match socket.send_to(datagram, to) {
            Ok(bytes) => add(&self.bytes_sent, bytes),
            Err(_) => add(&self.failed, 1),
        }
    }
}

pub(super) fn add(count: &AtomicU64, more: usize) {
    count.fetch_add(more as u64, Ordering::Relaxed);
}
