//! The cost of one choice, whatever the other two are.
//!
//! Two transports that differ in one factor alone show the effect of this factor. Eight
//! transports contain four such pairs for each factor, and the mean of their four
//! differences is the factor's *main effect* (Fisher, "The Design of Experiments",
//! 1935, chapter VI). A comparison of two transports that differ in all three factors
//! gives one number for three questions:
//!
//! ```text
//!                        socket     framing    serialization
//!   tcp  websocket json    ┐           ┐            ┐
//!   unix websocket json    ┘           │            │      four pairs for each factor;
//!   tcp  rawsocket json                ┘            │      one of them is drawn
//!   tcp  websocket msgpack                          ┘
//! ```

use std::time::Duration;

use super::transport::{Framing, Socket, Transport};
use crate::stats::Summary;
use crate::units::float;
use crate::wamp::serializer::Serializer;

/// The effects of the three factors; `None` for a factor of which no pair was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effects {
    /// A Unix socket instead of TCP.
    pub socket: Option<Effect>,
    /// `RawSocket` instead of WebSocket.
    pub framing: Option<Effect>,
    /// `MessagePack` instead of JSON.
    pub serialization: Option<Effect>,
}

/// The effect of replacing one choice by another on the time of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The choice that is replaced.
    pub from: &'static str,
    /// The choice that replaces it.
    pub to: &'static str,
    /// The number of pairs of transports in the mean.
    pub pairs: u64,
    /// The difference of the means.
    pub mean: Difference,
    /// The standard error of the mean, from the differences between the pairs; `None`
    /// for a single pair. The deviation of the calls would give an error that is too
    /// small: the placement of the processes affects many calls in sequence.
    pub error: Option<Duration>,
    /// The difference of the medians.
    pub p50: Difference,
}

/// How one duration differs from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The difference in nanoseconds; negative where time is saved.
    pub ns: i64,
    /// The one duration divided by the other.
    pub ratio: f64,
}

impl Effects {
    /// The known effects, with the names of their factors.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Effect)> {
        let all = [
            ("socket", self.socket),
            ("framing", self.framing),
            ("serialization", self.serialization),
        ];
        all.into_iter().filter_map(|(factor, effect)| Some((factor, effect?)))
    }
}

impl Effect {
    /// Half the width of the 95% confidence interval of the mean difference: chance
    /// alone moves it further in one of 20 measurements. `None` for a single pair.
    #[must_use]
    pub fn margin(&self) -> Option<Duration> {
        // Student's t, with one degree of freedom less than there are pairs ("The
        // Probable Error of a Mean", 1908).
        let t = match self.pairs {
            0 | 1 => return None,
            2 => 12.706,
            3 => 4.303,
            _ => 3.182,
        };
        Some(self.error?.mul_f64(t))
    }

    /// Whether the effect is larger than the [margin](Effect::margin) of chance.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        let clear = |margin: Duration| u128::from(self.mean.ns.unsigned_abs()) > margin.as_nanos();
        self.margin().is_some_and(clear)
    }
}

/// Computes the effects of the three factors from the transports that were measured.
///
/// ```
/// use roundtrip::wamp::call::{Transport, effects};
/// use roundtrip::stats::Recorder;
/// use std::time::Duration;
///
/// // Each call over a Unix socket takes 80 µs, and over TCP 100 µs.
/// let measured = Transport::ALL.map(|transport| {
///     let us = if transport.socket.name() == "unix" { 80 } else { 100 };
///     let times: Recorder = [Duration::from_micros(us); 9].into_iter().collect();
///     (transport, times.summary().unwrap())
/// });
/// let effects = effects(&measured);
/// let socket = effects.socket.unwrap();
/// assert_eq!((socket.mean.ns, socket.mean.ratio, socket.pairs), (-20_000, 0.8, 4));
/// assert_eq!(effects.framing.unwrap().mean.ns, 0);
/// ```
#[must_use]
pub fn effects(measured: &[(Transport, Summary)]) -> Effects {
    let summary = |wanted| {
        measured.iter().find(|(transport, _)| *transport == wanted).map(|(_, summary)| summary)
    };
    let effect = |from, to, change: fn(Transport) -> Transport| {
        // A transport that has the other choice already is in another pair.
        let changed = |before: &Transport| change(*before) != *before;
        let pair = |before| summary(before).zip(summary(change(before)));
        let pairs = Transport::ALL.into_iter().filter(changed).filter_map(pair);
        of_pairs(from, to, &pairs.collect::<Vec<_>>())
    };
    Effects {
        socket: effect(Socket::Tcp.name(), Socket::Unix.name(), |before| Transport {
            socket: Socket::Unix,
            ..before
        }),
        framing: effect(Framing::WebSocket.name(), Framing::RawSocket.name(), |before| Transport {
            framing: Framing::RawSocket,
            ..before
        }),
        serialization: effect(Serializer::Json.name(), Serializer::MessagePack.name(), |before| {
            Transport { serializer: Serializer::MessagePack, ..before }
        }),
    }
}

