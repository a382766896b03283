//! Round trips without a connection: which pings came back, and what became of the
//! others.
//!
//! TCP hides all of this: it sends again what was lost, sorts what was swapped, drops
//! what came twice, and the application sees a pause. Over UDP the application sees
//! what the network did, and has to know what it was told of. So each ping has a
//! number, and each number ends in exactly one state:
//!
//! ```text
//!            answer within --timeout ─▶ answered     its round-trip time is a figure
//!   sent ─┬─ answer after it         ─▶ late         counted, never a figure
//!         └─ no answer               ─▶ lost         on the way there, or back; counted, never a figure
//! ```
//!
//! An answer that comes again is a *duplicate*. One that comes after the answer to a
//! later ping is *reordered* (RFC 4737 section 3.3: its number is smaller than one past
//! the largest so far). A datagram that is no answer to what was sent is *foreign*, or
//! an answer that was *truncated*, made *oversize* or *corrupted*; it answers nothing.
//!
//! With an interval, one thread sends on schedule and one receives, so a late answer
//! delays nothing ([`pace`](crate::pace)). What is unanswered when the sending ends is waited for,
//! `--timeout` at most. Then the server is asked how many pings it has seen, and the
//! rest was lost on the way there, or for want of room in the server's own receive
//! buffer. What the receive buffer of this very socket had no room for was not lost by
//! the network; where the system tells how many those were, they are counted apart.

use std::io::{self, ErrorKind};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::series::{Sent, Series, WINDOW};

use super::{Jitter, OneWay};
use crate::measure::{Latency, Measurement, Observer, Outcome, Plan};
use crate::pace::Schedule;
use crate::stats::Recorder;
use crate::udp::UdpClient;

/// The timeout has passed without an answer; there may still be one.
pub const OVERDUE: Outcome = Outcome { word: "overdue", phrase: "is late", settled: false };

/// The answer came after the timeout.
pub const LATE: Outcome = Outcome { word: "late", phrase: "came", settled: true };

/// There was no answer.
pub const LOST: Outcome = Outcome { word: "lost", phrase: "was lost", settled: true };

/// The answer came once more.
pub const DUPLICATE: Outcome = Outcome { word: "duplicate", phrase: "came again", settled: false };

/// What was measured.
#[derive(Debug, Default)]
pub struct Udp {
    /// Pings sent, and the round trips of those that were answered in time.
    pub latency: Latency,
    /// Answers that came after the timeout.
    pub late: u64,
    /// How many pings have arrived, says the server; if it says so.
    pub arrived: Option<u64>,
    /// Datagrams that this machine dropped because the socket's receive buffer was
    /// full; where the system tells.
    pub dropped_here: Option<u64>,
    /// Answers that came again.
    pub duplicates: u64,
    /// Answers that came after one to a later ping.
    pub reordered: u64,
    /// Datagrams that begin like the answer to a ping and break off.
    pub truncated: u64,
    /// Datagrams that go on behind its end.
    pub oversize: u64,
    /// Datagrams that say something else.
    pub corrupted: u64,
    /// Datagrams that have nothing to do with any ping.
    pub foreign: u64,
    /// The running estimate of RFC 3550, of round-trip times. Of several clients, each
    /// has its own.
    pub jitter: Option<Jitter>,
    /// What the server's time stamps say of each way. Of several clients, each has its
    /// own.
    pub one_way: Option<OneWay>,
}

impl Udp {
    /// Pings that were never answered.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.latency.sent.saturating_sub(self.latency.rtt.count() + self.late)
    }

    /// Those of them that never reached the server; `None` if it does not count.
    #[must_use]
    pub fn lost_there(&self) -> Option<u64> {
        self.arrived.map(|arrived| self.latency.sent.saturating_sub(arrived).min(self.lost()))
    }

    /// Those whose answer was lost by the network; `None` also if this socket dropped
    /// datagrams of which some may have been no answers.
    #[must_use]
    pub fn lost_back(&self) -> Option<u64> {
        let (back, dropped) = (self.lost() - self.lost_there()?, self.dropped_here.unwrap_or(0));
        let others =
            self.duplicates + self.truncated + self.oversize + self.corrupted + self.foreign;
        (dropped == 0 || others == 0).then(|| back.saturating_sub(dropped))
    }
}

impl Measurement for Udp {
    fn failed(error: io::Error) -> Self {
        Udp { latency: Latency::failed(error), ..Udp::default() }
    }

    fn failure(&self) -> Option<&io::Error> {
        self.latency.failure()
    }

    fn total(all: &[Self]) -> Self {
        let sum = |of: fn(&Udp) -> u64| all.iter().map(of).sum();
        let known = |of: fn(&Udp) -> Option<u64>| {
            all.iter().map(of).sum::<Option<u64>>().filter(|_| !all.is_empty())
        };
        let mut total = Udp {
            latency: Latency::default(),
            late: sum(|one| one.late),
            arrived: known(|one| one.arrived),
            dropped_here: known(|one| one.dropped_here),
            duplicates: sum(|one| one.duplicates),
            reordered: sum(|one| one.reordered),
            truncated: sum(|one| one.truncated),
            oversize: sum(|one| one.oversize),
            corrupted: sum(|one| one.corrupted),
            foreign: sum(|one| one.foreign),
            jitter: None,
            one_way: None,
        };
        for one in all {
            total.latency.add(&one.latency);
        }
        if let [one] = all {
            (total.jitter, total.one_way) = (one.jitter, one.one_way.clone());
        }
        total
    }
}

