//! Who sends pings, as far as a server without connections can know.
//!
//! Only the other side knows how many pings it has sent, and only this side how many
//! arrived. With both, the client can tell a ping that was lost from an answer that
//! was: so this side counts, and says so in every answer. A stranger can send from as
//! many addresses as he likes to invent, so only the latest are remembered.

use std::collections::HashMap;
use std::net::SocketAddr;

/// How many are remembered. Each takes about a hundred bytes.
const MOST: usize = 16 * 1024;

/// Everyone who was heard lately.
#[derive(Debug, Default)]
pub(super) struct Peers {
    known: HashMap<SocketAddr, Peer>,
    /// How often somebody was heard.
    turn: u64,
}

/// One client's series of pings.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// The number that its pings bear: a port is used again, by another client.
    series: Option<u32>,
    /// Its latest turn.
    heard: u64,
    answered: u64,
    count: u64,
    highest: u64,
    /// Which of the 128 sequence numbers up to the highest have arrived, that one in
    /// the lowest bit.
    window: u128,
}

impl Peers {
    /// What is known of this client. When there are too many, the half who have been
    /// silent for longest are forgotten: one at a time, each would have to be looked
    /// for.
    pub fn of(&mut self, address: SocketAddr, series: Option<u32>) -> &mut Peer {
        if self.known.len() >= MOST && !self.known.contains_key(&address) {
            let mut turns: Vec<u64> = self.known.values().map(|peer| peer.heard).collect();
            let (_, median, _) = turns.select_nth_unstable(MOST / 2);
            self.known.retain(|_, peer| peer.heard > *median);
        }
        self.turn += 1;
        let peer = self.known.entry(address).or_default();
        if peer.series != series {
            *peer = Peer { series, ..Peer::default() };
        }
        peer.heard = self.turn;
        peer
    }
}

impl Peer {
    /// Numbers the answers, from 0.
    pub fn next(&mut self) -> u64 {
        self.answered += 1;
        self.answered - 1
    }

    /// Counts this ping unless it has been here before, or is one that is not to be
    /// counted, and returns how many have been. What is older than the window is taken
    /// for new: networks delay packets by seconds, but copy them within moments.
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
            assert!(peers.known.len() <= MOST);
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
