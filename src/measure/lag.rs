//! Lag: the round-trip time as the other side measures it.
//!
//! The server sends the pings and reads the clock. The client sends each ping back at
//! once, and times itself. So there are two views of one exchange:
//!
//! ```text
//!   server   PING n written ─────────────────────────────▶ echo read   round-trip time
//!   client               PING n read ─▶ echo written                   turnaround time
//! ```
//!
//! The difference between the round-trip time and the turnaround time was spent on the
//! path, in both kernels and in the server. A slow turnaround is the doing of this
//! program or of its machine, and not of the network. (A `write` returns when the
//! system has taken the echo. On loopback, the server may have read the echo before.)
//!
//! The server reports its figures when the series is over, and on request every single
//! round-trip time. So they can be shown and kept like those that are measured here.
//! There is no warm-up: ten pings are ten round trips.
//!
//! The client checks the server's figures against what it knows itself: how many pings
//! it asked for, how many came, and how long the series took. No round trip can have
//! taken longer.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Latency, Measurement, Sample};
use crate::client::{Client, LagFigures, LagNext, LagSample};
use crate::stats::Recorder;
use crate::wire::command::more::{LagPlan, MAX_LAG_COUNT};

/// Which clock a sample comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagView {
    /// The clock of the server: the sample is a round-trip time.
    RoundTrip,
    /// The clock of the client: the sample is a turnaround time, from when a ping had
    /// been read to when its echo had been written.
    Turnaround,
}

/// Receives each sample: the turnaround times as they come, the round-trip times at the
/// end.
pub type LagObserver<'a> = &'a mut dyn FnMut(LagView, Sample);

/// What both sides have measured.
#[derive(Debug, Default)]
pub struct Lag {
    /// What the server measured, and why the series ended early, if it did. Nothing has
    /// been sent here before the server has reported.
    pub server: Latency,
    /// The turnaround times: from when each ping had been read to when its echo had
    /// been written.
    pub turnaround: Recorder,
    /// Lines that the server did not accept as the echo of a ping.
    pub protocol_errors: u64,
}

impl Measurement for Lag {
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
            total.turnaround.merge(&one.turnaround);
            total.protocol_errors = total.protocol_errors.saturating_add(one.protocol_errors);
        }
        total
    }
}

/// Asks the server for pings, and echoes them.
///
/// ```
/// use roundtrip::measure::lag;
/// use roundtrip::wire::command::more::LagPlan;
/// # use roundtrip::{client::Client, server::{Config, Server}};
/// # use std::time::Duration;
/// # let server = Server::bind(Config::default())?.start()?;
/// # let mut client = Client::connect("127.0.0.1", server.address().port(), Duration::from_secs(5))?;
/// let plan = LagPlan { count: 10, interval: Duration::ZERO };
/// let lag = lag(&mut client, plan, &mut |view, sample| println!("{view:?}: {sample:?}"));
/// assert_eq!((lag.server.sent, lag.server.rtt.count(), lag.turnaround.count()), (10, 10, 10));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn lag(client: &mut Client, plan: LagPlan, observe: LagObserver) -> Lag {
    if !client.can_pipeline() {
        return Lag::failed(io::Error::new(ErrorKind::Unsupported, "lag needs line framing"));
    }
    let start = Instant::now();
    match client.ask_lag(plan) {
        Ok(()) => echo_all(client, Some(plan), start, observe),
        Err(error) => Lag::failed(error),
    }
}

/// Echoes the pings of a server that sends them without being asked. The
/// [hooks](crate::session::Hooks::on_connect) of a server can start that for every
/// client that connects.
pub fn lag_unasked(client: &mut Client, observe: LagObserver) -> Lag {
    echo_all(client, None, Instant::now(), observe)
}

