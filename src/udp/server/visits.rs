//! A line in the log when a peer begins, and one when it has fallen silent.
//!
//! Without connections, nobody says hello or goodbye. A peer begins with its first
//! ping, and has left when no ping came for a while. Strangers can send under any
//! number of forged addresses, and each would cost two lines. So the log follows a
//! bounded number of peers at a time, and counts the pings of the others.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::log::Log;

/// The number of peers that are followed at a time.
const MAX_FOLLOWED: usize = 256;

/// How often to look for peers that have fallen silent.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// The peers that are followed.
#[derive(Debug)]
pub(super) struct Visits {
    log: Log,
    /// A peer that has sent nothing for this long has left.
    silence: Duration,
    followed: HashMap<SocketAddr, Visit>,
    /// Pings of peers that were not followed, since the last line about them.
    others: u64,
    looked: Instant,
}

/// What a server did for one peer.
#[derive(Debug)]
struct Visit {
    begun: Instant,
    last: Instant,
    pings: u64,
    withheld: u64,
}

impl Visits {
    /// Follows peers in this log.
    pub fn new(log: Log, silence: Duration) -> Self {
        let (followed, looked) = (HashMap::new(), Instant::now());
        Visits { log, silence, followed, others: 0, looked }
    }

    /// Records a ping, and whether its answer was withheld on purpose.
    pub fn record(&mut self, peer: SocketAddr, withheld: bool) {
        let now = Instant::now();
        if self.followed.len() >= MAX_FOLLOWED && !self.followed.contains_key(&peer) {
            self.others += 1;
            return;
        }
        let visit = self.followed.entry(peer).or_insert_with(|| {
            self.log.say(format_args!("{peer} sends pings (udp)"));
            Visit { begun: now, last: now, pings: 0, withheld: 0 }
        });
        visit.last = now;
        visit.pings += 1;
        visit.withheld += u64::from(withheld);
    }

    /// Logs the peers that have fallen silent. Does nothing if that was done a moment
    /// ago.
    pub fn look(&mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.looked) >= LOOK.min(self.silence) {
            self.looked = now;
            let silence = self.silence;
            self.leave(|visit| now.saturating_duration_since(visit.last) >= silence);
        }
    }

    /// Logs all peers that have left, and forgets them.
    fn leave(&mut self, left: impl Fn(&Visit) -> bool) {
        let log = self.log.clone();
        self.followed.retain(|peer, visit| {
            let stays = !left(visit);
            if !stays {
                log.say(format_args!("{peer} fell silent (udp): {}", visit.summary()));
            }
            stays
        });
        if self.others > 0 && self.followed.len() < MAX_FOLLOWED {
            let others = std::mem::take(&mut self.others);
            log.say(format_args!("{others} pings (udp) came from further peers"));
        }
    }
}

/// Peers that are still here when the server ends are logged, too.
impl Drop for Visits {
    fn drop(&mut self) {
        self.leave(|_| true);
    }
}

impl Visit {
    fn summary(&self) -> String {
        let Visit { begun, last, pings, withheld } = *self;
        let (answers, time) = (pings - withheld, last.saturating_duration_since(begun));
        let withheld = match withheld {
            0 => String::new(),
            withheld => format!(", {withheld} withheld on purpose"),
        };
        let s = |count| if count == 1 { "" } else { "s" };
        format!(
            "{pings} ping{}, {answers} answer{}{withheld} in {:.1} s",
            s(pings),
            s(answers),
            time.as_secs_f64()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_addresses_do_not_fill_the_log() {
        let mut visits = Visits::new(Log::default(), Duration::ZERO);
        for port in 0..10_000 {
            visits.record(SocketAddr::from(([127, 0, 0, 1], port)), false);
        }
        assert_eq!((visits.followed.len(), visits.others), (MAX_FOLLOWED, 10_000 - 256));
        visits.look();
        assert_eq!((visits.followed.len(), visits.others), (0, 0));
    }

    #[test]
    fn a_visit_in_words() {
        let now = Instant::now();
        let visit = Visit { begun: now, last: now, pings: 1, withheld: 0 };
        assert_eq!(visit.summary(), "1 ping, 1 answer in 0.0 s");
        let visit = Visit { pings: 10, withheld: 3, last: now + Duration::from_secs(2), ..visit };
        assert_eq!(visit.summary(), "10 pings, 7 answers, 3 withheld on purpose in 2.0 s");
    }
}
