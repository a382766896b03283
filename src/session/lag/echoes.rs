//! The two threads of a lag: one sends pings, the other takes what comes back.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::num::NonZeroU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::figures::{LOGGED_FAULTS, Lag, MAX_FAULTS, Ping};
use crate::net::{Stream, receive_in_time};
use crate::no_thread::no_thread;
use crate::pace::{Schedule, Stop, Wait};
use crate::session::settings::{Settings, Shared};
use crate::session::status;
use crate::units::{ms, nanoseconds, whole_number};
use crate::wire::command::more::{self, LagPlan};
use crate::wire::command::{Request, excerpt};
use crate::wire::framing::Framing;

/// Address space for the sender's stack: it only formats a line, and there may be one
/// for each connection.
const STACK_SIZE: usize = 64 * 1024;

/// How many bytes of a line that is no echo are logged.
const LONGEST_EXCERPT: usize = 40;

/// All that the two threads share. Both write, each a whole line at a time: an answer
/// to `STATUS` can be long, and no ping may land in the middle of it.
pub(super) struct Both {
    writer: Mutex<Stream>,
    sent: Mutex<Sent>,
}

/// The pings so far.
struct Sent {
    pings: Vec<Ping>,
    /// There will be no more.
    over: bool,
}

impl Both {
    /// `pings` is empty, and has room for all that will be sent.
    pub fn new(writer: Stream, pings: Vec<Ping>) -> Self {
        Both { writer: Mutex::new(writer), sent: Mutex::new(Sent { pings, over: false }) }
    }

    /// Every ping that was sent.
    pub fn into_pings(self) -> Vec<Ping> {
        self.sent.into_inner().unwrap_or_else(PoisonError::into_inner).pings
    }
}

pub(super) struct Receiver<'a, F> {
    reader: &'a mut BufReader<Stream>,
    shared: &'a Shared,
    settings: &'a Settings,
    both: &'a Both,
    start: Instant,
    /// The ping after the highest that was echoed: TCP keeps the order, so it is the
    /// next.
    expected: usize,
    /// When the last echo came.
    last: Instant,
    echoed: u64,
    /// What is wrong with other lines is counted here.
    lag: Lag,
    count: F,
    line: Vec<u8>,
}

impl<'a, F: FnMut()> Receiver<'a, F> {
    pub fn new(
        reader: &'a mut BufReader<Stream>,
        plan: LagPlan,
        shared: &'a Shared,
        both: &'a Both,
        count: F,
    ) -> Self {
        let (lag, settings, now) =
            (Lag { plan, ..Lag::default() }, &shared.settings, Instant::now());
        let (expected, echoed, line) = (0, 0, Vec::new());
        Receiver {
            reader,
            shared,
            settings,
            both,
            start: now,
            expected,
            last: now,
            echoed,
            lag,
            count,
            line,
        }
    }

    /// What is wrong with the echoes so far.
    pub fn finish(self) -> Lag {
        self.lag
    }

    /// Each echo sends the next ping.
    pub fn one_by_one(&mut self) -> io::Result<()> {
        for number in 0..self.lag.plan.count {
            if self.start.elapsed() >= self.settings.max_time {
                break;
            }
            send(self.both, number, self.start)?;
            while self.echoed <= number {
                self.receive()?;
            }
        }
        Ok(())
    }

    /// Each ping is sent when it is due.
    pub fn paced(&mut self) -> io::Result<()> {
        let limit = self.limit();
        let (plan, both, spin) = (self.lag.plan, self.both, self.settings.spin);
        let stop = Stop::default();
        // The sender has to exist before its first ping is due.
        let start = Instant::now() + Duration::from_millis(1);
        self.start = start;
        thread::scope(|scope| {
            let schedule = Schedule {
                count: plan.count,
                end: start.checked_add(limit),
                stop: Some(stop.clone()),
                wait: if spin { Wait::Spin } else { Wait::Sleep },
                ..Schedule::new(start, plan.interval)
            };
            let sender = thread::Builder::new().stack_size(STACK_SIZE);
            let sender = sender
                .spawn_scoped(scope, move || {
                    let result = send_all(both, start, schedule);
                    lock(&both.sent).over = true;
                    result
                })
                .map_err(no_thread)?;
            let mut received = Ok(true);
            while self.echoed < plan.count && received.as_ref().is_ok_and(|&more| more) {
                received = self.receive();
            }
            stop.stop();
            let sending =
                sender.join().unwrap_or_else(|_| Err(io::Error::other("the sender panicked")));
            received.and(sending)
        })
    }