/// Echoes the pings that were asked for; otherwise at most as many as the protocol
/// allows.
fn echo_all(
    client: &mut Client,
    asked: Option<LagPlan>,
    start: Instant,
    observe: LagObserver,
) -> Lag {
    let most = asked.unwrap_or(LagPlan { count: MAX_LAG_COUNT, interval: Duration::ZERO });
    let mut lag = Lag::default();
    let result = echo(client, most, &mut lag.turnaround, observe).and_then(|figures| {
        // The speeds of two clocks do not differ by a factor of two. Pings that were
        // not asked for may have been sent long before this function was called.
        let longest = asked.map_or(Duration::MAX, |_| start.elapsed() * 2);
        check(&figures, asked, lag.turnaround.count())?;
        lag.protocol_errors = figures.faults;
        fetch(client, &figures, longest, &mut lag.server, observe)
    });
    lag.server.failure = result.err();
    lag
}

/// Whether the server's figures can be true.
fn check(figures: &LagFigures, asked: Option<LagPlan>, came: u64) -> io::Result<()> {
    let LagFigures { count, interval, sent, echoed, .. } = *figures;
    let what = if asked.is_some_and(|plan| plan != LagPlan { count, interval }) {
        format!(
            "the server speaks of {count} pings, one each {interval:?}, which is not what it was asked for"
        )
    } else if sent != came || sent > count {
        format!("the server says that it sent {sent} of {count} pings, but {came} came")
    } else if echoed > sent {
        format!("the server says that {echoed} of {sent} pings were echoed")
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::InvalidData, what))
}

fn echo(
    client: &mut Client,
    LagPlan { count, interval }: LagPlan,
    turnaround: &mut Recorder,
    observe: LagObserver,
) -> io::Result<LagFigures> {
    let start = Instant::now();
    let patience = interval.saturating_add(client.timeout());
    let mut last = start;
    loop {
        // A ping that is not due yet is not late.
        while let Err(error) = client.wait_for(patience.saturating_sub(last.elapsed())) {
            if error.kind() != ErrorKind::TimedOut {
                return Err(error);
            }
            if last.elapsed() >= patience {
                let what = format!("nothing arrived for {patience:?}");
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
        }
        if let LagNext::Done(figures) = client.next_ping()? {
            return Ok(figures);
        }
        let read = Instant::now();
        if turnaround.count() == count {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("the server sent more than {count} pings"),
            ));
        }
        client.echo()?;
        last = Instant::now();
        let rtt = last - read;
        turnaround.record(rtt);
        observe(
            LagView::Turnaround,
            Sample::Ping { number: turnaround.count(), at: read - start, rtt, due: None },
        );
    }
}

/// Asks for what the server measured, sample by sample.
fn fetch(
    client: &mut Client,
    figures: &LagFigures,
    longest: Duration,
    lag: &mut Latency,
    observe: LagObserver,
) -> io::Result<()> {
    let LagFigures { count, interval, sent: all, echoed, .. } = *figures;
    lag.sent = all;
    let mut next = 0;
    while lag.rtt.count() < echoed {
        let samples = client.lag_samples(next)?;
        let Some(last) = samples.last() else { break };
        next = last.number + 1;
        for &LagSample { number, sent, rtt } in &samples {
            if number >= all || sent.saturating_add(rtt) > longest {
                let what = format!(
                    "of ping {number} the server says {sent:?} and {rtt:?}, which cannot be"
                );
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
            lag.rtt.record(rtt);
            let mut due = None;
            if !interval.is_zero() {
                let late = sent.saturating_sub(
                    interval.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX)),
                );
                lag.scheduling_delay.record(late);
                lag.due.record(late + rtt);
                due = Some(late + rtt);
            }
            observe(LagView::RoundTrip, Sample::Ping { number: number + 1, at: sent, rtt, due });
        }
    }
    let what = if lag.rtt.count() != echoed {
        format!("the server spoke of {echoed} echoes, but told the times of {}", lag.rtt.count())
    } else if all == 0 {
        "the server sent no ping".into()
    } else if echoed < all {
        format!("{} of {all} echoes never came, says the server", all - echoed)
    } else if all < count {
        format!(
            "the server stopped after {all} of {count} pings: that is as long as it allows (its --max-time)"
        )
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::InvalidData, what))
}
