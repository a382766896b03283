//! What a server without connections can know about its clients.
//!
//! Only the client knows how many pings it sent, and only the server knows how many of
//! them arrived. With both numbers the client can tell a lost ping from a lost answer.
//! So the server counts pings, and each answer holds the count. A stranger can send
//! from as many forged addresses as he likes, so only the latest clients are
//! remembered.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::allowance::Allowance;

/// The number of clients that are remembered, at about 100 bytes each.
const MAX_PEERS: usize = 16 * 1024;

/// The clients that were heard last.
#[derive(Debug, Default)]
pub(super) struct Peers {
    known: HashMap<SocketAddr, Peer>,
    /// Datagrams heard so far: a clock that counts datagrams.
    turn: u64,
}

/// The pings of one client.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// The series number in its pings. Another one means that another client has been
    /// given this port.
    series: Option<u32>,
    /// The turn at which this client was last heard.
    heard: u64,
    /// The answers that this peer, which may be a server, may still have.
    pub allowance: Allowance,
    /// Answers so far.
    answered: u64,
    /// Different pings that have arrived.
    count: u64,
    highest: u64,
    /// A bit for each of the 128 sequence numbers up to `highest`, set if that ping has
    /// arrived. The lowest bit stands for `highest`.
    window: u128,
}

impl Peers {
    /// Returns the entry of this client, a new one if needed.
    ///
    /// When there are too many, the half that has been silent for longest is forgotten.
    /// To forget one at a time would need a search for each.
    pub fn of(&mut self, address: SocketAddr, series: Option<u32>) -> &mut Peer {
        if self.known.len() >= MAX_PEERS && !self.known.contains_key(&address) {
            let mut turns: Vec<u64> = self.known.values().map(|peer| peer.heard).collect();
            let (_, median, _) = turns.select_nth_unstable(MAX_PEERS / 2);
            self.known.retain(|_, peer| peer.heard > *median);
        }
        self.turn += 1;
        let peer = self.known.entry(address).or_default();
        if peer.series != series {
            *peer = Peer { series, allowance: peer.allowance, ..Peer::default() };
        }
        peer.heard = self.turn;
        peer
    }
}

impl Peer {
    /// Returns the number of the next answer, from 0.
    pub fn next(&mut self) -> u64 {
        self.answered += 1;
        self.answered - 1
    }

    /// Counts this ping unless it is a duplicate or has the number 0, and returns how
    /// many different pings have arrived. A ping older than the window counts as new:
    /// networks delay packets by seconds, but deliver a copy soon after the original.
    pub fn count(&mut self, sequence: u64) -> u64 {
        let bit = |back: u64| {
            u32::try_from(back).ok().and_then(|back| 1_u128.checked_shl(back)).unwrap_or(0)
        };
        if let Some(ahead) = sequence.checked_sub(self.highest).filter(|&ahead| ahead > 0) {
            self.highest = sequence;
            self.window =
                u32::try_from(ahead).ok().and_then(|by| self.window.checked_shl(by)).unwrap_or(0)
                    | 1;
            self.count += 1;
        } else if sequence > 0 && self.window & bit(self.highest - sequence) == 0 {
            self.window |= bit(self.highest - sequence);
            self.count += 1;
        }
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ping_is_counted_once() {
        let mut peer = Peer::default();
        let counts =
            [0, 1, 1, 3, 2, 2, 3, 0, 200, 199, 199, 73, 73].map(|sequence| peer.count(sequence));
        assert_eq!(counts, [0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 6]);
        assert_eq!([u64::MAX, 1, u64::MAX].map(|sequence| peer.count(sequence)), [7, 8, 8]);
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let mut peers = Peers::default();
        let client = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for port in 0..50_000 {
            assert_eq!(peers.of(client(port), None).next(), 0);
            assert_eq!(peers.of(client(60_000), Some(1)).next(), u64::from(port));
            assert!(peers.known.len() <= MAX_PEERS);
        }
        assert_eq!(
            (peers.of(client(49_999), None).next(), peers.of(client(0), None).next()),
            (1, 0)
        );
    }

    #[test]
    fn another_series_from_the_same_port_begins_anew() {
        let (mut peers, client) = (Peers::default(), SocketAddr::from(([127, 0, 0, 1], 1)));
        assert_eq!([1, 2, 1].map(|_| peers.of(client, Some(1)).count(7)), [1, 1, 1]);
        assert_eq!([7, 8].map(|sequence| peers.of(client, Some(2)).count(sequence)), [1, 2]);
    }
}