/// How long a ping that does not count is waited for: to warm up, one more or less
/// changes nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often the server is asked for its count: with half of all datagrams lost each
/// way, it has not said it after twenty times in one of three hundred runs.
const QUESTIONS: u32 = 20;

/// The shortest time to wait for the count: a busy machine may not answer as fast as
/// the longest answer so far.
const QUESTION: Duration = Duration::from_millis(20);

/// Sends pings as planned.
///
/// ```
/// use roundtrip::client::Options;
/// use roundtrip::measure::Plan;
/// use roundtrip::udp::{UdpClient, udp};
/// # use roundtrip::udp::server::{Impairments, bind_with_tcp};
/// # use std::time::Duration;
/// # let (server, echo) = bind_with_tcp(&Default::default(), Impairments::default())?;
/// # let (_echo, server) = (echo.start(Default::default())?, server.start()?);
/// let client = UdpClient::connect("127.0.0.1", server.address().port(), &Options::default())?;
/// let plan = Plan { count: 100, interval: Duration::from_millis(1), ..Plan::default() };
/// let measured = udp(&client, &plan, &mut |sample| println!("{sample:?}"));
/// assert_eq!((measured.latency.sent, measured.latency.rtt.count(), measured.lost()), (100, 100, 0));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn udp(client: &UdpClient, plan: &Plan, observe: Observer) -> Udp {
    let (queue, queued) = sync_channel(WINDOW);
    let mut series = Series::new(client, plan.payload, queued, observe);
    let failure = run(client, plan, queue, &mut series).err();
    if failure.is_some() {
        series.take_the_rest();
    }
    let trouble = series.trouble();
    let mut measured = series.finish();
    if measured.lost() > 0 {
        measured.dropped_here = super::dropped::datagrams_dropped(client.socket());
    }
    let Latency { sent, ref rtt, .. } = measured.latency;
    let nothing = sent > 0 && rtt.count() + measured.late == 0;
    measured.latency.failure = failure.or_else(|| {
        let trouble = trouble.map_or(String::new(), |error| format!(" ({error})"));
        let what =
            format!("no answer to any of {sent} pings within {:?}{trouble}", client.timeout());
        nothing.then(|| io::Error::new(ErrorKind::TimedOut, what))
    });
    measured
}

/// What the sender tells the receiver: when it sends the next ping, or why it could
/// not. There is room for as many as the receiver remembers.
type Notes = SyncSender<io::Result<Sent>>;

fn run(client: &UdpClient, plan: &Plan, notes: Notes, series: &mut Series) -> io::Result<()> {
    // Where there is no answer to the first, the others would only take time.
    for _ in 0..plan.warmup {
        if !series.ask(PATIENCE)? {
            break;
        }
    }
    match plan.pings() {
        Some(count) if !plan.interval.is_zero() && !plan.one_at_a_time => {
            paced(client, count, plan, notes, series)?;
        }
        count => one_at_a_time(client, count.unwrap_or(u64::MAX), plan, series)?,
    }
    let patience =
        series.longest().map_or(PATIENCE, |longest| (longest * 2).clamp(QUESTION, PATIENCE));
    // A server that answered nothing would not answer this either.
    for _ in 0..if series.heard() { QUESTIONS } else { 0 } {
        if series.ask(patience)? {
            break;
        }
    }
    Ok(())
}

/// Sends each ping when the one before is answered, or late.
fn one_at_a_time(
    client: &UdpClient,
    count: u64,
    plan: &Plan,
    series: &mut Series,
) -> io::Result<()> {
    let start = Instant::now();
    series.start(start);
    let mut pings = series.pings();
    let end = plan.time.and_then(|time| start.checked_add(time));
    for turn in (Schedule { count, end, ..Schedule::new(start, plan.interval) }) {
        if turn.due.is_some() {
            series.lateness(turn.delay);
        }
        let written_ns = pings.write(turn.number);
        series.note(Sent { due: turn.due, written_ns, at: Instant::now() });
        let sent = client.send(pings.datagram());
        series.unless_closed(sent)?;
        while series.waiting() {
            series.receive()?;
        }
    }
    Ok(())
}

/// Sends each ping when it is due, and receives meanwhile.
fn paced(
    client: &UdpClient,
    count: u64,
    plan: &Plan,
    notes: Notes,
    series: &mut Series,
) -> io::Result<()> {
    // The sender has to exist before its first ping is due.
    let start = Instant::now() + Duration::from_millis(1);
    series.start(start);
    let (stop, stopped) = channel();
    let schedule = Schedule {
        count,
        end: plan.time.and_then(|time| start.checked_add(time)),
        stop: Some(stopped),
        ..Schedule::new(start, plan.interval)
    };
    let mut pings = series.pings();
    thread::scope(|scope| {
        let sending = thread::Builder::new().spawn_scoped(scope, move || {
            let mut lateness = Recorder::default();
            for turn in schedule {
                let written_ns = pings.write(turn.number);
                // First noted, then sent: the answer must not come to someone who knows
                // nothing of the question.
                let sent = Sent { due: turn.due, written_ns, at: Instant::now() };
                let known = notes.send(Ok(sent));
                let sent = client.send(pings.datagram());
                if known.is_err() || sent.is_err_and(|error| notes.send(Err(error)).is_err()) {
                    break;
                }
                lateness.record(turn.delay);
            }
            lateness
        })?;
        let received = receive_all(series);
        drop(stop);
        if received.is_err() {
            series.close();
        }
        series.all_lateness(sending.join().unwrap_or_default());
        received
    })
}

fn receive_all(series: &mut Series) -> io::Result<()> {
    while series.open() {
        series.receive()?;
    }
    Ok(())
}
