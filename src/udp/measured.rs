//! What became of the pings: the plain data of a measurement over UDP.

use std::io;
use std::net::SocketAddr;

use super::jitter::Jitter;
use super::one_way::OneWay;
use crate::measure::{Latency, Measurement, Outcome};

/// The answer came after the timeout, and before five timeouts had passed.
pub const LATE: Outcome = Outcome { word: "late", phrase: "came late,", settled: true };

/// No answer came.
pub const LOST: Outcome = Outcome { word: "lost", phrase: "was lost", settled: true };

/// The server's machine reported that no program listens on the port any more.
pub const REJECTED: Outcome =
    Outcome { word: "rejected", phrase: "met a closed port", settled: true };

/// This machine did not send the ping.
pub const REFUSED: Outcome =
    Outcome { word: "refused", phrase: "was not sent: this machine refused", settled: true };

/// The answer came again.
pub const DUPLICATE: Outcome = Outcome { word: "duplicate", phrase: "came again", settled: false };

/// What a series of pings over UDP has shown.
#[derive(Debug, Default)]
pub struct Udp {
    /// Pings sent, and the round trips of those that were answered in time.
    pub latency: Latency,
    /// Pings that this machine refused to send, because it had no route, for example.
    /// They do not count as sent.
    pub refused_here: u64,
    /// Why this machine refused the latest of these pings.
    pub refusal: Option<String>,
    /// Pings that were on their way when the server's port was found to be closed.
    pub rejected: u64,
    /// Answers that came after the timeout.
    pub late: u64,
    /// Pings that arrived at the server, by its own count; `None` if it does not report
    /// one.
    pub arrived: Option<u64>,
    /// Datagrams that this machine dropped because the socket's receive buffer was
    /// full; `None` where the system does not tell.
    pub dropped_here: Option<u64>,
    /// Answers that came again.
    pub duplicates: u64,
    /// Answers that came after the answer to a later ping (RFC 4737 section 3.3).
    pub reordered: u64,
    /// Datagrams that are only the beginning of an answer.
    pub truncated: u64,
    /// Datagrams that go on after the end of an answer.
    pub oversize: u64,
    /// Datagrams that begin like an answer, with other bytes in it.
    pub corrupted: u64,
    /// Datagrams that answer no ping of this client, or one that was lost long ago.
    pub foreign: u64,
    /// The address from which the server answered a ping that was sent to another of
    /// its addresses. It is looked for when nothing else came back.
    pub answered_from: Option<SocketAddr>,
    /// The jitter of the round-trip times, as RFC 3550 estimates it; `None` in the
    /// total of several clients.
    pub jitter: Option<Jitter>,
    /// The delay of each direction, from the server's time stamps. In the total of
    /// several clients, one of them for which a clock changed, or `None`.
    pub one_way: Option<OneWay>,
}

impl Udp {
    /// Pings that were never answered, and met no closed port either.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let accounted = self.latency.rtt.count() + self.late + self.rejected;
        self.latency.sent.saturating_sub(accounted)
    }

    /// Whether there were pings, and not one answer, for no reason that is known.
    pub(super) fn nothing(&self) -> bool {
        let Latency { sent, rtt, failure, .. } = &self.latency;
        *sent + self.refused_here > 0 && rtt.count() + self.late == 0 && failure.is_none()
    }

    /// Lost pings that never reached the server; `None` if the server does not count.
    #[must_use]
    pub fn lost_there(&self) -> Option<u64> {
        self.arrived.map(|arrived| self.latency.sent.saturating_sub(arrived).min(self.lost()))
    }

    /// Lost pings whose answer was lost by the network. `None` if the server does not
    /// count, or if this socket dropped datagrams that need not have been answers.
    #[must_use]
    pub fn lost_back(&self) -> Option<u64> {
        let (back, dropped) = (self.lost() - self.lost_there()?, self.dropped_here.unwrap_or(0));
        let others =
            self.duplicates + self.truncated + self.oversize + self.corrupted + self.foreign;
        (dropped == 0 || others == 0).then(|| back.saturating_sub(dropped))
    }
}

impl Measurement for Udp {
    fn failed(error: io::Error) -> Self {
        Udp { latency: Latency::failed(error), ..Udp::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.latency.failure()
    }

    fn total(all: &[Self]) -> Self {
        let sum = |of: fn(&Udp) -> u64| all.iter().map(of).sum();
        let known = |of: fn(&Udp) -> Option<u64>| {
            all.iter().map(of).sum::<Option<u64>>().filter(|_| !all.is_empty())
        };
        let mut total = Udp {
            latency: Latency::default(),
            refused_here: sum(|one| one.refused_here),
            refusal: all.iter().find_map(|one| one.refusal.clone()),
            rejected: sum(|one| one.rejected),
            late: sum(|one| one.late),
            arrived: known(|one| one.arrived),
            dropped_here: known(|one| one.dropped_here),
            duplicates: sum(|one| one.duplicates),
            reordered: sum(|one| one.reordered),
            truncated: sum(|one| one.truncated),
            oversize: sum(|one| one.oversize),
            corrupted: sum(|one| one.corrupted),
            foreign: sum(|one| one.foreign),
            answered_from: all.iter().find_map(|one| one.answered_from),
            jitter: None,
            one_way: None,
        };
        for one in all {
            total.latency.add(&one.latency);
        }
        if let [one] = all {
            (total.jitter, total.one_way) = (one.jitter, one.one_way.clone());
        } else {
            let mut changed = all.iter().filter_map(|one| one.one_way.as_ref());
            total.one_way = changed.find(|one_way| one_way.clock_moves() > 0).cloned();
        }
        total
    }
}
