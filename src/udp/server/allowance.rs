//! How two servers stop answering each other.
//!
//! A ping without room for stamps comes back unchanged, and so its answer is a ping
//! again. A stranger who sends one to a server, under the address of another server,
//! starts a loop: each of the two answers the other, for ever. No server can tell such
//! a ping from a client's. But a loop goes on, while a client ends:
//!
//! ```text
//!   PING 1 1 ──▶ A ──▶ B ──▶ A ──▶ B ──▶ … ──▶ A    thousands a second
//!                                              └ no answer is left: the loop is over
//! ```
//!
//! So each peer has an allowance of answers to such pings. A loop uses it up within
//! moments, and a person with an older client does not. (RFC 5358 and RFC 2827 describe
//! datagrams under forged addresses.)

use std::time::{Duration, Instant};

/// The answers that a peer may have at once. One is given back each second, so a loop
/// dies on every path whose round trip is shorter.
const BURST: u32 = 1000;

/// The answers that one peer may still have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowance {
    used: u32,
    /// Until when answers have been given back.
    since: Option<Instant>,
}

impl Allowance {
    /// Uses one answer, and returns whether there was one.
    pub fn take(&mut self, now: Instant) -> bool {
        let since = self.since.get_or_insert(now);
        let back = now.saturating_duration_since(*since).as_secs();
        *since += Duration::from_secs(back);
        self.used = self.used.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX));
        if self.used == BURST {
            return false;
        }
        self.used += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_ends_and_a_ping_each_second_does_not() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let of_10_000 = |interval: Duration| {
            let mut allowance = Allowance::default();
            (0..10_000).filter(|&number| allowance.take(start + interval * number)).count()
        };
        assert_eq!(of_10_000(Duration::from_micros(50)), BURST as usize);
        assert_eq!(of_10_000(second), 10_000);
        assert_eq!(of_10_000(second / 10), 10_000 / 10 + BURST as usize - 1);
    }
}
