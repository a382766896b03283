//! Lag: the server asks, and the client answers.
//!
//! Who sends the ping has the clock, so turning the roles round moves the figures to the other side: a game server
//! wants the round-trip times of its players where it decides what they see. On the wire nothing changes but the
//! direction. Behind it, something does. A client has one connection; a server has as many as there are clients, and
//! what it has to remember, when which ping was sent, belongs to one of them. It is on the stack of that connection's
//! thread, gone with it, and reached by no other:
//!
//! ```text
//!   sender     wait until due ─▶ look at the clock ─▶ pings[n].sent ─▶ write PING n
//!   receiver   read PING n ─▶ look at the clock ─▶ pings[n].rtt      ─▶ … ─▶ LAG_DONE
//! ```
//!
//! Two threads, so that an echo that is late delays no ping. Without an interval each echo sends the next ping, and
//! one thread is enough.
//!
//! The number in an echo is a stranger's. It is used as an index into what was sent, if it is in there, and creates
//! nothing: an echo that is wrong, repeated or of a ping that was never sent is counted, up to [`MAX_FAULTS`]. The
//! last echo has to come back like all the others before anything is said to be over, or ten pings would give nine
//! round trips (`examples/13_lag.rs`). A client from which no echo comes for the idle timeout is dropped; if the last
//! has come and others have not, `LAG_DONE` says how many are missing.

use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::num::NonZeroU64;
use std::sync::mpsc::{self, RecvTimeoutError, TryRecvError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Settings;
use crate::net::{Stream, receive_in_time};
use crate::pace;
use crate::stats::Recorder;
use crate::units::{ms, whole_number};
use crate::wire::command::{LagPlan, MAX_LAG_COUNT, MAX_LAG_INTERVAL, MAX_LAG_SAMPLES, excerpt};
use crate::wire::framing::Framing;
use crate::wire::value::{Map, Value};

/// How many lines that are not the echo of a ping a client may send before it is dropped. Each is logged.
pub const MAX_FAULTS: u64 = 1_000;

/// Address space for the sender's stack: it only formats a line, and there may be one for each connection.
const STACK_SIZE: usize = 64 * 1024;

/// What was measured on one connection.
#[derive(Debug, Default)]
pub struct Lag {
    /// What was asked for.
    pub plan: LagPlan,
    /// Each ping that was sent, in the order of their numbers.
    pub pings: Vec<Ping>,
    /// Lines that were no echo at all.
    pub wrong: u64,
    /// Echoes of pings that had been echoed before.
    pub repeated: u64,
    /// Echoes of pings that had not been sent.
    pub unsent: u64,
}

/// A ping of the server's. A million of them are 16 MB.
#[derive(Clone, Copy, Debug)]
pub struct Ping {
    /// When it was sent, in nanoseconds since the first was due.
    pub sent_ns: u64,
    /// How long its echo took, if it has come.
    pub rtt_ns: Option<NonZeroU64>,
}

impl Lag {
    /// How many pings were echoed.
    #[must_use]
    pub fn echoed(&self) -> u64 {
        self.pings.iter().filter(|ping| ping.rtt_ns.is_some()).count() as u64
    }

    /// From when each echoed ping was sent to its echo.
    #[must_use]
    pub fn rtt(&self) -> Recorder {
        self.pings.iter().filter_map(|ping| ping.rtt_ns).map(|rtt| Duration::from_nanos(rtt.get())).collect()
    }

    /// What a client is told: the object of `LAG_DONE`.
    #[must_use]
    pub fn fields(&self) -> Map {
        let (sent, echoed) = (self.pings.len() as u64, self.echoed());
        let mut map = Map::from([
            ("count", self.plan.count.into()),
            ("interval_ns", nanoseconds(self.plan.interval).into()),
            ("sent", sent.into()),
            ("echoed", echoed.into()),
            ("missing", (sent - echoed).into()),
            ("wrong", self.wrong.into()),
            ("repeated", self.repeated.into()),
            ("unsent", self.unsent.into()),
        ]);
        if let Some(summary) = self.rtt().summary() {
            map.insert("rtt_ns", summary.nanoseconds().map(|(name, ns)| (name, ns.into())).collect::<Map>());
        }
        map
    }

    /// What a client is told of single pings, from this one on.
    pub(super) fn samples(&self, first: u64) -> Value {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let echoed = self.pings.iter().enumerate().skip(first).filter_map(|(number, ping)| {
            Some(Value::from(vec![number.into(), ping.sent_ns.into(), ping.rtt_ns?.get().into()]))
        });
        echoed.take(MAX_LAG_SAMPLES).collect::<Vec<_>>().into()
    }
}

/// Whether this may be asked for; if not, the reason.
pub(super) fn grant(plan: LagPlan, settings: &Settings) -> Result<(), String> {
    let LagPlan { count, interval } = plan;
    let time = u32::try_from(count).ok().and_then(|count| interval.checked_mul(count)).unwrap_or(Duration::MAX);
    if settings.framing == Framing::Bare {
        Err("lag needs line framing".into())
    } else if !(1..=MAX_LAG_COUNT).contains(&count) {
        Err(format!("{count} pings are not from 1 to {MAX_LAG_COUNT}"))
    } else if interval > MAX_LAG_INTERVAL {
        Err(format!("an interval of {interval:?} is over the limit of {MAX_LAG_INTERVAL:?}"))
    } else if time > settings.max_time {
        Err(format!("{time:?} is over the limit of {:?}", settings.max_time))
    } else {
        Ok(())
    }
}

/// Sends the pings and waits for their echoes, and calls `count` for each. What was measured is returned also if that
/// fails.
pub(super) fn run(
    reader: &mut BufReader<Stream>,
    plan: LagPlan,
    settings: &Settings,
    count: impl FnMut(),
) -> (Lag, io::Result<()>) {
    let (sent, now) = (Mutex::default(), Instant::now());
    let lag = Lag { plan, ..Lag::default() };
    let line = Vec::new();
    let mut receiver =
        Receiver { reader, settings, sent: &sent, start: now, expected: 0, last: now, echoed: 0, lag, count, line };
    let result = if plan.interval.is_zero() { receiver.one_by_one() } else { receiver.paced() };
    let mut lag = receiver.lag;
    lag.pings = sent.into_inner().unwrap_or_else(PoisonError::into_inner).pings;
    settings.log.say(format_args!("{} {lag}", reader.get_ref().peer_name()));
    (lag, result)
}

/// All that the two threads share.
#[derive(Default)]
struct Sent {
    pings: Vec<Ping>,
    /// There will be no more.
    over: bool,
}

struct Receiver<'a, F> {
    reader: &'a mut BufReader<Stream>,
    settings: &'a Settings,
    sent: &'a Mutex<Sent>,
    start: Instant,
    /// The ping after the highest that was echoed: TCP keeps the order, so it is the next.
    expected: usize,
    /// When the last echo came.
    last: Instant,
    echoed: u64,
    /// What is wrong with other lines is counted here.
    lag: Lag,
    count: F,
    line: Vec<u8>,
}

