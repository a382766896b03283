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
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
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

/// Sends the pings and waits for their echoes. What was measured is returned also if that fails.
pub(super) fn run(
    reader: &mut BufReader<Stream>,
    plan: LagPlan,
    settings: &Settings,
    echoed: impl FnMut(),
) -> (Lag, io::Result<()>) {
    let pings = Mutex::new(Vec::new());
    let start = Instant::now();
    let faults = Lag { plan, ..Lag::default() };
    let (oldest, last, line) = (0, start, Vec::new());
    let mut receiver = Echoes {
        reader,
        settings,
        pings: &pings,
        start,
        expected: oldest,
        last,
        echoed: 0,
        faults,
        count: echoed,
        line,
    };
    let result = if plan.interval.is_zero() { receiver.one_by_one() } else { receiver.paced() };
    let mut lag = receiver.faults;
    lag.pings = pings.into_inner().unwrap_or_else(PoisonError::into_inner);
    settings.log.say(format_args!("{} {lag}", reader.get_ref().peer_name()));
    (lag, result)
}

/// The receiver.
struct Echoes<'a, F> {
    reader: &'a mut BufReader<Stream>,
    settings: &'a Settings,
    /// All that the two threads share.
    pings: &'a Mutex<Vec<Ping>>,
    start: Instant,
    /// The ping after the highest that was echoed: TCP keeps the order, so it is the next.
    expected: usize,
    /// When the last echo came.
    last: Instant,
    echoed: u64,
    faults: Lag,
    /// Is called for each echo.
    count: F,
    line: Vec<u8>,
}

