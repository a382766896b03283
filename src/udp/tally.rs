//! What each datagram says about a ping, and what all of them have shown so far.

use std::io;
use std::time::{Duration, Instant};

use super::datagram::{Damage, Stamps, UNCOUNTED};
use super::entries::{Entries, State};
use super::exchange::Exchange;
use super::jitter::Jitter;
use super::measured::{DUPLICATE, LATE, LOST, REFUSED, REJECTED, Udp};
use super::one_way::OneWay;
use super::pings::{Pings, Sent};
use crate::measure::{Observer, Outcome, Sample};

/// The entries of one series, and what they have shown so far.
pub(super) struct Tally<'a> {
    observe: Observer<'a>,
    pub pings: Pings,
    /// When the first ping is due.
    pub start: Instant,
    pub measured: Udp,
    timeout: Duration,
    jitter: Jitter,
    one_way: OneWay,
    entries: Entries,
    /// One more than the largest number that was answered: `NextExp` of RFC 4737.
    next_expected: u64,
    scratch: Vec<u8>,
}

impl<'a> Tally<'a> {
    pub fn new(timeout: Duration, payload: usize, observe: Observer<'a>) -> Self {
        Tally {
            observe,
            pings: Pings::new(payload),
            start: Instant::now(),
            measured: Udp::default(),
            timeout,
            jitter: Jitter::default(),
            one_way: OneWay::default(),
            entries: Entries::new(timeout),
            next_expected: 1,
            scratch: Vec::new(),
        }
    }

    /// Whether any ping may still be answered in time.
    pub fn pending(&self) -> bool {
        self.entries.pending()
    }

    /// Adds an entry for a ping that is about to be sent.
    pub fn add(&mut self, sent: Sent) {
        if self.entries.full() {
            self.forget(LOST);
        }
        self.entries.add(sent);
        self.measured.latency.sent += 1;
    }

    /// Records that this machine did not send a ping, unless a closed port is why.
    pub fn not_sent(&mut self, number: u64, error: &io::Error) {
        if let Some((sent, State::Pending)) = self.entries.change(number, State::Refused) {
            self.measured.latency.sent -= 1;
            if error.kind() != io::ErrorKind::ConnectionRefused {
                self.measured.refused_here += 1;
                self.measured.refusal = Some(error.to_string());
                self.report(number, sent, None, REFUSED);
            }
        }
    }

    /// Records a datagram that seems to be the answer to this ping, or to be damaged.
    /// Returns whether it is an answer.
    pub fn arrived(&mut self, number: Result<u64, Damage>, datagram: &[u8], at: Instant) -> bool {
        match number.and_then(|number| Ok((number, self.recognise(number, datagram)?))) {
            Ok((number, stamps)) => {
                self.answer(number, stamps, at);
                return true;
            }
            Err(Damage::Foreign) => self.measured.foreign += 1,
            Err(Damage::Truncated) => self.measured.truncated += 1,
            Err(Damage::Oversize) => self.measured.oversize += 1,
            Err(Damage::Corrupted) => self.measured.corrupted += 1,
        }
        false
    }

    /// Checks whether a datagram is the answer to this ping.
    fn recognise(&mut self, number: u64, datagram: &[u8]) -> Result<Option<Stamps>, Damage> {
        let sent = self.entries.answerable(number).ok_or(Damage::Foreign)?;
        self.pings.check(number, sent.written_ns, datagram, &mut self.scratch)
    }

    /// Checks an answer to an uncounted ping.
    pub fn check_uncounted(
        &mut self,
        sent_ns: u64,
        datagram: &[u8],
    ) -> Result<Option<Stamps>, Damage> {
        self.pings.check(UNCOUNTED, sent_ns, datagram, &mut self.scratch)
    }

    /// Records the answer to a ping.
    fn answer(&mut self, number: u64, stamps: Option<Stamps>, at: Instant) {
        let Some((sent, before)) = self.entries.change(number, State::Answered) else { return };
        let rtt = at.saturating_duration_since(sent.at);
        if before == State::Answered {
            self.measured.duplicates += 1;
            return self.report(number, sent, Some(rtt), DUPLICATE);
        }
        if number < self.next_expected {
            self.measured.reordered += 1;
        }
        self.next_expected = self.next_expected.max(number + 1);
        if rtt > self.timeout {
            self.measured.late += 1;
            return self.report(number, sent, Some(rtt), LATE);
        }
        let due = sent.due.map(|due| at.saturating_duration_since(due));
        self.measured.latency.rtt.record(rtt);
        if let Some(due) = due {
            self.measured.latency.due.record(due);
        }
        self.jitter.record(rtt);
        if let Some(Stamps { received_ns, sent_ns, .. }) = stamps {
            let arrived = self.pings.clock(at);
            self.one_way.record(&Exchange {
                sent: sent.written_ns,
                received: received_ns,
                answered: sent_ns,
                arrived,
            });
        }
        let at = self.since_start(sent);
        (self.observe)(Sample::Ping { number, at, rtt, due });
    }

    /// Marks the pings that can no longer be answered in time, and reports those that
    /// are lost.
    pub fn settle(&mut self, now: Instant) {
        self.entries.mark_overdue(now);
        while let Some((number, sent)) = self.entries.next_lost(now) {
            self.report(number, sent, None, LOST);
        }
    }

    /// Removes the oldest entry, if there is one. Without an answer, its ping ends with
    /// this outcome.
    fn forget(&mut self, unanswered: Outcome) -> bool {
        let oldest = self.entries.pop();
        if let Some((number, Some(sent))) = oldest {
            self.measured.rejected += u64::from(unanswered == REJECTED);
            self.report(number, sent, None, unanswered);
        }
        oldest.is_some()
    }

    /// Reports an outcome to the observer.
    fn report(&mut self, number: u64, sent: Sent, rtt: Option<Duration>, outcome: Outcome) {
        let at = self.since_start(sent);
        (self.observe)(Sample::Outcome { number, at, rtt, outcome });
    }

    fn since_start(&self, sent: Sent) -> Duration {
        sent.at.saturating_duration_since(self.start)
    }

    /// Ends the series: a ping without an answer is lost, unless the port was `closed`.
    /// `count` is the server's count of pings that arrived.
    pub fn finish(mut self, count: Option<u64>, closed: bool) -> Udp {
        let unanswered = if closed { REJECTED } else { LOST };
        while self.forget(unanswered) {}
        let measured = &self.measured;
        let answered = measured.latency.rtt.count();
        // A server that was restarted, or has forgotten this client, counts too few.
        // Its count is ignored, as is one that is too high.
        let possible = answered + measured.late..=measured.latency.sent;
        let arrived = count.filter(|count| possible.contains(count));
        let (jitter, one_way) = (self.jitter, self.one_way);
        let any = answered > 0;
        Udp {
            arrived,
            jitter: any.then_some(jitter),
            one_way: any.then_some(one_way),
            ..self.measured
        }
    }
}