impl<F: FnMut()> Receiver<'_, F> {
    fn one_by_one(&mut self) -> io::Result<()> {
        for number in 0..self.lag.plan.count {
            if self.start.elapsed() >= self.settings.max_time {
                break;
            }
            send(self.reader.get_mut(), number, self.start, self.sent)?;
            while self.echoed <= number {
                self.receive()?;
            }
        }
        Ok(())
    }

    fn paced(&mut self) -> io::Result<()> {
        // Pings that leave on time are over in time. If the peer takes them too slowly, the rest is not sent.
        let limit = self.settings.max_time.saturating_add(self.settings.idle_timeout);
        let (plan, sent) = (self.lag.plan, self.sent);
        let stream = self.reader.get_ref().try_clone()?;
        let (stop, stopped) = channel();
        // The sender has to exist before its first ping is due.
        let start = Instant::now() + Duration::from_millis(1);
        self.start = start;
        thread::scope(|scope| {
            let sender = thread::Builder::new().stack_size(STACK_SIZE);
            let sender = sender.spawn_scoped(scope, move || {
                let result = send_all(stream, plan, start, limit, sent, &stopped);
                lock(sent).over = true;
                result
            })?;
            let mut received = Ok(true);
            while self.echoed < plan.count && received.as_ref().is_ok_and(|&more| more) {
                received = self.receive();
            }
            drop(stop);
            let sending = sender.join().unwrap_or_else(|_| Err(io::Error::other("the sender panicked")));
            received.and(sending)
        })
    }

    /// Reads one line, and takes it for the echo that it should be. `false` when there is no more to come: after the
    /// last echo, any that are missing are waited for like others, but it is no error if they do not come.
    fn receive(&mut self) -> io::Result<bool> {
        // As long as no ping is unanswered, or none for long enough, silence means nothing.
        while let Err(error) = self.reader.fill_buf() {
            if error.kind() != ErrorKind::TimedOut {
                return Err(error);
            }
            match self.awaited() {
                Awaited::Nothing => return Ok(false),
                Awaited::Overdue => return Err(error),
                Awaited::Echo => {}
            }
        }
        let line = &mut self.line;
        let received = receive_in_time(self.reader, |reader| Framing::Line.receive(reader, line))?;
        let arrived = Instant::now();
        let Some(message) = received else {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the client left before the last echo"));
        };
        let number = message.strip_prefix(b"PING ").and_then(|number| str::from_utf8(number).ok());
        let said = match number.and_then(whole_number) {
            Some(number) => format!("PING {number} {}", self.echo(number, arrived)),
            None => format!("said \"{}\", which is no echo", self.no_echo()),
        };
        self.settings.log.say(format_args!("{} {said}", self.reader.get_ref().peer_name()));
        let Lag { wrong, repeated, unsent, .. } = self.lag;
        if wrong + repeated + unsent > MAX_FAULTS {
            let what = format!("more than {MAX_FAULTS} lines that were not the echo of a ping");
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        match self.awaited() {
            Awaited::Nothing => Ok(false),
            Awaited::Echo => Ok(true),
            Awaited::Overdue => {
                let what = format!("no echo came for {:?}", self.settings.idle_timeout);
                Err(io::Error::new(ErrorKind::TimedOut, what))
            }
        }
    }

    /// Takes the echo of this ping, and says what became of it.
    fn echo(&mut self, number: usize, arrived: Instant) -> String {
        let mut sent = lock(self.sent);
        let Some(ping) = sent.pings.get_mut(number) else {
            self.lag.unsent += 1;
            return "was never sent, and echoed".into();
        };
        if ping.rtt_ns.is_some() {
            self.lag.repeated += 1;
            return "was echoed before".into();
        }
        let rtt = nanoseconds(arrived.saturating_duration_since(self.start)).saturating_sub(ping.sent_ns);
        // An echo within the clock's resolution took one nanosecond rather than none.
        ping.rtt_ns = Some(NonZeroU64::new(rtt).unwrap_or(NonZeroU64::MIN));
        self.expected = self.expected.max(number + 1);
        self.last = arrived;
        self.echoed += 1;
        (self.count)();
        format!("RTT was {} ms", ms(Duration::from_nanos(rtt)))
    }

    fn no_echo(&mut self) -> String {
        self.lag.wrong += 1;
        excerpt(&self.line)
    }

    /// A peer may be silent for the idle timeout since its last echo, or since the next ping was sent if that was
    /// later.
    fn awaited(&self) -> Awaited {
        let sent = lock(self.sent);
        let ping = sent.pings.get(self.expected);
        let complete = sent.over || sent.pings.len() as u64 == self.lag.plan.count;
        let since = ping.map_or(self.start, |ping| self.start + Duration::from_nanos(ping.sent_ns));
        let in_time = since.max(self.last).elapsed() < self.settings.idle_timeout;
        match ping {
            Some(_) if !in_time => Awaited::Overdue,
            None if !in_time && complete => Awaited::Nothing,
            // Also when the next ping has not been sent yet.
            _ => Awaited::Echo,
        }
    }
}

