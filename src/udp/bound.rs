//! How wrong a one-way delay can be: half a round trip, and what the clocks may have
//! drifted.
//!
//! The offset of the best exchange is used for the whole series. Another exchange may
//! have taken place a minute before or after it. Two figures bound the offset of that
//! minute, and the smaller one counts:
//!
//! * the best exchange's bound, and 100 millionths of the time between;
//! * how far the offset that was measured in that minute is from the best one, and the
//!   bound of that measurement.
//!
//! So the series is divided into spans of time, and the best exchange of each is kept.

use super::exchange::{Exchange, allowance};

/// How many spans are kept. When the series is longer, each two become one.
const SPANS: usize = 256;

/// The length of the first spans, in nanoseconds.
const SHORTEST: u64 = 1_000_000;

/// What an exchange shows, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// When the ping was sent, and when the answer arrived. The server's clock was read
    /// somewhere between.
    pub from: u64,
    pub until: u64,
    /// The delay of both directions together.
    pub delay: i128,
    /// How far the server's clock seems to be ahead.
    pub offset: i128,
}

/// The best exchange of each span of time.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    start: u64,
    length: u64,
    spans: Vec<Option<Span>>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    first: u64,
    last: u64,
    best: Found,
}

impl Found {
    pub fn of(exchange: &Exchange) -> Self {
        let Exchange { sent, received, answered, arrived } = *exchange;
        let [t1, t2, t3, t4] = [sent, received, answered, arrived].map(i128::from);
        let delay = ((t4 - t1) - (t3 - t2)).max(0);
        Found { from: sent, until: arrived, delay, offset: i128::midpoint(t2 - t1, t3 - t4) }
    }
}

impl Default for Bound {
    fn default() -> Self {
        Bound { start: 0, length: SHORTEST, spans: Vec::new() }
    }
}

impl Bound {
    pub fn record(&mut self, found: Found) {
        if self.spans.is_empty() {
            self.start = found.from;
        }
        let since = found.from.saturating_sub(self.start);
        while since / self.length >= SPANS as u64 {
            self.length = self.length.saturating_mul(2);
            let two = |two: &[Option<Span>]| two.iter().flatten().copied().reduce(Span::with);
            self.spans = self.spans.chunks(2).map(two).collect();
        }
        let index = usize::try_from(since / self.length).unwrap_or(SPANS);
        if index >= self.spans.len() {
            self.spans.resize(index + 1, None);
        }
        if let Some(span) = self.spans.get_mut(index) {
            let new = Span { first: found.from, last: found.until, best: found };
            *span = Some(span.map_or(new, |span| span.with(new)));
        }
    }

    /// The largest error, in nanoseconds, of a delay that is reckoned with the offset
    /// of this exchange.
    pub fn error(&self, best: Found) -> i128 {
        let errors = self.spans.iter().flatten().map(|span| span.error(best));
        errors.max().unwrap_or_default().max(half(best.delay))
    }
}

impl Span {
    fn with(self, other: Span) -> Span {
        let best = if other.best.delay < self.best.delay { other.best } else { self.best };
        Span { first: self.first.min(other.first), last: self.last.max(other.last), best }
    }

    fn error(&self, best: Found) -> i128 {
        let from_best = half(best.delay) + allowance(self.farthest(best));
        let apart = (self.best.offset - best.offset).abs();
        let own = half(self.best.delay) + apart + allowance(self.farthest(self.best));
        own.min(from_best)
    }

    /// How much time there can be between a reading of the clock in this span, and the
    /// one of this exchange.
    fn farthest(&self, exchange: Found) -> u64 {
        self.first.abs_diff(exchange.until).max(self.last.abs_diff(exchange.from))
    }
}

/// Half of a delay, rounded up.
fn half(delay: i128) -> i128 {
    (delay + 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// The error bound after so many seconds of pings that take 1 ms each way, by a
    /// clock that is wrong by so many millionths. Also the error that was made.
    fn bound(seconds: u64, ppm: u64) -> (u64, u64) {
        let (mut bound, start) = (Bound::default(), 1_000 * SECOND);
        let mut all = Vec::new();
        for number in 0..seconds * 10 {
            let sent = start + number * SECOND / 10;
            let there = sent + 1_000_000 + number % 7 * 10_000;
            let received = there + (there - start) / 1_000_000 * ppm;
            let arrived = there + 1_000_000 + number % 5 * 10_000;
            let found = Found::of(&Exchange { sent, received, answered: received, arrived });
            bound.record(found);
            all.push((found, (there - start) / 1_000_000 * ppm));
        }
        let best = all.iter().map(|(found, _)| *found).min_by_key(|found| found.delay).unwrap();
        let error = |offset: u64| best.offset.abs_diff(i128::from(offset));
        let made = all.iter().map(|(_, offset)| error(*offset)).max().unwrap();
        (u64::try_from(bound.error(best)).unwrap(), u64::try_from(made).unwrap())
    }

    #[test]
    fn the_error_is_within_its_bound() {
        for (seconds, ppm) in [(1, 0), (10, 0), (1_000, 0), (10, 50), (1_000, 50), (3_600, 90)] {
            let (bound, made) = bound(seconds, ppm);
            assert!(made <= bound, "{seconds} s, {ppm} ppm: {made} > {bound}");
            // It is not much larger than it has to be.
            let least = 1_000_000 + seconds * 1_000 * ppm;
            assert!(bound < least * 3 / 2 + 100_000, "{seconds} s, {ppm} ppm: {bound}");
        }
    }
}
