//! Round trips without a connection: which pings came back, and what became of the
//! others.
//!
//! TCP retransmits what was lost, reorders what was swapped and drops what came twice.
//! The application sees only a pause. Over UDP the application sees what the network
//! did, and must keep track itself. So each ping has a number, and ends in exactly one
//! state:
//!
//! ```text
//!   due ─┬─ this machine refuses to send ──▶ refused    not sent, so not lost
//!        └─ sent ─┬─ answer in time ───────▶ answered   its round-trip time counts
//!                 ├─ answer after --timeout ▶ late      counted, without a time
//!                 ├─ the port is closed ────▶ rejected  and the series ends
//!                 └─ no answer ────────────▶ lost       the ping, or its answer
//! ```
//!
//! A late answer is one that comes within five timeouts, while the series runs.
//! A second answer is a *duplicate*. An answer that comes after the answer to a later
//! ping is *reordered* (RFC 4737 section 3.3). A datagram that is not the answer to any
//! ping is *foreign*, *truncated*, *oversize* or *corrupted*, and answers nothing.
//!
//! With an interval, one thread sends on schedule and one receives, so a late answer
//! delays no ping ([`pace`](crate::pace)). When the last ping is sent, outstanding
//! answers have `--timeout` to arrive. Then the client asks the server how many pings
//! have arrived. The other pings were lost on their way there, or in the server's full
//! receive buffer. Datagrams that this client's own full receive buffer dropped are
//! counted apart, where the system tells, since the network did not lose them.
//!
//! If nothing at all comes back, one more ping looks for the reason (`diagnosis.rs`).

use std::io::{self, ErrorKind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::client::UdpClient;
use super::diagnosis::{Cause, diagnose};
use super::dropped::datagrams_dropped;
use super::entries::WINDOW;
use super::measured::Udp;
use super::pings::Sent;
use super::series::{Queued, Series};
use crate::measure::{Observer, Plan};
use crate::no_thread::no_thread;
use crate::pace::Schedule;
use crate::stats::Recorder;

/// How long to wait for the answer to an uncounted ping. Without one, the warm-up is
/// one ping shorter, which changes nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often to ask the server for its count. If half of all datagrams are lost in each
/// direction, a question fails with a probability of 3/4, and all twenty fail in one of
/// three hundred runs.
const QUESTIONS: u32 = 20;

/// The shortest time to wait for the count, since a busy machine may take longer than
/// for any answer before.
const QUESTION: Duration = Duration::from_millis(20);

/// Sends pings as planned, and returns what became of them.
///
/// ```
/// use roundtrip::client::Options;
/// use roundtrip::measure::Plan;
/// use roundtrip::udp::{UdpClient, udp};
/// # use roundtrip::udp::server::{Impairments, bind_with_tcp};
/// # use std::time::Duration;
/// # let (server, echo) = bind_with_tcp(&Default::default(), Impairments::default())?;
/// # let (_echo, server) = (echo.start(Default::default())?, server.start()?);
/// let port = server.address().port();
/// let client = UdpClient::connect("127.0.0.1", port, &Options::default())?;
/// let interval = Duration::from_millis(1);
/// let plan = Plan { count: 100, interval, ..Plan::default() };
/// let measured = udp(&client, &plan, &mut |sample| println!("{sample:?}"));
/// assert_eq!((measured.latency.rtt.count(), measured.lost()), (100, 0));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn udp(client: &UdpClient, plan: &Plan, observe: Observer) -> Udp {
    let (queue, queued) = sync_channel(room(plan));
    let mut series = Series::new(client, plan.payload, queued, observe);
    let failure = run(client, plan, queue, &mut series).err();
    if failure.is_some() {
        series.take_the_rest();
    }
    let (trouble, mut pings) = (series.trouble(), series.pings());
    let closed = failure.as_ref().is_some_and(|why| why.kind() == ErrorKind::ConnectionRefused);
    let mut measured = series.finish(closed);
    if measured.lost() > 0 {
        measured.dropped_here = datagrams_dropped(client.socket());
    }
    measured.latency.failure = failure;
    if measured.nothing() && !client.stop().is_stopped() {
        let sent = measured.latency.sent;
        pings.write(sent);
        let bytes = pings.datagram().len();
        let cause = if sent > 0 { diagnose(client, bytes, plan.payload) } else { None };
        if let Some(Cause::OtherAddress { answered, .. }) = cause {
            measured.answered_from = Some(answered);
        }
        measured.latency.failure = Some(silence(&measured, client.timeout(), trouble, cause));
    }
    measured
}