impl<F: FnMut()> Echoes<'_, F> {
    fn one_by_one(&mut self) -> io::Result<()> {
        for number in 0..self.faults.plan.count {
            if self.start.elapsed() >= self.settings.max_time {
                break;
            }
            send(self.reader.get_mut(), number, self.start, self.pings)?;
            while self.echoed <= number {
                self.receive()?;
            }
        }
        Ok(())
    }

    fn paced(&mut self) -> io::Result<()> {
        let (plan, pings) = (self.faults.plan, self.pings);
        // Pings that leave on time are over in time. If the peer takes them too slowly, the rest is not sent.
        let limit = self.settings.max_time.saturating_add(self.settings.idle_timeout);
        let stream = self.reader.get_ref().try_clone()?;
        let (stop, stopped) = channel();
        // The sender has to exist before its first ping is due.
        let start = Instant::now() + Duration::from_millis(1);
        self.start = start;
        thread::scope(|scope| {
            let sender = thread::Builder::new();
            sender.spawn_scoped(scope, move || send_all(stream, plan, start, limit, pings, &stopped))?;
            let received = (|| {
                while self.echoed < plan.count && self.receive()? {}
                Ok(())
            })();
            drop(stop);
            received
        })
    }

    /// Reads one line, and takes it for the echo that it should be. After the last echo, those that are missing are
    /// waited for like any other, but it is no error if they do not come: `false`.
    fn receive(&mut self) -> io::Result<bool> {
        // As long as no ping is unanswered, or none for long enough, silence means nothing.
        while let Err(error) = self.reader.fill_buf() {
            if error.kind() != ErrorKind::TimedOut || self.silent() {
                return self.unless_over(error);
            }
        }
        let line = &mut self.line;
        let received = receive_in_time(self.reader, |reader| Framing::Line.receive(reader, line))?;
        let arrived = Instant::now();
        let Some(message) = received else {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the client left before the last echo"));
        };
        let number = message.strip_prefix(b"PING ").and_then(|number| str::from_utf8(number).ok());
        if let Some(number) = number.and_then(whole_number) {
            self.echo(number, arrived);
        } else {
            self.faults.wrong += 1;
            let (peer, said) = (self.reader.get_ref().peer_name(), excerpt(&self.line));
            self.settings.log.say(format_args!("{peer} said \"{said}\", which is no echo"));
        }
        let Lag { wrong, repeated, unsent, .. } = self.faults;
        if wrong + repeated + unsent > MAX_FAULTS {
            let what = format!("more than {MAX_FAULTS} lines that were not the echo of a ping");
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        if self.silent() {
            let what = format!("no echo came for {:?}", self.settings.idle_timeout);
            return self.unless_over(io::Error::new(ErrorKind::TimedOut, what));
        }
        Ok(true)
    }

    fn unless_over(&self, error: io::Error) -> io::Result<bool> {
        let over = self.expected as u64 == self.faults.plan.count && error.kind() == ErrorKind::TimedOut;
        if over { Ok(false) } else { Err(error) }
    }

    fn echo(&mut self, number: usize, arrived: Instant) {
        let elapsed = nanoseconds(arrived.saturating_duration_since(self.start));
        let mut pings = lock(self.pings);
        let ping = pings.get_mut(number).map(|ping| (ping.rtt_ns, ping));
        let what = match ping {
            Some((None, ping)) => {
                // An echo within the clock's resolution took one nanosecond rather than none.
                let rtt = NonZeroU64::new(elapsed.saturating_sub(ping.sent_ns)).unwrap_or(NonZeroU64::MIN);
                ping.rtt_ns = Some(rtt);
                self.expected = self.expected.max(number + 1);
                self.last = arrived;
                self.echoed += 1;
                (self.count)();
                format!("RTT was {} ms", ms(Duration::from_nanos(rtt.get())))
            }
            Some((Some(_), _)) => {
                self.faults.repeated += 1;
                "was echoed before".into()
            }
            None => {
                self.faults.unsent += 1;
                "was never sent, and echoed".into()
            }
        };
        drop(pings);
        let peer = self.reader.get_ref().peer_name();
        self.settings.log.say(format_args!("{peer} PING {number} {what}"));
    }

    /// Whether an echo has been due for as long as a peer may be silent: since the one before it came, or since the
    /// ping was sent if that was later.
    fn silent(&self) -> bool {
        let pings = lock(self.pings);
        let sent = match pings.get(self.expected) {
            Some(ping) => self.start + Duration::from_nanos(ping.sent_ns),
            // The next ping has not been sent yet.
            None if (pings.len() as u64) < self.faults.plan.count => return false,
            None => self.start,
        };
        sent.max(self.last).elapsed() >= self.settings.idle_timeout
    }
}

/// The sender: one ping after the other until all are sent, none can be sent, or the other side of `stopped` is gone.
fn send_all(
    mut stream: Stream,
    plan: LagPlan,
    start: Instant,
    limit: Duration,
    pings: &Mutex<Vec<Ping>>,
    stopped: &Receiver<()>,
) {
    let mut due = start;
    let sleep = |early| stopped.recv_timeout(early) == Err(RecvTimeoutError::Timeout);
    for number in 0..plan.count {
        let on = stopped.try_recv() == Err(TryRecvError::Empty) && start.elapsed() < limit;
        if !on || pace::wait_until(due, sleep).is_none() {
            return;
        }
        // Why it failed, the receiver finds out by itself: the connection is gone, or nothing comes back.
        if send(&mut stream, number, start, pings).is_err() {
            return;
        }
        due += plan.interval;
    }
}

/// Notes when, and sends. The other way round, an echo could be here before its ping is known.
fn send(writer: &mut Stream, number: u64, start: Instant, pings: &Mutex<Vec<Ping>>) -> io::Result<()> {
    let line = format!("PING {number}\n");
    let mut known = lock(pings);
    // Making room may mean to move what is there, which is not to be part of a round trip.
    known.reserve(1);
    let sent_ns = nanoseconds(start.elapsed());
    known.push(Ping { sent_ns, rtt_ns: None });
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
fn lock(pings: &Mutex<Vec<Ping>>) -> MutexGuard<'_, Vec<Ping>> {
    pings.lock().unwrap_or_else(PoisonError::into_inner)
}