fn of_pairs(
    from: &'static str,
    to: &'static str,
    pairs: &[(&Summary, &Summary)],
) -> Option<Effect> {
    let count = float(pairs.len() as u64);
    let mean = difference(pairs, |summary| summary.mean);
    let apart = |(before, after): &(&Summary, &Summary)| {
        after.mean.as_secs_f64() - before.mean.as_secs_f64()
    };
    let average = pairs.iter().map(apart).sum::<f64>() / count;
    let squares: f64 = pairs.iter().map(|pair| (apart(pair) - average).powi(2)).sum();
    let error = || Duration::from_secs_f64((squares / (count - 1.0) / count).sqrt());
    (!pairs.is_empty()).then(|| Effect {
        from,
        to,
        pairs: pairs.len() as u64,
        mean,
        error: (pairs.len() > 1).then(error),
        p50: difference(pairs, |summary| summary.p50),
    })
}

#[allow(clippy::cast_possible_truncation, reason = "a cast saturates, at 292 years")]
fn difference(pairs: &[(&Summary, &Summary)], figure: impl Fn(&Summary) -> Duration) -> Difference {
    let nanoseconds = |summary| figure(summary).as_secs_f64() * 1e9;
    let before: f64 = pairs.iter().map(|(before, _)| nanoseconds(before)).sum();
    let after: f64 = pairs.iter().map(|(_, after)| nanoseconds(after)).sum();
    let ratio = if before > 0.0 { after / before } else { 1.0 };
    Difference { ns: ((after - before) / float(pairs.len() as u64)).round() as i64, ratio }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Recorder;

    fn calls(us: [u64; 3]) -> Summary {
        us.map(Duration::from_micros).into_iter().collect::<Recorder>().summary().unwrap()
    }

    /// 100 µs, and 10 more for JSON, 20 for a WebSocket and 40 for TCP.
    fn known(transport: Transport) -> (Transport, Summary) {
        let more = [
            (transport.serializer == Serializer::Json, 10),
            (transport.framing == Framing::WebSocket, 20),
            (transport.socket == Socket::Tcp, 40),
        ];
        let us = 100 + more.into_iter().filter(|(there, _)| *there).map(|(_, us)| us).sum::<u64>();
        (transport, calls([us - 5, us, us + 5]))
    }

    #[test]
    fn each_factor_has_its_own_effect() {
        let effects = effects(&Transport::ALL.map(known));
        let (socket, framing) = (effects.socket.unwrap(), effects.framing.unwrap());
        let serialization = effects.serialization.unwrap();
        assert_eq!(
            [socket.mean.ns, framing.mean.ns, serialization.mean.ns],
            [-40_000, -20_000, -10_000]
        );
        assert_eq!([socket.pairs, framing.pairs, serialization.pairs], [4; 3]);
        assert_eq!((socket.from, socket.to, framing.from), ("tcp", "unix", "websocket"));
        assert_eq!(
            (framing.to, serialization.from, serialization.to),
            ("rawsocket", "json", "msgpack")
        );
        // TCP takes 140, 150, 160 and 170 µs, a Unix socket 40 less.
        assert!((socket.mean.ratio - 460.0 / 620.0).abs() < 1e-9);
        // The histogram may say up to 0.8% more.
        assert!((socket.p50.ns + 40_000).abs() < 2_000, "{socket:?}");
        // All four pairs say the same.
        assert_eq!(socket.error, Some(Duration::ZERO));
        assert!(socket.is_clear() && framing.is_clear() && serialization.is_clear());
    }

    #[test]
    fn a_missing_transport_costs_only_its_own_pairs() {
        let without_one = effects(&Transport::ALL.map(known)[1..]);
        assert_eq!(without_one.iter().map(|(_, effect)| effect.pairs).collect::<Vec<_>>(), [3; 3]);
        assert_eq!(without_one.socket.unwrap().mean.ns, -40_000);
        let tcp_alone = effects(&Transport::ALL.map(known)[..4]);
        assert_eq!((tcp_alone.socket, tcp_alone.framing.unwrap().pairs), (None, 2));
        assert_eq!(effects(&[]), Effects::default());
    }

    #[test]
    fn a_difference_within_the_margin_is_not_clear() {
        // Of four differences, 7 µs on average, one is much larger than the others: 1,
        // 4, 4 and 19.
        let unix = [101, 119, 104, 104];
        let measured = Transport::ALL.iter().enumerate().map(|(index, transport)| {
            let us = if transport.socket == Socket::Tcp { 100 } else { unix[index - 4] };
            (*transport, calls([us; 3]))
        });
        let socket = effects(&measured.collect::<Vec<_>>()).socket.unwrap();
        assert_eq!(socket.mean.ns, 7_000);
        // Deviations of -6, -3, -3 and 12: squares that sum to 198, over 3 and 4.
        let error = socket.error.unwrap().as_secs_f64() * 1e6;
        assert!(
            (error - (198.0_f64 / 12.0).sqrt()).abs() < 1e-2 && !socket.is_clear(),
            "{socket:?}"
        );
    }

    #[test]
    fn calls_that_took_no_time_have_a_ratio_of_one() {
        let socket =
            effects(&Transport::ALL.map(|transport| (transport, calls([0; 3])))).socket.unwrap();
        assert!((socket.mean.ns, socket.mean.ratio) == (0, 1.0) && !socket.is_clear());
    }
}