/// Describes a series without any answer as an error.
fn silence(
    measured: &Udp,
    timeout: Duration,
    trouble: Option<io::Error>,
    cause: Option<Cause>,
) -> io::Error {
    let (sent, refused) = (measured.latency.sent, measured.refused_here);
    let trouble = trouble.map_or(String::new(), |error| format!(" ({error})"));
    let cause = cause.map_or(String::new(), |cause| format!("; {cause}"));
    let what = match sent {
        0 => format!("this machine refused to send any of {refused} pings"),
        _ => format!("no answer to any of {sent} pings within {timeout:?}"),
    };
    io::Error::new(ErrorKind::TimedOut, format!("{what}{trouble}{cause}"))
}

/// From the sender to the receiver. The queue has room for all pings, or for as many as
/// the receiver has entries.
type Queue = SyncSender<Queued>;

/// How much room the queue needs. It takes all of its memory at once, and a thousand
/// clients have a thousand queues. Each ping is queued when it is sent, and again if it
/// is refused. Without an interval nothing is queued.
fn room(plan: &Plan) -> usize {
    let pings = plan.pings().filter(|_| !plan.interval.is_zero()).unwrap_or(0);
    usize::try_from(pings.saturating_mul(2)).unwrap_or(WINDOW).min(WINDOW)
}

fn run(client: &UdpClient, plan: &Plan, queue: Queue, series: &mut Series) -> io::Result<()> {
    // If the first warm-up ping has no answer, the others would only take time.
    for _ in 0..plan.warmup {
        if !series.ask(PATIENCE)? {
            break;
        }
    }
    match plan.pings() {
        Some(count) if !plan.interval.is_zero() && !plan.one_at_a_time => {
            paced(client, count, plan, queue, series)?;
        }
        count => one_at_a_time(client, count.unwrap_or(u64::MAX), plan, series)?,
    }
    // A server that answered nothing would not answer a question either.
    if !series.heard() {
        return Ok(());
    }
    let patience =
        series.longest().map_or(PATIENCE, |longest| (longest * 2).clamp(QUESTION, PATIENCE));
    for _ in 0..QUESTIONS {
        if series.ask(patience)? {
            break;
        }
    }
    Ok(())
}

/// Sends each ping when the one before it is answered or overdue.
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
    let stop = Some(client.stop().clone());
    for turn in (Schedule { count, end, stop, ..Schedule::new(start, plan.interval) }) {
        if turn.due.is_some() {
            series.delayed(turn.delay);
        }
        let written_ns = pings.write(turn.number);
        series.add(Sent { due: turn.due, written_ns, at: Instant::now() });
        if let Err(error) = client.send(pings.datagram()) {
            series.not_sent(turn.number, error)?;
            // Without an interval, nothing else keeps the next ping back.
            series.receive()?;
        }
        while series.pending() {
            series.receive()?;
        }
    }
    Ok(())
}

/// Sends each ping when it is due, in a thread of its own, and receives meanwhile.
fn paced(
    client: &UdpClient,
    count: u64,
    plan: &Plan,
    queue: Queue,
    series: &mut Series,
) -> io::Result<()> {
    // The thread has to run before its first ping is due.
    let start = Instant::now() + Duration::from_millis(1);
    series.start(start);
    let stop = client.stop().child();
    let schedule = Schedule {
        count,
        end: plan.time.and_then(|time| start.checked_add(time)),
        stop: Some(stop.clone()),
        ..Schedule::new(start, plan.interval)
    };
    let mut pings = series.pings();
    thread::scope(|scope| {
        let sending = thread::Builder::new()
            .spawn_scoped(scope, move || {
                let mut delays = Recorder::default();
                for turn in schedule {
                    let written_ns = pings.write(turn.number);
                    // The receiver must know the ping before its answer can arrive.
                    let sent = Sent { due: turn.due, written_ns, at: Instant::now() };
                    let queued = queue.send(Ok(sent));
                    let sent = client.send(pings.datagram());
                    let refused = |error| queue.send(Err((turn.number, error))).is_err();
                    if queued.is_err() || sent.is_err_and(refused) {
                        break;
                    }
                    delays.record(turn.delay);
                }
                delays
            })
            .map_err(no_thread)?;
        let received = receive_all(series);
        stop.stop();
        if received.is_err() {
            series.close();
        }
        series.all_delays(sending.join().unwrap_or_default());
        received
    })
}

fn receive_all(series: &mut Series) -> io::Result<()> {
    while series.open() {
        series.receive()?;
    }
    Ok(())
}
