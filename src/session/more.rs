//! The requests of later chapters, on the same conversation.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::lag;
use super::settings::NO_SECOND_THREAD;
use super::status;
use super::strangers;
use super::text::Conversation;
use crate::json::Value;
use crate::net::timed::{self, Arrived, DRAIN};
use crate::net::{both, transfer};
use crate::wire::bulk;
use crate::wire::command::more::{Answer, LagPlan, Request};
use crate::wire::command::{self, Amount, Received};
use crate::wire::framing::Framing;

/// The shortest interval of reports: a client that does not read them fills its connection
/// only slowly.
const OFTEN: Duration = Duration::from_millis(10);

impl Conversation<'_> {
    /// What happens before the first request: the hooks may want this client's lag, and
    /// the client may speak another protocol.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.connected()?;
        strangers::expect_ours(self.reader).or_else(|error| self.give_up(error))
    }

    fn connected(&mut self) -> io::Result<()> {
        let (settings, stream) = (&self.shared.settings, self.reader.get_mut());
        if settings.spin {
            stream.spin()?;
        }
        let plan = settings.hooks.on_connect(stream.peer());
        let Some(plan) = plan.filter(|_| self.framing == Framing::Line) else { return Ok(()) };
        match lag::allow(plan, settings) {
            Ok(shares) => self.measure(plan, shares),
            // The client asked for nothing, and is served like any other.
            Err(reason) => {
                let peer = stream.peer_name();
                settings.log.say(format_args!("{peer} is not pinged: {reason}"));
                Ok(())
            }
        }
    }

    /// Answers a request of a later chapter.
    pub(super) fn more(&mut self, request: Request) -> io::Result<()> {
        let settings = &self.shared.settings;
        match request {
            Request::Bidirectional(amount) => match settings.second_threads.take(1) {
                Some(_thread) => self.transfer(amount, Self::bidirectional),
                None => self.answer(&command::Answer::Error(NO_SECOND_THREAD)),
            },
            Request::UploadReported { .. } if self.framing == Framing::Bare => {
                self.answer(&command::Answer::Error("reports need line framing"))
            }
            Request::UploadReported { amount, interval } => self.upload_reported(amount, interval),
            Request::Lag(plan) => match lag::allow(plan, settings) {
                Ok(shares) => self.measure(plan, shares),
                Err(reason) => self.answer(&command::Answer::Error(&reason)),
            },
            Request::LagSamples(first) => {
                let samples = self.lag.samples(first).to_string();
                self.answer_more(Answer::LagSamples(&samples))
            }
            Request::Status(_) if self.framing == Framing::Bare => {
                self.answer(&command::Answer::Error("status needs line framing"))
            }
            Request::Status(question) => {
                let answer = status::answer(question, self.reader.get_ref().peer(), self.shared);
                self.answer(&status::message(&answer))
            }
        }
    }

    /// Notes that there is a request, if it is understood. Frees the samples of the last
    /// lag, up to 16 MB, when something else is asked.
    pub(super) fn note(&mut self, request: Option<&command::Request>) {
        if request.is_some() {
            self.shared.counters.note_request();
        }
        if !matches!(request, Some(command::Request::More(Request::LagSamples(_)))) {
            self.lag = lag::Lag::default();
        }
    }

    fn bidirectional(&mut self, amount: Amount) -> io::Result<()> {
        let traffic = self.traffic;
        let (sent, arrived) = (|bytes| traffic.sent(bytes), |bytes| traffic.received(bytes));
        match amount {
            Amount::Bytes(bytes) => {
                let ((), received) = both(
                    self.reader,
                    |stream, watch| transfer::send(stream, watch, bytes, sent),
                    |reader, watch| transfer::receive(reader, watch, bytes, arrived),
                )?;
                self.done(received)
            }
            Amount::Time(time) => {
                let ((), arrived) = both(
                    self.reader,
                    |stream, watch| timed::send(stream, watch, time, sent),
                    |reader, watch| timed::receive(reader, watch, time, arrived),
                )?;
                self.done_for(arrived)
            }
        }
    }

    /// Receives an upload that lasts for this long.
    pub(super) fn upload_for(&mut self, time: Duration) -> io::Result<()> {
        let (watch, traffic) = (self.watch(), self.traffic);
        match timed::receive(self.reader, watch, time, |bytes| traffic.received(bytes)) {
            Ok(arrived) => self.done_for(arrived),
            Err(error) => self.give_up(error),
        }
    }

    /// Receives an upload, and reports while it runs what has arrived.
    fn upload_reported(&mut self, amount: Amount, interval: Duration) -> io::Result<()> {
        if let Err(reason) = self.shared.settings.allow(amount) {
            return self.answer(&command::Answer::Error(&reason));
        }
        bulk::prepare();
        self.answer(&command::Answer::Ready)?;
        let (watch, traffic, framing) = (self.watch(), self.traffic, self.framing);
        let interval = interval.max(OFTEN);
        let (start, mut due, mut bytes) = (Instant::now(), interval, 0);
        let (mut stream, mut message) = (self.reader.get_ref().clone(), Vec::new());
        let arrived = |piece| {
            traffic.received(piece);
            bytes += piece;
            let duration = start.elapsed();
            if duration >= due {
                due = duration + interval;
                let report = Answer::Arrived(Received { bytes, duration });
                command::Answer::More(report).encode(&mut message);
                // If it cannot be written, the connection is broken, and the next read says so.
                let _ = framing.send(&mut message, &mut stream);
            }
        };
        let received = match amount {
            Amount::Bytes(bytes) => transfer::receive(self.reader, watch, bytes, arrived),
            Amount::Time(time) => match timed::receive(self.reader, watch, time, arrived) {
                Ok(arrived) => return self.done_for(arrived),
                Err(error) => Err(error),
            },
        };
        match received {
            Ok(received) => self.done(received),
            Err(error) => self.give_up(error),
        }
    }

    /// Reports what has arrived in time, and drops the rest. `ConnectionAborted` when that
    /// fails or takes too long: data that nobody counts would slow down what is measured
    /// next on the same link.
    fn done_for(&mut self, mut arrived: Arrived) -> io::Result<()> {
        self.done(arrived.received)?;
        let drained = timed::drain(self.reader, &mut arrived, DRAIN);
        drained.map_err(|error| io::Error::new(ErrorKind::ConnectionAborted, error))
    }

    fn measure(&mut self, plan: LagPlan, shares: lag::Shares) -> io::Result<()> {
        let result;
        (self.lag, result) =
            lag::run(self.reader, plan, shares, self.shared, || self.traffic.ping());
        self.shared.settings.hooks.on_lag(self.reader.get_ref().peer(), &self.lag);
        if let Err(error) = result {
            return self.give_up(error);
        }
        let figures = Value::Map(self.lag.fields()).to_string();
        self.answer_more(Answer::LagDone(&figures))
    }

    fn answer_more(&mut self, answer: Answer) -> io::Result<()> {
        self.answer(&command::Answer::More(answer))
    }
}