    /// Reads one line, and takes it for the echo that it should be, or answers it if it
    /// asks for the status. `false` when there is no more to come: after the last echo,
    /// any that are missing are waited for like others, but it is no error if they do
    /// not come.
    fn receive(&mut self) -> io::Result<bool> {
        // As long as no ping is unanswered, or none for long enough, silence means
        // nothing.
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
            return Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the client left before the last echo",
            ));
        };
        if let Ok(Request::More(more::Request::Status(question))) = Request::parse(message) {
            let answer = status::answer(question, self.reader.get_ref().peer(), self.shared);
            status::message(&answer).send(Framing::Line, &mut *lock(&self.both.writer))?;
        } else {
            let faults = self.lag.faults();
            let number =
                message.strip_prefix(b"PING ").and_then(|number| str::from_utf8(number).ok());
            let said = match number.and_then(whole_number) {
                Some(number) => format!("PING {number} {}", self.take_echo(number, arrived)),
                None => format!("said \"{}\", which is no echo", self.no_echo()),
            };
            let faults_now = self.lag.faults();
            if faults_now == faults || faults_now <= LOGGED_FAULTS {
                self.settings.log.say(format_args!("{} {said}", self.reader.get_ref().peer_name()));
            }
        }
        if self.lag.faults() > MAX_FAULTS {
            let what = format!("more than {MAX_FAULTS} lines that were not the echo of a ping");
            return Err(io::Error::new(ErrorKind::InvalidData, what));
        }
        match self.awaited() {
            Awaited::Nothing => Ok(false),
            Awaited::Echo => Ok(true),
            Awaited::Overdue => {
                let what = if self.start.elapsed() > self.limit() {
                    format!("the echoes took longer than {:?}", self.limit())
                } else {
                    format!("no echo came for {:?}", self.settings.idle_timeout)
                };
                Err(io::Error::new(ErrorKind::TimedOut, what))
            }
        }
    }

    /// Takes the echo of this ping, and says what became of it.
    fn take_echo(&mut self, number: usize, arrived: Instant) -> String {
        let mut sent = lock(&self.both.sent);
        let Some(ping) = sent.pings.get_mut(number) else {
            self.lag.unsent += 1;
            return "was never sent, and echoed".into();
        };
        if ping.rtt_ns.is_some() {
            self.lag.repeated += 1;
            return "was echoed before".into();
        }
        let rtt =
            nanoseconds(arrived.saturating_duration_since(self.start)).saturating_sub(ping.sent_ns);
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
        let start = excerpt(&self.line[..self.line.len().min(LONGEST_EXCERPT)]);
        if self.line.len() > LONGEST_EXCERPT { start + "…" } else { start }
    }

    /// How long all of it may take. Pings that leave on time are over in time. If the
    /// peer takes them too slowly, the rest is not sent; if it echoes too slowly, the
    /// rest is not waited for.
    fn limit(&self) -> Duration {
        self.settings.max_time.saturating_add(self.settings.idle_timeout)
    }

    /// A peer may be silent for the idle timeout since its last echo, or since the next
    /// ping was sent if that was later.
    fn awaited(&self) -> Awaited {
        let sent = lock(&self.both.sent);
        let ping = sent.pings.get(self.expected);
        let complete = sent.over || sent.pings.len() as u64 == self.lag.plan.count;
        let since = ping.map_or(self.start, |ping| self.start + Duration::from_nanos(ping.sent_ns));
        let patient = since.max(self.last).elapsed() < self.settings.idle_timeout;
        let in_time = patient && self.start.elapsed() <= self.limit();
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

/// Sends each ping in its turn.
fn send_all(both: &Both, start: Instant, mut schedule: Schedule) -> io::Result<()> {
    // The pings of a lag are numbered from 0.
    schedule.try_for_each(|turn| send(both, turn.number - 1, start))
}

/// Notes when, and sends. The other way round, an echo could be here before its ping is
/// known.
fn send(both: &Both, number: u64, start: Instant) -> io::Result<()> {
    let line = format!("PING {number}\n");
    let mut writer = lock(&both.writer);
    let mut known = lock(&both.sent);
    let sent_ns = nanoseconds(start.elapsed());
    known.pings.push(Ping { sent_ns, rtt_ns: None });
    drop(known);
    writer.write_all(line.as_bytes())
}

/// A thread that panicked has left what is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