/// What there is to wait for.
enum Awaited {
    /// An echo that may still come.
    Echo,
    /// An echo that should have come.
    Overdue,
    /// Only echoes of pings before one that was echoed, and they have had their time.
    Nothing,
}

/// The sender: one ping after the other until all are sent, the time is up, or the other side of `stopped` is gone.
fn send_all(
    mut stream: Stream,
    plan: LagPlan,
    start: Instant,
    limit: Duration,
    sent: &Mutex<Sent>,
    stopped: &mpsc::Receiver<()>,
) -> io::Result<()> {
    let mut due = start;
    let sleep = |early| stopped.recv_timeout(early) == Err(RecvTimeoutError::Timeout);
    for number in 0..plan.count {
        let on = stopped.try_recv() == Err(TryRecvError::Empty) && start.elapsed() < limit;
        if !on || pace::wait_until(due, sleep).is_none() {
            break;
        }
        send(&mut stream, number, start, sent)?;
        due += plan.interval;
    }
    Ok(())
}

/// Notes when, and sends. The other way round, an echo could be here before its ping is known.
fn send(writer: &mut Stream, number: u64, start: Instant, sent: &Mutex<Sent>) -> io::Result<()> {
    let line = format!("PING {number}\n");
    let mut known = lock(sent);
    // Making room may mean to move what is there, which is not to be part of a round trip.
    known.pings.reserve(1);
    let sent_ns = nanoseconds(start.elapsed());
    known.pings.push(Ping { sent_ns, rtt_ns: None });
    drop(known);
    writer.write_all(line.as_bytes())
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lag { pings, wrong, repeated, unsent, .. } = self;
        let (sent, echoed) = (pings.len() as u64, self.echoed());
        write!(f, "lag: {echoed} of {sent} pings echoed")?;
        if echoed < sent {
            write!(f, ", {} missing", sent - echoed)?;
        }
        if let Some(summary) = self.rtt().summary() {
            let [min, p50, max] = [summary.min, summary.p50, summary.max].map(ms);
            write!(f, ", RTT min/p50/max = {min}/{p50}/{max} ms")?;
        }
        if wrong + repeated + unsent > 0 {
            write!(f, "; {wrong} wrong lines, {repeated} repeated echoes, {unsent} of pings that were never sent")?;
        }
        Ok(())
    }
}

/// All there are in 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A thread that panicked has left pings that are as good as before.
fn lock(sent: &Mutex<Sent>) -> MutexGuard<'_, Sent> {
    sent.lock().unwrap_or_else(PoisonError::into_inner)
}
