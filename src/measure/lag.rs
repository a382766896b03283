//! Lag: the round-trip time as the other side measures it.
//!
//! The server sends the pings and has the clock; this side sends each back at once. So there are two views of the
//! same exchange, one within the other:
//!
//! ```text
//!   server   PING n written ─────────────────────────────────────────▶ echo read     round-trip time
//!   client                     PING n read ─▶ echo written                           turn-round time
//! ```
//!
//! A `write` returns when the system has taken the echo, which on loopback can be after the server has read it:
//! there, the ends of the two are the same moment, in either order. What the round trip takes longer than the
//! turn-round was spent on the way, in both kernels and in the server. A turn round that is slow is this program's
//! doing, or that of the machine that it runs on, and no network's.
//!
//! The server's word comes when all is over: its figures, and on request every single round-trip time, so that they
//! can be shown and kept like any that are measured here. There is no warm-up: ten pings are ten round trips.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Latency, Outcome, Sample};
use crate::client::{Client, Figures, LagSample, Next};
use crate::stats::Recorder;
use crate::wire::command::{LagPlan, MAX_LAG_COUNT};

/// Whose clock a sample comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The server's: a round-trip time.
    RoundTrip,
    /// This side's: the time from when a ping had been read to when its echo had been written.
    TurnRound,
}

/// Is told of each sample: the turn-round times as they come, the round-trip times at the end.
pub type LagObserver<'a> = &'a (dyn Fn(View, Sample) + Sync);

/// What was measured.
#[derive(Debug, Default)]
pub struct Lag {
    /// What the server measured, and why the series ended early. Before the server has said it, nothing of it is
    /// known.
    pub server: Latency,
    /// From when each ping had been read to when its echo had been written.
    pub turn_round: Recorder,
    /// Lines that the server did not take for the echo of a ping.
    pub faults: u64,
}

impl Outcome for Lag {
    fn failed(error: io::Error) -> Self {
        Lag { server: Latency::failed(error), ..Lag::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.server.failure.as_ref()
    }

    fn total(all: &[Self]) -> Self {
        let mut total = Lag::default();
        for one in all {
            total.server.add(&one.server);
            total.turn_round.merge(&one.turn_round);
            total.faults = total.faults.saturating_add(one.faults);
        }
        total
    }
}

/// Asks the server for pings, and echoes them.
///
/// ```
/// use roundtrip::measure::lag;
/// use roundtrip::wire::command::LagPlan;
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let plan = LagPlan { count: 10, interval: Duration::ZERO };
/// let lag = lag(&mut client, plan, &|view, sample| println!("{view:?}: {sample:?}"));
/// assert_eq!((lag.server.sent, lag.server.rtt.count(), lag.turn_round.count()), (10, 10, 10));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn lag(client: &mut Client, plan: LagPlan, observe: LagObserver) -> Lag {
    if !client.can_pipeline() {
        return Lag::failed(io::Error::new(ErrorKind::Unsupported, "lag needs line framing"));
    }
    match client.ask_lag(plan) {
        Ok(()) => echo_all(client, plan, observe),
        Err(error) => Lag::failed(error),
    }
}

/// Echoes the pings of a server that sends them without being asked, as its
/// [owner](crate::session::Owner::on_connect) can have it do for every client that connects.
pub fn lag_unasked(client: &mut Client, observe: LagObserver) -> Lag {
    echo_all(client, LagPlan { count: MAX_LAG_COUNT, interval: Duration::ZERO }, observe)
}

/// Echoes at most as many pings as there may be.
fn echo_all(client: &mut Client, most: LagPlan, observe: LagObserver) -> Lag {
    let mut lag = Lag::default();
    lag.server.failure = match echo(client, most, &mut lag.turn_round, observe) {
        // No more than that can there be to be told of.
        Ok(figures) if figures.echoed > lag.turn_round.count() => {
            let what = format!("{} echoes came, says the server, of {}", figures.echoed, lag.turn_round.count());
            Some(io::Error::new(ErrorKind::InvalidData, what))
        }
        Ok(figures) => {
            lag.faults = figures.faults;
            fetch(client, &figures, &mut lag.server, observe).err()
        }
        Err(error) => Some(error),
    };
    lag
}

fn echo(
    client: &mut Client,
    LagPlan { count, interval }: LagPlan,
    turn_round: &mut Recorder,
    observe: LagObserver,
) -> io::Result<Figures> {
    let start = Instant::now();
    let patience = interval.saturating_add(client.timeout());
    let mut last = start;
    loop {
        // A ping that is not due yet is not late.
        while let Err(error) = client.wait() {
            if error.kind() != ErrorKind::TimedOut || last.elapsed() >= patience {
                return Err(error);
            }
        }
        if let Next::Done(figures) = client.next_ping()? {
            return Ok(figures);
        }
        let read = Instant::now();
        if turn_round.count() == count {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("the server sent more than {count} pings")));
        }
        client.echo()?;
        last = Instant::now();
        let rtt = last - read;
        turn_round.record(rtt);
        observe(View::TurnRound, Sample::Ping { number: turn_round.count(), at: read - start, rtt, due: None });
    }
}

/// Asks for what the server measured, sample by sample.
fn fetch(client: &mut Client, figures: &Figures, lag: &mut Latency, observe: LagObserver) -> io::Result<()> {
    let Figures { count, interval, sent, echoed, .. } = *figures;
    lag.sent = sent;
    let mut next = 0;
    while lag.rtt.count() < echoed {
        let samples = client.lag_samples(next)?;
        let Some(last) = samples.last() else { break };
        next = last.number + 1;
        for &LagSample { number, sent, rtt } in &samples {
            lag.rtt.record(rtt);
            let mut due = None;
            if !interval.is_zero() {
                let late = sent.saturating_sub(interval.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX)));
                lag.lateness.record(late);
                lag.due.record(late + rtt);
                due = Some(late + rtt);
            }
            observe(View::RoundTrip, Sample::Ping { number: number + 1, at: sent, rtt, due });
        }
    }
    let what = if lag.rtt.count() != echoed {
        format!("the server spoke of {echoed} echoes, but told the times of {}", lag.rtt.count())
    } else if echoed < sent {
        format!("{} of {sent} echoes never came, says the server", sent - echoed)
    } else if sent < count {
        format!("the server stopped after {sent} of {count} pings: that is as long as it allows (its --max-time)")
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::InvalidData, what))
}
