//! An entry for each ping, and what has become of it so far.
//!
//! ```text
//!   … 3 lost   4 answered   5 overdue   6 refused   7 pending   8 pending
//!                 │            │                       │           └ sent last
//!                 │            │                       └ `current`: may be in time
//!                 │            └ `unsettled`: an answer now is late
//!                 └ another answer is a duplicate
//! ```
//!
//! A ping ends in one state. An answer that comes after the timeout is late, so an
//! overdue ping is not lost yet. It is lost when even a late answer is unlikely.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::pings::Sent;

/// The number of entries that are kept: 26 seconds at 10,000 pings a second. An older
/// ping without an answer is lost, and its answer would be foreign. So the entries take
/// at most 12 MiB, however long the series is.
pub(super) const WINDOW: usize = 1 << 18;

/// A ping is lost when so many timeouts have passed without an answer.
const LOST_AFTER: u32 = 5;

/// The entries of the latest pings.
pub(super) struct Entries {
    timeout: Duration,
    pings: VecDeque<(Sent, State)>,
    /// The number of the first entry.
    first: u64,
    /// The first ping that may still be answered in time.
    current: u64,
    /// The first ping that may still be answered.
    unsettled: u64,
    /// Pings without an answer that may still be answered in time.
    pending: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Overdue,
    Answered,
    Lost,
    /// This machine did not send the ping.
    Refused,
}

impl Entries {
    pub fn new(timeout: Duration) -> Self {
        let pings = VecDeque::new();
        Entries { timeout, pings, first: 1, current: 1, unsettled: 1, pending: 0 }
    }

    /// Whether any ping may still be answered in time.
    pub fn pending(&self) -> bool {
        self.pending > 0
    }

    /// Whether another entry needs room, which [`pop`](Self::pop) makes.
    pub fn full(&self) -> bool {
        self.pings.len() >= WINDOW
    }

    /// Adds an entry for a ping that is about to be sent.
    pub fn add(&mut self, sent: Sent) {
        self.pings.push_back((sent, State::Pending));
        self.pending += 1;
    }

    /// The entry of a ping that may be answered, or was.
    pub fn answerable(&mut self, number: u64) -> Option<Sent> {
        let (sent, state) = *self.entry(number)?;
        (!matches!(state, State::Lost | State::Refused)).then_some(sent)
    }

    /// Changes the state of a ping, and returns the state before.
    pub fn change(&mut self, number: u64, to: State) -> Option<(Sent, State)> {
        let (sent, state) = self.entry(number)?;
        let before = (*sent, std::mem::replace(state, to));
        if before.1 == State::Pending {
            self.pending -= 1;
        }
        Some(before)
    }

    /// Marks the pings that can no longer be answered in time.
    pub fn mark_overdue(&mut self, now: Instant) {
        let timeout = self.timeout;
        while let Some((sent, state)) = self.entry(self.current) {
            if *state == State::Pending {
                if now.saturating_duration_since(sent.at) <= timeout {
                    return;
                }
                *state = State::Overdue;
                self.pending -= 1;
            }
            self.current += 1;
        }
    }

    /// The next ping for which not even a late answer is expected any more, and its
    /// number.
    pub fn next_lost(&mut self, now: Instant) -> Option<(u64, Sent)> {
        let limit = self.timeout.saturating_mul(LOST_AFTER);
        loop {
            let number = self.unsettled;
            let (sent, state) = self.entry(number)?;
            match *state {
                State::Pending => return None,
                State::Overdue if now.saturating_duration_since(sent.at) <= limit => return None,
                State::Overdue => {
                    *state = State::Lost;
                    let sent = *sent;
                    self.unsettled += 1;
                    return Some((number, sent));
                }
                State::Answered | State::Lost | State::Refused => self.unsettled += 1,
            }
        }
    }

    /// Removes the oldest entry. Returns the number of its ping, and the ping itself if
    /// it is lost by that.
    pub fn pop(&mut self) -> Option<(u64, Option<Sent>)> {
        let (sent, state) = self.pings.pop_front()?;
        let number = self.first;
        if state == State::Pending {
            self.pending -= 1;
        }
        self.first += 1;
        self.current = self.current.max(self.first);
        self.unsettled = self.unsettled.max(self.first);
        let lost = matches!(state, State::Pending | State::Overdue);
        Some((number, lost.then_some(sent)))
    }

    fn entry(&mut self, number: u64) -> Option<&mut (Sent, State)> {
        let index = number.checked_sub(self.first)?;
        self.pings.get_mut(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ping_ends_in_one_state() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut entries = Entries::new(ms(10));
        for number in 0..6 {
            entries.add(Sent { due: None, written_ns: 0, at: start + ms(number) });
        }
        let mut change = |number, to| entries.change(number, to).map(|(_, before)| before);
        assert_eq!(change(2, State::Answered), Some(State::Pending));
        assert_eq!(change(3, State::Refused), Some(State::Pending));
        assert_eq!(change(7, State::Answered), None);
        entries.mark_overdue(start + ms(14));
        assert!(entries.pending() && entries.next_lost(start + ms(50)).is_none());
        // Ping 4 is late, so it is not lost.
        let before = entries.change(4, State::Answered).map(|(_, before)| before);
        assert_eq!(before, Some(State::Overdue));
        let lost = |entries: &mut Entries, at| entries.next_lost(start + ms(at)).map(|lost| lost.0);
        assert_eq!([51, 51].map(|at| lost(&mut entries, at)), [Some(1), None]);
        // An answer to ping 1 or 3 would be foreign, and one to ping 2 a duplicate.
        let answerable = [1, 2, 3, 4].map(|number| entries.answerable(number).is_some());
        assert_eq!(answerable, [false, true, false, true]);
        // Pings 5 and 6 are lost only at the end.
        let lost: Vec<u64> = std::iter::from_fn(|| entries.pop())
            .filter_map(|(number, lost)| lost.map(|_| number))
            .collect();
        assert_eq!((lost, entries.pending()), (vec![5, 6], false));
    }
}
